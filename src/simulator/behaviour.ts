/**
 * How the device behaves where real ones differ or nobody knows: data, chosen by whoever starts it.
 * Every switch is one question to which whoever talks to devices must have an answer on both sides.
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
  /** Next runs of `startup` entries with an interval are wall time, and move when it jumps: set back, they stand still. */
  readonly startupFollowsWallClock: boolean;
  /**
   * How `find` compares with `=`. `by-property`: what is asked for is read as the property's type; `as-text`: letter by
   * letter with what `get` shows; `own-type`: text equals no number, time or truth, and what is absent equals nothing;
   * `any-case`: as `by-property`, but letters may be large or small.
   */
  readonly findCompares: 'by-property' | 'as-text' | 'own-type' | 'any-case';
  /** The end of an SSH channel stops the commands that ran in it. */
  readonly channelEndStops: boolean;
  /** How long each command takes. */
  readonly commandMs: number;
  /** How long writes may be lost by a power cut. */
  readonly flushMs: number;
  /** What a power cut loses: a tail of each menu by itself, or of all in the order of writing. */
  readonly lossOrder: 'per-menu' | 'global';
  /** The longest script source accepted. */
  readonly sourceLimit: number;
  /** How long the device takes no connections after a reboot. */
  readonly bootMs: number;
  /** How long after boot the hardware interfaces are not there yet: not found, and no good reference. */
  readonly lateInterfacesMs: number;
  /** Policies that the login lacks (`write`, `policy`, `sensitive`, `reboot`), whatever its group says. */
  readonly withoutPolicies: readonly string[];
  /** Menus that need a policy which the login lacks are left out of its exports without a word. */
  readonly menusVanish: boolean;
  /** In mode `home` the scheduler cannot be used. */
  readonly deviceMode: 'advanced' | 'home';
  /** What refers to a removed item: shows its id from then on, or keeps it from being removed. */
  readonly removedReference: 'ghost' | 'refused';
  /** What key the device has at its first start. */
  readonly hostKeyType: 'ed25519' | 'rsa';
  /** When a host key that was made anew is the one that clients see. */
  readonly hostKeyChange: 'now' | 'reboot';
  /** What an interactive login meets before the prompt. */
  readonly dialogs: readonly ('licence' | 'press-enter' | 'new-password' | 'probe')[];
  /** `/import` reads the whole file before it runs the first line of it. */
  readonly importParsesFirst: boolean;
  /** `flash-and-memory`: there is a folder `flash`, and what is not in it is gone after a reboot. */
  readonly disk: 'one' | 'flash-and-memory';
  readonly diskBytes: number;
  /** Where `/system backup save` puts its file on a device with a folder `flash`. */
  readonly backupPlace: 'as-named' | 'flash';
  /** Safe mode that was taken by a command over exec. */
  readonly safeModeOverExec: 'ends-with-channel' | 'kept';
  /** How long after a lost connection safe mode takes everything back. */
  readonly safeModeTimeoutMs: number;
  /** `unset`: after each boot wall time begins in 1970. */
  readonly clock: 'set' | 'unset';
  /** Properties and menus of other versions are refused, as far as the facts table knows. */
  readonly versionGates: boolean;
  /** Users that were added stand in exports; none of the real exports has any. */
  readonly exportsUsers: boolean;
  /** Connected routes are there as dynamic rows. */
  readonly dynamicRows: boolean;
  /** Large output stalls for clients whose channel window is smaller than that. */
  readonly stallsBelowWindow: number;
}

export const USUAL_BEHAVIOUR: Behaviour = {
  exitStatus: 'zero',
  uniqueNames: true,
  startupCountsFrom: 'added',
  recomputeAfterJump: true,
  startupFollowsWallClock: false,
  findCompares: 'by-property',
  channelEndStops: false,
  commandMs: 0,
  flushMs: 40_000,
  lossOrder: 'per-menu',
  sourceLimit: Infinity,
  bootMs: 0,
  lateInterfacesMs: 0,
  withoutPolicies: [],
  menusVanish: true,
  deviceMode: 'advanced',
  removedReference: 'ghost',
  hostKeyType: 'ed25519',
  hostKeyChange: 'now',
  dialogs: [],
  importParsesFirst: true,
  disk: 'one',
  diskBytes: 100_000_000,
  backupPlace: 'as-named',
  safeModeOverExec: 'ends-with-channel',
  safeModeTimeoutMs: 540_000,
  clock: 'set',
  versionGates: true,
  exportsUsers: true,
  dynamicRows: false,
  stallsBelowWindow: 0,
};
