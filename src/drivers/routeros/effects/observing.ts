/**
 * The observation of a device, over the connection that is kept for readings. What has to be asked depends on the version:
 * while that is not known it is asked first, and the rest after it; once it is, everything is asked in one line, which costs
 * a third. Should the device run another version by then, or not take it all in one, it is asked in turn. Changes nothing.
 */
import type { DeviceFacts, Observation } from '../../driver.ts';
import { conditionsCommand, deviceModeCommand, guardedExportCommand } from '../commands.ts';
import { requireComplete } from '../completeness.ts';
import {
  leftoversOf,
  parseConditions,
  parseDeviceMode,
  type Conditions,
  type StandingFacts,
} from '../facts.ts';
import { fingerprint, hardwareOf, headerFact } from '../fingerprint.ts';
import { parseWitness, rolloutOf } from '../objects.ts';
import { obstaclesOf } from '../preflight.ts';
import type { DeviceConsole, Reach } from './device-console.ts';
import type { KeptConsole } from './kept-console.ts';
import { hasDeviceMode, readConditions, readExport } from './reading.ts';

interface Read {
  readonly facts: StandingFacts;
  readonly conditions: Conditions;
  readonly exportText: Buffer;
}

export function observer(reach: Reach, kept: KeptConsole): (signal: AbortSignal) => Promise<Observation> {
  /** At the last reading. */
  let version: string | null = null;
  /** The one on which asking for all at once gave no answer. */
  let inTurn: string | null = null;
  const read = async (console: DeviceConsole): Promise<Read> => {
    const { user } = reach.device;
    const tried = version === null || version === inTurn ? null : version;
    const atOnce = tried === null ? null : await readAtOnce(console, user, tried);
    const found = atOnce ?? (await readInTurn(console, user));
    if (atOnce === null && tried === found.facts.version) inTurn = tried;
    version = found.facts.version;
    return found;
  };
  const observe = (signal: AbortSignal): Promise<Observation> =>
    kept.ask('observe', signal, async (console) => observationOf(await read(console), console, reach));
  /** At the last reading. */
  let rights: string | null = null;
  return async (signal) => {
    const seen = await observe(signal);
    const before = rights;
    rights = seen.facts.policies?.join(',') ?? '';
    if (before === null || before === rights) return seen;
    // Policies bind at login: what the kept connection is shown is by those of before.
    await kept.close();
    return await observe(signal);
  };
}

async function readInTurn(console: DeviceConsole, user: string): Promise<Read> {
  const { facts, conditions } = await readConditions(console, user);
  return { facts, conditions, exportText: await readExport(console, facts.version) };
}

/** Null: that is not the version, or an answer is missing; what went wrong shows when it is asked in turn. */
async function readAtOnce(console: DeviceConsole, user: string, version: string): Promise<Read | null> {
  const commands = [
    conditionsCommand(user),
    ...(hasDeviceMode(version) ? [deviceModeCommand()] : []),
    guardedExportCommand(version),
  ];
  const answers = await console.readAll(commands);
  const [standing, mode] = answers ?? [];
  const exportText = answers?.at(-1);
  if (standing === undefined || mode === undefined || exportText === undefined) return null;
  const { facts, conditions } = parseConditions(standing.toString('latin1'));
  if (facts.version !== version || exportText.length === 0) return null;
  requireComplete(exportText);
  const deviceMode = hasDeviceMode(version) ? parseDeviceMode(mode.toString('latin1')) : null;
  return { facts, conditions: { ...conditions, deviceMode }, exportText };
}

function observationOf(
  { facts, conditions, exportText }: Read,
  console: DeviceConsole,
  reach: Reach,
): Observation {
  const witness = facts.witness === null ? null : parseWitness(facts.witness);
  const leftovers = leftoversOf(facts, facts.witness === null || witness !== null);
  const leftover = rolloutOf(leftovers, facts.lock);
  const { user, manage, minUptimeMs } = reach.device;
  return {
    exportText,
    fingerprint: fingerprint(exportText),
    facts: deviceFacts(facts, conditions, exportText),
    hardware: hardwareOf(exportText),
    hostKey: console.hostKey,
    localAddress: console.localAddress,
    witness,
    lock: facts.lock,
    leftovers,
    ...(leftover === null ? {} : { leftover }),
    obstacles: obstaclesOf({ ...facts, conditions }, { user, manage, minUptimeMs, scriptBytes: 0 }),
    logins: conditions.logins.filter((login) => login.user !== user),
  };
}

function deviceFacts(facts: StandingFacts, conditions: Conditions, exportText: Buffer): DeviceFacts {
  const { board: model, version, identity, uptimeS } = facts;
  const { freeBytes, deviceMode, rights, date } = conditions;
  const serial = headerFact(exportText, 'serial number');
  return {
    model,
    version,
    identity,
    uptimeS,
    date,
    ...(serial === null ? {} : { serial }),
    ...(freeBytes === null ? {} : { freeBytes }),
    ...(deviceMode === null ? {} : { deviceMode: deviceMode.mode }),
    ...(rights === null || rights === 'refused' ? {} : { policies: rights.policies }),
  };
}
