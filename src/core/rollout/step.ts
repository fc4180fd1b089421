/** What the rollout's machine is asked with, and what it can answer: plain data. */
import type { Cause, EffectName, EvidenceFacts } from './event-fields.ts';
import type { SitewardEvent } from './events.ts';
import type { Evidence } from './rollout.ts';

/** Everything the machine may ask its runner to do. */
export type Step =
  | { readonly do: 'effect'; readonly effect: EffectName; readonly cause?: Cause }
  | { readonly do: 'record'; readonly event: SitewardEvent }
  /** Read evidence over a new connection after a pause. */
  | { readonly do: 'look'; readonly afterMs: number }
  /** A person has to decide. */
  | { readonly do: 'stop' }
  | { readonly do: 'done' };

/** What the runner saw since the last record; lost with the process, and that is fine. */
export interface Sight {
  /** Null: not read since the last record, or not readable. */
  readonly evidence: Evidence | null;
  /** Looks in a row since the last record. */
  readonly looks: number;
  /** Run count of the net when the decision `confirm` was first seen. */
  readonly confirmSeenAt: number | null;
  /** The net did not run although it was due several times: what waits for it would wait for ever. */
  readonly netStandsStill: boolean;
}

export const nothingSeen: Sight = {
  evidence: null,
  looks: 0,
  confirmSeenAt: null,
  netStandsStill: false,
};

/** The facts of an evidence that a record keeps. */
export function factsOf(evidence: Evidence): EvidenceFacts {
  return {
    decision: evidence.decision,
    uptimeS: evidence.uptimeS,
    runCount: evidence.net.runCount,
    net: evidence.net.present,
    footprint: evidence.footprint.kind,
    items: evidence.footprint.items,
    applyNote: evidence.applyNote.slice(0, 200),
    rollbackNote: evidence.rollbackNote.slice(0, 200),
    foreignChanges: evidence.foreignChanges,
  };
}
