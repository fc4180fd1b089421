/** Answers about one device, made from the journal's fold and the last reading. */
import type { DevicePlan, DeviceStatus } from '../api/answers.ts';
import { rfc3339 } from '../core/clock.ts';
import type { Problem } from '../core/dialect.ts';
import { itemIdentity } from '../core/digest.ts';
import { itemsFor } from '../core/gate/pending.ts';
import type { Difference, Plan, PlannedAction } from '../core/plan/action.ts';
import { lostSecretsIn } from '../core/plan/hidden-secret.ts';
import type { Item } from '../core/item.ts';
import type { RecordEnvelope } from '../core/journal.ts';
import type { RolloutState } from '../core/rollout/state.ts';
import { propertyOf } from '../core/item.ts';
import { rolloutStateName, standingOf } from '../reconcile/device-status.ts';
import { activeHold } from '../reconcile/standing.ts';
import type { Standing } from '../reconcile/standing.ts';
import { windowFor } from '../reconcile/roll-out.ts';
import { previewDevice } from '../reconcile/plan-device.ts';
import type { Comparison } from '../reconcile/comparison.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';

/** What is looked at to say where a device stands. */
type ShownSite = Pick<RunningSite, 'settings' | 'ledger' | 'recent' | 'clock'>;

export function standingFor(site: ShownSite, device: RunningDevice): Standing {
  return standingOf({
    device: device.settings,
    folded: device.folded(),
    report: device.room.report.current(),
    site: site.ledger.state,
    approvals: site.settings.policy.approvals,
    desired: site.settings.desired,
    nowMs: site.clock.now(),
  });
}

export function deviceStatusAnswer(site: ShownSite, device: RunningDevice): DeviceStatus {
  const { settings } = device;
  const folded = device.folded();
  const report = device.room.report.current();
  const standing = standingFor(site, device);
  const { rollout } = folded;
  return {
    name: settings.name,
    driver: settings.driver,
    ...standing,
    commit: folded.confirmed?.commit ?? null,
    rollout: rollout === null ? null : { id: rollout.id, state: rolloutStateName(folded, report) },
    pending: pendingIds(site, settings.name),
    drift: (report.comparison?.differences ?? []).filter((one) => one.label === 'drift').length,
    lastRead: report.readAt === null ? null : rfc3339(report.readAt),
    lastConfirmed: folded.confirmed?.at ?? null,
    lastDrill: folded.lastDrill?.at ?? null,
    drill: folded.lastDrill,
    differences: report.comparison?.differences.length ?? 0,
    hold: activeHold(site.ledger.state, folded, site.clock.now()),
    facts: factsOf(device),
    deadline: isArmed(rollout) ? deadlineOf(site.recent, rollout) : null,
  };
}

function pendingIds(site: ShownSite, device: string): string[] {
  return itemsFor(site.ledger.state.pending, device).map(({ id }) => id);
}

const armedPhases: readonly RolloutState['phase'][] = [
  'armed',
  'applying',
  'applied',
  'verifying',
  'confirming',
  'rolling-back',
];

export function isArmed(rollout: RolloutState | null): rollout is RolloutState {
  return rollout !== null && armedPhases.includes(rollout.phase);
}

/** The device judges its deadline by its own uptime; this is the same moment by the clock here, a few seconds early. */
function deadlineOf(recent: readonly RecordEnvelope[], rollout: RolloutState): string | null {
  const staged = recent.findLast((one) => one.kind === 'stage-finished' && one['rollout'] === rollout.id);
  if (rollout.deadline === null || staged === undefined) return null;
  const { armedUptimeS, deadlineUptimeS } = rollout.deadline;
  return rfc3339(Date.parse(staged.at) + (deadlineUptimeS - armedUptimeS) * 1000);
}

/** As of the last reading; for a commit not yet accepted the device's last reading is compared with that. */
export async function devicePlanAnswer(
  site: RunningSite,
  device: RunningDevice,
  rev: string | null,
): Promise<DevicePlan> {
  const { settings, room } = device;
  const report = room.report.current();
  const comparison: Comparison | null =
    rev === null
      ? report.comparison
      : await previewDevice(room, await site.desired.textAt(settings.name, room.driver.dialect, rev));
  const planned = comparison?.planned ?? null;
  const differences = comparison?.differences ?? [];
  const failure = report.failure;
  const problems = [
    ...(failure === null
      ? []
      : [{ code: failure.code, message: failure.message, place: failure.place, section: null }]),
    ...(comparison?.problems ?? []),
  ];
  return {
    device: settings.name,
    commit: comparison?.commit ?? null,
    base: planned?.plan.baseDigest ?? null,
    actions: planned?.plan.actions.map((action) => actionAnswer(device, action, differences)) ?? [],
    from: device.folded().confirmed?.commit ?? null,
    class: planned?.plan.class ?? 'benign',
    reason: planned?.plan.reason ?? null,
    path: planned?.plan.path ?? null,
    rollback: planned === null ? null : rollbackAnswer(device, planned.plan),
    planSha256: planned?.digest ?? null,
    text: planned?.text ?? null,
    ignored: comparison?.ignored ?? 0,
    drift: differences.filter((one) => one.label === 'drift').map((one) => driftAnswer(device, one)),
    problems: problems.map(problemAnswer),
    facts: factsOf(device),
    ...(rev === null ? { standing: standingFor(site, device) } : {}),
    pending: pendingIds(site, settings.name),
  };
}

