/**
 * Judges a rollout by its probes: once before anything is changed, so that one which fails already judges nothing, and
 * after it until each has passed or its time is up; and after a rollback, for people only. What a probe does is handed
 * in. It decides nothing about the device.
 */
import type { Clock } from '../core/clock.ts';
import { DeviceError, messageOf } from '../core/errors.ts';
import type { Probe, ProbeAnswer } from '../core/rollout/probe.ts';
import type { RolloutState } from '../core/rollout/state.ts';

export type RunProbe = (probe: Probe, signal: AbortSignal) => Promise<ProbeAnswer>;

const betweenMs = 2_000;
/** What one try may take, when nothing answers. */
const tryMs = 5_000;

/** The longest until all have passed: a last try begins when the time is all but up. 0: there is none. */
export function longestMs(probes: readonly Probe[]): number {
  return Math.max(0, ...probes.map(({ withinMs }) => withinMs + betweenMs + tryMs));
}

/** Names of those that can't judge. Throws `DeviceError` probe-red where one may not fail now. */
export async function probeBefore(
  probes: readonly Probe[],
  run: RunProbe,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const red = await failing(probes, run, signal);
  const refused = red.find(({ probe }) => probe.redBefore === 'refuse');
  if (refused !== undefined) {
    throw new DeviceError(
      'probe-red',
      `probe ${refused.probe.name} fails before anything was changed: ${refused.said}; mend what it looks at, ` +
        'or set red-before: ignore for it, and nothing is judged by it then',
    );
  }
  return red.map(({ probe }) => probe.name);
}

/** Returns once each has passed. Throws `DeviceError` probe-failed for the first whose time is up. */
export async function probeUntilWell(
  probes: readonly Probe[],
  run: RunProbe,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = clock.monotonic();
  let left = probes;
  while (left.length > 0) {
    const red = await failing(left, run, signal);
    const late = red.find(({ probe }) => clock.monotonic() - startedAt >= probe.withinMs);
    if (late !== undefined) {
      const { name, withinMs } = late.probe;
      throw new DeviceError(
        'probe-failed',
        `probe ${name} does not pass within ${withinMs / 1000} s: ${late.said}`,
      );
    }
    left = red.map(({ probe }) => probe);
    if (left.length > 0) await clock.sleep(betweenMs, signal);
  }
}

/** What fails still when each had its time; nothing is decided by it. */
export async function probeAgain(
  probes: readonly Probe[],
  run: RunProbe,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const said = await Promise.all(
    probes.map(async (probe): Promise<readonly string[]> => {
      try {
        await probeUntilWell([probe], run, clock, signal);
        return [];
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        return [error.message];
      }
    }),
  );
  return said.flat();
}

/** Those that passed before anything was changed. */
export function judging(
  probes: readonly Probe[] | undefined,
  { notJudged }: Pick<RolloutState, 'notJudged'>,
): readonly Probe[] {
  return (probes ?? []).filter(({ name }) => notJudged?.includes(name) !== true);
}

interface Red {
  readonly probe: Probe;
  readonly said: string;
}

async function failing(
  probes: readonly Probe[],
  run: RunProbe,
  signal: AbortSignal,
): Promise<readonly Red[]> {
  const answers = await Promise.all(
    probes.map(async (probe): Promise<readonly Red[]> => {
      try {
        const answer = await run(probe, signal);
        return answer.well ? [] : [{ probe, said: answer.said }];
      } catch (error) {
        signal.throwIfAborted();
        return [{ probe, said: messageOf(error) }];
      }
    }),
  );
  return answers.flat();
}
