/**
 * The devices as they are served: as the settings say, but with the host key that is in force at the moment somebody
 * asks. What people signed is judged again whenever the trust files or the journal's word on it are others than before.
 */
import type { HostKeyStanding } from '../core/gate/host-key.ts';
import { hostKeyStanding } from '../core/gate/host-key.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { SiteState } from '../core/site-state.ts';
import type { DeviceSettings, Policy } from '../core/site.ts';

export interface HostKeys {
  /** Of a device as the settings name it. */
  standing(device: DeviceSettings): HostKeyStanding;
  /** That device with the host key that is in force whenever it is asked for. */
  served(device: DeviceSettings): DeviceSettings;
}

export function openHostKeys(
  { site, policy }: { readonly site: string; readonly policy: Policy },
  state: SiteState,
  trust: () => Trust,
): HostKeys {
  const judged = new Map<string, { readonly by: readonly unknown[]; readonly standing: HostKeyStanding }>();
  const judge = (name: string, settingsKey: string): HostKeyStanding => {
    const pin = state.devices.get(name)?.pin ?? null;
    const inForce = trust();
    const by = [pin, inForce.signers, inForce.revoked];
    const known = judged.get(name);
    if (known !== undefined && known.by.every((one, index) => one === by[index])) return known.standing;
    const standing = hostKeyStanding(settingsKey, pin, { site, daemon: state.daemon ?? '' }, inForce, policy);
    judged.set(name, { by, standing });
    return standing;
  };
  return {
    standing: ({ name, hostKey }) => judge(name, hostKey),
    served(device) {
      const { name, hostKey } = device;
      return {
        ...device,
        get hostKey(): string {
          return judge(name, hostKey).hostKey;
        },
      };
    },
  };
}
