/**
 * The daemon's settings: read, checked, with defaults filled in and paths made absolute. Trust is local (I11):
 * a file that others could write is refused before a byte of it is believed. Reports every fault it finds, each with
 * file, line and column. Never holds a secret, only names of files that do.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInput } from '../core/errors.ts';
import type { Place } from '../core/errors.ts';
import { validatePolicy } from '../core/gate/policy.ts';
import type { DeviceSettings, Person, Policy, Role } from '../core/site.ts';
import { crossProblems, duplicateProblems } from './cross-checks.ts';
import type { RawServer } from './cross-checks.ts';
import { devicesSchema } from './device-schema.ts';
import type { RawDevice } from './device-schema.ts';
import { deviceOf } from './device-settings.ts';
import type { PlacedDevice } from './device-settings.ts';
import { settingsSchema } from './schema.ts';
import type { RawSettings } from './schema.ts';
import { readOwnedFile } from './trust-files.ts';
import { wrongRecipients } from './age-recipients.ts';
import { maxYamlBytes, readYaml } from './yaml-file.ts';

export interface GitServer {
  readonly url: string;
  /** For `https://`: files with the token, and with the authorities to trust. */
  readonly tokenFile: string | null;
  readonly caFile: string | null;
  /** For `ssh://`: the file with the key, and `SHA256:…` of the server's. */
  readonly identityFile: string | null;
  readonly hostKey: string | null;
}

export interface Settings {
  /** Absolute path of the settings file. */
  readonly file: string;
  readonly site: string;
  readonly organization: string;
  readonly state: string;
  /** Its `url` may be an absolute path, too. */
  readonly desired: GitServer & {
    readonly branch: string;
    /** Pattern of the tags that are followed; null: the branch is. */
    readonly tags: string | null;
    /** Folder in the repository, without slashes at its ends; '' is its root. */
    readonly path: string;
    readonly signed: 'required' | 'off';
    readonly pollMs: number;
    /** Without a new commit for so long something is in the way; null: that is never said. */
    readonly newsMs: number | null;
  };
  /** Files for `${secret:name}`; null: not named. */
  readonly secrets: { readonly file: string | null; readonly identityFile: string | null };
  readonly devices: readonly DeviceSettings[];
  /** Where a device's key of the settings stands, or the device itself if its defaults say it. */
  readonly placeOf: (device: string, key: string) => Place | null;
  readonly trust: {
    readonly allowedSignersFile: string;
    readonly revokedKeysFile: string | null;
    readonly people: readonly Person[];
  };
  readonly policy: Policy;
  readonly journal: {
    readonly segmentBytes: number;
    /** Limits; null: none. */
    readonly keep: {
      readonly bytes: number | null;
      readonly ageMs: number | null;
      readonly segments: number | null;
    };
  };
  /** Limits for each device's history; null: none. */
  readonly history: {
    readonly keep: {
      readonly revisions: number | null;
      readonly ageMs: number | null;
      readonly bytes: number | null;
    };
    /** age recipients: only they open what of it holds secrets. */
    readonly recipients: readonly string[];
    /** Where it is pushed to; null: nowhere. */
    readonly remote: GitServer | null;
  };
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly socket: string;
}

/** All the faults of one reading. Its own place and code are the first one's. */
export class SettingsErrors extends InvalidInput {
  readonly problems: readonly InvalidInput[];
  constructor(problems: readonly InvalidInput[]) {
    const first = problems[0] ?? new InvalidInput('settings-invalid', 'the settings are unusable');
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super(first.code, `${first.message}${more}`, first.place, { cause: first });
    this.problems = problems;
  }
}

/** Throws `InvalidInput`, as `SettingsErrors` when there are several faults. */
export async function loadSettings(file: string): Promise<Settings> {
  const absolute = path.resolve(file);
  const folder = path.dirname(absolute);
  const parsed = readYaml(await readOwnedFile(absolute, maxYamlBytes), absolute, settingsSchema);
  const problems: InvalidInput[] = parsed.kind === 'invalid' ? [...parsed.problems] : [];
  const placed: PlacedDevice[] = [];
  if (parsed.kind === 'valid')
    collect(placed, parsed.value.devices ?? {}, (keys) => parsed.at(['devices', ...keys]));
  for (const extra of await deviceFiles(folder)) {
    const more = readYaml(await readOwnedFile(extra, maxYamlBytes), extra, devicesSchema);
    if (more.kind === 'invalid') problems.push(...more.problems);
    else collect(placed, more.value, more.at);
  }
  problems.push(...duplicateProblems(placed));
  if (parsed.kind === 'invalid') throw new SettingsErrors(problems);
  const defaults = parsed.value.defaults ?? {};
  const devices = placed.flatMap((device) => {
    const result = deviceOf(device, defaults, folder);
    if (result instanceof InvalidInput) problems.push(result);
    return result instanceof InvalidInput ? [] : [result];
  });
  if (devices.length === 0 && problems.length === 0)
    problems.push(
      new InvalidInput(
        'no-devices',
        'no device is named; expected at least one under `devices:`',
        parsed.at([]),
      ),
    );
  const placeOf = placesOf(placed);
  problems.push(...crossProblems(parsed.value, devices, parsed.at, placeOf));
  const { recipients = [] } = parsed.value.history ?? {};
  problems.push(...(await wrongRecipients(recipients, (i) => parsed.at(['history', 'recipients', i]))));
  const listen = listenOf(parsed.value.listen);
  if (listen instanceof InvalidInput)
    problems.push(new InvalidInput(listen.code, listen.message, parsed.at(['listen'])));
  if (problems.length > 0 || listen instanceof InvalidInput) throw new SettingsErrors(problems);
  return settingsOf(absolute, folder, parsed.value, devices, listen, placeOf);
}

