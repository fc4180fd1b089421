/** Small changes to bytes, the same ones for the same seed. */

export type Random = (below: number) => number;

/** Whole numbers from 0 up to `below`. */
export function randomFrom(seed: number): Random {
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 33n) % below;
  };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  const one = list[random(list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

/** Other bytes, by one or two changes: a bit turned, a byte taken out or put in, some doubled, a length made larger, a case turned. */
export function mutate(bytes: Uint8Array, random: Random): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (let n = 1 + random(2); n > 0 && out.length > 0; n--) {
    const at = random(out.length);
    const byte = out[at] ?? 0;
    const cut = (to: number, insert: Uint8Array): Buffer =>
      Buffer.concat([out.subarray(0, at), insert, out.subarray(to)]);
    switch (random(7)) {
      case 0:
        out[at] = byte ^ (1 << random(8));
        break;
      case 1:
        out = cut(at + 1, Buffer.alloc(0));
        break;
      case 2:
        out = cut(at, Buffer.from([pick(random, [0, 9, 10, 13, 32, 33, 34, 42, 44, 61, 63, 65, 255])]));
        break;
      case 3:
        out = cut(at, out.subarray(at, at + 1 + random(8)));
        break;
      case 4:
        out[at] = byte >= 65 ? byte ^ 32 : byte + 1;
        break;
      case 5:
        out = out.subarray(0, at);
        break;
      case 6:
        out = cut(at + random(8), Buffer.alloc(0));
        break;
    }
  }
  return out.equals(bytes) ? mutate(bytes, random) : out;
}
