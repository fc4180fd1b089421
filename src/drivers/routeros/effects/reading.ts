/** Everything that is read from a device: an observation, and the evidence of a rollout. Changes nothing, ever. */
import { DeviceError } from '../../../core/errors.ts';
import type { Configuration } from '../../../core/item.ts';
import { countForeignChanges, footprintState } from '../../../core/plan/footprint.ts';
import type { Plan } from '../../../core/plan/action.ts';
import type { Evidence, Rollout } from '../../../core/rollout/rollout.ts';
import type { DeviceRights, Observation } from '../../driver.ts';
import {
  exportCommand,
  factsCommand,
  rightsCommand,
  rolloutFactsCommand,
  versionCommand,
} from '../commands.ts';
import { requireComplete } from '../completeness.ts';
import { linesOf } from '../console.ts';
import { routerosDialect } from '../dialect.ts';
import {
  leftoversOf,
  obstaclesOf,
  parseRolloutFacts,
  parseStandingFacts,
  type RolloutFacts,
  type StandingFacts,
} from '../facts.ts';
import { fingerprint } from '../fingerprint.ts';
import { objectsOf, parseWitness, rolloutOf } from '../objects.ts';
import { judgeRights, parseRights } from '../rights.ts';
import { withConsole, type DeviceConsole, type Reach } from './device-console.ts';

export function observe(reach: Reach, signal: AbortSignal): Promise<Observation> {
  return withConsole(reach, 'observe', signal, async (console) => {
    const facts = await readFacts(console);
    const exportText = await readExport(console, facts.version);
    const witness = facts.witness === null ? null : parseWitness(facts.witness);
    const leftovers = leftoversOf(facts, facts.witness === null || witness !== null);
    const leftover = rolloutOf(leftovers, facts.lock);
    return {
      exportText,
      fingerprint: fingerprint(exportText),
      facts: { model: facts.board, version: facts.version, identity: facts.identity, uptimeS: facts.uptimeS },
      hostKey: console.hostKey,
      localAddress: console.localAddress,
      witness,
      lock: facts.lock,
      leftovers,
      ...(leftover === null ? {} : { leftover }),
      obstacles: obstaclesOf(facts, reach.device.minUptimeMs),
    };
  });
}

export function readRights(reach: Reach, signal: AbortSignal): Promise<DeviceRights> {
  const { user, manage } = reach.device;
  return withConsole(reach, 'rights', signal, async (console) => {
    try {
      return judgeRights(user, manage, parseRights(await console.read(rightsCommand(user))));
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'permission-denied')
        return judgeRights(user, manage, 'refused');
      throw error;
    }
  });
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
    const actual = parseFor(await readExport(console, version), rollout.plan);
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

export async function readRolloutFacts(console: DeviceConsole, rollout: Rollout): Promise<RolloutFacts> {
  return parseRolloutFacts(await console.read(rolloutFactsCommand(objectsOf(rollout.id))));
}

export async function readExport(console: DeviceConsole, version: string): Promise<Buffer> {
  const bytes = await console.readExport(exportCommand(version));
  requireComplete(bytes);
  return bytes;
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
