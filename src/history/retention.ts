/**
 * How much of a device's history stays: up to which revision the branch goes back, by count, age and size. The newest
 * stays whatever the limits are, and so does every checkpoint, on its own where the branch no longer reaches it. With a
 * git server that is to have all of it, what has not arrived there stays, too. Pure.
 */
import type { Revision } from './revision.ts';

/** Null: no limit. */
export interface KeepLimits {
  readonly revisions: number | null;
  readonly ageMs: number | null;
  /** Of one device's revisions together, as they lie on the disk. */
  readonly bytes: number | null;
}

export type Sized = Pick<Revision, 'atS'> & {
  /** What it takes beside those that are newer. */
  readonly bytes: number;
};

export interface Retained<T> {
  /** What stays on the branch, the newest first. */
  readonly kept: readonly T[];
  readonly dropped: readonly T[];
}

/**
 * `branch`: the newest first. `nowMs` null: the clock is not believed, and nothing is too old. What a device had counts
 * as old from when it had something else, so that every moment younger than the limit can be gone back to.
 */
export function retained<T extends Sized>(
  branch: readonly T[],
  limits: KeepLimits,
  nowMs: number | null,
  /** So many of the newest stay whatever the limits are. */
  least = 1,
): Retained<T> {
  const { revisions, ageMs, bytes } = limits;
  const oldestS = ageMs === null || nowMs === null ? -Infinity : (nowMs - ageMs) / 1000;
  let sum = 0;
  let many = 0;
  for (const one of branch) {
    sum += one.bytes;
    const replacedS = branch[many - 1]?.atS ?? Infinity;
    const stays = many < (revisions ?? Infinity) && sum <= (bytes ?? Infinity) && replacedS >= oldestS;
    if (many >= least && !stays) break;
    many += 1;
  }
  return { kept: branch.slice(0, many), dropped: branch.slice(many) };
}

/**
 * Where git stops asking for parents: `before`, without what this device had in it, and with the oldest on the branch
 * and each checkpoint behind it.
 */
export function boundaryAfter<T extends Pick<Revision, 'oid' | 'parent'>>(
  before: ReadonlySet<string>,
  { kept, dropped }: Retained<T>,
  checkpoints: readonly T[],
): { readonly boundary: ReadonlySet<string>; readonly roots: readonly T[] } {
  const onBranch = new Set(kept.map(({ oid }) => oid));
  const oldest = kept.at(-1);
  const alone = checkpoints.filter(({ oid }) => !onBranch.has(oid));
  const cut = dropped.length > 0 || (oldest !== undefined && before.has(oldest.oid));
  const roots = [...(cut && oldest !== undefined ? [oldest] : []), ...alone].filter(
    ({ parent }) => parent !== null,
  );
  const gone = new Set([...kept, ...dropped, ...checkpoints].map(({ oid }) => oid));
  const others = [...before].filter((oid) => !gone.has(oid));
  return { boundary: new Set([...others, ...roots.map(({ oid }) => oid)]), roots };
}

/** What the git server that is to have all of a device's history has as its newest; null: nothing, or it was not asked yet. */
export type Arrived = { readonly oid: string | null } | null;

/** How many of the newest stay because the server has them not. `arrived` null: there is no such server. */
export function unsent(branch: readonly Pick<Revision, 'oid'>[], arrived: Arrived): number {
  if (arrived === null) return 0;
  const found = branch.findIndex(({ oid }) => oid === arrived.oid);
  return found < 0 ? branch.length : found;
}
