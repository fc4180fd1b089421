/**
 * `siteward journal show` and `journal verify`: the records and their proof, read straight from the files,
 * beside a running daemon or without one. Changes nothing.
 */
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { RecordEnvelope } from '../core/journal.ts';
import { openJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/journal.ts';
import { setExit, settingsFileOf, wantsJson } from './common.ts';
import type { ExitCode } from './common.ts';
import { count, printJson, printLine, printNote, safe } from './terminal.ts';

interface JournalOptions {
  readonly state?: string;
}

interface ShowOptions extends JournalOptions {
  readonly device?: string;
  readonly rollout?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export function journalCommand(): Command {
  const journal = new Command('journal').description('the records, and their proof');
  journal
    .command('show')
    .description('print the records, oldest first')
    .option('--device <name>', 'only those about this device')
    .option('--rollout <id>', 'only those of this rollout')
    .addOption(
      new Option('--since <time>', 'from this time on: RFC 3339, or 30m, 2h, 7d ago').argParser(readSince),
    )
    .option('--state <folder>', 'state folder; else the one in the settings')
    .action(async (options: ShowOptions, command: Command) => setExit(await show(options, command)));
  journal
    .command('verify')
    .description('prove the chain from the first record to the last')
    .option('--state <folder>', 'state folder; else the one in the settings')
    .action(async (options: JournalOptions, command: Command) => setExit(await verify(options, command)));
  return journal;
}

async function show(options: ShowOptions, command: Command): Promise<ExitCode> {
  const { device, rollout, since } = options;
  const print = wantsJson(command) ? printJson : (record: RecordEnvelope) => printLine(readable(record));
  const devices = new Map<string, string>();
  const journal = await read(options, command, (record) => {
    const { device: named, pending } = record;
    // What is about a pending item names its device only once, when it is opened.
    if (typeof pending === 'string' && typeof named === 'string') devices.set(pending, named);
    const about = named ?? (typeof pending === 'string' ? devices.get(pending) : undefined);
    if (device !== undefined && about !== device) return;
    if (rollout !== undefined && record['rollout'] !== rollout) return;
    if (since !== undefined && Date.parse(record.at) < since) return;
    print(record);
  });
  if (journal.damage !== null) printNote(`${damageLine(journal.damage)}; nothing behind it is shown`);
  return journal.damage === null ? 0 : 1;
}

async function verify(options: JournalOptions, command: Command): Promise<ExitCode> {
  let records = 0;
  const { damage, head, torn } = await read(options, command, () => records++);
  if (wantsJson(command)) {
    printJson({ v: 1, ok: damage === null, records, head, tornBytes: torn?.bytes ?? 0, damage });
  } else if (damage === null) {
    printLine(`ok: ${count(records, 'record')}, head ${head.hash}`);
    if (torn !== null)
      printLine(`note: ${count(torn.bytes, 'byte')} behind the last whole record: ${tornWords}`);
  }
  if (damage !== null)
    printNote(`${damageLine(damage)}; the ${count(records, 'record')} before it are whole`);
  return damage === null ? 0 : 1;
}

const tornWords = 'a write that is under way, or was interrupted; the daemon sets them aside when it starts';

function damageLine(damage: NonNullable<Journal['damage']>): string {
  return safe(`damaged: ${damage.file}${damage.line > 0 ? `:${damage.line}` : ''}: ${damage.reason}`);
}

async function read(
  options: JournalOptions,
  command: Command,
  onRecord: (record: RecordEnvelope) => void,
): Promise<Journal> {
  const folder = join(await stateFolder(options, command), 'journal');
  return await openJournal({ folder, clock: Date, onRecord, readOnly: true });
}

async function stateFolder(options: JournalOptions, command: Command): Promise<string> {
  if (options.state !== undefined) return options.state;
  const { loadSettings } = await import('../settings/settings.ts');
  return (await loadSettings(settingsFileOf(command))).state;
}

const envelope = new Set(['v', 'seq', 'at', 'prev', 'kind', 'actor']);

/** One line: when, number, what, then the fields. */
function readable(record: RecordEnvelope): string {
  const { seq, at, kind, actor } = record;
  const rest = Object.entries(record)
    .filter(([name]) => !envelope.has(name))
    .map(([name, value]) => `${name}=${plain(value)}`);
  const by = actor === 'daemon' ? [] : [`by=${plain(actor)}`];
  return safe([at, `#${seq}`, kind, ...by, ...rest].join(' '));
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value);
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function readSince(text: string): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago !== null) return Date.now() - Number(ago[1]) * (unitMs[ago[2] ?? ''] ?? 0);
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('Expected RFC 3339 (2026-11-21T10:00:00Z, 2026-11-21) or 30m, 2h, 7d.');
  return ms;
}
