/**
 * Every real export as a device, and ten generated changes of each: rolled out, confirmed, the next plan empty, and the
 * export equal in meaning to what was wanted.
 */
import { afterAll, describe, expect, test } from 'vitest';
import {
  changeInParts,
  changesEach,
  changesOf,
  deviceOf,
  everything,
  expectReached,
  readFrom,
  usableExports,
} from '../support/reach.ts';
import { noRealExports, whyNoRealExports } from '../support/real-exports.ts';

describe.skipIf(noRealExports)(`generated changes of real exports${whyNoRealExports}`, () => {
  const done = { changes: 0, rollouts: 0 };
  afterAll(() => {
    console.log(`${done.changes} changes of ${usableExports.length} exports, ${done.rollouts} rollouts`);
  });

  test.each(usableExports)('$file: each is rolled out and confirmed', { timeout: 300_000 }, async (one) => {
    const texts = changesOf(one, await readFrom(deviceOf(one, 0)), changesEach);
    for (const [nth, text] of texts.entries()) {
      done.rollouts += await expectReached(one, text, nth);
      done.changes += 1;
    }
    expect(texts).toHaveLength(changesEach);
  });

  // Two by day: the same rows are new to every device.
  const inParts = usableExports.filter((_one, index) => everything || index % 25 === 3);
  test.each(inParts)(
    '$file: what is too large for one rollout goes in parts',
    { timeout: 300_000 },
    async (one) => {
      const text = changeInParts(one, await readFrom(deviceOf(one, 0)));
      const rollouts = await expectReached(one, text, 1);
      expect(rollouts).toBeGreaterThan(1);
      done.rollouts += rollouts;
      done.changes += 1;
    },
  );
});
