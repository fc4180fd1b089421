/**
 * The newest writes of a device, until they are on its flash for good. A power cut takes some of them back: of each menu
 * an arbitrary tail, or of each object an arbitrary one, whatever was written to another since.
 */
import type { Random } from '../../../src/simulator/random.ts';

interface Write {
  readonly atMs: number;
  readonly menu: string;
  readonly object: string;
  readonly takeBack: () => void;
}

export class WriteCache {
  readonly #flushMs: number;
  #writes: Write[] = [];

  constructor(flushMs: number) {
    this.#flushMs = flushMs;
  }

  /** `takeBack` makes the object what it was before this write. */
  note(write: Write): void {
    if (this.#flushMs === 0) return;
    this.#writes = this.#writes.filter(({ atMs }) => atMs >= write.atMs - this.#flushMs);
    this.#writes.push(write);
  }

  powerCut(nowMs: number, random: Random): void {
    const kept = random.below(2) === 0 ? 'menu' : 'object';
    const oldest = nowMs - this.#flushMs;
    const groups = new Set(this.#writes.map((write) => write[kept]));
    const cuts = new Map([...groups].map((group) => [group, oldest + random.below(this.#flushMs + 1)]));
    for (const write of this.#writes.reverse()) {
      if (write.atMs > (cuts.get(write[kept]) ?? 0)) write.takeBack();
    }
    this.#writes = [];
  }

  /** Another configuration was loaded: what was written before is gone anyway. */
  forget(): void {
    this.#writes = [];
  }
}
