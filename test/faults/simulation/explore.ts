/**
 * From a seed to a run: the shape of the plan, and one to four faults with the stages at which they strike. The first
 * fault goes through the table of stages and faults pair by pair, so that each is tried; the others are drawn.
 */
import { seededRandom } from '../../../src/simulator/random.ts';
import { gateTrust } from '../../support/gate.ts';
import { makeKey } from '../../support/ssh-signature.ts';
import type { Habits } from './device.ts';
import { faults, isPossible, stages, type Fault } from './faults.ts';
import { soundSeams, type Seams, type Stage } from './process.ts';
import { shapes, type Shape } from './shapes.ts';
import type { PlannedFault } from './strikes.ts';
import { World, type Run } from './world.ts';

const signer = makeKey();
export const people = {
  signer,
  trust: gateTrust([{ name: 'alice', key: signer, roles: ['operational'] }]),
};

export interface Pair {
  readonly stage: Stage;
  readonly fault: Fault;
}

export const pairs: readonly Pair[] = stages.flatMap((stage) =>
  faults.filter((fault) => isPossible(stage, fault)).map((fault) => ({ stage, fault })),
);

/** Plans that come to a stage by themselves; any plan comes to the others. */
function shapesFor(stage: Stage): readonly Shape[] {
  if (stage === 'waiting') return shapes.filter(({ name }) => name === 'signed');
  if (stage === 'rolling-back') return shapes.filter(({ name }) => name === 'a step fails');
  if (stage === 'rolled-back') {
    return shapes.filter(({ undisturbed }) => undisturbed !== 'confirmed');
  }
  const late: readonly Stage[] = ['verifying', 'confirming', 'confirmed', 'applied'];
  return late.includes(stage) ? shapes.filter(({ undisturbed }) => undisturbed === 'confirmed') : shapes;
}

/** A step through the table that is coprime to its length visits every pair. */
function pairOf(seed: number): Pair {
  return pairs[(seed * 181) % pairs.length] as Pair;
}

export function pairName(seed: number): string {
  const { stage, fault } = pairOf(seed);
  return `${stage} ${fault.name}`;
}

export function pairNamed(name: string): Pair {
  const found = pairs.find(({ stage, fault }) => `${stage} ${fault.name}` === name);
  if (found === undefined) throw new Error(`no fault can strike so: ${name}`);
  return found;
}

/** `wanted`: the pairs that strike whatever the seed says. */
export function runSeed(
  seed: number,
  seams: Seams = soundSeams,
  habits: Partial<Habits> = {},
  wanted: readonly Pair[] = [pairOf(seed)],
): Promise<Run> {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const strike = ({ stage, fault }: Pair, most: number): PlannedFault => ({
    fault,
    when: { stage, skip: random.below(most) },
  });
  const [first = pairOf(seed), ...others] = wanted;
  const shape = pick(shapesFor(first.stage));
  const planned: PlannedFault[] = [];
  // Nothing is refused before apply, and the device goes back by itself, unless something goes wrong there.
  const helper = {
    'not-started': ['staged', 'killed'],
    'rolling-back': ['applying', 'device-clock-jumps'],
  } as const;
  if (first.stage === 'not-started' || first.stage === 'rolling-back') {
    const [stage, name] = helper[first.stage];
    planned.push(strike(pairNamed(`${stage} ${name}`), 1));
  }
  planned.push(strike(first, random.below(2) === 0 ? 1 : 5));
  for (const pair of others) planned.push(strike(pair, 20));
  const more = random.below(2) + random.below(2) + random.below(2);
  for (let i = 0; i < more; i += 1) planned.push(strike(pick(pairs), random.below(3) === 0 ? 40 : 6));
  // Now and then somebody types what `next:` says of a device that stands still.
  const resolves = random.below(6) === 0;
  return new World({ seed, shape, habits, faults: planned, resolves, seams, ...people }).run();
}

/** What many runs came to. */
export class Tally {
  runs = 0;
  readonly hits = new Map<string, number>();
  readonly judged = new Map<string, number>();
  readonly outcomes = new Map<string, number>();

  add({ hits, judged, outcomes }: Run): void {
    this.runs += 1;
    for (const hit of hits) this.hits.set(hit, (this.hits.get(hit) ?? 0) + 1);
    for (const end of outcomes) this.outcomes.set(end, (this.outcomes.get(end) ?? 0) + 1);
    for (const [promise, n] of judged) this.judged.set(promise, (this.judged.get(promise) ?? 0) + n);
  }

  missing(): readonly string[] {
    return pairs.map(({ stage, fault }) => `${stage} ${fault.name}`).filter((pair) => !this.hits.has(pair));
  }

  /** One line a fault, one column a stage; `-` where a fault can not strike. */
  table(): string {
    const widest = Math.max(...faults.map(({ name }) => name.length));
    const head = `${''.padEnd(widest)} ${stages.map((stage) => stage.slice(0, 7).padStart(7)).join(' ')}`;
    const lines = faults.map((fault) => {
      const cells = stages.map((stage) =>
        isPossible(stage, fault) ? String(this.hits.get(`${stage} ${fault.name}`) ?? 0) : '-',
      );
      return `${fault.name.padEnd(widest)} ${cells.map((cell) => cell.padStart(7)).join(' ')}`;
    });
    const counts = (all: ReadonlyMap<string, number>): string =>
      [...all]
        .sort()
        .map(([what, n]) => `${what} ${n}`)
        .join(', ');
    return [head, ...lines, `judged: ${counts(this.judged)}`, `ends: ${counts(this.outcomes)}`].join('\n');
  }
}

/** For a person: what happened, what was broken, and the command that shows it again. */
export function tell(seed: number, { trace, violation }: Run): string {
  return `${trace.join('\n')}\n\nseed ${seed}: ${violation ?? 'no violation'}\nagain: npm run faults -- --seed ${seed}`;
}
