/**
 * Rollouts in flight on devices that the settings no longer name: nobody goes on with them, and nothing of them is
 * forgotten. The device's own timer still takes back what was not confirmed.
 */
import type { SiteState } from '../core/site-state.ts';

export interface StrandedRollout {
  readonly device: string;
  readonly message: string;
}

export function strandedRollouts(
  { devices }: Pick<SiteState, 'devices'>,
  served: readonly { readonly name: string }[],
): readonly StrandedRollout[] {
  const names = new Set(served.map(({ name }) => name));
  return [...devices].flatMap(([device, { rollout }]) => {
    if (rollout === null || names.has(device)) return [];
    const message =
      `${device}: rollout ${rollout.id} (${rollout.phase}) is in flight there, and the settings no longer name the device; ` +
      'name it again as it was, start again, and take it out once the rollout is settled';
    return [{ device, message }];
  });
}
