/** A journal in memory with its fold: records count at once and are kept for whoever asks. */
import type { NewRecord, RecordEnvelope } from '../../src/core/journal.ts';
import type { SitewardRecord } from '../../src/core/rollout/events.ts';
import { emptySiteState } from '../../src/core/site-state.ts';
import type { SiteState } from '../../src/core/site-state.ts';
import type { Ledger } from '../../src/reconcile/ledger.ts';
import { openLedger } from '../../src/reconcile/ledger.ts';

export interface MemoryLedger {
  readonly ledger: Ledger;
  readonly state: SiteState;
  readonly records: readonly SitewardRecord[];
}

export function memoryLedger(now: () => number = () => Date.parse('2026-11-21T10:00:00Z')): MemoryLedger {
  const state = emptySiteState();
  const records: SitewardRecord[] = [];
  let seq = 0;
  const append = ({ kind, actor, ...fields }: NewRecord): Promise<RecordEnvelope> => {
    const at = new Date(now()).toISOString();
    return Promise.resolve({ v: 1, seq: ++seq, at, prev: '0'.repeat(64), kind, actor, ...fields });
  };
  const journal = {
    get head() {
      return { seq, hash: seq.toString(16).padStart(64, '0') };
    },
    broken: null,
    append,
  };
  return { ledger: openLedger(journal, state, (record) => records.push(record)), state, records };
}
