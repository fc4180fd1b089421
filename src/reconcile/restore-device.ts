/**
 * A device goes back to a state that it had, as a person ordered: the proved way from what it has now, put through the
 * same gate as every change and carried out by the same rollout. Bound to what the person was shown: when text or base
 * moved since, the order ends. Afterwards the device is held, since git says otherwise; the journal's fold does that with
 * the record that settles the rollout, so that no moment is in between.
 */
import { sha256 } from '../core/digest.ts';
import { blockFaulty } from '../core/plan/blocked.ts';
import type { Plan } from '../core/plan/action.ts';
import { InvalidInput } from '../core/errors.ts';
import { restoreText } from '../core/gate/texts.ts';
import type { RestoreEnd } from '../core/rollout/event-fields.ts';
import type { Observation } from '../drivers/driver.ts';
import { diffToState, untoldSecrets } from './ask-secrets.ts';
import type { PlannedDevice } from './comparison.ts';
import type { DeviceRoom } from './device-room.ts';
import type { Permission } from './pass-gate.ts';
import { mayStart } from './pass-gate.ts';
import { sourceWords, splitSecrets } from './past-secrets.ts';
import { confirmedConfiguration, devicePlanText, makeDevicePlan, requireUsable } from './plan-device.ts';
import { keepPending, noCommit, signedFor } from './proposal.ts';
import type { Proposal } from './proposal.ts';
import { rollOut } from './roll-out.ts';

export interface RestorePlan {
  /** Null: the device has it, as far as it can be brought there. */
  readonly planned: PlannedDevice | null;
  /** What stays as it is, and why; in words. */
  readonly notRestored: readonly string[];
}

/** Puts what was ordered before people where it has to be, and carries it out. False: nothing is ordered. */
export async function restoreDevice(room: DeviceRoom, observation: Observation): Promise<boolean> {
  const { restore } = room.folded();
  if (restore === null) return false;
  const found = await planOrdered(room, observation);
  const planned = typeof found === 'string' ? null : found;
  const proposal = planned === null ? null : proposalOf(room, planned);
  const pending = await keepPending(room, room.device.name, 'rollout', proposal);
  if (planned === null || typeof found === 'string') {
    await endRestore(room, typeof found === 'string' ? found : 'nothing-to-do');
    room.again();
    return true;
  }
  const signed = signedFor(room, pending);
  const permission: Permission | null =
    proposal === null ? { kind: 'benign' } : signed === null ? null : { kind: 'signed', signed, proposal };
  if (permission === null || !mayStart(room, planned, permission)) return true;
  const begun = await rollOut(room, planned, permission);
  if (begun && room.folded().lastRollout?.outcome !== 'not-started') room.again();
  return true;
}

/** The plan as it was shown; else why the order is over. */
async function planOrdered(room: DeviceRoom, observation: Observation): Promise<PlannedDevice | RestoreEnd> {
  const { restore } = room.folded();
  const text = restore === null ? null : await room.files.get('desired', restore.text);
  if (restore === null || text === null) return 'text-missing';
  const found = await planRestore(room, observation, restore.revision, text).catch(nullIfNoWay);
  if (found === null) return 'moved';
  const { planned } = found;
  if (planned === null) return 'nothing-to-do';
  const asShown = planned.digest === restore.plan && planned.plan.baseDigest === restore.base;
  return asShown ? planned : 'moved';
}

/** There was a way when it was shown. */
function nullIfNoWay(error: unknown): null {
  if (error instanceof InvalidInput) return null;
  throw error;
}

async function endRestore(room: DeviceRoom, reason: RestoreEnd): Promise<void> {
  const { restore } = room.folded();
  if (restore === null) return;
  const { revision } = restore;
  await room.ledger.append({ kind: 'restore-ended', device: room.device.name, revision, reason });
}

/** Null: nobody has to sign it. */
function proposalOf(room: DeviceRoom, planned: PlannedDevice): Proposal | null {
  const { plan, text, digest, commit, hostKey } = planned;
  if (plan.class === 'benign') return null;
  const device = { name: room.device.name, deviceKey: hostKey, base: plan.baseDigest };
  return { kind: 'rollout', class: plan.class, reason: 'restore', commit, text, digest, device };
}

/** The proved way from what the device has to a text of its history, as `withSecrets` makes it. Throws `InvalidInput` when there is none. */
export async function planRestore(
  room: DeviceRoom,
  observation: Observation,
  revision: string,
  text: Uint8Array,
): Promise<RestorePlan> {
  const { dialect } = room.driver;
  const { version } = observation.facts;
  const { text: past, secrets } = splitSecrets(text);
  const then = dialect.parseActual(past);
  const now = dialect.parseActual(observation.exportText, version);
  const shown = requireUsable(now);
  const { configuration: desired, strange } = dialect.withSecretPart(
    requireUsable(then),
    secrets?.part ?? '',
  );
  // What git leaves to others on this device is theirs in the past, too.
  const { ignore } = await room.desired();
  // What was last confirmed tells of secrets, so that the rollback knows those that it has to bring back.
  const confirmed = await confirmedConfiguration(room, version);
  const against = {
    confirmed: confirmed === 'lost' ? null : confirmed,
    desired,
    actual: shown,
    owns: 'everything',
    ignore,
    dialect,
  } as const;
  const { found: compared, problems, untold } = await diffToState(room, against);
  const { actual } = compared;
  const found = blockFaulty(compared, [
    ...problems,
    ...then.problems,
    ...now.problems,
    ...(dialect.judgeDesired?.(desired, actual, version) ?? []),
  ]);
  const { differences } = found;
  const made = makeDevicePlan(room, observation, { differences, actual, desired });
  if (made.kind === 'refused') throw new InvalidInput(made.code, `no way there: ${made.message}`);
  const plan = made.kind === 'nothing' ? null : made.plan;
  const notRestored = [
    ...found.blocked.map(({ section, message }) => `${section ?? ''}: ${message}`),
    ...(plan === null ? [] : lostSecrets(room, plan)),
    ...(untold ? [untoldSecrets] : []),
    ...(strange === 0
      ? []
      : [`${strange} of its secrets are of rows that can't be told apart: set them by hand`]),
    ...(plan?.left === undefined ? [] : [leftWords(plan.left)]),
  ];
  if (plan === null) return { planned: null, notRestored };
  const planText = devicePlanText(room, plan);
  const source = secrets === null ? null : sourceWords[secrets.source];
  const readable = restoreText({ revision, secrets: source, notRestored, planText });
  const planned: PlannedDevice = {
    plan,
    text: readable,
    digest: sha256(readable),
    commit: room.ledger.state.accepted?.commit ?? noCommit,
    hostKey: observation.hostKey,
    desiredText: text,
    complete: false,
    obstacle: observation.obstacles[0] ?? null,
    restores: revision,
  };
  return { planned, notRestored };
}

/** No export holds secrets, so a row that has to be made again is made without. */
function lostSecrets({ driver: { dialect } }: DeviceRoom, plan: Plan): readonly string[] {
  return plan.actions.flatMap(({ action }) => {
    if (action.verb !== 'add') return [];
    const { section, key, properties } = action.item;
    const told = new Set(properties.map(([name]) => name));
    const missing = dialect.secretNames(section).filter((name) => !told.has(name));
    if (missing.length === 0) return [];
    return [`${section} ${key ?? 'row'}: made without ${missing.join(', ')}; if it had one, set it by hand`];
  });
}

function leftWords(left: number): string {
  return `${left} differences are more than one rollout may hold; restore the same revision once more after it`;
}
