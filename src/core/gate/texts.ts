/** What signers read where no plan, or not only a plan, is asked for. Printable ASCII and LF, whatever git or a device says. */
import { printable } from '../plan/plan-text.ts';
import type { Resolution } from '../rollout/events.ts';
import type { Witness } from '../rollout/rollout.ts';

export interface ResolutionFacts {
  readonly as: Resolution;
  /** Why the device stands still. */
  readonly code: string;
  /** Rollout whose objects are taken off the device, and their names as they were read. */
  readonly ends: string | null;
  readonly objects: readonly string[];
  readonly witness: Witness | null;
  /** Of the plan that leads to base or target; null: nothing of the configuration is changed. */
  readonly planText: string | null;
}

const meanings: Readonly<Record<Resolution, string>> = {
  base: 'what it had before the rollout that is ended',
  target: 'what the rollout that is ended was to reach',
  actual: 'what it has now; what git wants instead is planned as usual afterwards',
};

/** Names no seq and no head of a witness: devices of which one thing is true read the same; the base digest holds them. */
export function resolutionText(facts: ResolutionFacts): string {
  const { as, code, ends, objects, witness, planText } = facts;
  const lines = [
    `resolve as: ${as}`,
    `the device is to have: ${meanings[as]}`,
    `it stands still because: ${code}`,
    ends === null ? 'no rollout is ended' : `rollout that is ended: ${ends}`,
    ...(objects.length === 0 ? [] : [`taken off the device: ${objects.join(' ')}`]),
    witness === null
      ? 'no witness is on it'
      : `its witness is accepted as it is: daemon ${witness.daemon} of site ${witness.site}`,
  ];
  const rest = planText ?? 'nothing of its configuration is changed\n';
  return `${lines.map((line) => `${printable(line)}\n`).join('')}\n${rest}`;
}
