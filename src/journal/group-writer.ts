/**
 * Writes the journal: one writer, one group at a time; what arrives while the disk is busy shares the next sync. A full
 * segment is followed by one that begins with a checkpoint, and only then may the oldest ones go. After an error of the
 * disk nothing is written until `recover` has read again what is there and cut off what was never answered.
 */
import { JournalError, messageOf } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { rfc3339 } from '../core/clock.ts';
import type { JournalBreak, JournalHead, NewRecord, RecordEnvelope } from '../core/journal.ts';
import type { EncodedRecord } from './record.ts';
import { encodeRecord, writtenRecord } from './record.ts';
import type { Replayed } from './replay.ts';
import { maxGroupBytes } from './replay.ts';
import type { SegmentEnd, SetAside } from './segment-end.ts';
import { lostLine, setAsideTail, writeEndAgain } from './segment-end.ts';
import type { Retention } from './segments.ts';
import { olderSegments, segmentName, segmentNumber, segmentsToDrop } from './segments.ts';
import type { AppendFile, JournalStorage } from './storage.ts';
import { leastFreeBytes } from './storage.ts';

export interface WriterOptions {
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly storage: JournalStorage;
  /** A segment that has reached this is followed by a new one. */
  readonly segmentBytes: number;
  /**
   * What a checkpoint holds, a record each: everything that the records up to `seq` come to. Null when they are not
   * all folded; the new segment then begins without one, and nothing goes. Never throws.
   */
  readonly checkpoint: (seq: number) => readonly object[] | null;
  readonly retention: Retention;
}

