/** What one reading and one desired text make of each other, as values. */
import type { Problem } from '../core/dialect.ts';
import type { Difference, Plan } from '../core/plan/action.ts';

export interface PlannedDevice {
  readonly plan: Plan;
  readonly text: string;
  readonly digest: string;
  readonly commit: string;
  readonly hostKey: string;
  readonly desiredText: Uint8Array;
  /** Nothing of the text is left for later or blocked. */
  readonly complete: boolean;
  /** The revision of the history that it goes back to; absent: it goes where git wants. */
  readonly restores?: string;
  /** Why no rollout may start now, although there is a plan. */
  readonly obstacle: { readonly code: string; readonly message: string } | null;
}

/** What one desired text and one reading make of each other. */
export interface Comparison {
  /** Digest of all that it was made from but the commit: with equal ones it would come out the same. */
  readonly inputs: string;
  readonly commit: string;
  readonly differences: readonly Difference[];
  readonly ignored: number;
  readonly problems: readonly Problem[];
  readonly planned: PlannedDevice | null;
}
