/** Which records of the journal somebody asked for: by device, rollout and time. */
import type { RecordEnvelope } from '../core/journal.ts';

export interface Wanted {
  readonly device?: string;
  readonly rollout?: string;
  /** Milliseconds since the epoch; `until` is not included. */
  readonly since?: number;
  readonly until?: number;
}

/** Is shown every record in order: what is about a pending item names its devices only where that was opened. */
export function recordFilter(wanted: Wanted): (record: RecordEnvelope) => boolean {
  const { device, rollout, since = -Infinity, until = Infinity } = wanted;
  /** Pending items about the wanted device. */
  const items = new Set<unknown>();
  const isAbout = (record: RecordEnvelope): boolean => {
    if (record['device'] === device && record.kind === 'pending-opened') items.add(record['pending']);
    return record['device'] === device || (record['device'] === undefined && items.has(record['pending']));
  };
  return (record) => {
    if (device !== undefined && !isAbout(record)) return false;
    if (rollout !== undefined && record['rollout'] !== rollout) return false;
    const at = Date.parse(record.at);
    return at >= since && at < until;
  };
}
