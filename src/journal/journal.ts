/**
 * The journal: opened once by the daemon, which holds the lock on the state. Nothing counts before it is on
 * the disk (I1): an append resolves after its group has been written and synced, and the first error of the
 * disk ends all writing. What it holds is proved at open; a torn tail is set aside, damage elsewhere is left
 * as it is and stops all appends. Never rewrites or removes a record.
 */
import { JournalError, messageOf } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { rfc3339 } from '../core/clock.ts';
import type { JournalHead, JournalWriter, NewRecord, RecordEnvelope } from '../core/journal.ts';
import { encodeRecord } from './record.ts';
import type { EncodedRecord } from './record.ts';
import type { JournalDamage, Replayed, TornTail } from './replay.ts';
import { maxGroupBytes, replayJournal, segmentName } from './replay.ts';
import type { AppendFile, JournalStorage } from './storage.ts';
import { fileStorage } from './storage.ts';

export interface Journal extends JournalWriter {
  /** What an interrupted write left at the end; `file` is where it was put (or stands, when read only). */
  readonly torn: { readonly bytes: number; readonly file: string } | null;
  readonly damage: JournalDamage | null;
  /** Waits for what is queued, then closes; later appends are rejected. */
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Called for each record in order, before `openJournal` resolves. If it throws, that record is reported as damage. */
  readonly onRecord: (record: RecordEnvelope) => void;
  readonly storage?: JournalStorage;
  /** Reads beside a running daemon: changes nothing, refuses appends. */
  readonly readOnly?: boolean;
  /** A segment that has reached this is followed by a new one. */
  readonly segmentBytes?: number;
}

interface Waiter {
  readonly encoded: EncodedRecord;
  readonly resolve: (record: RecordEnvelope) => void;
  readonly reject: (error: JournalError) => void;
}

/** Throws `JournalError` journal-damaged when the folder itself can't be read. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const {
    folder,
    clock,
    onRecord,
    storage = fileStorage,
    readOnly = false,
    segmentBytes = 16 * 1024 * 1024,
  } = options;
  let cannotMake: unknown = null;
  if (!readOnly) await storage.makeFolder(folder).catch((error: unknown) => (cannotMake = error));
  let replayed: Replayed;
  try {
    replayed = await replayJournal(folder, storage, onRecord);
  } catch (error) {
    throw new JournalError(
      'journal-damaged',
      `journal: ${folder} can't be read (${messageOf(cannotMake ?? error)}); check that it exists and who owns it`,
      { cause: cannotMake ?? error },
    );
  }
  const { torn, damage } = replayed;
  let tornFile = torn === null ? null : { bytes: torn.bytes.length, file: `${folder}/${torn.segment}` };
  const writer = new GroupWriter(folder, clock, storage, replayed, segmentBytes);
  if (damage !== null) {
    writer.refuse(
      'journal-damaged',
      `journal: ${damage.file} line ${damage.line}: ${damage.reason}; run: siteward journal verify`,
    );
  } else if (readOnly) {
    writer.refuse('journal-unwritable', 'journal: opened for reading only');
  } else {
    try {
      if (torn !== null) tornFile = await setAside(folder, storage, torn, replayed.head.seq + 1, clock.now());
      await writer.openLastSegment();
    } catch (error) {
      writer.refuse('journal-unwritable', unwritable(folder, error));
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
    torn: tornFile,
    damage,
    close: () => writer.close(),
  };
}

/** The tail is kept beside the journal before it is cut off, so that a person can look at what was in flight. */
async function setAside(folder: string, storage: JournalStorage, torn: TornTail, seq: number, nowMs: number) {
  const taken = new Set(await storage.list(folder));
  const plain = `torn-${seq}-${rfc3339(nowMs).replaceAll(/[-:.]/g, '')}`;
  let name = plain;
  for (let n = 2; taken.has(name); n++) name = `${plain}-${n}`;
  const file = await storage.create(folder, name);
  try {
    file.append(torn.bytes);
    await file.sync();
  } finally {
    file.close();
  }
  await storage.truncate(`${folder}/${torn.segment}`, torn.offset);
  return { bytes: torn.bytes.length, file: `${folder}/${name}` };
}

