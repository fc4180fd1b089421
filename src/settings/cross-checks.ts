/** Faults of the settings that no single key shows: what two of them say together. Each with its place. */
import { InvalidInput } from '../core/errors.ts';
import type { Place } from '../core/errors.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { PlacedDevice } from './device-settings.ts';
import type { RawSettings } from './schema.ts';

/** How a git server is named. */
export type RawServer = Pick<RawSettings['desired'], 'url' | 'token' | 'ca' | 'identity' | 'host-key'>;

type At = (keys: string[]) => Place;

export function crossProblems(
  raw: RawSettings,
  devices: readonly DeviceSettings[],
  at: At,
  placeOf: (device: string, key: string) => Place | null,
): InvalidInput[] {
  const { desired, history, trust } = raw;
  const within =
    (...outer: string[]): At =>
    (keys) =>
      at([...outer, ...keys]);
  return [
    ...serverProblems(desired, 'desired', within('desired')),
    ...(history?.remote === undefined
      ? []
      : serverProblems(history.remote, 'history: remote', within('history', 'remote'))),
    ...(history?.recipients === undefined ? unsealableBackups(devices, at, placeOf) : []),
    ...sharedPrincipals(trust, within('trust', 'people')),
  ];
}

/** Each way to a git server needs its own means, and the others would be set in vain. */
function serverProblems(server: RawServer, setting: string, at: At): InvalidInput[] {
  const ssh = server.url.startsWith('ssh://');
  const https = server.url.startsWith('https://');
  const rules = [
    { key: 'identity', used: ssh, needed: ssh },
    { key: 'host-key', used: ssh, needed: ssh },
    { key: 'token', used: https, needed: false },
    { key: 'ca', used: https, needed: false },
  ] as const;
  return rules.flatMap(({ key, used, needed }) => {
    const there = server[key] !== undefined;
    if (there ? used : !needed) return [];
    const message = there
      ? `${setting}: "${key}" means nothing for this url; take it out`
      : `${setting}: an ssh:// url needs "${key}"`;
    return [new InvalidInput('invalid-value', message, at(there ? [key] : ['url']))];
  });
}

function unsealableBackups(
  devices: readonly DeviceSettings[],
  at: At,
  placeOf: (device: string, key: string) => Place | null,
): InvalidInput[] {
  return devices
    .filter(({ backup }) => backup.binary)
    .map(
      ({ name }) =>
        new InvalidInput(
          'missing-key',
          `device ${name}: a binary backup holds every secret; name who may open it under \`history: recipients:\``,
          placeOf(name, 'backup') ?? at([]),
        ),
    );
}

/** One principal of two persons would let one key count twice. */
function sharedPrincipals(trust: RawSettings['trust'], at: At): InvalidInput[] {
  const owner = new Map<string, string>();
  const problems: InvalidInput[] = [];
  for (const [name, person] of Object.entries(trust.people ?? {}))
    for (const principal of person.principals) {
      const first = owner.get(principal);
      if (first !== undefined && first !== name)
        problems.push(
          new InvalidInput(
            'shared-principal',
            `${principal} already belongs to ${first}; one principal is one person`,
            at([name]),
          ),
        );
      owner.set(principal, name);
    }
  return problems;
}

export function duplicateProblems(devices: readonly PlacedDevice[]): InvalidInput[] {
  const seen = new Map<string, PlacedDevice>();
  const problems: InvalidInput[] = [];
  for (const device of devices) {
    // Two names that differ in case only would share a folder on some systems, and a label in many eyes.
    const first = seen.get(device.name.toLowerCase());
    if (first === undefined) {
      seen.set(device.name.toLowerCase(), device);
      continue;
    }
    const { file, line } = first.place();
    problems.push(
      new InvalidInput(
        'duplicate-device',
        `device ${device.name} is already named at ${file}:${line ?? 1}`,
        device.place(),
      ),
    );
  }
  return problems;
}
