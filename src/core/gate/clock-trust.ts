/**
 * Whether this machine's clock can be believed. Signatures expire, so a clock that went back would make old ones good
 * again: then nothing counts that needs a signature. What needs none goes on.
 */
import { rfc3339Seconds } from '../clock.ts';

/** How far the clock may be behind the latest time seen: corrections by a time server are no attack. */
export const clockSkewMs = 60_000;

/** No machine that runs this program has a true clock that shows less: that clock was never set. */
export const earliestMs = Date.parse('2026-11-01T00:00:00Z');

/** The greatest time that a date can show. */
const latestMs = 8.64e15;

/** Why not; null when it can. `markMs` is the latest time ever seen here, before restarts too; null at a first start. */
export function clockDistrust(nowMs: number, markMs: number | null): string | null {
  // Written so that a time that is no number is distrusted.
  if (!(nowMs >= earliestMs && nowMs <= latestMs)) return "this machine's clock was never set";
  if (markMs === null || nowMs >= markMs - clockSkewMs) return null;
  const seen = markMs >= earliestMs && markMs <= latestMs ? rfc3339Seconds(markMs) : 'a later time';
  return `this machine's clock went back: it says ${rfc3339Seconds(nowMs)}, but ${seen} was seen before`;
}
