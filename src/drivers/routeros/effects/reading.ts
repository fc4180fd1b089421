/** What is asked of a device beside its observation: rights, changes, evidence of a rollout. Changes nothing, ever. */
import { DeviceError } from '../../../core/errors.ts';
import type { Problem } from '../../../core/dialect.ts';
import type { Configuration } from '../../../core/item.ts';
import { countForeignChanges, footprintState, judgesSecrets } from '../../../core/plan/footprint.ts';
import { digestSecrets, type ReadSecrets, type SecretKnowledge } from '../../../core/plan/known-secrets.ts';
import type { Plan } from '../../../core/plan/action.ts';
import type { Evidence, Rollout } from '../../../core/rollout/rollout.ts';
import type {
  DeviceRights,
  LoggedChange,
  SealedSecrets,
  SealedSecretsQuestion,
  Shown,
} from '../../driver.ts';
import { parseChanges } from '../changers.ts';
import {
  changesCommand,
  conditionsCommand,
  deviceModeCommand,
  exportCommand,
  hidesInSilence,
  factsCommand,
  rightsCommand,
  rolloutFactsCommand,
  versionCommand,
} from '../commands.ts';
import { requireComplete } from '../completeness.ts';
import { linesOf } from '../console.ts';
import { routerosDialect } from '../dialect.ts';
import {
  parseConditions,
  parseDeviceMode,
  parseRolloutFacts,
  parseStandingFacts,
  type Conditions,
  type RolloutFacts,
  type StandingFacts,
} from '../facts.ts';
import { objectsOf, parseWitness } from '../objects.ts';
import { secretPart } from '../secret-part.ts';
import { countCommand, doubtsOf, missingRows, parseCount } from '../static-rows.ts';
import { backupPolicies, judgeRights, parseRights, secretPolicies } from '../rights.ts';
import { withConsole, type DeviceConsole, type Reach } from './device-console.ts';
import type { KeptConsole } from './kept-console.ts';

/** What the rights don't prove is counted on the device, where there is anything of that sort. */
export async function incompleteSections(
  kept: KeptConsole,
  sections: readonly string[],
  shown: Shown,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { asked, unseen } = doubtsOf(sections, shown);
  if (asked.length === 0) return unseen;
  const counts = await kept.ask('count', signal, (console) => countRows(console, asked));
  return [...unseen, ...missingRows(counts, shown)];
}

/** In one line; where a menu is not there or not to be seen nothing behind it is answered, so each is asked by itself. */
async function countRows(
  console: DeviceConsole,
  sections: readonly string[],
): Promise<ReadonlyMap<string, number | null>> {
  const counts = new Map<string, number | null>();
  const answers = sections.length === 1 ? null : await console.readAll(sections.map(countCommand));
  for (const [i, section] of sections.entries()) {
    const said = answers?.[i];
    if (said === undefined) await countInto(counts, console, section);
    else counts.set(section, parseCount(said.toString('latin1')));
  }
  return counts;
}

/** A menu that this device does not have is not in the counts. */
async function countInto(
  counts: Map<string, number | null>,
  console: DeviceConsole,
  section: string,
): Promise<void> {
  try {
    counts.set(section, parseCount(await console.read(countCommand(section))));
  } catch (error) {
    if (!(error instanceof DeviceError) || !['unsupported', 'permission-denied'].includes(error.code))
      throw error;
    if (error.code === 'permission-denied') counts.set(section, null);
  }
}

export function readRights(reach: Reach, kept: KeptConsole, signal: AbortSignal): Promise<DeviceRights> {
  const { user, manage, secrets, backup } = reach.device;
  const more = [...(backup.binary ? backupPolicies : []), ...(secrets === 'compare' ? secretPolicies : [])];
  return kept.ask('rights', signal, async (console) => {
    try {
      return judgeRights(user, manage, parseRights(await console.read(rightsCommand(user))), more);
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'permission-denied')
        return judgeRights(user, manage, 'refused', more);
      throw error;
    }
  });
}

export function readChanges(kept: KeptConsole, signal: AbortSignal): Promise<readonly LoggedChange[]> {
  return kept.ask('changes', signal, async (console) => parseChanges(await console.read(changesCommand())));
}

