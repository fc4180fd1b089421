/**
 * Real exports as devices, changed as a person might: each change goes through git's text, the planner, the real runner
 * and the real driver to the simulator's machine, in virtual time. Then the same with something cut at each command.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Configuration } from '../../src/core/item.ts';
import type { Plan } from '../../src/core/plan/action.ts';
import { blockFaulty } from '../../src/core/plan/blocked.ts';
import { mostCommands } from '../../src/core/plan/parts.ts';
import { adoptedText } from '../../src/drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { mutated } from './plan-pairs.ts';
import { differencesBetween, planBetween, replaced } from './plans.ts';
import { realExports } from './real-exports.ts';
import type { RealExport } from './real-exports.ts';
import { virtualDevice } from './virtual-device.ts';
import type { VirtualDevice } from './virtual-device.ts';
import { tracesOn, virtualRolloutOf } from './virtual-rollout.ts';
import type { VirtualRollout } from './virtual-rollout.ts';

/** One calls a port by two names, the other is a single row of which nothing can be changed. */
const noDevices = ['084.rsc', '090.rsc'];
export const usableExports: readonly RealExport[] = realExports().filter(
  ({ file }) => !noDevices.includes(file),
);
export const changesEach = 10;
/** Read again and again by whoever wants to know where a rollout stands, these take most of the time. */
export const isLarge = ({ bytes }: RealExport): boolean => bytes.length > 70_000;
/** `npm run reach`: all of it, for so long; else what a CI run has time for. */
export const everything = process.env['REACH_MINUTES'] !== undefined;
const endsAt = performance.now() + Number(process.env['REACH_MINUTES'] ?? Infinity) * 60_000;
export const isTimeUp = (): boolean => performance.now() > endsAt;

const seed = fc.readConfigureGlobal().seed ?? 0;
const mostDraws = 400;
const rowsInParts = mostCommands + 20;

const windowMs = 60_000;
const never = new AbortController().signal;

export function deviceOf({ bytes, version }: RealExport, fate: number): VirtualDevice {
  return virtualDevice({
    exportText: Buffer.from(bytes).toString('latin1'),
    version,
    seed: fate,
    // Commands that take their time let the device's own runs and the driver's commands fall between each other.
    behaviour: { flushMs: 5_000, commandMs: fate % 2 === 0 ? 0 : 20 },
    settings: { windowMs, tickMs: 5_000, flushMs: 6_000, minUptimeMs: 0, secretsOnDevice: 'allow' },
  });
}

/** What the device has, but for what is siteward's own. */
export async function readFrom(device: VirtualDevice): Promise<Configuration> {
  return dialect.parseActual((await device.anotherDriver().observe(never)).exportText).configuration;
}

/** The device's own order of what has none, and sections without rows, are no meaning. */
export function isSame(a: Configuration, b: Configuration): boolean {
  const filled = ({ sections }: Configuration): Configuration => ({
    sections: sections.filter(({ items }) => items.length > 0),
  });
  const { differences, blocked } = differencesBetween(filled(a), filled(b), { owns: 'everything' });
  return differences.length + blocked.length === 0;
}

type Step =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly why: string };

/** What the daemon would plan for a device that has this and whose file in git says that. */
function planFromText(actual: Configuration, text: string, version: string): Step {
  const { configuration: desired, problems } = dialect.parseDesired(
    Buffer.from(text, 'latin1'),
    'config.rsc',
    version,
  );
  const judged = [...problems, ...(dialect.judgeDesired?.(desired, actual, version) ?? [])];
  const { found, made } = planBetween(actual, desired, { caps: { items: 1_000, share: 1 } });
  const { blocked } = blockFaulty(found, judged);
  if (blocked[0] !== undefined) return { kind: 'refused', why: blocked[0].message };
  if (made.kind === 'refused') return { kind: 'refused', why: `${made.code}: ${made.message}` };
  return made;
}

/** A row was renamed and then removed: what goes on naming it names nothing, and the device would say so. */
function namesNothing({ sections }: Configuration): boolean {
  const items = sections.flatMap((section) => section.items);
  const names = new Set(items.map((item) => dialect.nameOf?.(item)));
  return items
    .flatMap(({ properties }) => properties.flatMap(([, value]) => value?.split(',') ?? []))
    .some((part) => part.endsWith('-new') && !names.has(part.replace(/^!/, '')));
}

/** As many texts as wanted that can be planned on the device, the same ones for the same seed. */
export function changesOf({ version }: RealExport, base: Configuration, wanted: number): readonly string[] {
  const texts: string[] = [];
  for (let draw = 0; texts.length < wanted; draw += 1) {
    if (draw === mostDraws) throw new Error(`${texts.length} of ${draw} drawn changes can be planned`);
    const [desired] = fc.sample(mutated(base), { numRuns: 1, seed: seed + draw });
    if (desired === undefined || namesNothing(desired)) continue;
    const { text } = adoptedText('gw1', version, desired);
    if (planFromText(base, text, version).kind === 'plan') texts.push(text);
  }
  return texts;
}

