/**
 * The journal of a running site: opened with its fold, given checkpoints of that fold, and opened again by itself after
 * an error of the disk. Decides nothing about devices; while nothing can be recorded, `journal.broken` says so to all.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { JournalError, messageOf } from '../core/errors.ts';
import type { SitewardEvent } from '../core/rollout/events.ts';
import type { KnownRecord } from '../core/rollout/record.ts';
import { checkpointOf } from '../core/site-checkpoint.ts';
import { replayInto } from '../core/site-replay.ts';
import type { SiteState } from '../core/site-state.ts';
import { emptySiteState } from '../core/site-state.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/journal.ts';
import type { Ledger } from '../reconcile/ledger.ts';
import { openLedger } from '../reconcile/ledger.ts';
import type { Settings } from '../settings/settings.ts';

/** Newest records kept in memory for `log` and `approve --follow`. */
const recentRecords = 5_000;
/** Between looks whether the disk is well again: soon at first, ever more rarely while it is not. */
const leastPauseMs = 1_000;
const mostPauseMs = 60_000;
/** Between blocks of a few milliseconds' work: a gigabyte is proved in two minutes, and devices never wait for it. */
const provingPauseMs = 20;

export interface SiteJournal {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly state: SiteState;
  readonly recent: readonly KnownRecord[];
  /**
   * Records that the daemon began, now or once records can be written. Throws `JournalError` at a first start that
   * can't: without an id there is nothing that the daemon could do.
   */
  begin(daemon: string, started: Started): Promise<void>;
  /** Proves what the start did not read, and opens the journal again whenever the disk is well; ends with `signal`. */
  keep(keeping: Keeping): Promise<void>;
}

type Started = Extract<SitewardEvent, { kind: 'daemon-started' }>;

interface Keeping {
  readonly signal: AbortSignal;
  readonly log: (event: string, facts: Record<string, unknown>) => void;
  readonly onRecovered: () => void;
}

export async function openSiteJournal(
  settings: Pick<Settings, 'site' | 'state' | 'journal'>,
  clock: Clock,
  onDefect: (error: unknown) => void,
): Promise<SiteJournal> {
  const state = emptySiteState();
  const recent: KnownRecord[] = [];
  let folded = 0;
  const keepRecent = (record: KnownRecord): void => {
    folded = record.seq;
    // A checkpoint says nothing new, and may be large.
    if (record.kind === 'checkpoint') return;
    recent.push(record);
    if (recent.length > recentRecords * 1.1) recent.splice(0, recent.length - recentRecords);
  };
  const journal = await openJournal({
    folder: join(settings.state, 'journal'),
    clock,
    ...replayInto(state, keepRecent),
    checkpoint: (seq) => {
      if (seq !== folded) return null;
      try {
        return checkpointOf(state);
      } catch (error) {
        // The journal goes on without: nothing is dropped then, and nothing is lost.
        onDefect(error);
        return null;
      }
    },
    segmentBytes: settings.journal.segmentBytes,
    retention: settings.journal.keep,
  });
  const ledger = openLedger(journal, state, keepRecent);
  let beginning: Started | null = null;
  const recordBeginning = async (): Promise<void> => {
    if (beginning === null) return;
    await ledger.append(beginning);
    beginning = null;
  };
  return {
    journal,
    ledger,
    state,
    recent,
    async begin(daemon, started) {
      beginning = started;
      if (journal.damage !== null) return;
      try {
        if (state.daemon === null)
          await ledger.append({ kind: 'daemon-created', daemon, site: settings.site });
        if (journal.torn !== null) await ledger.append({ kind: 'torn-tail-set-aside', ...journal.torn });
        await recordBeginning();
      } catch (error) {
        if (!(error instanceof JournalError) || state.daemon === null) throw error;
      }
    },
    async keep(keeping) {
      const proving = journal.damage === null ? proveOlder(journal, clock, keeping) : null;
      await Promise.all([proving, keepWritable(journal, ledger, recordBeginning, clock, keeping)]);
    },
  };
}

/** What the journal says, read beside a running daemon or without one; null: there is none yet. Changes nothing. */
export async function readSiteJournal(
  settings: Pick<Settings, 'state'>,
): Promise<{ readonly state: SiteState; readonly broken: Journal['broken'] } | null> {
  const folder = join(settings.state, 'journal');
  const isThere = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (isThere === null) return null;
  const state = emptySiteState();
  const journal = await openJournal({
    folder,
    clock: Date,
    ...replayInto(state),
    readOnly: true,
  });
  try {
    return { state, broken: journal.damage === null ? null : journal.broken };
  } finally {
    await journal.close();
  }
}

/** What it finds is told as any other break of the journal. */
async function proveOlder(journal: Journal, clock: Clock, { signal, log }: Keeping): Promise<void> {
  const pause = (): Promise<void> => clock.sleep(provingPauseMs, signal);
  try {
    await journal.proveOlder({ signal, pause });
  } catch (error) {
    log('journal-unreadable', { error: messageOf(error) });
  }
}

async function keepWritable(
  journal: Journal,
  ledger: Ledger,
  recordBeginning: () => Promise<void>,
  clock: Clock,
  { signal, log, onRecovered }: Keeping,
): Promise<void> {
  let pauseMs = leastPauseMs;
  let told = false;
  for (;;) {
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const { broken } = journal;
    if (broken === null) {
      pauseMs = leastPauseMs;
      told = false;
      continue;
    }
    if (!told) log(broken.code, { error: broken.message });
    told = true;
    pauseMs = Math.min(2 * pauseMs, mostPauseMs);
    const aside = await journal.recover();
    if (aside === null) continue;
    try {
      await ledger.append({ kind: 'journal-recovered', ...broken, ...aside });
      await recordBeginning();
    } catch (error) {
      // The disk was well for a moment only; the next round looks again, later.
      if (error instanceof JournalError) continue;
      throw error;
    }
    log('journal-recovered', { ...aside });
    onRecovered();
  }
}
