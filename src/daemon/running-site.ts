/** A running daemon as its operations see it. */
import type { KnownRecord } from '../core/rollout/record.ts';
import type { Clock } from '../core/clock.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { DeviceState } from '../core/site-state.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { DesiredState } from '../reconcile/desired-state.ts';
import type { DeviceLoop } from '../reconcile/device-loop.ts';
import type { DeviceRoom } from '../reconcile/device-room.ts';
import type { Archive } from '../history/archive.ts';
import type { BinaryBackups } from '../history/binary-backups.ts';
import type { Ledger } from '../reconcile/ledger.ts';
import type { StateFiles } from '../reconcile/state-files.ts';
import type { HistoryPush } from './history-push.ts';
import type { HostKeys } from './host-keys.ts';
import type { SiteHistory } from './site-history.ts';
import type { Settings } from '../settings/settings.ts';

export interface RunningDevice {
  readonly settings: DeviceSettings;
  readonly room: DeviceRoom;
  readonly loop: DeviceLoop;
  readonly folded: () => DeviceState;
}

export interface RunningSite {
  readonly settings: Settings;
  readonly ledger: Ledger;
  readonly files: StateFiles;
  readonly archive: Archive;
  readonly binaryBackups: BinaryBackups;
  readonly historySize: SiteHistory['size'];
  /** Null: the settings name no git server for the history. */
  readonly historyPush: Pick<HistoryPush, 'failure'> | null;
  readonly desired: DesiredState;
  readonly devices: readonly RunningDevice[];
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly trust: () => Trust;
  /** Why the trust files as they are now are not in force; null: they are. */
  readonly trustProblem: () => { readonly code: string; readonly message: string } | null;
  readonly hostKeys: HostKeys;
  /** Newest records, bounded; older ones are in the journal's files. */
  readonly recent: readonly KnownRecord[];
  /** Looks at the branch now. */
  readonly refreshDesired: () => Promise<void>;
  /** Serialises what reads a pending item and then records something about it. */
  readonly oneAtATime: <T>(work: () => Promise<T>) => Promise<T>;
  readonly log: (event: string, facts: Record<string, unknown>) => void;
  readonly count: (metric: 'approvals', labels: { result: string; reason: string }) => void;
}
