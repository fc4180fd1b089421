/** The one way from the journal's lines to a state: each is a record that this version knows, or it throws and is damage. */
import type { RecordEnvelope } from './journal.ts';
import type { KnownRecord } from './rollout/record.ts';
import { knownRecord } from './rollout/record.ts';
import { restoreCheckpoint } from './site-checkpoint.ts';
import type { SiteState } from './site-state.ts';
import { foldRecord } from './site-fold.ts';

export interface Replaying {
  readonly onRecord: (line: RecordEnvelope) => void;
  /** All parts of the checkpoint that the reading begins with, before what follows it. */
  readonly onCheckpoint: (lines: readonly RecordEnvelope[]) => void;
}

/** `onFolded` is told about each record that counts. */
export function replayInto(
  state: SiteState,
  onFolded: (record: KnownRecord) => void = () => undefined,
): Replaying {
  return {
    onRecord(line) {
      const record = knownRecord(line);
      foldRecord(state, record);
      onFolded(record);
    },
    onCheckpoint(lines) {
      const records = lines.map(knownRecord);
      restoreCheckpoint(
        state,
        records.filter((record) => record.kind === 'checkpoint'),
      );
    },
  };
}
