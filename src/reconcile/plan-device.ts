/**
 * From a reading to a plan, or to the knowledge that there is nothing to do: three-way difference, proved plan,
 * canonical text. What is read as equal to desired is recorded as confirmed at that commit.
 */
import { InvalidInput } from '../core/errors.ts';
import type { Configuration } from '../core/item.ts';
import { contentDigest, itemIdentity, sha256 } from '../core/digest.ts';
import { blockFaulty } from '../core/plan/blocked.ts';
import type { ReadSecrets } from '../core/plan/known-secrets.ts';
import type { ParsedText, Problem } from '../core/dialect.ts';
import type { Plan } from '../core/plan/action.ts';
import type { PlanInput, PlanResult } from '../core/plan/plan.ts';
import { makePlan } from '../core/plan/plan.ts';
import { planDigest, planText } from '../core/plan/plan-text.ts';
import { verifiedBy } from '../core/rollout/probe.ts';
import type { ManagementPath } from '../core/site.ts';
import type { Observation } from '../drivers/driver.ts';
import { diffWithSecrets, secretsAtReading, secretsOnDemand } from './ask-secrets.ts';
import type { Comparison, PlannedDevice } from './comparison.ts';
import { hardwareIn } from './device-report.ts';
import type { DesiredText, DeviceRoom } from './device-room.ts';

/** Throws `InvalidInput` when the desired text or the reading can't be used. */
export async function planDevice(
  room: DeviceRoom,
  observation: Observation,
  desired: DesiredText,
): Promise<PlannedDevice | null> {
  const comparison = await showDevice(room, observation, desired);
  await noteConfirmed(room, desired, comparison);
  await noteConvergence(room, comparison);
  return comparison.planned;
}

/** What git and the device make of each other, for whoever asks; nothing is recorded. */
export async function showDevice(
  room: DeviceRoom,
  observation: Observation,
  desired: DesiredText,
): Promise<Comparison> {
  const read = await secretsAtReading(room);
  const questions: Questions = {
    countRows: (sections, exported) => {
      const shown = { exported, policies: observation.facts.policies ?? null };
      return room.driver.incompleteSections?.(sections, shown, room.signal);
    },
    read,
    askSecrets: () => secretsOnDemand(room),
  };
  const comparison =
    knownComparison(room, observation, desired, read) ??
    (await compareDevice(room, observation, desired, questions));
  room.report.update({ comparison, readCommit: desired.commit });
  return comparison;
}

/** What another commit would do, judged against the last reading; nothing is recorded. */
export async function previewDevice(room: DeviceRoom, desired: DesiredText): Promise<Comparison | null> {
  const { observation } = room.report.current();
  if (observation === null) return null;
  const nobody: Questions = {
    countRows: () => undefined,
    read: 'assumed',
    askSecrets: () => Promise.resolve(null),
  };
  return await compareDevice(room, observation, desired, nobody);
}

/** An export that did not change, against a text that did not, is not read again where nothing was to be done. */
function knownComparison(
  room: DeviceRoom,
  observation: Observation,
  desired: DesiredText,
  read: Questions['read'],
): Comparison | null {
  const { comparison } = room.report.current();
  if (comparison === null || comparison.planned !== null) return null;
  if (comparison.differences.length + comparison.problems.length > 0) return null;
  if (comparison.inputs !== inputsOf(room, observation, desired, read)) return null;
  return { ...comparison, commit: desired.commit };
}

function inputsOf(
  room: DeviceRoom,
  { fingerprint, facts }: Observation,
  { text, owns, ignore }: DesiredText,
  read: Questions['read'],
): string {
  const confirmed = room.folded().confirmed?.desired ?? null;
  const secrets =
    read === null || read === 'assumed' ? read : [...read].map(([row, digests]) => [row, ...digests]);
  return sha256(JSON.stringify([fingerprint, facts.version, sha256(text), owns, ignore, confirmed, secrets]));
}

/** What the device is asked besides its export. */
interface Questions {
  /** Of which sections nobody can tell whether it exported all it has; undefined: it is not asked. */
  readonly countRows: (
    sections: readonly string[],
    actual: Configuration,
  ) => Promise<readonly Problem[]> | undefined;
  /** What it told of its secrets with this reading. */
  readonly read: ReadSecrets | 'assumed' | null;
  readonly askSecrets: () => Promise<ReadSecrets | null>;
}