function settingsOf(
  file: string,
  folder: string,
  raw: RawSettings,
  devices: readonly DeviceSettings[],
  listen: Settings['listen'],
  placeOf: Settings['placeOf'],
): Settings {
  const { desired, trust } = raw;
  const people = Object.entries(trust.people ?? {}).map(([name, person]) => ({ name, ...person }));
  const policy = policyOf(raw.policy ?? {});
  // A default that nobody chose may be out of reach: what needs it then can't be signed, and that is safe.
  validatePolicy(policy, people, { file }, Object.keys(raw.policy?.approvals ?? {}) as Role[]);
  const revoked = trust['revoked-keys'];
  return {
    file,
    site: raw.site,
    organization: raw.organization,
    state: path.resolve(folder, raw.state),
    desired: {
      ...serverOf(folder, desired),
      branch: desired.branch,
      tags: desired.track === 'branch' ? null : desired.track.slice('tag '.length),
      path: path.posix.normalize(desired.path).replace(/^(?:\.?\/)+|^\.$|\/+$/g, ''),
      signed: desired.signed,
      pollMs: desired.poll ?? 60_000,
      newsMs: desired.news ?? null,
    },
    secrets: {
      file: fileOf(folder, raw.secrets?.file),
      identityFile: fileOf(folder, raw.secrets?.identity),
    },
    devices,
    placeOf,
    trust: {
      allowedSignersFile: path.resolve(folder, trust['allowed-signers']),
      revokedKeysFile: fileOf(folder, revoked),
      people,
    },
    policy,
    journal: journalOf(raw.journal ?? {}),
    history: historyOf(folder, raw.history ?? {}),
    listen,
    socket: path.resolve(folder, raw.socket),
  };
}

function policyOf(raw: NonNullable<RawSettings['policy']>): Policy {
  return {
    approvals: { operational: raw.approvals?.operational ?? 1, recovery: raw.approvals?.recovery ?? 2 },
    expiresMs: raw.expires ?? 3_600_000,
    userVerification: raw['user-verification'] ?? 'off',
    fourEyes: raw['four-eyes'] ?? 'off',
    sign: raw.sign ?? [],
    relax: raw.relax ?? [],
    removals: {
      items: raw.removals?.items ?? 20,
      share: Number.parseInt(raw.removals?.share ?? '10%', 10) / 100,
    },
    batch: raw.batch ?? 5,
  };
}

function journalOf(raw: NonNullable<RawSettings['journal']>): Settings['journal'] {
  const { segment = 16 * 2 ** 20, size: bytes = 2 ** 30, age: ageMs = null, files: segments = null } = raw;
  return { segmentBytes: segment, keep: { bytes, ageMs, segments } };
}

function historyOf(
  folder: string,
  { keep = {}, recipients = [], remote }: NonNullable<RawSettings['history']>,
): Settings['history'] {
  const { revisions = null, age: ageMs = null, size: bytes = null } = keep;
  return {
    keep: { revisions, ageMs, bytes },
    recipients,
    remote: remote === undefined ? null : serverOf(folder, remote),
  };
}

function serverOf(folder: string, raw: RawServer): GitServer {
  return {
    url: isUrl(raw.url) ? raw.url : path.resolve(folder, raw.url),
    tokenFile: fileOf(folder, raw.token),
    caFile: fileOf(folder, raw.ca),
    identityFile: fileOf(folder, raw.identity),
    hostKey: raw['host-key'] ?? null,
  };
}

function isUrl(text: string): boolean {
  return /^[a-z]+:\/\//.test(text);
}

function fileOf(folder: string, written: string | undefined): string | null {
  return written === undefined ? null : path.resolve(folder, written);
}

function listenOf(text: string | undefined): Settings['listen'] | InvalidInput {
  if (text === undefined) return null;
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (port > 65535)
    return new InvalidInput('invalid-value', `listen: expected a port up to 65535, got ${port}`);
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

/** Files of `devices.d` in the order of their names; none when the folder is missing. */
async function deviceFiles(folder: string): Promise<string[]> {
  const extra = path.join(folder, 'devices.d');
  try {
    const names = await readdir(extra);
    return names
      .filter((name) => name.endsWith('.yaml') && !name.startsWith('.'))
      .sort()
      .map((name) => path.join(extra, name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new InvalidInput('unreadable', 'the folder can not be read', { file: extra }, { cause });
  }
}

function collect(
  into: PlacedDevice[],
  devices: Readonly<Record<string, RawDevice>>,
  at: (keys: string[]) => Place,
): void {
  for (const [name, raw] of Object.entries(devices))
    into.push({ name, raw, place: (key) => at(key === undefined ? [name] : [name, key]) });
}

function placesOf(placed: readonly PlacedDevice[]): Settings['placeOf'] {
  return (name, key) => {
    const found = placed.find((device) => device.name === name);
    if (found === undefined) return null;
    return Object.hasOwn(found.raw, key) ? found.place(key) : found.place();
  };
}
