/**
 * What a site keeps under its state folder, opened in the order in which one thing may be believed by the next: the lock,
 * who may sign, the journal with its fold, the clock, the key, the files, the history. Nothing here acts on a device.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { RecordEnvelope } from '../core/journal.ts';
import type { StateFiles } from '../reconcile/state-files.ts';
import { digestsInUse } from '../reconcile/state-files.ts';
import type { Settings } from '../settings/settings.ts';
import { loadTrust } from '../settings/trust-files.ts';
import { openClockMark } from './clock-mark.ts';
import type { ClockMark } from './clock-mark.ts';
import { openSiteHistory } from './site-history.ts';
import type { SiteHistory } from './site-history.ts';
import { openSiteJournal } from './site-journal.ts';
import type { SiteJournal } from './site-journal.ts';
import { openStateFiles } from './state-files.ts';
import { openStateFolder } from './state-folder.ts';
import { refuseUnfinishedImport } from './state-import.ts';
import { credentialsFolder, openStateKey } from './state-key.ts';
import type { StateKey } from './state-key.ts';
import { lockState } from './state-lock.ts';
import type { Telemetry } from './telemetry.ts';
import { openTrustKeeper } from './trust-keeper.ts';
import type { TrustKeeper } from './trust-keeper.ts';

export interface SiteStore {
  readonly recorded: SiteJournal;
  readonly mark: ClockMark;
  readonly keeper: TrustKeeper;
  readonly stateKey: StateKey;
  readonly files: StateFiles;
  readonly history: SiteHistory;
}

export interface StoreOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
  /** Steps that give it all back, called from the last to the first. */
  readonly undo: (() => Promise<void>)[];
  /** Another process may have taken the state: the daemon has to end. */
  readonly onLockLost: () => void;
}

/** Throws `InvalidInput` or `SitewardError`; what was opened by then is in `undo`. */
export async function openSiteStore(
  settings: Settings,
  { clock, telemetry, signal, undo, onLockLost }: StoreOptions,
): Promise<SiteStore> {
  await openStateFolder(settings.state);
  const lock = await lockState(settings.state, (reason) => {
    telemetry.log('state-lock-lost', { reason });
    onLockLost();
  });
  undo.push(() => lock.release());
  await refuseUnfinishedImport(settings.state);

  // Who may sign is judged before anything is written: with files that anybody could write, nothing begins.
  const trustFiles = { ...settings.trust, organization: settings.organization };
  await loadTrust(trustFiles);
  const recorded = await openSiteJournal(settings, clock, (error) => telemetry.defect(error, {}));
  const { journal, ledger, state, recent } = recorded;
  undo.push(() => journal.close());
  const mark = await openClockMark(settings.state, clock, latestOf(recent), (distrust) => {
    if (distrust === null) telemetry.log('clock-trusted', {});
    else telemetry.log('clock-untrusted', { reason: distrust });
  });
  const keeper = await openTrustKeeper(trustFiles, ledger, mark, telemetry.log);
  const stateKey = await openStateKey(settings.state, credentialsFolder(), (bytes) => randomBytes(bytes));
  const files = await openStateFiles(settings.state, stateKey);
  const history = openSiteHistory(settings, clock, telemetry, signal);
  const inUse = digestsInUse(state);
  if (journal.broken === null) {
    for (const kind of ['rollout', 'document', 'plan', 'desired', 'credential'] as const)
      await files.keepOnly(kind, inUse[kind]);
  }
  return { recorded, mark, keeper, stateKey, files, history };
}

/** When the newest of these were written, by the clock of then. */
function latestOf(records: readonly RecordEnvelope[]): number | null {
  const times = records.map(({ at }) => Date.parse(at));
  return times.length === 0 ? null : Math.max(...times);
}
