/** The words for where a device stands, and what is looked at to say it. */
import type { DeviceState as FoldedDevice, SiteState } from '../core/site-state.ts';
import type { DeviceSettings, Policy } from '../core/site.ts';
import type { FollowedRef } from './next-command.ts';
import type { DeviceReport } from './device-report.ts';

export type DeviceCondition =
  | 'in-sync'
  | 'behind'
  | 'drifted'
  | 'pending-signature'
  | 'rolling-out'
  | 'held'
  | 'quarantined'
  | 'unreachable'
  | 'unknown'
  | 'diverged'
  | 'backed-up'
  | 'error';

export interface Standing {
  readonly state: DeviceCondition;
  readonly reason: string | null;
  readonly message: string | null;
  /** The one command that goes on, where a person is asked for. */
  readonly next: string | null;
}

/** A device as it is set, as the journal has it, and as it was last read. */
export interface Look {
  readonly device: DeviceSettings;
  readonly folded: FoldedDevice;
  readonly report: DeviceReport;
  readonly site: SiteState;
  readonly approvals: Policy['approvals'];
  readonly desired: FollowedRef;
  readonly nowMs: number;
}

/** Says where the device stands if that is its business; null: somebody else's. */
export type Judge = (look: Look) => Standing | null;

export function activeHold(site: SiteState, folded: FoldedDevice, nowMs: number): FoldedDevice['hold'] {
  const holds = [site.siteHold, folded.hold];
  return (
    holds.find((hold) => hold !== null && (hold.until === null || Date.parse(hold.until) > nowMs)) ?? null
  );
}
