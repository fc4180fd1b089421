/**
 * The journal and its fold as one thing: a record is durable before it counts, and what counts is only what was
 * recorded. Everything that changes the site's state goes through `append`.
 */
import type { JournalWriter } from '../core/journal.ts';
import type { SitewardEvent, SitewardRecord } from '../core/rollout/events.ts';
import type { KnownRecord } from '../core/rollout/record.ts';
import { assertReadable, knownRecord } from '../core/rollout/record.ts';
import type { SiteState } from '../core/site-state.ts';
import { foldRecord } from '../core/site-fold.ts';

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
  onRecord: (record: KnownRecord) => void = () => undefined,
): Ledger {
  return {
    state,
    journal,
    async append(event, actor = 'daemon') {
      assertReadable(event);
      const record = knownRecord(await journal.append({ ...event, actor }));
      foldRecord(state, record);
      onRecord(record);
      return record;
    },
  };
}