export function gatherEvidence(
  reach: Reach,
  rollout: Rollout,
  base: Configuration | null,
  signal: AbortSignal,
): Promise<Evidence> {
  return withConsole(reach, 'evidence', signal, async (console) => {
    const facts = await readRolloutFacts(console, rollout);
    const version = linesOf(await console.read(versionCommand()))[0] ?? '';
    const actual = parseFor(await readExportFor(console, version, rollout.plan), rollout.plan);
    const { tick } = facts;
    return {
      uptimeS: facts.uptimeS,
      decision: facts.decision,
      net: { present: tick !== null, enabled: tick?.enabled ?? false, runCount: tick?.runCount ?? 0 },
      applyJob: facts.applyJob,
      rollbackJob: facts.backJob,
      applyNote: facts.applyNote,
      rollbackNote: facts.backNote,
      objects: facts.names.filter((name) => name.startsWith(`sw-${rollout.id}-`)),
      lock: facts.lock,
      witness: facts.witness === null ? null : parseWitness(facts.witness),
      footprint: footprintState(rollout.plan, actual, routerosDialect),
      foreignChanges: base === null ? 0 : countForeignChanges(rollout.plan, base, actual, routerosDialect),
    };
  });
}

export async function readFacts(console: DeviceConsole): Promise<StandingFacts> {
  return parseStandingFacts(await console.read(factsCommand()));
}

/** What a preflight judges. */
export async function readConditions(
  console: DeviceConsole,
  user: string,
): Promise<{ readonly facts: StandingFacts; readonly conditions: Conditions }> {
  const { facts, conditions } = parseConditions(await console.read(conditionsCommand(user)));
  if (!hasDeviceMode(facts.version)) return { facts, conditions };
  const deviceMode = parseDeviceMode(await console.read(deviceModeCommand()));
  return { facts, conditions: { ...conditions, deviceMode } };
}

/** From 7.17 on a device-mode can forbid what a login may do. */
export function hasDeviceMode(version: string): boolean {
  const match = /^(\d{1,4})\.(\d{1,4})/.exec(version);
  const [major, minor] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  return major > 7 || (major === 7 && minor >= 17);
}

export async function readRolloutFacts(console: DeviceConsole, rollout: Rollout): Promise<RolloutFacts> {
  return parseRolloutFacts(await console.read(rolloutFactsCommand(objectsOf(rollout.id))));
}

export async function readExport(
  console: DeviceConsole,
  version: string,
  secrets: 'hidden' | 'shown' = 'hidden',
): Promise<Buffer> {
  const bytes = await console.readExport(exportCommand(version, secrets));
  requireComplete(bytes);
  return bytes;
}

/** With secrets only where the plan makes, changes or removes one: else nobody could tell whether it is there. */
export function readExportFor(console: DeviceConsole, version: string, plan: Plan): Promise<Buffer> {
  return readExport(console, version, judgesSecrets(plan, routerosDialect) ? 'shown' : 'hidden');
}

/** The values are dropped here: nothing but their digests leaves this function. */
export function readSecrets(
  reach: Reach,
  kept: KeptConsole,
  digestOf: SecretKnowledge['digestOf'],
  signal: AbortSignal,
): Promise<ReadSecrets> {
  return kept.ask('secrets', signal, async (console) =>
    digestSecrets(await readShown(console, reach), routerosDialect, digestOf),
  );
}

/** The values go into the seal and nowhere else. */
export function readSealedSecrets(
  reach: Reach,
  kept: KeptConsole,
  { digestOf, seal, known }: SealedSecretsQuestion,
  signal: AbortSignal,
): Promise<SealedSecrets> {
  return kept.ask('secrets', signal, async (console) => {
    const part = secretPart(await readShown(console, reach));
    const digest = digestOf(part);
    return { digest, sealed: digest === known ? null : await seal(Buffer.from(part, 'latin1')) };
  });
}

async function readShown(console: DeviceConsole, { device }: Reach): Promise<Configuration> {
  const version = linesOf(await console.read(versionCommand()))[0] ?? '';
  if (hidesInSilence(version)) await requireSight(console, device.user);
  const bytes = await readExport(console, version, 'shown');
  return routerosDialect.parseActual(bytes, version.split(' ')[0] ?? '').configuration;
}

/** To a login that may see no secrets, RouterOS 6 exports as if there were none; 7 says no. */
async function requireSight(console: DeviceConsole, user: string): Promise<void> {
  const rights = parseRights(await console.read(rightsCommand(user)));
  if (secretPolicies.every((policy) => rights?.policies.includes(policy) === true)) return;
  const why = rights === null ? 'the device does not say what it may do' : `its group is ${rights.group}`;
  throw new DeviceError(
    'permission-denied',
    `user ${user} may see no secrets (${why}): it needs the policy ${secretPolicies.join(', ')}`,
  );
}

/** The configuration, if everything the plan stands on could be read. */
export function parseFor(exportText: Buffer, plan: Plan): Configuration {
  const { configuration, problems } = routerosDialect.parseActual(exportText);
  const touched = new Set(plan.base.map(({ path }) => path));
  const problem = problems.find(({ section }) => section === null || touched.has(section));
  if (problem !== undefined)
    throw new DeviceError(
      'unreadable-export',
      `the export can't be read where the plan needs it: ${problem.message}`,
    );
  return configuration;
}
