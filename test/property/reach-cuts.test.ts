/**
 * The same rollouts with something cut at a command: the connection for longer than the window, the power, both, or the
 * daemon. At the end of the window the device is at the base or at the target, the journal says which, and nothing of
 * siteward's is left but its witness. Here each command of some rollout meets each cut; `npm run reach` has all pairs.
 */
import { afterAll, describe, expect, test } from 'vitest';
import {
  changeInParts,
  changesEach,
  changesOf,
  commandsOf,
  cuts,
  deviceOf,
  everything,
  firstPlan,
  isLarge,
  isTimeUp,
  moments,
  outcomeOfCut,
  readFrom,
  usableExports,
} from '../support/reach.ts';
import { noRealExports, whyNoRealExports } from '../support/real-exports.ts';

const accidents = cuts.flatMap((cut) => moments.map((moment) => ({ cut, moment })));
const spread = accidents.length;
/** The last one by night is the first part of a change that is too large for one rollout. */
const cases = Array.from({ length: everything ? changesEach + 1 : 1 }, (_, nth) =>
  usableExports
    .filter((one) => everything || !isLarge(one))
    .map((one, index) => ({ file: one.file, one, nth, index })),
).flat();

/** By day each export has every eighth command, another eighth than the next one's, each with an accident of its own. */
const isMeant = (index: number, at: number, kind: number): boolean =>
  everything ||
  (at % spread === index % spread &&
    kind === (at + Math.floor(at / spread) + Math.floor(index / spread) * 3) % spread);

describe.skipIf(noRealExports)(`cuts in rollouts of real exports${whyNoRealExports}`, () => {
  const ends = new Map<string, number>();
  let rollouts = 0;
  afterAll(() => {
    const lines = [...ends].sort().map(([end, count]) => `  ${end}: ${count}`);
    const all = [...ends.values()].reduce((sum, count) => sum + count, 0);
    console.log(
      `${all} cuts in ${rollouts} of ${(changesEach + 1) * usableExports.length} rollouts\n${lines.join('\n')}`,
    );
  });

  test.each(cases)(
    '$file, change $nth: base or target',
    { timeout: 3_600_000 },
    async ({ one, nth, index }) => {
      if (isTimeUp()) return;
      const base = await readFrom(deviceOf(one, nth));
      const text =
        nth === changesEach ? changeInParts(one, base) : (changesOf(one, base, nth + 1)[nth] ?? '');
      const plan = firstPlan(one, base, text);
      const commands = await commandsOf(one, plan, nth);
      for (let at = 0; at < commands; at += 1) {
        for (const [kind, { cut, moment }] of accidents.entries()) {
          if (!isMeant(index, at, kind) || isTimeUp()) continue;
          const end = await outcomeOfCut(one, plan, { cut, moment, at, fate: nth + 2 * at }).catch(
            (error: unknown) => {
              throw new Error(`${cut.what}, ${moment} ${at} of ${commands}`, { cause: error });
            },
          );
          ends.set(`${cut.what}, ${end}`, (ends.get(`${cut.what}, ${end}`) ?? 0) + 1);
        }
      }
      rollouts += 1;
      expect(commands).toBeGreaterThan(30);
    },
  );
});
