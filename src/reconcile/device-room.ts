/** Everything one device's passes work with, handed in by the daemon. */
import type { SecretWord } from '../core/dialect.ts';
import type { Clock } from '../core/clock.ts';
import type { IgnoreRule } from '../core/plan/scope.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { DeviceState } from '../core/site-state.ts';
import type { DeviceSettings, Policy } from '../core/site.ts';
import type { Driver } from '../drivers/driver.ts';
import type { Archive } from '../history/archive.ts';
import type { BinaryBackups } from '../history/binary-backups.ts';
import type { ReportCell } from './device-report.ts';
import type { Ledger } from './ledger.ts';
import type { RunProbe } from './probes.ts';
import type { StateFiles } from './state-files.ts';

/** What a person ordered for this pass. */
export interface Order {
  /** `siteward apply`: starts a manual rollout. */
  readonly apply: boolean;
  /** `siteward drill`. */
  readonly drill: boolean;
  /** `siteward backup`: the device's own, too, where the settings want it. */
  readonly backup: boolean;
}

/** A device's part of an accepted commit. */
export interface DesiredText {
  readonly commit: string;
  /** Path in the repository, for places. */
  readonly file: string;
  readonly text: Uint8Array;
  readonly owns: 'sections' | 'items' | 'everything';
  readonly ignore: readonly IgnoreRule[];
}

export interface DeviceRoom {
  readonly site: string;
  readonly daemon: string;
  /** New at each start of the daemon. */
  readonly nonce: string;
  readonly organization: string;
  /** With the host key that is in force at the moment it is asked for. */
  readonly device: DeviceSettings;
  /** The one that the settings name. */
  readonly settingsKey: string;
  readonly policy: Policy;
  readonly driver: Driver;
  readonly ledger: Ledger;
  readonly files: StateFiles;
  /** What devices really had. */
  readonly archive: Pick<Archive, 'newest' | 'keep'>;
  /** Devices' own. */
  readonly binaryBackups: Pick<BinaryBackups, 'keep' | 'list'>;
  readonly probe: RunProbe;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly signal: AbortSignal;
  readonly report: ReportCell;
  /** The device's part of the last accepted commit; throws `InvalidInput` when it can't be used. */
  readonly desired: () => Promise<DesiredText>;
  /** By the daemon's own key: equal values read the same, and nobody learns them from it. */
  readonly secretWord: SecretWord;
  /** The whole of that digest, for comparing; it is kept nowhere. */
  readonly secretDigest: (value: string) => string;
  /** For the operator's own keys, as the history keeps them; null: it keeps none. */
  readonly sealSecrets: ((bytes: Uint8Array) => Promise<Uint8Array>) | null;
  readonly trust: () => Trust;
  /** What the journal knows of the device, as it is now. */
  readonly folded: () => DeviceState;
  /** Runs at most `policy.batch` rollouts of the site at once; one that has begun comes before those that have not. */
  readonly inRolloutSlot: <T>(turn: 'begins' | 'goes-on', work: () => Promise<T>) => Promise<T>;
  /** Serialises what reads the pending items and then records something about them. */
  readonly oneAtATime: <T>(work: () => Promise<T>) => Promise<T>;
  /** Asks for another pass soon. */
  readonly again: () => void;
  readonly log: (event: string, facts: Record<string, unknown>) => void;
}
