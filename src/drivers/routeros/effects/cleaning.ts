/**
 * Takes a rollout's objects off a device in the order that can't revive the rollback: timer, a wait until that is
 * durable, scripts, decision, lock. The decision has to outlive the timer: a timer whose removal was lost in a
 * power cut and that finds no decision would roll a confirmed change back.
 */
import { DeviceError } from '../../../core/errors.ts';
import type { Rollout, RolloutOwner, Witness } from '../../../core/rollout/rollout.ts';
import {
  removeScriptCommand,
  removeScriptIfCommand,
  removeTickCommand,
  stopJobsCommand,
} from '../commands.ts';
import type { RolloutFacts, StandingFacts } from '../facts.ts';
import { lockName, objectsOf, parseLock, parseWitness } from '../objects.ts';
import type { DeviceConsole, Reach } from './device-console.ts';
import { withConsole } from './device-console.ts';
import { readFacts, readRolloutFacts } from './reading.ts';
import { until } from './waiting.ts';

export function clean(
  reach: Reach,
  rollout: Rollout,
  judge: (witness: Witness | null) => void,
  signal: AbortSignal,
): Promise<Witness | null> {
  return withConsole(reach, 'clean', signal, async (console) => {
    const names = objectsOf(rollout.id);
    if (rollout.givenUp === true) await disarm(console, rollout);
    const first = await idle(reach, console, rollout, signal);
    requireNoOther(first, rollout);
    judge(witnessOf(first));
    // What applied nothing has nothing to go back from.
    if (rollout.drill !== true) requireSettled(first, rollout);
    if (first.tick !== null) await console.modify(removeTickCommand(names.tick));
    const scripts = [names.apply, names.back, names.check];
    if ([...scripts, names.tick, names.decision].some((name) => first.names.includes(name))) {
      const disarmed = await idle(reach, console, rollout, signal);
      requireGone(disarmed, rollout, [names.tick]);
      requireGone(await flushed(reach, console, rollout, disarmed.uptimeS, signal), rollout, [names.tick]);
      for (const name of scripts) await console.modify(removeScriptCommand(name));
      requireGone(await readRolloutFacts(console, rollout), rollout, scripts);
      await console.modify(removeScriptCommand(names.decision));
      requireGone(await readRolloutFacts(console, rollout), rollout, [names.decision]);
    }
    await dropLock(
      console,
      (lock, facts) => {
        // A copy of this daemon has the same lock, and writes its witness under it.
        judge(witnessOf(facts));
        return lock.rollout === rollout.id && lock.daemon === rollout.owner.daemon;
      },
      rollout.device,
    );
    // Until then a power cut brings back what was removed, and nobody would look for it after `settled`.
    const last = await flushed(reach, console, rollout, first.uptimeS, signal);
    requireGone(last, rollout, [...scripts, names.tick, names.decision]);
    return witnessOf(last);
  });
}

function witnessOf({ witness }: Pick<StandingFacts, 'witness'>): Witness | null {
  return witness === null ? null : parseWitness(witness);
}

export function releaseLock(reach: Reach, owner: RolloutOwner, signal: AbortSignal): Promise<void> {
  return withConsole(reach, 'release-lock', signal, (console) =>
    dropLock(console, (lock) => lock.daemon === owner.daemon, reach.device.name),
  );
}

/** By people's word: the rollback that does not come to its end is stopped, and what it came to is kept. */
async function disarm(console: DeviceConsole, rollout: Rollout): Promise<void> {
  const names = objectsOf(rollout.id);
  requireNoOther(await readRolloutFacts(console, rollout), rollout);
  await console.modify(removeTickCommand(names.tick));
  for (const job of [names.apply, names.back]) await console.modify(stopJobsCommand(job));
}

/** Another has the device: it is looked at again before anything of it is touched. */
function requireNoOther({ lock: source }: RolloutFacts, rollout: Rollout): void {
  const lock = source === null ? null : parseLock(source);
  if (source === null || (lock?.rollout === rollout.id && lock.daemon === rollout.owner.daemon)) return;
  throw new DeviceError('locked', `${rollout.device}: it is locked by another than rollout ${rollout.id}`);
}

/** Whoever asks: while a rollback may still be needed, its timer stays. */
function requireSettled(facts: RolloutFacts, rollout: Rollout): void {
  if (facts.tick === null || facts.decision === 'confirm') return;
  if (facts.decision === null && facts.applyNote === '') return;
  throw new DeviceError(
    'rejected',
    `${rollout.device}: its rollback is still armed and may be needed; it is cleaned once it has ended`,
  );
}

/** Facts once what was written before is durable. */
async function flushed(
  reach: Reach,
  console: DeviceConsole,
  rollout: Rollout,
  uptimeBeforeS: number,
  signal: AbortSignal,
): Promise<RolloutFacts> {
  await reach.clock.sleep(rollout.times.flushMs, signal);
  const facts = await readRolloutFacts(console, rollout);
  if (facts.uptimeS >= uptimeBeforeS) return facts;
  throw new DeviceError(
    'rejected',
    `${rollout.device}: it restarted while its writes were being flushed; it is read again`,
  );
}

/** Facts once no job of the rollout runs any more: a script is not taken from under a job. */
async function idle(
  reach: Reach,
  console: DeviceConsole,
  rollout: Rollout,
  signal: AbortSignal,
): Promise<RolloutFacts> {
  const names = objectsOf(rollout.id);
  const patience = { everyMs: 300, limitMs: 30_000 };
  const facts = await until(reach.clock, patience, signal, async () => {
    const now = await readRolloutFacts(console, rollout);
    return now.applyJob || now.backJob ? null : now;
  });
  if (facts !== null) return facts;
  throw new DeviceError(
    'rejected',
    `${rollout.device}: a job of ${names.apply} or ${names.back} does not end`,
  );
}

function requireGone(facts: RolloutFacts, rollout: Rollout, names: readonly string[]): void {
  const left = names.find((name) => facts.names.includes(name));
  if (left === undefined) return;
  throw new DeviceError('rejected', `${rollout.device}: ${left} can't be removed from it`);
}

/** Removes the lock only while it still says what was read: another's may have come since. */
async function dropLock(
  console: DeviceConsole,
  isOurs: (
    lock: { readonly daemon: string; readonly rollout: string },
    facts: Pick<StandingFacts, 'witness'>,
  ) => boolean,
  device: string,
): Promise<void> {
  const facts = await readFacts(console);
  const { lock: source } = facts;
  const lock = source === null ? null : parseLock(source);
  if (source === null || lock === null || !isOurs(lock, facts)) return;
  await console.modify(removeScriptIfCommand(lockName, source));
  if ((await readFacts(console)).lock === source) {
    throw new DeviceError('rejected', `${device}: its lock can't be removed`);
  }
}
