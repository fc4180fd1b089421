/**
 * The journal: opened once by the daemon, which holds the lock on the state. Nothing counts before it is on
 * the disk (I1): an append resolves after its group has been written and synced. What it holds is proved at open,
 * from the newest checkpoints on; a torn tail is set aside, damage elsewhere is left as it is and stops all appends.
 * Never rewrites a record, and removes none that no later checkpoint holds.
 */
import { JournalError, fileProblem } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { JournalHead, JournalWriter, RecordEnvelope } from '../core/journal.ts';
import { GroupWriter, unwritable } from './group-writer.ts';
import type { Proving } from './prove-older.ts';
import { proveOlder } from './prove-older.ts';
import type { JournalDamage, Replayed, ReplayOptions } from './replay.ts';
import { replayJournal } from './replay.ts';
import type { SetAside } from './segment-end.ts';
import type { Retention } from './segments.ts';
import type { JournalStorage } from './storage.ts';
import { fileStorage } from './storage.ts';

export interface Journal extends JournalWriter {
  /** The record before the first one that was read at open; seq 0 at the very start. */
  readonly begin: JournalHead;
  /** What an interrupted write left at the end; `file` is where it was put (or stands, when read only). */
  readonly torn: { readonly bytes: number; readonly file: string } | null;
  readonly damage: JournalDamage | null;
  /**
   * Where an error of the disk ended all writing: opens the file anew, proves what was durable, sets aside the rest.
   * Resolves with what was set aside when records can be written again, with null when they can't.
   */
  recover(): Promise<SetAside | null>;
  /**
   * Proves the older segments, which were not read at open. Damage ends all appends, as at open. Resolves when they are
   * proved or `signal` ends it. Throws when the folder can't be listed.
   */
  proveOlder(proving: Proving): Promise<void>;
  /** Waits for what is queued, then closes; later appends are rejected. */
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Called for each record in order, before `openJournal` resolves. If it throws, that record is reported as damage. */
  readonly onRecord: (record: RecordEnvelope) => void;
  /**
   * The records of the checkpoint that the reading begins with. Without it, all is read that is there, and `onRecord`
   * has to make of the first checkpoint what it can.
   */
  readonly onCheckpoint?: (parts: readonly RecordEnvelope[]) => void;
  readonly pause?: ReplayOptions['pause'];
  readonly storage?: JournalStorage;
  /** Reads beside a running daemon: changes nothing, refuses appends. */
  readonly readOnly?: boolean;
  /** A segment that has reached this is followed by a new one. */
  readonly segmentBytes?: number;
  /** What a checkpoint would hold now; without it segments follow each other and none ever goes. */
  readonly checkpoint?: (seq: number) => readonly object[] | null;
  readonly retention?: Retention;
}

export const defaultSegmentBytes = 16 * 1024 * 1024;
const keepAll: Retention = { bytes: null, ageMs: null, segments: null };

/** Throws `JournalError` journal-damaged when the folder itself can't be read. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, storage = fileStorage, readOnly = false } = options;
  const replayed = await readAll(options, storage);
  const { torn, damage } = replayed;
  let tornFile = torn === null ? null : { bytes: torn.bytes.length, file: `${folder}/${torn.segment}` };
  const { clock, segmentBytes = defaultSegmentBytes, checkpoint = () => null, retention = keepAll } = options;
  const writer = new GroupWriter({ folder, clock, storage, segmentBytes, checkpoint, retention }, replayed);
  if (damage !== null) {
    writer.refuse('journal-damaged', damaged(damage));
  } else if (readOnly) {
    writer.refuse('journal-unwritable', 'journal: opened for reading only');
  } else {
    try {
      const { bytes, file } = await writer.begin();
      if (file !== null) tornFile = { bytes, file };
    } catch (error) {
      writer.refuse('journal-unwritable', unwritable(folder, error), error);
    }
  }
  return {
    append: (record) => writer.append(record),
    get head() {
      return writer.head;
    },
    get broken() {
      return writer.broken;
    },
    begin: replayed.begin,
    torn: tornFile,
    damage,
    recover: () => (readOnly ? Promise.resolve(null) : writer.recover()),
    async proveOlder(proving) {
      const found = await proveOlder(folder, storage, replayed.first, proving);
      if (found !== null) await writer.stopAtDamage(damaged(found));
    },
    close: () => writer.close(),
  };
}

function damaged({ file, line, reason }: JournalDamage): string {
  return `journal: ${file} line ${line}: ${reason}; run: siteward journal verify`;
}

async function readAll(options: JournalOptions, storage: JournalStorage): Promise<Replayed> {
  const { folder, onRecord, onCheckpoint, pause, readOnly = false } = options;
  let cannotMake: unknown = null;
  if (!readOnly) await storage.makeFolder(folder).catch((error: unknown) => (cannotMake = error));
  try {
    return await replayJournal({
      folder,
      storage,
      from: onCheckpoint === undefined ? 'oldest' : 'checkpoint',
      onRecord,
      ...(onCheckpoint === undefined ? {} : { onCheckpoint }),
      ...(pause === undefined ? {} : { pause }),
    });
  } catch (error) {
    throw new JournalError('journal-damaged', `journal: ${folder} ${fileProblem(cannotMake ?? error)}`, {
      cause: cannotMake ?? error,
    });
  }
}
