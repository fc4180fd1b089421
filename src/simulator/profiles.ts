/** Named sets of behaviour, for the command line and for tests: versions, hardware, rights, and unknowns. */
import { USUAL_BEHAVIOUR } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';

export interface Profile {
  /** For `--help`. */
  readonly says: string;
  /** Instead of the version that the export names. */
  readonly version?: string;
  readonly behaviour: Partial<Behaviour>;
}

const PROFILES: Readonly<Record<string, Profile>> = {
  usual: { says: 'what most devices do, of the version of the export', behaviour: {} },
  'v6.49': {
    says: 'RouterOS 6: no slash paths, RSA host key, secrets shown in exports',
    version: '6.49.18',
    behaviour: { hostKeyType: 'rsa' },
  },
  'v7.9': {
    says: 'early 7: old date line, RSA host key, no :onerror',
    version: '7.9.2',
    behaviour: { hostKeyType: 'rsa' },
  },
  'v7.16': { says: 'import dry-run, sessions limited per service', version: '7.16.2', behaviour: {} },
  'v7.18': {
    says: 'safe-mode commands, device-mode, backup load wants a password',
    version: '7.18.2',
    behaviour: {},
  },
  'v7.21': {
    says: 'password-authentication, errors say where, new-password dialog',
    version: '7.21.5',
    behaviour: { exitStatus: 'always-zero', dialogs: ['new-password', 'probe'] },
  },
  hardware: {
    says: 'slow boot, ports that come late, flash folder and memory disk, 16 MB',
    behaviour: {
      bootMs: 45_000,
      lateInterfacesMs: 60_000,
      disk: 'flash-and-memory',
      diskBytes: 16_000_000,
      backupPlace: 'flash',
    },
  },
  chr: { says: 'a virtual machine: one disk, writes at once, quick boot', behaviour: { flushMs: 0 } },
  strict: { says: 'exit status 1 after any error', behaviour: { exitStatus: 'strict' } },
  zero: { says: 'exit status 0 whatever happened', behaviour: { exitStatus: 'always-zero' } },
  missing: { says: 'no exit status at all', behaviour: { exitStatus: 'missing' } },
  slow: { says: '50 ms for each command', behaviour: { commandMs: 50 } },
  'boot-aligned': {
    says: 'startup entries count from boot, also when added later',
    behaviour: { startupCountsFrom: 'boot' },
  },
  'startup-by-wall-clock': {
    says: 'next runs of startup entries move with the wall clock: set back, they stand still',
    behaviour: { startupFollowsWallClock: true },
  },
  'duplicate-names': { says: 'two scripts may have one name', behaviour: { uniqueNames: false } },
  'read-only': {
    says: 'the login may not write',
    behaviour: { withoutPolicies: ['write', 'policy', 'sensitive', 'reboot'] },
  },
  'few-permissions': {
    says: 'the login may write, but lacks policy, sensitive, ftp and reboot: menus vanish from its exports',
    behaviour: { withoutPolicies: ['policy', 'sensitive', 'ftp', 'reboot', 'password'] },
  },
  'home-mode': {
    says: 'device-mode home: no scheduler',
    behaviour: { deviceMode: 'home' },
  },
  'find-as-text': {
    says: 'find compares letter by letter with what get shows',
    behaviour: { findCompares: 'as-text' },
  },
  'find-own-type': {
    says: 'find compares after type: text equals no number, time or truth',
    behaviour: { findCompares: 'own-type' },
  },
  'find-any-case': {
    says: 'find takes large and small letters for the same',
    behaviour: { findCompares: 'any-case' },
  },
  'refuses-removal': {
    says: 'what is referred to cannot be removed',
    behaviour: { removedReference: 'refused' },
  },
  'clock-unset': { says: 'wall time begins in 1970 at each boot', behaviour: { clock: 'unset' } },
  'sessions-own-commands': {
    says: 'the end of a session stops its commands',
    behaviour: { channelEndStops: true },
  },
  'one-write-order': {
    says: 'a power cut loses the last writes of all menus together',
    behaviour: { lossOrder: 'global' },
  },
  'import-by-line': {
    says: '/import runs lines before it has read the next',
    behaviour: { importParsesFirst: false },
  },
  licence: {
    says: 'interactive logins meet the licence question and “press Enter”',
    behaviour: { dialogs: ['licence', 'press-enter', 'probe'] },
  },
  'dynamic-rows': { says: 'connected routes are there as dynamic rows', behaviour: { dynamicRows: true } },
  'small-windows-stall': {
    says: 'large output stalls for clients with a window below 256 kB',
    behaviour: { stallsBelowWindow: 262_144 },
  },
};

export const profileNames: readonly string[] = Object.keys(PROFILES);

/** undefined: there is no profile of that name. */
export function profileNamed(name: string): Profile | undefined {
  return PROFILES[name];
}

/** Several together: of two that say something of one thing, the later one holds. Unknown names say nothing. */
export function profile(...names: readonly string[]): Behaviour {
  return names.reduce((sum, name) => ({ ...sum, ...PROFILES[name]?.behaviour }), USUAL_BEHAVIOUR);
}

/** The version that the last of them names. */
export function profileVersion(names: readonly string[]): string | undefined {
  return names.map((name) => PROFILES[name]?.version).findLast((version) => version !== undefined);
}
