/** When the faults of a run strike: counts the moments at which they could, and says which one does. */
import type { Fault, Moment } from './faults.ts';
import type { Stage } from './process.ts';

/** When it strikes: at the n-th moment of a stage at which it can, or at exactly the n-th moment of the run. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly when: { readonly stage: Stage; readonly skip: number } | { readonly moment: number };
}

export class Strikes {
  /** `stage fault` of those that struck. */
  readonly hits: string[] = [];
  /** Every moment of the machine that serves the device. */
  readonly moments: { moment: Moment; stage: Stage }[] = [];
  lastMs = 0;
  /** They strike at the very moment that was asked for, not around it. */
  readonly isExact: boolean;
  #waiting: { readonly planned: PlannedFault; left: number }[];

  constructor(planned: readonly PlannedFault[]) {
    this.isExact = planned.some(({ when }) => 'moment' in when);
    this.#waiting = planned.map((one) => ({ planned: one, left: 'skip' in one.when ? one.when.skip : 0 }));
  }

  /** One that waits for a stage without any rollout: the run must not end before. */
  get waitForIdle(): boolean {
    return this.#waiting.some(({ planned: { when } }) => 'stage' in when && when.stage === 'idle');
  }

  count(moment: Moment, stage: Stage): void {
    this.moments.push({ moment, stage });
  }

  /** The fault that strikes at the moment that was counted last; null: none. */
  due(moment: Moment, stage: Stage, nowMs: number): Fault | null {
    for (const entry of this.#waiting) {
      const { fault, when } = entry.planned;
      if (!fault.at.includes(moment)) continue;
      if ('stage' in when ? when.stage !== stage : when.moment !== this.moments.length) continue;
      if ('stage' in when && entry.left-- > 0) continue;
      this.#waiting = this.#waiting.filter((one) => one !== entry);
      this.lastMs = nowMs;
      this.hits.push(`${stage} ${fault.name}`);
      return fault;
    }
    return null;
  }
}
