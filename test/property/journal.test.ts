/** Whenever the power goes, the journal that opens again has every record that was answered, and no other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordEnvelope } from '../../src/core/journal.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { decodeLine, emptyHead, encodeRecord } from '../../src/journal/record.ts';
import { CrashingDisk } from '../support/crashing-disk.ts';

const clock = { now: () => 1_795_000_000_000 };

async function open(
  disk: CrashingDisk,
  segmentBytes: number,
): Promise<{ journal: Journal; records: RecordEnvelope[] }> {
  const records: RecordEnvelope[] = [];
  const onRecord = (record: RecordEnvelope): number => records.push(record);
  const journal = await openJournal({
    folder: 'journal',
    clock,
    storage: disk.storage,
    onRecord,
    segmentBytes,
  });
  return { journal, records };
}

const life = fc.record({
  /** Groups of records: how many arrive together, and how long their texts are. */
  groups: fc.array(fc.array(fc.nat(300), { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
  steps: fc.nat(14),
  cut: fc.constantFrom('before' as const, 'half' as const),
  kept: fc.nat(1000),
  holes: fc.array(fc.nat(40), { maxLength: 4 }),
});

describe('a journal that loses power again and again', () => {
  test('keeps every record that was answered, in order, and goes on', async () => {
    const property = fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(400, 1e6),
      async (lives, segmentBytes) => {
        const disk = new CrashingDisk();
        let before: RecordEnvelope[] = [];
        const answered: RecordEnvelope[] = [];
        for (const { groups, steps, cut, kept, holes } of lives) {
          disk.cutAfter(steps, cut);
          const { journal, records } = await open(disk, segmentBytes);
          expect(journal.damage).toBeNull();
          expect(records.slice(0, answered.length)).toEqual(answered);
          // What was written but never answered may be there as well; from now on it counts.
          answered.splice(0, Infinity, ...(journal.broken === null ? records : answered));
          before = records;
          for (const group of groups) {
            const results = await Promise.allSettled(
              group.map((length) =>
                journal.append({ kind: 'noted', actor: 'daemon', text: 'é'.repeat(length) }),
              ),
            );
            for (const result of results) if (result.status === 'fulfilled') answered.push(result.value);
            expect(journal.head.seq).toBeGreaterThanOrEqual(answered.length);
          }
          await journal.close();
          disk.restart({ kept, holes });
        }
        const { journal, records } = await open(disk, segmentBytes);
        expect(journal.damage).toBeNull();
        expect(journal.broken).toBeNull();
        expect(records.length).toBeGreaterThanOrEqual(Math.min(before.length, answered.length));
        expect(records.slice(0, answered.length)).toEqual(answered);
        expect(records.map((record) => record.seq)).toEqual(records.map((_, index) => index + 1));
        expect((await journal.append({ kind: 'noted', actor: 'daemon' })).seq).toBe(records.length + 1);
      },
    );
    await fc.assert(property, { numRuns: 400 });
  });
});

describe('the codec', () => {
  const fields = fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/), fc.jsonValue(), { maxKeys: 6 });

  test('gives back what it was given, chained', () => {
    fc.assert(
      fc.property(fields, fc.string(), (given, actor) => {
        const rest = Object.fromEntries(
          Object.entries(given).filter(
            ([name]) => !['v', 'at', 'seq', 'prev', 'kind', 'actor'].includes(name),
          ),
        );
        const encoded = encodeRecord(
          { kind: 'noted', actor, ...rest },
          emptyHead,
          '2026-11-21T10:00:00.000Z',
        );
        expect(encoded.bytes.indexOf(10)).toBe(encoded.bytes.length - 1);
        const decoded = decodeLine(encoded.bytes.subarray(0, -1));
        expect(decoded).toEqual({ ok: true, record: encoded.record, head: encoded.head });
        expect(encoded.record).toMatchObject({ v: 1, seq: 1, kind: 'noted' });
      }),
    );
  });

  test('never throws, whatever the bytes', () => {
    const good = encodeRecord(
      { kind: 'noted', actor: 'daemon', text: 'x' },
      emptyHead,
      '2026-11-21T10:00:00.000Z',
    ).bytes.subarray(0, -1);
    fc.assert(
      fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 20 }), (at, insert) => {
        const changed = Buffer.concat([good.subarray(0, at), insert, good.subarray(at + insert.length)]);
        const decoded = decodeLine(changed);
        if (decoded.ok) expect(decoded.record.seq).toBe(Number(/"seq":(\d+)/.exec(changed.toString())?.[1]));
      }),
    );
  });
});