/** How the device would go back, and after how long. */
export function rollbackAnswer(
  { settings: { windowMs }, room }: Pick<RunningDevice, 'settings' | 'room'>,
  plan: Plan,
): NonNullable<DevicePlan['rollback']> {
  const lost = lostSecretsIn(plan);
  return {
    kind: plan.rollback,
    windowMs,
    effectiveMs: windowFor(room, plan),
    ...(lost === 0 ? {} : { lostSecrets: lost }),
  };
}

export function actionAnswer(
  device: RunningDevice,
  planned: PlannedAction,
  differences: readonly Difference[],
): DevicePlan['actions'][number] {
  const { id, label, class: cls, tier, reason, item, action, forward, rollback } = planned;
  const { section, verb } = action;
  const answer = {
    id,
    label,
    class: cls,
    tier,
    reason,
    section,
    verb,
    item,
    forward: [...forward],
    rollback: [...rollback],
    ...(label === 'conflict' ? confirmedOf(device, planned, differences) : {}),
  };
  if (action.verb === 'set') {
    const { from, to } = action;
    return { ...answer, changes: changesOf(device, from, to), ...rowOf(device, from, to) };
  }
  return { ...answer, ...rowOf(device, action.item, action.item) };
}

/** The third side of a conflict: what both moved away from. Nothing where that is not known. */
function confirmedOf(
  device: RunningDevice,
  { item, action }: PlannedAction,
  differences: readonly Difference[],
): { confirmed?: string[] } {
  const { dialect } = device.room.driver;
  const found = differences.find(({ section, base, target, confirmed }) => {
    const own = base ?? target;
    return (
      confirmed !== null && section === action.section && own !== null && itemIdentity(own, dialect) === item
    );
  });
  const was = found?.confirmed ?? null;
  if (found === undefined || was === null) return {};
  const sides = [found.base, found.target].flatMap((side) => (side === null ? [] : [side]));
  const changes = sides.flatMap((side) => changesOf(device, was, side));
  const values = changes.map(({ property, from }) => `${property}=${from ?? '(unset)'}`);
  return { confirmed: [...new Set(values)] };
}

/** A digest tells nobody which row is meant: what both forms say, where there is no name. */
function rowOf(device: RunningDevice, from: Item, to: Item): { row?: string } {
  if (from.key !== null) return {};
  const same = from.properties.filter(([name, value]) => propertyOf(to, name) === value);
  return { row: valuesOf(device, { ...from, properties: same }).join(' ') };
}

/** `name=value` of all that a row says, secrets masked. */
function valuesOf(device: RunningDevice, { section, properties }: Item): string[] {
  const { driver, secretWord } = device.room;
  return properties.flatMap(([name, value]) => {
    if (value === null) return [];
    return [`${name}=${driver.dialect.isSecret(section, name) ? secretWord(name, value) : value}`];
  });
}

function changesOf(
  device: RunningDevice,
  from: Item,
  to: Item,
): NonNullable<DevicePlan['actions'][number]['changes']> {
  const { dialect } = device.room.driver;
  const names = new Set([...from.properties, ...to.properties].map(([name]) => name));
  return [...names].sort().flatMap((property) => {
    const [was, is] = [propertyOf(from, property) ?? null, propertyOf(to, property) ?? null];
    if (was === is) return [];
    const secret = dialect.isSecret(from.section, property);
    const absent = was === null || is === null ? (dialect.absentValue?.(from, property) ?? '') : '';
    const shown = (value: string | null): string | null =>
      value === null ? null : secret ? device.room.secretWord(property, value) : value;
    return [{ property, from: shown(was), to: shown(is), ...(absent === '' ? {} : { absent }) }];
  });
}

function driftAnswer(
  device: RunningDevice,
  difference: Difference,
): NonNullable<DevicePlan['drift']>[number] {
  const { base, target, section } = difference;
  const item = base ?? target;
  const verb = target === null ? 'add' : base === null ? 'remove' : 'set';
  if (item === null) return { section, verb, item: '', forward: [] };
  const answer = { section, verb, item: itemIdentity(item, device.room.driver.dialect) };
  if (base === null || target === null) return { ...answer, forward: valuesOf(device, item) };
  const forward = changesOf(device, target, base).map(
    (one) => `${one.property}: ${one.from ?? '-'} -> ${one.to ?? '-'}`,
  );
  return { ...answer, forward, ...rowOf(device, target, base) };
}

export function problemAnswer(problem: Problem): NonNullable<DevicePlan['problems']>[number] {
  const { code, message, place, section } = problem;
  return {
    code,
    message,
    section,
    ...(place === null ? {} : { file: place.file }),
    ...(place?.line === undefined ? {} : { line: place.line }),
    ...(place?.column === undefined ? {} : { column: place.column }),
  };
}

function factsOf(device: RunningDevice): DeviceStatus['facts'] {
  const { facts } = device.room.report.current();
  return facts === null ? null : { model: facts.model, version: facts.version, identity: facts.identity };
}
