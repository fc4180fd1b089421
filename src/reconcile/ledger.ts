/**
 * The journal and its fold as one thing: a record is durable before it counts, and what counts is only what was
 * recorded. Everything that changes the site's state goes through `append`.
 */
import type { JournalWriter, RecordEnvelope } from '../core/journal.ts';
import type { SitewardEvent, SitewardRecord } from '../core/rollout/events.ts';
import type { SiteState } from '../core/site-state.ts';
import { foldRecord } from '../core/site-state.ts';

export interface Ledger {
  readonly state: SiteState;
  readonly journal: JournalWriter;
  /** Resolves when the record is durable and folded; rejects with `JournalError` when it can't be written. */
  append(event: SitewardEvent, actor?: string): Promise<SitewardRecord>;
}

/** `onRecord` is told about each record after it was folded. */
export function openLedger(
  journal: JournalWriter,
  state: SiteState,
  onRecord: (record: RecordEnvelope) => void = () => undefined,
): Ledger {
  return {
    state,
    journal,
    async append(event, actor = 'daemon') {
      const written = await journal.append({ ...event, actor });
      const record = written as unknown as SitewardRecord;
      foldRecord(state, record);
      onRecord(written);
      return record;
    },
  };
}
