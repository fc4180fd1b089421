/**
 * A journal with the smallest fold that can go wrong: how many records, and a digest over their texts in order. What
 * it knows after a restart is right only if every record counted exactly once, in a checkpoint or behind it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../src/core/digest.ts';
import type { RecordEnvelope } from '../../src/core/journal.ts';
import type { Journal, JournalOptions } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/journal.ts';

export interface Tally {
  count: number;
  digest: string;
}

export const nothingCounted: Tally = { count: 0, digest: '' };

export function counted(tally: Tally, text: string): Tally {
  return { count: tally.count + 1, digest: sha256(`${tally.digest} ${text}`) };
}

export interface TallyJournal {
  readonly journal: Journal;
  /** Of what was replayed, restored and answered. */
  tally(): Tally;
  /** Numbers of the records that were read at open. */
  readonly read: readonly number[];
  note(text: string): Promise<RecordEnvelope>;
}

/** `parts` records make a checkpoint here. */
export async function openTally(
  options: Pick<JournalOptions, 'folder'> & Partial<JournalOptions>,
  parts = 2,
): Promise<TallyJournal> {
  let tally = nothingCounted;
  let folded = 0;
  const read: number[] = [];
  const fold = (record: RecordEnvelope): void => {
    folded = record.seq;
    if (record.kind === 'noted') tally = counted(tally, String(record['text']));
  };
  const journal = await openJournal({
    clock: { now: () => Date.parse('2026-11-21T10:00:00.000Z') },
    segmentBytes: 600,
    onRecord: (record) => {
      read.push(record.seq);
      fold(record);
    },
    onCheckpoint: (records) => {
      for (const { state } of records) tally = { ...tally, ...(state as Partial<Tally>) };
    },
    checkpoint: (seq) => {
      if (seq !== folded) return null;
      const states = parts === 1 ? [tally] : [{ count: tally.count }, { digest: tally.digest }];
      return Array.from({ length: parts }, (_, i) => ({ part: i + 1, parts, state: states[i] ?? {} }));
    },
    ...options,
  });
  return {
    journal,
    read,
    tally: () => tally,
    async note(text) {
      const record = await journal.append({ kind: 'noted', actor: 'daemon', text });
      fold(record);
      return record;
    },
  };
}

export interface TallyFolder {
  readonly folder: string;
  open(options?: Partial<JournalOptions>, parts?: number): Promise<TallyJournal>;
  /** Closes all that were opened, and takes the folder away. */
  close(): Promise<void>;
}

/** A folder of its own on the real file system. */
export function tallyFolder(): TallyFolder {
  const parent = mkdtempSync(join(tmpdir(), 'siteward-journal-'));
  const folder = join(parent, 'journal');
  const opened: TallyJournal[] = [];
  return {
    folder,
    async open(options = {}, parts) {
      const one = await openTally({ folder, ...options }, parts);
      opened.push(one);
      return one;
    },
    async close() {
      for (const { journal } of opened) await journal.close();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
