/**
 * Every moment of a resolution: a rollback that the device can't carry out, which people end. Whatever dies right there (the
 * process, its machine, the device's power, the network), the old rollout is taken off, nothing is done without
 * their signatures, and what git wants is rolled out as ever.
 */
import { expect, test } from 'vitest';
import { people } from './simulation/explore.ts';
import { faults } from './simulation/faults.ts';
import { soundSeams } from './simulation/process.ts';
import { shapes } from './simulation/shapes.ts';
import type { PlannedFault } from './simulation/strikes.ts';
import { World, type Run } from './simulation/world.ts';

const seed = 7;
const [shape] = shapes.filter(({ name }) => name === 'a step fails');

function run(planned: readonly PlannedFault[]): Promise<Run> {
  if (shape === undefined) throw new Error('no such shape');
  const habits = { ...shape.habits, lateMs: Infinity, flushMs: 0 };
  return new World({
    seed,
    shape,
    habits,
    faults: planned,
    resolves: true,
    seams: soundSeams,
    ...people,
  }).run();
}

const deaths = ['killed', 'host-power-lost', 'device-power-cut', 'network-cut', 'sync-fails'];

test('whatever dies at any moment of it, a resolution ends the rollout and nothing else', async () => {
  const quiet = await run([]);
  expect(quiet.violation).toBeNull();
  expect(quiet.outcomes).toEqual(['resolved', 'confirmed']);
  const points = quiet.moments.flatMap(({ moment, stage }, i) =>
    stage === 'resolved' || stage === 'rolling-back' ? [{ at: i + 1, moment, stage }] : [],
  );
  const last = points.slice(-36);
  let runs = 0;
  for (const name of deaths) {
    const fault = faults.find((one) => one.name === name);
    if (fault === undefined) throw new Error(name);
    for (const { at, moment } of last) {
      if (!fault.at.includes(moment)) continue;
      const { violation, outcomes, trace } = await run([{ fault, when: { moment: at } }]);
      const told = `${name} at moment ${at}\n${trace.slice(-60).join('\n')}`;
      expect(violation, told).toBeNull();
      expect(outcomes, told).toContain('resolved');
      expect(outcomes.at(-1), told).toBe('confirmed');
      runs += 1;
    }
  }
  console.log(`resolve: ${last.length} moments, ${runs} deaths at them, each ended`);
  expect(runs).toBeGreaterThan(60);
});
