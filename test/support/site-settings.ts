/** Settings of a site that nobody wrote down, for what is run without a settings file. */
import type { DeviceSettings, Policy } from '../../src/core/site.ts';
import type { Settings } from '../../src/settings/settings.ts';

export const followedBranch = { url: 'network.git', branch: 'main', tags: null, path: '' };

export function siteSettings(site: string, policy: Policy, devices: readonly DeviceSettings[]): Settings {
  const none = { bytes: null, ageMs: null };
  return {
    file: 'settings.yaml',
    site,
    organization: 'example.org',
    state: 'state',
    desired: {
      ...followedBranch,
      tokenFile: null,
      caFile: null,
      identityFile: null,
      hostKey: null,
      signed: 'off',
      pollMs: 60_000,
      newsMs: null,
    },
    secrets: { file: null, identityFile: null },
    devices,
    placeOf: () => null,
    trust: { allowedSignersFile: 'allowed_signers', revokedKeysFile: null, people: [] },
    policy,
    journal: { segmentBytes: 2 ** 24, keep: { ...none, segments: null } },
    history: { keep: { ...none, revisions: null }, recipients: [], remote: null },
    listen: null,
    socket: 's.sock',
  };
}
