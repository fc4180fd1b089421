/**
 * Every moment of a rollout, for each shape of plan: before and after each write and sync of the journal and each message
 * to and from the device, the process dies, its machine loses power, the disk fails, the device loses power, or the
 * network is cut, one after the other. The real passes, gate, runner, driver and journal; judged as the exploration is.
 */
import { expect, test } from 'vitest';
import { people } from './simulation/explore.ts';
import { faults, type Fault, type Moment } from './simulation/faults.ts';
import { soundSeams } from './simulation/process.ts';
import { shapes, type Shape } from './simulation/shapes.ts';
import type { PlannedFault } from './simulation/strikes.ts';
import { World, type Run } from './simulation/world.ts';

const seed = 1;
/** Where nothing of the journal is on its way to the disk, a machine that loses power is a process that dies. */
const onDisk: readonly Moment[] = ['append', 'sync', 'synced'];
const deaths: readonly { readonly name: string; readonly at?: readonly Moment[] }[] = [
  { name: 'killed' },
  { name: 'host-power-lost', at: onDisk },
  { name: 'append-fails' },
  { name: 'sync-fails' },
  { name: 'device-power-cut' },
  { name: 'network-cut' },
];

function run(shape: Shape, planned: readonly PlannedFault[]): Promise<Run> {
  return new World({
    seed,
    shape,
    habits: shape.habits,
    faults: planned,
    seams: soundSeams,
    ...people,
  }).run();
}

function faultNamed(name: string): Fault {
  const fault = faults.find((one) => one.name === name);
  if (fault === undefined) throw new Error(name);
  return fault;
}

test.each(shapes)('$name: whatever dies at any moment of it, no promise is broken', async (shape) => {
  const { moments, violation } = await run(shape, []);
  expect(violation).toBeNull();
  const counts: string[] = [];
  for (const { name, at = faultNamed(name).at } of deaths) {
    const fault = faultNamed(name);
    let runs = 0;
    for (const [i, { moment }] of moments.entries()) {
      if (!at.includes(moment)) continue;
      const one = await run(shape, [{ fault, when: { moment: i + 1 } }]);
      expect(one.hits, `${name} at moment ${i + 1}`).toHaveLength(1);
      expect(one.violation, `${name} at moment ${i + 1}\n${one.trace.slice(-60).join('\n')}`).toBeNull();
      runs += 1;
    }
    counts.push(`${name} ${runs}`);
  }
  console.log(`points: ${shape.name}, ${moments.length} moments: ${counts.join(', ')}`);
  expect(moments.length).toBeGreaterThan(200);
});
