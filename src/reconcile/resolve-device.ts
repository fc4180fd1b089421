/**
 * A device that stands still goes on as people decide: what it has is kept, or it is taken to the base or target of the
 * rollout that is ended. One order, one signed text, then, in this order: the signatures are used up, what is left of the
 * old rollout is taken off, and, where something is to be changed, a rollout like any other begins. Whoever dies in
 * between has used up the signatures; what is still wanted is then asked again.
 */
import type { Configuration } from '../core/item.ts';
import { isHidden, withoutHidden } from '../core/plan/hidden-secret.ts';
import type { Plan } from '../core/plan/action.ts';
import { sha256 } from '../core/digest.ts';
import { InvalidInput } from '../core/errors.ts';
import { resolutionText } from '../core/gate/texts.ts';
import type { Resolution } from '../core/rollout/event-fields.ts';
import type { SitewardEvent } from '../core/rollout/events.ts';
import type { Rollout } from '../core/rollout/rollout.ts';
import { remainsOf } from '../core/rollout/rollout.ts';
import { isStuck } from '../core/rollout/state.ts';
import type { Observation } from '../drivers/driver.ts';
import { diffToState, untoldSecrets } from './ask-secrets.ts';
import type { PlannedDevice } from './comparison.ts';
import { resolveRefused } from './device-status.ts';
import { activeHold } from './standing.ts';
import { hardwareIn } from './device-report.ts';
import type { DeviceRoom } from './device-room.ts';
import { confirmedConfiguration, devicePlanText, makeDevicePlan, requireUsable } from './plan-device.ts';
import { authorizedNow, consumption, keepPending, noCommit, signedFor, stillOpen } from './proposal.ts';
import type { Proposal, Signed } from './proposal.ts';
import { begin, buildRollout, run, seal } from './roll-out.ts';

interface Resolving {
  readonly as: Resolution;
  readonly proposal: Proposal;
  /** What is left of this one is taken off the device. */
  readonly ends: Rollout | null;
  readonly witness: Observation['witness'];
  /** The way to base or target; null: it is there, or what the device has is kept. */
  readonly planned: Omit<PlannedDevice, 'text'> | null;
}

/** Puts what was ordered before people, and carries it out once they signed it. */
export async function resolveDevice(room: DeviceRoom, observation: Observation): Promise<void> {
  const { name } = room.device;
  const { stuck } = room.report.current();
  const { resolve, rollout } = room.folded();
  // A rollout that goes on by itself is not waited for by people.
  const waits = resolve === null || (stuck === null && rollout !== null);
  const found = waits ? null : await planResolution(room, observation);
  // Nothing is in the way, nothing is left of a rollout, and the device has what is wanted.
  const moot = found !== null && stuck === null && found.ends === null && found.planned === null;
  if (moot) {
    await room.ledger.append({ kind: 'resolve-ordered', device: name, as: null, sealed: null });
  }
  const resolving = moot ? null : found;
  const pending = await keepPending(room, name, 'resolve', resolving?.proposal ?? null);
  const signed = signedFor(room, pending);
  if (resolving === null || signed === null || !mayResolve(room, resolving, signed)) return;
  await room.inRolloutSlot('begins', () => carryOut(room, resolving, signed));
  room.again();
}

function mayResolve(room: DeviceRoom, { planned }: Resolving, signed: Signed): boolean {
  if (room.ledger.journal.broken !== null || (planned?.obstacle ?? null) !== null) return false;
  if (activeHold(room.ledger.state, room.folded(), room.clock.now()) !== null) return false;
  return stillOpen(room, signed, room.device.name);
}

async function carryOut(room: DeviceRoom, resolving: Resolving, signed: Signed): Promise<void> {
  const { as, proposal, ends, witness, planned } = resolving;
  room.signal.throwIfAborted();
  const before = room.folded().resolve?.sealed ?? room.folded().rollout?.sealed ?? null;
  const next = planned === null ? null : buildRollout(room, planned);
  const event = planned === null || next === null ? null : await seal(room, planned, next);
  const sealed =
    ends === null ? null : await room.files.put('rollout', Buffer.from(JSON.stringify(ends), 'utf8'));
  const by = await authorizedNow(room, proposal, signed);
  room.signal.throwIfAborted();
  if (by === null || !mayResolve(room, resolving, signed)) return;
  await room.ledger.append({
    kind: 'resolved',
    device: room.device.name,
    as,
    rollout: ends?.id ?? null,
    sealed,
    witness,
    ...hardwareIn(room.report.current()),
    next: next?.id ?? null,
    commit: proposal.commit,
    ...consumption(signed, by, room.trust()),
  });
  if (ends !== null) await run(room, ends);
  if (next !== null && event !== null && room.folded().rollout === null) {
    await begin(room, next, event, allowedBy(next));
  }
  // It may hold secrets, and nobody needs it any more.
  if (room.folded().resolve === null && before !== null) await room.files.remove('rollout', before);
}

function allowedBy({ id, device }: Rollout): SitewardEvent {
  return { kind: 'authorized', rollout: id, device, reason: 'resolved' };
}

