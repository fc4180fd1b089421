/**
 * Keys and passwords of the daemon's own that took the place of those in the settings, for `siteward check`: which line of the settings
 * is to name which file. Changes nothing.
 */
import type { SiteState } from '../core/site-state.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { DeviceCredentials } from '../daemon/device-drivers.ts';
import type { Settings } from '../settings/settings.ts';
import type { Finding } from './finding.ts';

export async function checkLogins(settings: Settings, state: SiteState | null): Promise<readonly Finding[]> {
  const rotated = settings.devices.flatMap((device) => {
    const login = state?.devices.get(device.name)?.login ?? null;
    return login === null ? [] : [{ device, login }];
  });
  if (rotated.length === 0) return [];
  const [{ isReplaced, readCredentials }, { stateFilePath }, { readSecretFile }] = await Promise.all([
    import('../daemon/device-drivers.ts'),
    import('../daemon/state-files.ts'),
    import('../settings/trust-files.ts'),
  ]);
  const findings: Finding[] = [];
  for (const { device, login } of rotated) {
    // What can't be read is a finding of its own.
    const said = await readCredentials(device).catch(() => null);
    const kept = stateFilePath(settings.state, 'credential', login.sealed);
    const secret = await readSecretFile(kept, largestSecretBytes).catch(() => null);
    if (said === null || !isReplaced(said, login, secret)) continue;
    const line = device.identityFile === null ? 'password-file' : 'identity';
    findings.push({
      what: 'credential',
      device: device.name,
      place: settings.placeOf(device.name, line),
      result: 'warning',
      code: 'credential-rotated',
      message:
        `${device.identityFile ?? device.passwordFile ?? ''} does not let in any more since ${login.at}; copy ${kept} to a ` +
        `file of its own beside it (mode 0600), name that as "${line}" here, and restart`,
    });
  }
  return findings;
}

/** As the daemon logs in. Throws what reading the files throws. */
export async function loginInForce(
  settings: Settings,
  state: SiteState | null,
  device: DeviceSettings,
): Promise<DeviceCredentials> {
  const [{ credentialsInForce }, { stateFilePath }, { readSecretFile }] = await Promise.all([
    import('../daemon/device-drivers.ts'),
    import('../daemon/state-files.ts'),
    import('../settings/trust-files.ts'),
  ]);
  const login = state?.devices.get(device.name)?.login ?? null;
  return await credentialsInForce(device, login, (sealed) =>
    readSecretFile(stateFilePath(settings.state, 'credential', sealed), largestSecretBytes),
  );
}

const largestSecretBytes = 64 * 1024;