async function compareDevice(
  room: DeviceRoom,
  observation: Observation,
  desired: DesiredText,
  { countRows, read, askSecrets }: Questions,
): Promise<Comparison> {
  const { dialect } = room.driver;
  const { version } = observation.facts;
  const { desired: wish, actual: reading } = dialect.parseBoth(desired, observation.exportText, version);
  const [wanted, shown] = [requireUsable(wish), requireUsable(reading)];
  // Most often git still says what was last confirmed.
  const isConfirmed = room.folded().confirmed?.desired === sha256(desired.text);
  const confirmed = isConfirmed ? wanted : await confirmedConfiguration(room, version);
  const { owns, ignore } = desired;
  const against = {
    confirmed: confirmed === 'lost' ? null : confirmed,
    desired: wanted,
    actual: shown,
    owns,
    ignore,
    dialect,
  };
  const { found: differing, problems: unknown } = await diffWithSecrets(room, against, read, askSecrets);
  const { actual } = differing;
  // What the export left out would look like something to add.
  const touched = [...new Set(differing.differences.map(({ section }) => section))];
  const found = blockFaulty(differing, [
    ...((await countRows(touched, shown)) ?? []),
    ...unknown,
    ...wish.problems,
    ...reading.problems,
    ...(dialect.judgeDesired?.(wanted, actual, version) ?? []),
  ]);
  // What was confirmed is no longer known: nobody can tell git's change from the device's, so people decide.
  const differences =
    confirmed === 'lost'
      ? found.differences.map((one) => ({ ...one, label: 'conflict' as const }))
      : found.differences;
  const { blocked: problems, ignored } = found;
  const made = makeDevicePlan(room, observation, {
    differences,
    actual,
    desired: wanted,
    blocked: problems,
  });
  if (made.kind === 'refused') throw new InvalidInput(made.code, made.message, { file: desired.file });
  const { commit } = desired;
  const inputs = inputsOf(room, observation, desired, read);
  if (made.kind === 'nothing') return { inputs, commit, differences, ignored, problems, planned: null };
  const text = devicePlanText(room, made.plan);
  const planned: PlannedDevice = {
    plan: made.plan,
    text,
    digest: planDigest(text),
    commit,
    hostKey: observation.hostKey,
    desiredText: desired.text,
    complete: made.plan.left === undefined && problems.length === 0,
    obstacle: observation.obstacles[0] ?? null,
  };
  return { inputs, commit, differences, ignored, problems, planned };
}

/** By this device's settings, provenance and management path. */
export function makeDevicePlan(
  room: DeviceRoom,
  observation: Observation,
  parts: Pick<PlanInput, 'differences' | 'actual' | 'desired' | 'blocked'>,
): PlanResult {
  const { dialect } = room.driver;
  return makePlan({
    ...parts,
    labels: ['desired', 'conflict'],
    caps: room.policy.removals,
    rules: room.policy,
    secretsOnDevice: room.device.secretsOnDevice,
    secretWord: room.secretWord,
    management: managementPath(room, observation),
    isOwn: (item) =>
      room.folded().own.get(`${item.section} ${itemIdentity(item, dialect)}`) ===
      contentDigest(item, dialect),
    dialect,
  });
}

export function devicePlanText(room: DeviceRoom, plan: Plan): string {
  const { windowMs, tickMs, flushMs, soakMs, probes } = room.device;
  return planText(plan, { windowMs, tickMs, flushMs, verifiedBy: verifiedBy(probes, soakMs) });
}

/** A fault of the whole text ends the pass; a fault of one section blocks that section, which the difference tells. */
export function requireUsable(parsed: ParsedText): Configuration {
  const fatal = parsed.problems.find((problem) => problem.section === null);
  if (fatal !== undefined) throw new InvalidInput(fatal.code, fatal.message, fatal.place);
  return parsed.configuration;
}

/** The desired configuration last confirmed on the device; `lost` when the journal names one that is gone. */
export async function confirmedConfiguration(
  room: DeviceRoom,
  version: string,
): Promise<Configuration | null | 'lost'> {
  const { confirmed } = room.folded();
  if (confirmed === null) return null;
  const text = await room.files.get('desired', confirmed.desired);
  if (text === null) return 'lost';
  return requireUsable(room.driver.dialect.parseDesired(text, 'last confirmed', version));
}

/** As the settings say; what they leave open is what the daemon's own session shows. */
function managementPath(room: DeviceRoom, observation: Observation): ManagementPath {
  const { address, port, from, interface: name } = room.device.management;
  return {
    address: address ?? room.device.address,
    port: port ?? room.device.port,
    from: from ?? observation.localAddress,
    interface: name ?? null,
    told: address !== undefined || from !== undefined || name !== undefined,
    user: room.device.user,
  };
}

/** I8: what was confirmed and is another thing at the first reading after it would be rolled out for ever. */
async function noteConvergence(room: DeviceRoom, { differences }: Comparison): Promise<void> {
  const { lastRollout } = room.folded();
  if (lastRollout === null || !room.report.current().justConfirmed || room.ledger.journal.broken !== null)
    return;
  room.report.update({ justConfirmed: false });
  const touched = new Set(lastRollout.items);
  const left = differences.some(
    ({ section, target }) =>
      target !== null && touched.has(`${section} ${itemIdentity(target, room.driver.dialect)}`),
  );
  if (!left) return;
  const { plan, base } = lastRollout;
  await room.ledger.append({
    kind: 'quarantined',
    device: room.device.name,
    reason: 'not-converging',
    plan,
    base,
  });
}

/** A reading equal to desired, but for what the device changed by itself, counts as confirmed at that commit. */
async function noteConfirmed(room: DeviceRoom, desired: DesiredText, comparison: Comparison): Promise<void> {
  const { differences, problems } = comparison;
  if (problems.length > 0 || differences.some((one) => one.label !== 'drift')) return;
  if (room.ledger.journal.broken !== null) return;
  const digest = room.files.digestOf('desired', desired.text);
  const { confirmed, hardware: known } = room.folded();
  const told = hardwareIn(room.report.current());
  const isKnown = known !== null || told.hardware === undefined;
  if (confirmed?.commit === desired.commit && confirmed.desired === digest && isKnown) return;
  await room.files.put('desired', desired.text);
  await room.ledger.append({
    kind: 'read-confirmed',
    device: room.device.name,
    commit: desired.commit,
    desired: digest,
    ...told,
  });
}
