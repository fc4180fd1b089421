/**
 * `siteward journal show` and `journal verify`: the records and their proof, read straight from the files,
 * beside a running daemon or without one. Changes nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { RecordEnvelope } from '../core/journal.ts';
import { knownRecord } from '../core/rollout/record.ts';
import { followJournal } from '../journal/follow.ts';
import type { Replayed } from '../journal/replay.ts';
import { fileStorage } from '../journal/storage.ts';
import { setExit, wantsJson } from './common.ts';
import type { ExitCode } from './common.ts';
import { damageLine, drained, journalFolder, replay } from './journal-files.ts';
import type { JournalOptions } from './journal-files.ts';
import { recordFilter } from './record-filter.ts';
import type { Wanted } from './record-filter.ts';
import { count, printJson, printLine, printNote, safe, shellWord } from './terminal.ts';

type ShowOptions = JournalOptions & Wanted & { readonly follow?: true };

interface VerifyOptions extends JournalOptions {
  readonly expect?: Expected;
}

/** A record as it was noted elsewhere. */
interface Expected {
  readonly seq: number;
  /** The first digits of its hash, 13 at least. */
  readonly hash: string;
}

const lookAgainMs = 250;
const timeWords = 'RFC 3339, or 30m, 2h, 7d ago';

export function journalCommand(): Command {
  const journal = new Command('journal').description('the records, and their proof');
  const state = (): Option => new Option('--state <folder>', 'state folder; else the one in the settings');
  journal
    .command('show')
    .description('print the records, oldest first')
    .option('--device <name>', 'only those about this device')
    .option('--rollout <id>', 'only those of this rollout')
    .addOption(new Option('--since <time>', `from this time on: ${timeWords}`).argParser(readTime))
    .addOption(new Option('--until <time>', `before this time: ${timeWords}`).argParser(readTime))
    .option('--follow', 'go on with what is recorded from now on, until interrupted')
    .addOption(state())
    .action(async (options: ShowOptions, command: Command) => setExit(await show(options, command)));
  journal
    .command('verify')
    .description('prove the chain from the oldest record to the newest')
    .addOption(
      new Option('--expect <seq:hash>', 'this record, noted elsewhere, is in it unchanged').argParser(
        readExpected,
      ),
    )
    .addOption(state())
    .action(async (options: VerifyOptions, command: Command) => setExit(await verify(options, command)));
  return journal;
}

async function show(options: ShowOptions, command: Command): Promise<ExitCode> {
  const isWanted = recordFilter(options);
  const print = wantsJson(command) ? printJson : (record: RecordEnvelope) => printLine(readable(record));
  const onRecord = (record: RecordEnvelope): void => {
    if (isWanted(record)) print(record);
  };
  const folder = await journalFolder(options, command);
  const replayed = await replay(folder, onRecord);
  const { damage, head, last } = replayed;
  if (damage !== null) {
    printNote(`${damageLine(damage)}; nothing behind it is shown`);
    return 1;
  }
  if (options.follow === true) {
    const wait = async (): Promise<boolean> => {
      await drained();
      await sleep(lookAgainMs);
      return true;
    };
    await followJournal({ folder, storage: fileStorage, head, last, onRecord, wait });
  }
  return 0;
}

async function verify(options: VerifyOptions, command: Command): Promise<ExitCode> {
  const { expect } = options;
  let records = 0;
  let previous: RecordEnvelope | null = null;
  let expected: string | null = null;
  const replayed = await replay(await journalFolder(options, command), (record) => {
    // What the daemon would refuse to read is no whole journal.
    knownRecord(record);
    records++;
    // A record's hash stands in the one after it.
    if (previous?.seq === expect?.seq) expected = record.prev;
    previous = record;
  });
  const { damage, head, begin, torn } = replayed;
  if (expect?.seq === head.seq) expected = head.hash;
  const missing = expect === undefined || damage !== null ? null : unlike(expect, expected, replayed);
  const ok = damage === null && missing === null;
  if (wantsJson(command)) {
    const tornBytes = torn?.bytes.length ?? 0;
    printJson({ v: 1, ok, records, first: begin.seq + 1, head, tornBytes, damage, missing });
  } else if (damage === null) {
    const from = begin.seq === 0 ? '' : ` from ${begin.seq + 1} on, where a checkpoint holds what was before`;
    printLine(`ok: ${count(records, 'record')}${from}, head ${head.hash}`);
    if (torn !== null)
      printLine(`note: ${count(torn.bytes.length, 'byte')} behind the last whole record: ${tornWords}`);
  }
  if (damage !== null)
    printNote(
      `${damageLine(damage)}; the ${count(records, 'record')} before it are whole   next: ${showCommand(options)}`,
    );
  if (missing !== null) printNote(missing);
  return ok ? 0 : 1;
}

function showCommand({ state }: JournalOptions): string {
  return `siteward journal show${state === undefined ? '' : ` --state ${shellWord(state)}`}`;
}

/** Null when the record is there as it was noted; else what that means. */
function unlike({ seq, hash }: Expected, found: string | null, { begin, head }: Replayed): string | null {
  if (found?.startsWith(hash) === true) return null;
  if (seq > head.seq)
    return `cut off: the journal ends at record ${head.seq}, and record ${seq} was noted; this is an older copy, or its end was taken away`;
  if (seq <= begin.seq)
    return `not there any more: the journal begins at record ${begin.seq + 1}; note a newer record than ${seq}`;
  return `changed: record ${seq} is another one than was noted; the journal was written anew from there or before`;
}

const tornWords = 'a write that is under way, or was interrupted; the daemon sets them aside when it starts';

/** The envelope is said first; what a checkpoint holds is for programs. */
const unsaid = new Set(['v', 'seq', 'at', 'prev', 'kind', 'actor', 'state']);

/** One line: when, number, what, then the fields. */
function readable(record: RecordEnvelope): string {
  const { seq, at, kind, actor } = record;
  const rest = Object.entries(record)
    .filter(([name]) => !unsaid.has(name))
    .map(([name, value]) => `${name}=${plain(value)}`);
  const by = actor === 'daemon' ? [] : [`by=${plain(actor)}`];
  return safe([at, `#${seq}`, kind, ...by, ...rest].join(' '));
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value);
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function readTime(text: string): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago !== null) return Date.now() - Number(ago[1]) * (unitMs[ago[2] ?? ''] ?? 0);
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('Expected RFC 3339 (2026-11-21T10:00:00Z, 2026-11-21) or 30m, 2h, 7d.');
  return ms;
}

function readExpected(text: string): Expected {
  const [, seq, hash = ''] = /^([1-9]\d{0,15}):([0-9a-f]{13,64})$/.exec(text) ?? [];
  if (seq === undefined)
    throw new InvalidArgumentError(
      'Expected a number and at least 13 digits of the hash, as status shows them.',
    );
  return { seq: Number(seq), hash };
}
