/**
 * Signed host keys for `siteward check`, judged as the daemon judges them: which key each device is known by, and which
 * line of the settings is to name it. Changes nothing.
 */
import type { HostKeyStanding } from '../core/gate/host-key.ts';
import type { SiteState } from '../core/site-state.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { Settings } from '../settings/settings.ts';
import type { Finding } from './finding.ts';

export interface CheckedHostKeys {
  /** With the host keys that are in force. */
  readonly devices: readonly DeviceSettings[];
  readonly findings: readonly Finding[];
}

export async function checkHostKeys(settings: Settings, state: SiteState | null): Promise<CheckedHostKeys> {
  const { devices } = settings;
  if (state === null || devices.every(({ name }) => (state.devices.get(name)?.pin ?? null) === null))
    return { devices, findings: [] };
  const [{ loadTrust }, { openHostKeys }, { unpinnedMessage }] = await Promise.all([
    import('../settings/trust-files.ts'),
    import('../daemon/host-keys.ts'),
    import('../daemon/warnings.ts'),
  ]);
  const trust = await loadTrust({ ...settings.trust, organization: settings.organization }).catch(() => null);
  // Without trust files nothing that was signed counts; that they are bad is a finding of its own.
  if (trust === null) return { devices, findings: [] };
  const keys = openHostKeys(settings, state, () => trust);
  const findings = devices.flatMap(({ name, ...device }): Finding[] => {
    const standing = keys.standing({ name, ...device });
    const place = settings.placeOf(name, 'host-key');
    const common = { what: 'host-key', device: name, place };
    if (standing.kind === 'untrusted') {
      const message = `${unpinnedMessage(name, standing)}; run: siteward rotate host-key ${name}`;
      return [{ ...common, result: 'failed', code: 'host-key-pin-untrusted', message }];
    }
    if (standing.kind !== 'pinned') return [];
    return [{ ...common, result: 'warning', code: 'host-key-pinned', message: pinnedMessage(standing) }];
  });
  return { devices: devices.map((device) => keys.served(device)), findings };
}

function pinnedMessage({ pin }: Extract<HostKeyStanding, { kind: 'pinned' }>): string {
  const { hostKey, by, at } = pin;
  return (
    `write "host-key: ${hostKey}" here and restart: it is known by that key, signed by ${by.join(', ')} at ${at}, ` +
    'only as long as those signatures count'
  );
}
