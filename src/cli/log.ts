/**
 * `siteward log [DEVICE] [--since WHEN]`: who, what, when, approved by whom, in words; `--json` gives the records. Asks the
 * daemon, and reads the journal's files where none is running.
 */
import { Command } from 'commander';
import type { JournalRecord } from '../api/answers.ts';
import type { ApiClient } from '../api/client.ts';
import { InvalidInput, codeOf } from '../core/errors.ts';
import type { RecordEnvelope } from '../core/journal.ts';
import { daemonOf, requireDevice, setExit, settingsFileOf, wantsJson } from './common.ts';
import type { ExitCode } from './common.ts';
import { damageLine, journalFolder, replay } from './journal-files.ts';
import { recordFilter } from './record-filter.ts';
import { isAnnouncement, recordWords } from './record-words.ts';
import { paint, printJson, printLine, printNote, safe, stampTime } from './terminal.ts';

const page = 500;
const newest = 50;

export function logCommand(): Command {
  return new Command('log')
    .argument('[device]', 'only this device')
    .option(
      '--since <when>',
      'from then on: 2h, 7d, or a time such as 2026-11-21T10:00Z; else the newest ones',
    )
    .action(async (device: string | undefined, options: { since?: string }, command: Command) => {
      const since = options.since === undefined ? null : await sinceTime(options.since, Date.now());
      const print = wantsJson(command) ? printJson : printInWords;
      const asked = { ...(device === undefined ? {} : { device }), since };
      try {
        await askDaemon(await daemonOf(command), asked, print);
      } catch (error) {
        if (codeOf(error) !== 'daemon-not-running') throw error;
        setExit(await readFiles(command, asked, print));
      }
    });
}

interface Asked {
  readonly device?: string;
  /** RFC 3339; null: the newest ones. */
  readonly since: string | null;
}

type Print = (record: JournalRecord) => void;

async function askDaemon(daemon: ApiClient, { since, ...common }: Asked, print: Print): Promise<void> {
  if (since === null) {
    const { records } = await daemon.call('records', { ...common, sinceSeq: 0, limit: newest, last: true });
    return records.forEach((record) => print(record));
  }
  for (let seq = 0; ;) {
    const { records } = await daemon.call('records', { ...common, sinceSeq: seq, since, limit: page });
    for (const record of records) print(record);
    const last = records.at(-1);
    if (last === undefined || records.length < page) return;
    seq = last.seq;
  }
}

/** Nobody serves the site: its journal tells all the same. */
async function readFiles(command: Command, { since, ...asked }: Asked, print: Print): Promise<ExitCode> {
  const { device: wanted } = asked;
  const isWanted = recordFilter({ ...asked, ...(since === null ? {} : { since: Date.parse(since) }) });
  const last: RecordEnvelope[] = [];
  let isKnown = wanted === undefined;
  const { damage } = await replay(await journalFolder({}, command), (record) => {
    isKnown ||= record['device'] === wanted;
    if (!isWanted(record)) return;
    if (since !== null) return print(record);
    last.push(record);
    if (last.length > newest) last.shift();
  });
  if (!isKnown && wanted !== undefined) await requireNamed(wanted, command);
  for (const record of last) print(record);
  printNote('the daemon is not running: read from its files');
  if (damage === null) return 0;
  printNote(`${damageLine(damage)}; nothing behind it is shown   next: siteward journal verify`);
  return 1;
}

/** A device of which nothing is recorded yet is there all the same; one that nobody names is a slip of the pen. */
async function requireNamed(wanted: string, command: Command): Promise<void> {
  const { loadSettings } = await import('../settings/settings.ts');
  const { devices } = await loadSettings(settingsFileOf(command));
  requireDevice(devices, wanted, 'and no record does');
}

async function sinceTime(text: string, nowMs: number): Promise<string> {
  const { parseDuration } = await import('../settings/schema-values.ts');
  const ms = parseDuration(text);
  const at = ms !== null ? nowMs - ms : /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at) || Math.abs(at) > 8.64e15)
    throw new InvalidInput(
      'usage',
      `--since: expected a duration such as 2h or a time such as 2026-11-21T10:00Z, got ${text}`,
    );
  return new Date(at).toISOString();
}

function printInWords(record: JournalRecord): void {
  if (!isAnnouncement(record)) printRecord(record);
}

/** Whoever may use the socket can say anything about who it is. */
function actorWords(actor: string): string {
  return actor.startsWith('uid:') ? `${actor}, as it claims` : actor;
}

function printRecord(record: JournalRecord): void {
  const words = recordWords(record);
  const device = record['device'];
  const name = typeof device === 'string' ? safe(device) : '-';
  const actor = record.actor === 'daemon' ? '' : `   by ${safe(actorWords(record.actor))}`;
  const number = paint('quiet', String(record.seq).padStart(6));
  printLine(`${number}  ${stampTime(record.at)}  ${name.padEnd(8)}  ${safe(words)}${actor}`);
}
