/**
 * Whether the rollback timer on a device still runs, as it is seen from here: one that stands still, after a clock that
 * was set back, could never fire and never decline. Judged by the device's own uptime. Decides nothing.
 */
import type { Evidence } from '../core/rollout/rollout.ts';

export class NetWatch {
  readonly #patienceS: number;
  #last: { readonly runCount: number; readonly uptimeS: number } | null = null;
  /** It ran since it was first seen. */
  hasRun = false;

  /** `tickMs`: how often it is due. It may miss that three times, and a slow console takes its time. */
  constructor({ tickMs }: { readonly tickMs: number }) {
    this.#patienceS = (3 * tickMs) / 1_000 + 5;
  }

  /** To be asked with each evidence. True: it did not run although it was due several times. */
  standsStill({ uptimeS, net: { runCount } }: Pick<Evidence, 'uptimeS' | 'net'>): boolean {
    const last = this.#last;
    // A reboot begins the count again, and may come to the same.
    if (last === null || last.runCount !== runCount || uptimeS < last.uptimeS) {
      this.hasRun = last !== null;
      this.#last = { runCount, uptimeS };
      return false;
    }
    return uptimeS - last.uptimeS >= this.#patienceS;
  }
}
