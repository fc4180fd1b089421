/**
 * Measures arms side by side: one process, interleaved, their order rotated each round, garbage collected between
 * them; round i of one is paired with round i of the other. Only ratios within one run mean anything; a goal
 * is met when the median of the ratios is. Results are checked, since a fast failure is not fast.
 */

export interface Arm {
  readonly name: string;
  /** Returns something that depends on all of its work. */
  readonly run: () => unknown;
}

export interface Goal {
  readonly name: string;
  readonly of: string;
  readonly against: string;
  /** Most that `of` may take as a multiple of `against`. */
  readonly most: number;
}

export interface Setup {
  readonly arms: readonly Arm[];
  readonly goals: readonly Goal[];
  readonly rounds?: number;
  /** Times that an arm runs in a round, so that a round takes milliseconds. */
  readonly times?: number;
}

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Rounds before the first that counts. */
export const warmups = 3;

/** Prints what was measured; sets the exit code if a goal was missed. */
export async function bench(title: string, { arms, goals, rounds = 9, times = 5 }: Setup): Promise<void> {
  const taken = new Map<string, number[]>(arms.map(({ name }) => [name, []]));
  const sink: unknown[] = [];
  for (let round = -warmups; round < rounds; round++) {
    const shift = (round + warmups) % arms.length;
    for (const arm of [...arms.slice(shift), ...arms.slice(0, shift)]) {
      globalThis.gc?.();
      const start = process.hrtime.bigint();
      for (let i = 0; i < times; i++) sink[0] = await arm.run();
      const ms = Number(process.hrtime.bigint() - start) / 1e6 / times;
      if (sink[0] === undefined) throw new Error(`${arm.name} gave nothing`);
      if (round >= 0) taken.get(arm.name)?.push(ms);
    }
  }
  print(title);
  for (const [name, all] of taken) print(`  ${name.padEnd(44)} ${words(spread(all))} ms`);
  for (const goal of goals) judge(goal, taken);
}

function judge({ name, of, against, most }: Goal, taken: ReadonlyMap<string, readonly number[]>): void {
  const floor = taken.get(against) ?? [];
  const ratios = (taken.get(of) ?? []).map((ms, round) => ms / (floor[round] ?? Number.NaN));
  const found = spread(ratios);
  const met = found.median <= most;
  print(`  ${name}: ${of} / ${against} = ${words(found)}, goal ${most}: ${met ? 'met' : 'MISSED'}`);
  if (!met) process.exitCode = 1;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (i: number): number => sorted[i] ?? Number.NaN;
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}

export function words({ min, median, max }: Spread): string {
  const two = (value: number): string => value.toFixed(value < 10 ? 3 : 1);
  return `${two(median)} (${two(min)}–${two(max)})`;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
