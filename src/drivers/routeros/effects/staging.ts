/**
 * The steps before anything is armed: lock, witness, scripts. Each may be repeated after a crash and then finds
 * its own traces; another's traces stop it. What was written is read back, byte for byte.
 */
import { DeviceError } from '../../../core/errors.ts';
import { footprintState } from '../../../core/plan/footprint.ts';
import type { Deadline, Rollout, Witness } from '../../../core/rollout/rollout.ts';
import {
  addScriptCommand,
  countScriptsCommand,
  readSourceCommand,
  removeScriptCommand,
  removeScriptIfCommand,
  runScriptCommand,
  setSourceCommand,
  setSourceIfCommand,
  stageCommands,
  tryAddScriptCommand,
} from '../commands.ts';
import { checkVerdict, type StandingFacts } from '../facts.ts';
import {
  foreignObjects,
  lockName,
  lockOf,
  objectsOf,
  parseLock,
  parseWitness,
  printLock,
  printWitness,
  witnessName,
} from '../objects.ts';
import { routerosDialect } from '../dialect.ts';
import { obstaclesOf } from '../preflight.ts';
import { withTimes } from '../scripts.ts';
import { deadlineFrom } from '../times.ts';
import type { DeviceConsole, Reach } from './device-console.ts';
import { withConsole } from './device-console.ts';
import { payloadOf } from './payload.ts';
import { parseFor, readConditions, readExportFor, readFacts } from './reading.ts';

export function takeLock(
  reach: Reach,
  rollout: Rollout,
  judge: (witness: Witness | null) => void,
  signal: AbortSignal,
): Promise<void> {
  return withConsole(reach, 'lock', signal, async (console) => {
    const facts = await readFacts(console);
    requireNoForeign(facts, rollout);
    judge(facts.witness === null ? null : parseWitness(facts.witness));
    const source = printLock(lockOf(rollout.owner, rollout.id));
    if (facts.lock === null) {
      // `taken` is another who was faster: what is read back tells whose it is.
      await console.attempt(addScriptCommand(lockName, source));
    } else if (facts.lock !== source) {
      // Ours from before a restart: only the nonce is new.
      await console.modify(setSourceIfCommand(lockName, facts.lock, source));
    }
    // Arbitration rests on unique names. This proves, on this very device, that a second one is refused.
    await console.modify(tryAddScriptCommand(lockName, source));
    const count = (await console.read(countScriptsCommand(lockName))).trim();
    if (count !== '1') {
      await console.modify(removeScriptIfCommand(lockName, source));
      throw new DeviceError(
        'unsupported',
        `${rollout.device}: the device takes two scripts of one name, so nothing can be locked on it`,
      );
    }
    requireOwnLock(await readFacts(console), rollout);
  });
}

export function writeWitness(
  reach: Reach,
  rollout: Rollout,
  witness: Witness,
  signal: AbortSignal,
): Promise<void> {
  return withConsole(reach, 'witness', signal, async (console) => {
    const facts = await readFacts(console);
    requireOwnLock(facts, rollout);
    const source = printWitness(witness);
    if (facts.witness === null) await console.modify(addScriptCommand(witnessName, source));
    else await console.modify(setSourceCommand(witnessName, source));
    await requireSource(console, witnessName, source);
  });
}

export function stage(reach: Reach, rollout: Rollout, signal: AbortSignal): Promise<Deadline> {
  const startedAt = reach.clock.monotonic();
  return withConsole(reach, 'stage', signal, async (console) => {
    const names = objectsOf(rollout.id);
    const scripts = payloadOf(rollout);
    const scriptBytes = scripts.check.length + scripts.apply.length + scripts.back.length;
    const before = await requireReady(console, reach, rollout, scriptBytes);
    requireNoForeign(before, rollout);
    if (before.names.includes(names.tick) || before.names.includes(names.decision)) {
      throw new DeviceError(
        'rejected',
        `${rollout.device}: this rollout is armed or decided already; it can't be staged again`,
      );
    }
    const actual = parseFor(await readExportFor(console, before.version, rollout.plan), rollout.plan);
    if (footprintState(rollout.plan, actual, routerosDialect).kind !== 'base') {
      throw new DeviceError(
        'base-changed',
        `${rollout.device}: what the plan stands on has changed since it was made; it is planned again`,
      );
    }
    // The deadline is only needed by the rollback, which is staged last, so that little of the window is spent.
    await writeScript(console, names.check, scripts.check);
    // A drill has nothing to look for.
    if (rollout.drill !== true) await requireBase(console, rollout, names.check);
    await writeScript(console, names.apply, scripts.apply);
    const { uptimeS } = await readFacts(console);
    const stagingS = (reach.clock.monotonic() - startedAt) / 1000;
    const deadline = deadlineFrom(uptimeS, rollout.times, stagingS);
    await writeScript(console, names.back, withTimes(scripts.back, deadline, rollout.times));
    return deadline;
  });
}

