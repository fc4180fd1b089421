/** Seeded randomness: the same seed gives the same order of jobs and the same losses at a power cut. */

export interface Random {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
}

/** Mulberry32: small, good enough to shuffle, never for keys. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      const unit = ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
      return Math.floor(unit * limit);
    },
  };
}
