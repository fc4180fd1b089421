/** What the daemon serves: the site and its devices, as the settings say. Durations are milliseconds. */
import type { BackupSettings } from './backup.ts';
import type { MaintenanceTimes } from './maintenance.ts';

import type { Probe } from './rollout/probe.ts';

export interface ManagementPath {
  readonly address: string;
  readonly port: number;
  /** The address the daemon's session comes from, as the device sees it. */
  readonly from: string;
  readonly interface: string | null;
  /** True when the settings say how the device sees the session; absent: it is what the daemon sees. */
  readonly told?: boolean;
  /** Whom the daemon logs in as; absent: not known. */
  readonly user?: string;
}

export type Role = 'operational' | 'recovery';

export interface DeviceSettings {
  readonly name: string;
  readonly driver: 'routeros';
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absolute path of a private key file, or null when a password file is used. */
  readonly identityFile: string | null;
  readonly passwordFile: string | null;
  /** `SHA256:` and unpadded base64. */
  readonly hostKey: string;
  readonly manage: 'backup' | 'report' | 'rollout';
  readonly rollout: 'auto' | 'manual' | 'window';
  /** When rollouts may begin; null: no window is waited for. */
  readonly maintenance: MaintenanceTimes | null;
  readonly readMs: number;
  readonly windowMs: number;
  readonly tickMs: number;
  readonly flushMs: number;
  readonly minUptimeMs: number;
  readonly soakMs: number;
  readonly probes: readonly Probe[];
  /** How often the net is drilled by itself; null: only when ordered. */
  readonly drillMs: number | null;
  readonly backup: BackupSettings;
  /** Whether the device is asked at each reading what its exports hide, or only when a plan depends on it. */
  readonly secrets: 'hidden' | 'compare';
  readonly secretsOnDevice: 'allow' | 'refuse';
  readonly management: Partial<ManagementPath>;
}

export interface Policy {
  readonly approvals: Readonly<Record<Role, number>>;
  readonly expiresMs: number;
  /** Whether only security keys that checked who touched them may sign. */
  readonly userVerification: 'required' | 'off';
  /** Whether who wrote or signed a commit may not sign what comes of it. */
  readonly fourEyes: 'required' | 'off';
  /** Menus whose changes need a signature though they would go through; `*` at the end: and below, alone: all. */
  readonly sign: readonly string[];
  /** Menus whose changes need none though they would by the middle tier. Never lowers the floor. */
  readonly relax: readonly string[];
  readonly removals: { readonly items: number; readonly share: number };
  /** At most this many rollouts at once. */
  readonly batch: number;
}

export interface Person {
  readonly name: string;
  readonly principals: readonly string[];
  readonly roles: readonly Role[];
}