function unwritable(folder: string, error: unknown): string {
  return `journal: ${folder} can't be written (${messageOf(error)}); nothing is changed on any device until the disk is well and siteward restarted`;
}

/** One writer, one group at a time: what arrives while the disk is busy shares the next sync. */
class GroupWriter {
  readonly #folder: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #storage: JournalStorage;
  readonly #segmentLimit: number;
  /** End of the chain, queued records included. */
  #tip: JournalHead;
  /** End of what is durable: only this may be told to anybody, a device's witness included. */
  #head: JournalHead;
  #segment: number;
  #segmentSize: number;
  #file: AppendFile | null = null;
  #queue: Waiter[] = [];
  #flushing: Promise<void> | null = null;
  #error: JournalError | null = null;

  constructor(
    folder: string,
    clock: Pick<Clock, 'now'>,
    storage: JournalStorage,
    replayed: Replayed,
    segmentLimit: number,
  ) {
    this.#folder = folder;
    this.#clock = clock;
    this.#storage = storage;
    this.#segmentLimit = segmentLimit;
    this.#tip = replayed.head;
    this.#head = replayed.head;
    this.#segment = replayed.segments.length;
    this.#segmentSize = replayed.lastSegmentBytes;
  }

  get head(): JournalHead {
    return this.#head;
  }

  get broken(): { code: string; message: string } | null {
    return this.#error === null ? null : { code: this.#error.code, message: this.#error.message };
  }

  refuse(code: 'journal-damaged' | 'journal-unwritable', message: string, cause?: unknown): void {
    this.#error ??= new JournalError(code, message, { cause });
    this.#file?.close();
    this.#file = null;
  }

  /** A killed process leaves records that were written but never synced; they were replayed, so they are made durable. */
  async openLastSegment(): Promise<void> {
    if (this.#segment === 0) {
      await this.#newSegment();
    } else {
      this.#file = await this.#storage.openForAppend(`${this.#folder}/${segmentName(this.#segment)}`);
      await this.#file.sync();
    }
  }

  append(record: NewRecord): Promise<RecordEnvelope> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) {
        reject(this.#error);
        return;
      }
      // A record that can't be encoded throws here, inside the promise, and leaves the chain as it was.
      const encoded = encodeRecord(record, this.#tip, rfc3339(this.#clock.now()));
      this.#tip = encoded.head;
      this.#queue.push({ encoded, resolve, reject });
      this.#flushing ??= this.#flushAll();
    });
  }

  async close(): Promise<void> {
    await this.#flushing;
    this.refuse('journal-unwritable', 'journal: closed');
  }

  async #flushAll(): Promise<void> {
    // Everything that is appended in this turn of the loop goes into the first group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        if (this.#segmentSize >= this.#segmentLimit) await this.#newSegment();
        await this.#writeGroup(group);
      } catch (error) {
        this.refuse('journal-unwritable', unwritable(this.#folder, error), error);
        this.#rejectAll(group);
        break;
      }
      for (const waiter of group) waiter.resolve(waiter.encoded.record);
    }
    this.#flushing = null;
  }

  async #writeGroup(group: readonly Waiter[]): Promise<void> {
    if (this.#file === null) throw new Error('no segment is open');
    const bytes = Buffer.concat(group.map((waiter) => waiter.encoded.bytes));
    this.#file.append(bytes);
    this.#segmentSize += bytes.length;
    await this.#file.sync();
    this.#head = group[group.length - 1]?.encoded.head ?? this.#head;
  }

  #takeGroup(): Waiter[] {
    let bytes = 0;
    let count = 0;
    for (const waiter of this.#queue) {
      bytes += waiter.encoded.bytes.length;
      if (bytes > maxGroupBytes) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #newSegment(): Promise<void> {
    this.#file?.close();
    this.#file = null;
    this.#file = await this.#storage.create(this.#folder, segmentName(this.#segment + 1));
    this.#segment++;
    this.#segmentSize = 0;
  }

  #rejectAll(group: readonly Waiter[]): void {
    const waiting = [...group, ...this.#queue];
    this.#queue = [];
    const error = this.#error ?? new JournalError('journal-unwritable', unwritable(this.#folder, 'unknown'));
    for (const waiter of waiting) waiter.reject(error);
  }
}