/** Throws `InvalidInput` when base or target can't be reached by a plan. */
async function planResolution(room: DeviceRoom, observation: Observation): Promise<Resolving> {
  const { resolve, rollout } = room.folded();
  const as = resolve?.as ?? 'actual';
  const { witness, leftovers, hostKey, obstacles } = observation;
  const ends = endedRollout(room, observation);
  const { planned: plan, lost } = await planToward(room, observation, as, resolve?.sealed ?? null);
  const text = resolutionText({
    as,
    code: room.report.current().stuck?.code ?? 'resolve-unfinished',
    ends: ends?.id ?? null,
    objects: leftovers,
    witness,
    whole: resolve?.sealed == null && as !== 'actual',
    lost,
    planText: plan === null ? null : devicePlanText(room, plan.plan),
  });
  const commit = room.ledger.state.accepted?.commit ?? noCommit;
  const digest = sha256(text);
  const standing = [plan?.plan.baseDigest, rollout?.id, rollout?.phase, witness, leftovers];
  const device = { name: room.device.name, deviceKey: hostKey, base: sha256(JSON.stringify(standing)) };
  const obstacle = obstacles[0] ?? null;
  return {
    as,
    ends,
    witness,
    planned: plan === null ? null : { ...plan, digest, commit, hostKey, complete: false, obstacle },
    proposal: { kind: 'resolve', class: 'operational', reason: `as-${as}`, commit, text, digest, device },
  };
}

/** The rollout whose objects are on the device, by its lock if there is one; else the one this journal has in flight. */
function endedRollout(room: DeviceRoom, { leftover, leftovers, hostKey }: Observation): Rollout | null {
  const own = room.folded().rollout;
  if (own === null && leftover === undefined && leftovers.length > 0) {
    throw new InvalidInput(
      'foreign-rollout',
      `script ${leftovers[0] ?? ''} on the device does not tell whose it is; remove it there by hand, then: siteward refresh`,
    );
  }
  const id = leftover?.rollout ?? own?.id ?? null;
  if (id === null) return null;
  const { name, windowMs, tickMs, flushMs, minUptimeMs, soakMs } = room.device;
  const daemon = leftover?.daemon ?? room.daemon;
  return remainsOf({
    id,
    device: name,
    owner: { daemon, nonce: room.nonce },
    deviceKey: hostKey,
    times: { windowMs, tickMs, flushMs, minUptimeMs, soakMs },
    givenUp: own !== null && isStuck(own),
  });
}

interface Way {
  readonly planned: { readonly plan: Plan; readonly desiredText: Uint8Array } | null;
  /** What of base or target can't be had, in words. */
  readonly lost: readonly string[];
}

/** The proved way from what the device has to the sections of the ended rollout's base or target; null: none is needed. */
async function planToward(
  room: DeviceRoom,
  observation: Observation,
  as: Resolution,
  sealed: string | null,
): Promise<Way> {
  if (as === 'actual') return { planned: null, lost: [] };
  const { dialect } = room.driver;
  const git = await room.desired();
  const { version } = observation.facts;
  const ended = sealed === null ? null : await endedPlan(room, as, sealed);
  // Where no rollout says what base and target are: what was last confirmed, and what git wants.
  const desired =
    ended?.wanted ??
    (as === 'base'
      ? await lastConfirmed(room, version)
      : requireUsable(dialect.parseDesired(git.text, git.file, version)));
  // What git leaves to others in these sections is theirs now, too.
  const { found, problems, untold } = await diffToState(room, {
    // Of the ended rollout the device may have what the other end says.
    confirmed: ended?.other ?? null,
    desired,
    actual: requireUsable(dialect.parseActual(observation.exportText, version)),
    owns: ended === null ? git.owns : 'sections',
    ignore: git.ignore,
    dialect,
  });
  const { differences, blocked, actual } = found;
  const [problem] = blocked;
  // Of a whole text the sections that can't be planned are left as they are, and told of as ever.
  if (problem !== undefined && ended !== null) {
    throw new InvalidInput(resolveRefused, `no way to ${as}: ${problem.message}`, problem.place);
  }
  const made = makeDevicePlan(room, observation, { differences, actual, desired });
  if (made.kind === 'refused') throw new InvalidInput(resolveRefused, `no way to ${as}: ${made.message}`);
  return {
    planned: made.kind === 'nothing' ? null : { plan: made.plan, desiredText: git.text },
    lost: [
      ...(ended?.lost ?? []),
      ...(untold ? [untoldSecrets] : []),
      ...(ended === null ? [] : problems.map(({ message }) => message)),
    ],
  };
}

interface EndedPlan {
  readonly wanted: Configuration;
  readonly other: Configuration;
  readonly lost: readonly string[];
}

async function endedPlan(room: DeviceRoom, as: 'base' | 'target', sealed: string): Promise<EndedPlan> {
  const file = await room.files.get('rollout', sealed);
  if (file === null) throw nowhere(room, as);
  const { plan } = JSON.parse(file.toString('utf8')) as Rollout;
  const known = (sections: Plan['base']): Configuration => ({
    sections: sections.map((section) => ({ ...section, items: section.items.map(withoutHidden) })),
  });
  const lost = plan[as].flatMap(({ items }) =>
    items.flatMap(({ section, key, properties }) =>
      properties.flatMap(([name, value]) =>
        isHidden(value) ? [`${section} ${key ?? 'row'}: ${name}; nobody here knows what it was`] : [],
      ),
    ),
  );
  return { wanted: known(plan[as]), other: known(plan[as === 'base' ? 'target' : 'base']), lost };
}

async function lastConfirmed(room: DeviceRoom, version: string): Promise<Configuration> {
  const confirmed = await confirmedConfiguration(room, version);
  if (confirmed === null || confirmed === 'lost') throw nowhere(room, 'base');
  return confirmed;
}

function nowhere({ device }: DeviceRoom, as: Resolution): InvalidInput {
  return new InvalidInput(
    resolveRefused,
    `what ${as} was is gone from the state; run: siteward resolve ${device.name} --as actual`,
  );
}
