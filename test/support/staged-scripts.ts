/** A simulated device on which the scripts of a rollout are staged and armed as the driver does it, but for the waiting. */
import { expect } from 'vitest';
import type { Configuration } from '../../src/core/item.ts';
import type { Plan } from '../../src/core/plan/action.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { quoteString } from '../../src/drivers/routeros/quote.ts';
import { renderRollout, withTimes } from '../../src/drivers/routeros/scripts.ts';
import type { Bench } from '../unit/simulator/started-machine.ts';

export const rolloutId = '0123456789ab';
const day = 86_400;

export function stage(on: Bench, plan: Plan, flushMs = 0): void {
  const scripts = renderRollout(rolloutId, plan);
  const deadline = { armedUptimeS: day - 10, deadlineUptimeS: day + 600 };
  const back = withTimes(scripts.back, deadline, { flushMs });
  for (const [name, source] of Object.entries({ ...scripts, back })) {
    const add = `/system script add name=sw-${rolloutId}-${name} source=${quoteString(source)}`;
    expect(on.run(add)).toEqual([]);
  }
  on.run(
    `/system scheduler add name=sw-${rolloutId}-tick interval=1d on-event="/system script run sw-${rolloutId}-back"`,
  );
}

export function readConfiguration(text: string): Configuration {
  return dialect.parseActual(Buffer.from(text, 'latin1')).configuration;
}

export function readDevice(on: Bench): Configuration {
  return readConfiguration(`${on.run('/export').join('\n')}\n`);
}

export function noteOf(on: Bench, script: string): string {
  return on.run(`:put [/system script get [find name="sw-${rolloutId}-${script}"] comment]`).join('\n');
}

/** What the check says of each action, in their order. */
export function checkOf(on: Bench): readonly string[] {
  return on.run(`/system script run sw-${rolloutId}-check`).map((line) => line.replace(/^\d+ /, ''));
}

export function apply(on: Bench): void {
  on.run(`/system script run sw-${rolloutId}-apply`);
}

export function rollBack(on: Bench): void {
  on.run(`/system script add name=sw-${rolloutId}-decision source="rollback"`);
  for (let pass = 0; pass < 4 && noteOf(on, 'back') !== 'rolled back'; pass++)
    on.run(`/system script run sw-${rolloutId}-back`);
}
