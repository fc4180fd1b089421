/**
 * Time in a simulation: a queue of moments. Nothing waits for a machine's clock, so hours pass in microseconds, and
 * two runs with the same choices pass the same moments in the same order.
 */
export class Scheduler {
  /** Milliseconds since the start of the run. */
  nowMs = 0;
  readonly #queue: { readonly at: number; readonly order: number; readonly fire: () => void }[] = [];
  readonly #onMove: (nowMs: number) => void;
  #order = 0;

  /** `onMove` is told before each moment that time has come so far. */
  constructor(onMove: (nowMs: number) => void) {
    this.#onMove = onMove;
  }

  at(at: number, fire: () => void): void {
    const entry = { at: Math.max(at, this.nowMs), order: this.#order++, fire };
    let i = this.#queue.length;
    while (i > 0 && later(this.#queue[i - 1], entry)) i -= 1;
    this.#queue.splice(i, 0, entry);
  }

  after(ms: number, fire: () => void): void {
    this.at(this.nowMs + ms, fire);
  }

  /** Until `isOver`, or the time is up, or nothing is left to come. `settle` lets what was woken run until it waits again. */
  async run(untilMs: number, isOver: () => boolean, settle: () => Promise<void>): Promise<void> {
    await settle();
    while (!isOver()) {
      const next = this.#queue[0];
      if (next === undefined || next.at > untilMs) break;
      this.#queue.shift();
      this.nowMs = next.at;
      this.#onMove(this.nowMs);
      next.fire();
      await settle();
    }
    if (!isOver() && untilMs > this.nowMs) {
      this.nowMs = untilMs;
      this.#onMove(untilMs);
    }
  }
}

function later(a: { at: number; order: number } | undefined, b: { at: number; order: number }): boolean {
  return a !== undefined && (a.at > b.at || (a.at === b.at && a.order > b.order));
}
