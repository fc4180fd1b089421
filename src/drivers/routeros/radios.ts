/**
 * How long a device may be out of reach after a plan for reasons of its own: a radio that starts again listens for radar
 * first. Whether the way to the device runs over it is not asked: a longer window harms nobody.
 */
import type { Plan } from '../../core/plan/action.ts';

const radioMenus = /^\/(?:interface (?:wireless|wifi|wifiwave2|w60g)|caps-man)(?: |$)/;

/**
 * The channel availability check of DFS takes 60 s (EN 301 893), and the clients come back after it. The 10 min of channels
 * that weather radars use are for the setting `window`.
 */
const listeningMs = 90_000;

export function settleMs({ actions }: Pick<Plan, 'actions'>): number {
  return actions.some(({ action }) => radioMenus.test(action.section)) ? listeningMs : 0;
}