interface Waiter {
  readonly record: NewRecord;
  readonly resolve: (record: RecordEnvelope) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupWriter {
  readonly #options: WriterOptions;
  /** End of what is durable: only this may be told to anybody, a device's witness included. */
  #head: JournalHead;
  /** The newest record that is no checkpoint of this writer. */
  #recordSeq: number;
  /** 0: there is none yet. */
  #segment: number;
  /** Where the chain stood when the segment began. */
  #segmentStart: JournalHead;
  /** What of it is durable. */
  #segmentBytes: number;
  /** The same without the checkpoint: what the limit is about. */
  #recordBytes: number;
  #file: AppendFile | null = null;
  #queue: Waiter[] = [];
  #flushing: Promise<void> | null = null;
  #error: JournalError | null = null;
  #closed = false;

  constructor(options: WriterOptions, { head, last }: Pick<Replayed, 'head' | 'last'>) {
    this.#options = options;
    this.#head = head;
    this.#recordSeq = head.seq;
    this.#segment = last?.number ?? 0;
    this.#segmentStart = last?.start ?? head;
    this.#segmentBytes = last?.bytes ?? 0;
    this.#recordBytes = this.#segmentBytes;
  }

  get head(): JournalHead {
    return this.#head;
  }

  get broken(): JournalBreak | null {
    return this.#error === null ? null : { code: this.#error.code, message: this.#error.message };
  }

  refuse(code: 'journal-damaged' | 'journal-unwritable', message: string, cause?: unknown): void {
    this.#error ??= new JournalError(code, message, { cause });
    this.#file?.close();
    this.#file = null;
  }

  /** Damage that was found while records are written; what is on its way to the disk ends as it does. */
  async stopAtDamage(message: string): Promise<void> {
    this.#error = new JournalError('journal-damaged', message);
    await this.#flushing;
    this.#file?.close();
    this.#file = null;
  }

  /** Makes the end of the journal fit for appends: what is behind `head` is set aside, the rest made durable. */
  async begin(): Promise<SetAside> {
    if (this.#segment === 0) {
      await this.#newSegment();
      return { bytes: 0, file: null };
    }
    const { storage } = this.#options;
    const end = this.#end();
    const aside = await setAsideTail(storage, end);
    this.#file = await storage.openForAppend(`${end.folder}/${end.name}`);
    // A killed process leaves records that were written but never synced; they were replayed, so they are made durable.
    await writeEndAgain(storage, end);
    await this.#file.sync();
    return aside;
  }

  append(record: NewRecord): Promise<RecordEnvelope> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) {
        reject(this.#error);
        return;
      }
      this.#queue.push({ record, resolve, reject });
      this.#flushing ??= this.#flushAll();
    });
  }

  async close(): Promise<void> {
    await this.#flushing;
    this.#closed = true;
    this.refuse('journal-unwritable', 'journal: closed');
  }

  /**
   * After an error of the disk: opens the file anew and proves what must be in it. What was never answered is set
   * aside and cut off, since nothing says how much of it reached the disk. Null: not yet, or never.
   */
  async recover(): Promise<SetAside | null> {
    await this.#flushing;
    const { folder, storage } = this.#options;
    if (this.#closed || this.#error?.code !== 'journal-unwritable') return null;
    try {
      if ((await storage.freeBytes(folder)) < leastFreeBytes) return null;
      if (!(await this.#isNewest())) return null;
      const lost = this.#segment === 0 ? null : await lostLine(storage, this.#end(), this.#segmentStart);
      if (lost !== null) {
        const message = `journal: ${segmentName(this.#segment)} line ${lost} was durable and is not there any more`;
        this.#error = new JournalError('journal-damaged', `${message}; run: siteward journal verify`);
        return null;
      }
      const aside = await this.begin();
      if (this.#closed || this.broken?.code !== 'journal-unwritable')
        throw new Error('closed or found damaged meanwhile');
      // The file is at the size that a limit of this process allows: a new one has room again.
      if (codeOfCause(this.#error) === 'EFBIG') this.#recordBytes = Infinity;
      this.#error = null;
      return aside;
    } catch {
      // Still not well; whoever asked will ask again, and the first error stays the one that is shown.
      this.#file?.close();
      this.#file = null;
      return null;
    }
  }

  /** Whether no segment follows the one that is written to; the name that a failed creation left is removed. */
  async #isNewest(): Promise<boolean> {
    const { folder, storage } = this.#options;
    for (const name of await storage.list(folder)) {
      if ((segmentNumber(name) ?? 0) <= this.#segment) continue;
      const file = await storage.openForReading(`${folder}/${name}`);
      await file.close();
      if (file.size > 0) {
        const message = `journal: ${folder}/${name} was written by another process; restart the daemon`;
        this.#error = new JournalError('journal-damaged', message);
        return false;
      }
      await storage.remove(folder, name);
    }
    return true;
  }

  async #flushAll(): Promise<void> {
    // Everything that is appended in this turn of the loop goes into the first group.
    await nextTurn();
    while (this.#queue.length > 0) {
      let group: readonly Encoded[] = [];
      try {
        if (this.#error !== null) throw this.#error;
        if (this.#recordBytes >= this.#options.segmentBytes) await this.#beginSegment();
        group = this.#takeGroup();
        const written = this.#write(group.map((one) => one.encoded));
        // Made while the disk is busy.
        const answers = group.map(({ waiter, encoded }) => ({ waiter, record: writtenRecord(encoded) }));
        await written;
        if (group.length > 0) this.#recordSeq = this.#head.seq;
        for (const { waiter, record } of answers) waiter.resolve(record);
      } catch (error) {
        this.refuse('journal-unwritable', unwritable(this.#options.folder, error), error);
        for (const { waiter } of group) waiter.reject(this.#error);
        for (const waiter of this.#queue.splice(0)) waiter.reject(this.#error);
        break;
      }
    }
    this.#flushing = null;
  }

  /** One write and one sync. */
  async #write(group: readonly EncodedRecord[]): Promise<void> {
    const last = group[group.length - 1];
    if (last === undefined) return;
    if (this.#file === null) throw new Error('no segment is open');
    const bytes = group.length === 1 ? last.bytes : Buffer.concat(group.map((one) => one.bytes));
    this.#file.append(bytes);
    await this.#file.sync();
    this.#segmentBytes += bytes.length;
    this.#recordBytes += bytes.length;
    this.#head = last.head;
  }

  /** As many of the queue as make a group; what has no faithful line is refused and leaves the chain as it was. */
  #takeGroup(): readonly Encoded[] {
    const at = rfc3339(this.#options.clock.now());
    const group: Encoded[] = [];
    let tip = this.#head;
    let bytes = 0;
    let taken = 0;
    for (const waiter of this.#queue) {
      try {
        const encoded = encodeRecord(waiter.record, tip, at);
        bytes += encoded.bytes.length;
        if (bytes > maxGroupBytes) break;
        group.push({ waiter, encoded });
        tip = encoded.head;
      } catch (error) {
        waiter.reject(error);
      }
      taken++;
    }
    this.#queue.splice(0, taken);
    return group;
  }

  async #beginSegment(): Promise<void> {
    // What was answered in this turn is folded before the next one.
    await nextTurn();
    const parts = this.#options.checkpoint(this.#recordSeq);
    await this.#newSegment();
    if (parts === null) return;
    const at = rfc3339(this.#options.clock.now());
    let tip = this.#head;
    const group: EncodedRecord[] = [];
    for (const part of parts) {
      const encoded = encodeRecord({ kind: 'checkpoint', actor: 'daemon', ...part }, tip, at);
      const bytes = group.reduce((sum, one) => sum + one.bytes.length, encoded.bytes.length);
      if (bytes > maxGroupBytes) await this.#write(group.splice(0));
      group.push(encoded);
      tip = encoded.head;
    }
    await this.#write(group);
    this.#recordBytes = 0;
    await this.#dropOldSegments();
  }

  async #newSegment(): Promise<void> {
    this.#file?.close();
    this.#file = null;
    const { folder, storage } = this.#options;
    this.#file = await storage.create(folder, segmentName(this.#segment + 1));
    this.#segment++;
    this.#segmentStart = this.#head;
    this.#segmentBytes = 0;
    this.#recordBytes = 0;
  }

  async #dropOldSegments(): Promise<void> {
    const { folder, storage, retention, clock } = this.#options;
    try {
      const older = await olderSegments(folder, storage, this.#segment);
      // Each is gone for good before the next one goes, so that no gap can come back after a power cut.
      for (const number of segmentsToDrop(older, this.#segmentBytes, retention, clock.now()))
        await storage.remove(folder, segmentName(number));
    } catch {
      // What can't go now goes behind the next checkpoint; too much history is no reason to stop.
    }
  }

  #end(): SegmentEnd {
    const name = segmentName(this.#segment);
    return { folder: this.#options.folder, name, bytes: this.#segmentBytes, head: this.#head };
  }
}

interface Encoded {
  readonly waiter: Waiter;
  readonly encoded: EncodedRecord;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function codeOfCause(error: JournalError | null): string | undefined {
  return (error?.cause as NodeJS.ErrnoException | undefined)?.code;
}

/** The words for a disk that does not take what is written. */
export function unwritable(folder: string, error: unknown): string {
  return `journal: ${folder} can't be written (${messageOf(error)}); nothing is changed on any device, and it is tried again until the disk is well`;
}
