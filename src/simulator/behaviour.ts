/**
 * How the device behaves where real ones differ or nobody knows: data, chosen by whoever starts it.
 * Every switch is one question to which the driver must have an answer on both sides.
 */

export interface Behaviour {
  /** `zero`: 0 but 1 for what did not parse; `strict`: 1 after any error; `always-zero`; `missing`: none sent. */
  readonly exitStatus: 'zero' | 'strict' | 'always-zero' | 'missing';
  /** Two scripts or schedulers of one name are refused. */
  readonly uniqueNames: boolean;
  /** First run of a `startup` entry that is added on a running device. */
  readonly startupCountsFrom: 'added' | 'boot';
  /** Entries with a date and time are counted anew when wall time jumps. */
  readonly recomputeAfterJump: boolean;
  /** The end of an SSH channel stops the commands that ran in it. */
  readonly channelEndStops: boolean;
  /** How long each command takes. */
  readonly commandMs: number;
  /** How long writes may be lost by a power cut. */
  readonly flushMs: number;
  /** The longest script source accepted. */
  readonly sourceLimit: number;
  /** How long the device takes no connections after a reboot. */
  readonly bootMs: number;
  /** How long after boot the hardware interfaces are not there yet: not found, and no good reference. */
  readonly lateInterfacesMs: number;
  /** Policies that the login lacks (`write`, `policy`, `sensitive`, `reboot`). */
  readonly withoutPolicies: readonly string[];
  /** In mode `home` the scheduler cannot be used. */
  readonly deviceMode: 'advanced' | 'home';
  /** What refers to a removed item: shows its id from then on, or keeps it from being removed. */
  readonly removedReference: 'ghost' | 'refused';
}

export const USUAL_BEHAVIOUR: Behaviour = {
  exitStatus: 'zero',
  uniqueNames: true,
  startupCountsFrom: 'added',
  recomputeAfterJump: true,
  channelEndStops: false,
  commandMs: 0,
  flushMs: 40_000,
  sourceLimit: Infinity,
  bootMs: 0,
  lateInterfacesMs: 0,
  withoutPolicies: [],
  deviceMode: 'advanced',
  removedReference: 'ghost',
};

const PROFILES: Readonly<Record<string, Partial<Behaviour>>> = {
  usual: {},
  strict: { exitStatus: 'strict' },
  zero: { exitStatus: 'always-zero' },
  missing: { exitStatus: 'missing' },
  slow: { commandMs: 50 },
  'boot-aligned': { startupCountsFrom: 'boot' },
  'duplicate-names': { uniqueNames: false },
  'read-only': { withoutPolicies: ['write', 'policy', 'sensitive', 'reboot'] },
  'home-mode': { deviceMode: 'home' },
  hardware: { bootMs: 45_000, lateInterfacesMs: 60_000 },
  'refuses-removal': { removedReference: 'refused' },
};

export const profileNames: readonly string[] = Object.keys(PROFILES);

/** A name that is not among the profiles gives the usual behaviour. */
export function profile(name: string): Behaviour {
  return { ...USUAL_BEHAVIOUR, ...PROFILES[name] };
}