/** Writes a script anew and proves that it arrived as it is. */
export async function writeScript(console: DeviceConsole, name: string, source: string): Promise<void> {
  await console.modify(removeScriptCommand(name));
  for (const command of stageCommands(name, source)) await console.modify(command);
  await requireSource(console, name, source);
}

async function requireSource(console: DeviceConsole, name: string, source: string): Promise<void> {
  const text = await console.read(readSourceCommand(name));
  // Over a session every LF comes as CRLF, and `:put` ends its line.
  const sent = text.replace(/\r?\n$/, '');
  if (sent === source.replaceAll('\n', '\r\n') || sent === source) return;
  throw new DeviceError('rejected', `the script ${name} reads back differently from what was sent`);
}

/** Read-only: shows on the real device that every selector means what the plan means. */
async function requireBase(console: DeviceConsole, rollout: Rollout, check: string): Promise<void> {
  const verdict = checkVerdict(await console.read(runScriptCommand(check)));
  if (verdict === 'base') return;
  const how = verdict === 'silent' ? 'said nothing' : 'does not find every item as the plan has it';
  throw new DeviceError(
    'selector-mismatch',
    `${rollout.device}: the check on the device ${how}; nothing was changed`,
  );
}

function requireNoForeign(facts: StandingFacts, rollout: Rollout): void {
  const lock = facts.lock === null ? null : parseLock(facts.lock);
  const hasLock = facts.names.includes(lockName);
  if (hasLock && lock === null) {
    throw new DeviceError(
      'locked',
      `${rollout.device}: there is a lock on it that this daemon can't read; look at script ${lockName} there`,
    );
  }
  if (lock !== null && (lock.daemon !== rollout.owner.daemon || lock.rollout !== rollout.id)) {
    const whose = lock.daemon === rollout.owner.daemon ? 'this daemon' : `daemon ${lock.daemon.slice(0, 8)}`;
    throw new DeviceError('locked', `${rollout.device}: it is locked by rollout ${lock.rollout} of ${whose}`);
  }
  const [foreign] = foreignObjects(facts.names, rollout.id);
  if (foreign !== undefined) {
    throw new DeviceError(
      'foreign-rollout',
      `${rollout.device}: ${foreign} of another rollout is on it; find out whose it is`,
    );
  }
}

/** The fence of every later step: the lock still names this daemon, this start of it, and this rollout. */
export function requireOwnLock(facts: { readonly lock: string | null }, rollout: Rollout): void {
  if (facts.lock === printLock(lockOf(rollout.owner, rollout.id))) return;
  throw new DeviceError(
    'locked',
    `${rollout.device}: its lock is not, or no longer, that of rollout ${rollout.id}`,
  );
}

/** The preflight, over this very connection: the lock is ours, and nothing is in the way. */
export async function requireReady(
  console: DeviceConsole,
  { device: { user, manage } }: Reach,
  rollout: Rollout,
  scriptBytes: number,
): Promise<StandingFacts> {
  const { facts, conditions } = await readConditions(console, user);
  requireOwnLock(facts, rollout);
  const { minUptimeMs } = rollout.times;
  const [obstacle] = obstaclesOf({ ...facts, conditions }, { user, manage, minUptimeMs, scriptBytes });
  if (obstacle !== undefined) throw new DeviceError(obstacle.code, `${rollout.device}: ${obstacle.message}`);
  return facts;
}
