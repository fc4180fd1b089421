/**
 * From the armed net to a decision: arm, apply, confirm, roll back. The device's own timer rolls back whatever
 * happens here; nothing in this file takes that timer away once apply may have begun.
 */
import { DeviceError } from '../../../core/errors.ts';
import type { Deadline, Rollout } from '../../../core/rollout/rollout.ts';
import { rolledBackNote } from '../../../core/rollout/rollout.ts';
import type { Armed } from '../../driver.ts';
import {
  addTickCommand,
  applyCommand,
  confirmCommand,
  decideRollbackCommand,
  executeCommand,
  readTickCommand,
  removeTickCommand,
  stopJobsCommand,
} from '../commands.ts';
import type { RolloutFacts } from '../facts.ts';
import { cleanSince, objectsOf } from '../objects.ts';
import { withTimes } from '../scripts.ts';
import { flushSeconds, parseTime, tickSeconds } from '../times.ts';
import type { DeviceConsole, Reach } from './device-console.ts';
import { withConsole } from './device-console.ts';
import { payloadOf } from './payload.ts';
import { readRolloutFacts } from './reading.ts';
import { requireOwnLock, requireReady, writeScript } from './staging.ts';
import { until, type Patience } from './waiting.ts';

/** Runs of the timer that prove it lives under this owner and device-mode. */
const runsThatProve = 2;
const rollbackPasses = 5;

export async function arm(reach: Reach, rollout: Rollout, signal: AbortSignal): Promise<Armed> {
  const names = objectsOf(rollout.id);
  await withConsole(reach, 'arm', signal, async (console) => {
    const facts = await readRolloutFacts(console, rollout);
    requireOwnLock(facts, rollout);
    if (!facts.names.includes(names.back)) {
      throw new DeviceError('not-armed', `${rollout.device}: the rollback script is not on the device`);
    }
    if (facts.tick === null) {
      // Here and not only at staging: what was staged into somebody's safe mode shows as theirs, and a brake counts until the end.
      await requireReady(console, reach, rollout, 0);
      await console.modify(addTickCommand(names, rollout.times));
    }
    requireTick(await console.read(readTickCommand(names.tick)), rollout);
  });
  const alive = await seenAlive(reach, rollout, signal);
  if (alive === null) {
    // Nothing was changed yet, so an armed net that does not run may go.
    await withConsole(reach, 'arm', signal, (console) => console.modify(removeTickCommand(names.tick)));
    throw new DeviceError(
      'not-armed',
      `${rollout.device}: its scheduler does not run what siteward arms; check its device-mode and the policies of the login`,
    );
  }
  return alive;
}

/** Over a second connection: runs counted, then as long as the device may keep writes to itself. */
function seenAlive(reach: Reach, rollout: Rollout, signal: AbortSignal): Promise<Armed | null> {
  const { clock } = reach;
  return withConsole(reach, 'arm', signal, async (console) => {
    const tickMs = tickSeconds(rollout.times) * 1000;
    const patience: Patience = { everyMs: Math.min(1000, tickMs / 4), limitMs: 3 * tickMs + 5_000 };
    const ran = (facts: RolloutFacts): boolean =>
      facts.tick?.enabled === true && facts.tick.runCount >= runsThatProve;
    const first = await until(clock, patience, signal, async () => {
      const facts = await readRolloutFacts(console, rollout);
      return ran(facts) ? facts : null;
    });
    if (first === null) return null;
    await clock.sleep(rollout.times.flushMs, signal);
    const last = await readRolloutFacts(console, rollout);
    if (last.uptimeS < first.uptimeS || last.tick === null || last.decision !== null) {
      throw new DeviceError(
        'not-armed',
        `${rollout.device}: it restarted, or the rollback timer decided, before anything was changed`,
      );
    }
    return { uptimeS: last.uptimeS, runCount: last.tick.runCount };
  });
}

function requireTick(answer: string, rollout: Rollout): void {
  const [interval = '', , disabled, ...onEvent] = answer.trim().split(' ');
  const right =
    parseTime(interval) === tickSeconds(rollout.times) &&
    (disabled === 'false' || disabled === 'no') &&
    onEvent.join(' ') === `/system script run ${objectsOf(rollout.id).back}`;
  if (right) return;
  throw new DeviceError(
    'not-armed',
    `${rollout.device}: the rollback timer reads back differently from what was sent; nothing was changed`,
  );
}

export function apply(reach: Reach, rollout: Rollout, signal: AbortSignal): Promise<void> {
  return withConsole(reach, 'apply', signal, async (console) => {
    const facts = await readRolloutFacts(console, rollout);
    requireOwnLock(facts, rollout);
    // After a crash: it runs, or it has run.
    if (facts.applyJob || facts.applyNote !== '') return;
    await console.modify(applyCommand(objectsOf(rollout.id)));
  });
}

/** The decision must not outlive in a power cut what it was about: first the device has written what was applied. */
export async function confirm(
  reach: Reach,
  rollout: Rollout,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<void> {
  await reach.clock.sleep(rollout.times.flushMs, signal);
  await withConsole(reach, 'confirm', signal, (console) =>
    console.modify(confirmCommand(objectsOf(rollout.id), deadline, rollout.times)),
  );
}

export function rollBack(
  reach: Reach,
  rollout: Rollout,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<void> {
  return withConsole(reach, 'roll-back', signal, async (console) => {
    const names = objectsOf(rollout.id);
    // The decision first: apply looks for it before each of its steps.
    await console.modify(decideRollbackCommand(names));
    await console.modify(stopJobsCommand(names.apply));
    const facts = await readRolloutFacts(console, rollout);
    if (facts.decision === null) {
      throw new DeviceError(
        'rejected',
        `${rollout.device}: the decision to roll back can't be written on it`,
      );
    }
    if (facts.decision === 'confirm') {
      throw new DeviceError('rejected', `${rollout.device}: it has decided to keep the new configuration`);
    }
    if (!facts.names.includes(names.back)) {
      await writeScript(console, names.back, withTimes(payloadOf(rollout).back, deadline, rollout.times));
    }
    for (let pass = 0, before = ''; pass < rollbackPasses; pass++) {
      const note = await onePass(reach, console, rollout, signal);
      if (note === rolledBackNote) return;
      // What failed twice alike, and changed nothing, needs time or people and not another pass at once.
      if (note === before && note.startsWith('changed 0 ')) break;
      before = note;
      // Between two clean passes the device writes down what the rollback has written.
      if (note.startsWith(cleanSince)) await reach.clock.sleep(flushSeconds(rollout.times) * 1000, signal);
    }
    throw new DeviceError(
      'rejected',
      `${rollout.device}: the rollback on the device does not come to its end; it goes on trying`,
    );
  });
}

/** As a job of the device's own: a rollback must not die with the session that started it. */
async function onePass(
  reach: Reach,
  console: DeviceConsole,
  rollout: Rollout,
  signal: AbortSignal,
): Promise<string> {
  const names = objectsOf(rollout.id);
  const before = await readRolloutFacts(console, rollout);
  if (before.backNote === rolledBackNote && before.tick === null) return before.backNote;
  if (!before.backJob) await console.modify(executeCommand(names.back));
  const patience: Patience = { everyMs: 500, limitMs: 60_000 };
  const after = await until(reach.clock, patience, signal, async () => {
    await reach.clock.sleep(200, signal);
    const facts = await readRolloutFacts(console, rollout);
    return facts.backJob ? null : facts;
  });
  return after?.backNote ?? '';
}
