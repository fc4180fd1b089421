/**
 * Goes on reading a journal where a replay ended, while another process writes it: each whole line once, in order,
 * proved like any other. Changes nothing and needs no lock.
 */
import { JournalError } from '../core/errors.ts';
import type { JournalHead, RecordEnvelope } from '../core/journal.ts';
import { LineReader } from './lines.ts';
import type { LastSegment } from './replay.ts';
import { judgeLine } from './replay.ts';
import { segmentName, segmentNumber } from './segments.ts';
import type { JournalStorage } from './storage.ts';

export interface FollowOptions {
  readonly folder: string;
  readonly storage: JournalStorage;
  /** Where the replay ended; null: there was no segment yet. */
  readonly last: LastSegment | null;
  readonly head: JournalHead;
  readonly onRecord: (record: RecordEnvelope) => void;
  /** Waited for when everything is read; false ends the following. */
  readonly wait: () => Promise<boolean>;
}

/** Throws `JournalError` when the lines don't go on where the last one ended. */
export async function followJournal(options: FollowOptions): Promise<void> {
  const { folder, storage, wait } = options;
  let number = options.last?.number ?? 1;
  let offset = options.last?.bytes ?? 0;
  let head = options.head;
  do {
    for (;;) {
      const numbers = (await storage.list(folder)).flatMap((name) => segmentNumber(name) ?? []);
      if (!numbers.includes(number) && numbers.some((one) => one > number + 1))
        throw new JournalError(
          'journal-damaged',
          `journal: records behind ${head.seq} were dropped before they were shown; begin again`,
        );
      if (numbers.includes(number)) {
        const read = await readOn(options, number, offset, head);
        ({ offset, head } = read);
      }
      // The one after it is begun only when this one is whole.
      if (!numbers.includes(number + 1)) break;
      [number, offset] = [number + 1, 0];
    }
  } while (await wait());
}

async function readOn(
  { folder, storage, onRecord }: FollowOptions,
  number: number,
  from: number,
  tip: JournalHead,
): Promise<{ offset: number; head: JournalHead }> {
  const name = segmentName(number);
  const file = await storage.openForReading(`${folder}/${name}`);
  let offset = from;
  let head = tip;
  try {
    if (file.size < offset)
      throw new JournalError(
        'journal-damaged',
        `journal: ${name} is shorter than it was: what was never answered was cut off; begin again`,
      );
    const lines = new LineReader(file, offset);
    for (let line = await lines.next(); line !== null; line = await lines.next()) {
      const finding = judgeLine(line, head);
      if (finding.kind !== 'follows')
        throw new JournalError(
          'journal-damaged',
          `journal: ${name}, behind record ${head.seq}: ${finding.reason}`,
        );
      onRecord(finding.record);
      offset += line.length + 1;
      head = finding.head;
    }
    return { offset, head };
  } finally {
    await file.close();
  }
}
