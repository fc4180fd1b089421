/** Whenever the power goes, the journal that opens again has every record that was answered, and no other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordEnvelope } from '../../src/core/journal.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { decodeLine, emptyHead, encodeRecord, writtenRecord } from '../../src/journal/record.ts';
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
        const record = writtenRecord(encoded);
        expect(decoded).toEqual({ ok: true, record, head: encoded.head });
        expect(record).toMatchObject({ v: 1, seq: 1, kind: 'noted' });
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

  /** The same said once more, slowly: the head by one pattern, and what a parser found must be what stands there. */
  function isRecord(line: Buffer): boolean {
    const text = line.toString('utf8');
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return false;
    }
    const [, seq, at, prev, kind] =
      /^\{"v":1,"seq":([1-9]\d{0,15}),"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","prev":"([0-9a-f]{64})","kind":"([a-z][a-z0-9-]{0,63})","actor":"/.exec(
        text,
      ) ?? [];
    return (
      line.equals(Buffer.from(text)) &&
      value['v'] === 1 &&
      Number.isSafeInteger(value['seq']) &&
      String(value['seq']) === seq &&
      value['at'] === at &&
      value['prev'] === prev &&
      value['kind'] === kind &&
      typeof value['actor'] === 'string'
    );
  }

  const value = fc.oneof(
    fc.constantFrom('1', '2', '0', '-1', '1.5', '1e0', '9007199254740993', 'null', 'true', '{}', '[]', '""'),
    fc.constantFrom('"noted"', '"No"', '"\\u006eoted"', `"${'0'.repeat(64)}"`, `"${'A'.repeat(64)}"`),
    fc.constantFrom('"2026-11-21T10:00:00.000Z"', '["2026-11-21T10:00:00.000Z"]', '"2026-11-21"', '"daemon"'),
    fc.jsonValue().map((one) => JSON.stringify(one)),
  );
  const member = fc.tuple(
    fc.constantFrom('v', 'seq', 'at', 'prev', 'kind', 'actor', 'text', '__proto__'),
    value,
  );
  const right = [
    ['v', '1'],
    ['seq', '7'],
    ['at', '"2026-11-21T10:00:00.000Z"'],
    ['prev', `"${'ab'.repeat(32)}"`],
    ['kind', '"noted"'],
    ['actor', '"daemon"'],
  ] as const;

  test('takes a line for a record exactly when its head stands there and nothing contradicts it', () => {
    let records = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5), value), { maxLength: 1 }),
        fc.array(fc.tuple(fc.nat(6), member), { maxLength: 2 }),
        fc.option(fc.tuple(fc.nat(5), fc.nat(5)), { nil: null, freq: 4 }),
        fc.constantFrom('', '', '', ' ', '\uFEFF'),
        (changed, inserted, swapped, before) => {
          const members: (readonly [string, string])[] = [...right];
          for (const [at, to] of changed) members[at] = [right[at]?.[0] ?? '', to];
          if (swapped !== null) {
            const [a, b] = swapped;
            [members[a], members[b]] = [members[b] ?? right[0], members[a] ?? right[0]];
          }
          for (const [at, one] of inserted) members.splice(at, 0, one);
          const text = members.map(([name, content]) => `"${name}":${content}`).join(',');
          const line = Buffer.from(`${before}{${text}}`);
          const decoded = decodeLine(line);
          expect(decoded.ok, line.toString()).toBe(isRecord(line));
          if (!decoded.ok) return;
          records++;
          expect(decoded.record).toEqual(JSON.parse(line.toString()));
          expect(decodeLine(line, false, 'ab'.repeat(32))).toEqual(decoded);
        },
      ),
      { numRuns: 2000 },
    );
    expect(records).toBeGreaterThan(50);
  });
});