/** More than one rollout may hold: so many new rows that it goes in parts. */
export function changeInParts({ version }: RealExport, base: Configuration): string {
  const list = '/ip firewall address-list';
  const rows = Array.from(
    { length: rowsInParts },
    (_, n) => `add address=198.18.${n >> 8}.${n & 255} list=reach`,
  );
  const { text } = adoptedText('gw1', version, base);
  return `${text}${list}\n${rows.join('\n')}\n`;
}

/** The first plan of a change. */
export function firstPlan({ version }: RealExport, base: Configuration, text: string): Plan {
  const step = planFromText(base, text, version);
  if (step.kind !== 'plan') throw new Error(step.kind);
  return step.plan;
}

/** Rolled out, in as many rollouts as it takes: how many. */
export async function expectReached(one: RealExport, text: string, fate: number): Promise<number> {
  const device = deviceOf(one, fate);
  for (let rollouts = 0; ; rollouts += 1) {
    const actual = await readFrom(device);
    const step = planFromText(actual, text, one.version);
    expect(step.kind === 'refused' ? step.why : '').toBe('');
    if (step.kind !== 'plan') {
      expect(rollouts).toBeGreaterThan(0);
      return rollouts;
    }
    expect(rollouts, 'it does not settle').toBeLessThan(20);
    const made = await virtualRolloutOf(device, step.plan);
    await made.toItsEnd();
    expectSettled(made, device);
    expect(made.inFlight.outcome).toBe('confirmed');
    expect(isSame(await readFrom(device), replaced(actual, step.plan.target))).toBe(true);
  }
}

function expectSettled(made: VirtualRollout, device: VirtualDevice): void {
  const { phase, problem, outcome, found } = made.inFlight;
  expect({ phase, problem, found }).toMatchObject({ phase: 'settled' });
  expect(made.records.at(-1)).toMatchObject({ kind: 'settled', outcome });
  expect(tracesOn(device).filter((name) => name !== 'sw-witness')).toEqual([]);
}

/** What is cut, and at which moment of a command: before the device has it, or before its answer is here. */
export const cuts = [
  { what: 'connection', power: false, gone: true, dies: false },
  { what: 'power', power: true, gone: false, dies: false },
  { what: 'power and connection', power: true, gone: true, dies: false },
  { what: 'daemon', power: false, gone: false, dies: true },
] as const;
export const moments = ['onCommand', 'onAnswer'] as const;

interface Accident {
  readonly cut: (typeof cuts)[number];
  readonly moment: (typeof moments)[number];
  /** The command at which it happens, from 0. */
  readonly at: number;
  /** What the device loses and how long it takes. */
  readonly fate: number;
}

/** How many commands a rollout that nothing happens to takes: so many can be cut. */
export async function commandsOf(one: RealExport, plan: Plan, fate: number): Promise<number> {
  const device = deviceOf(one, fate);
  const made = await virtualRolloutOf(device, plan);
  const before = device.sent.length;
  await made.toItsEnd();
  return device.sent.length - before;
}

/** The outcome after something was cut at the `at`th command; at the end of its window the device was at one of both. */
export async function outcomeOfCut(
  one: RealExport,
  plan: Plan,
  { cut, moment, at, fate }: Accident,
): Promise<string> {
  const device = deviceOf(one, fate);
  const base = await readFrom(device);
  const target = replaced(base, plan.target);
  const made = await virtualRolloutOf(device, plan);
  const process = new AbortController();
  let count = 0;
  device[moment] = () => {
    if (count++ !== at) return;
    if (cut.gone) device.refuse = 'connection';
    if (cut.power) device.machine.powerCut();
    if (!cut.dies) return;
    process.abort(new Error('the daemon is gone'));
    throw new Error('the daemon is gone');
  };
  const driver = device.anotherDriver();
  if (cut.gone) {
    await made.turn();
    device.time.advance(3 * windowMs);
    device.refuse = 'nothing';
    const alone = await readFrom(device);
    const kept = isSame(alone, target);
    expect(kept || isSame(alone, base), 'neither base nor target after the window').toBe(true);
    await made.toItsEnd({ driver });
    expect(made.inFlight.outcome === 'confirmed').toBe(kept);
  } else {
    await made.toItsEnd({ signal: process.signal }).catch((error: unknown) => {
      if (!process.signal.aborted) throw error;
    });
    if (cut.dies) {
      device.time.advance(fate % 3 === 0 ? 3 * windowMs : 0);
      await made.restart();
      await made.toItsEnd({ driver });
    }
  }
  expect(count, 'nothing was cut').toBeGreaterThan(at);
  expectSettled(made, device);
  const { outcome } = made.inFlight;
  expect(isSame(await readFrom(device), outcome === 'confirmed' ? target : base), String(outcome)).toBe(true);
  expect(['confirmed', 'rolled-back', 'not-started']).toContain(outcome);
  return String(outcome);
}
