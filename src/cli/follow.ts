/**
 * Shows what the journal says of some devices as it is written, until each of their rollouts is over. Reads only;
 * what it shows is what the journal holds, so nothing is claimed that is not recorded. Outlives a restart of the daemon.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalRecord } from '../api/answers.ts';
import type { ApiClient } from '../api/client.ts';
import { codeOf } from '../core/errors.ts';
import { isAnnouncement, isOver, recordWords } from './record-words.ts';
import { clockTime, paint, printJson, printLine, printNote, safe } from './terminal.ts';

export interface Followed {
  /** The pending item that was approved: when it is closed unused, nothing more is coming. */
  readonly pending: string;
  readonly devices: readonly string[];
  readonly sinceSeq: number;
}

const pollMs = 300;
const limit = 500;
const quietMs = 15_000;
/** How long the daemon may be away before following ends: a restart takes a few seconds. */
const awayMs = 60_000;

/** Whether all of them were confirmed. Ends when each rollout is over, or will not begin. */
export async function followDevices(daemon: ApiClient, followed: Followed, json: boolean): Promise<boolean> {
  const waiting = new Set(followed.devices.length === 0 ? [wholeSite] : followed.devices);
  const several = waiting.size > 1;
  let seq = followed.sinceSeq;
  /** Rollouts that were ended, where another one comes after. */
  const followedBy = new Set<unknown>();
  let allConfirmed = true;
  let quietSince = performance.now();
  while (waiting.size > 0) {
    const records = await newRecords(daemon, seq);
    for (const record of records) {
      seq = record.seq;
      const closed = record.kind === 'pending-closed' && record['pending'] === followed.pending;
      const device = record['device'] ?? (record['pending'] === followed.pending ? wholeSite : null);
      if (!closed && (typeof device !== 'string' || !waiting.has(device))) continue;
      quietSince = performance.now();
      if (typeof record['next'] === 'string') followedBy.add(record['rollout']);
      const over = closed ? 'superseded' : followedBy.has(record['rollout']) ? null : isOver(record);
      if (json) printJson(record);
      else if (!isAnnouncement(record)) printRecord(record, over, several);
      if (over === null) continue;
      allConfirmed &&= isGood(over);
      if (closed && record['device'] === undefined) waiting.clear();
      else waiting.delete(typeof device === 'string' ? device : wholeSite);
    }
    if (records.length === limit || waiting.size === 0) continue;
    if (performance.now() - quietSince > quietMs) {
      quietSince = Number.POSITIVE_INFINITY;
      printNote(`still waiting; what for: siteward status ${[...waiting].map(safe)[0] ?? ''}`.trimEnd());
    }
    await sleep(pollMs);
  }
  return allConfirmed;
}

async function newRecords(daemon: ApiClient, sinceSeq: number): Promise<readonly JournalRecord[]> {
  const until = performance.now() + awayMs;
  for (let told = false; ; told = true) {
    try {
      return (await daemon.call('records', { sinceSeq, limit })).records;
    } catch (error) {
      const away = ['daemon-not-running', 'daemon-gone'].includes(codeOf(error));
      if (!away || performance.now() > until) throw error;
      if (!told) printNote('the daemon went away; the rollout is safe without it; waiting for its return');
      await sleep(pollMs * 3);
    }
  }
}

/** Stands for the site where an item is about no device; no device has such a name. */
const wholeSite = '';

function isGood(over: string): boolean {
  return ['confirmed', 'resolved', 'accepted', 'pinned', 'rotated', 'taken-over'].includes(over);
}

function printRecord(record: JournalRecord, over: string | null, several: boolean): void {
  const words = recordWords(record);
  const device = record['device'];
  const name = several && typeof device === 'string' ? `${safe(device)}  ` : '';
  const said = over === null ? safe(words) : paint(isGood(over) ? 'good' : 'bad', safe(words));
  const number = paint('quiet', `journal ${record.seq}`);
  printLine(`${clockTime(record.at, Date.now())}  ${name}${said}   ${number}`);
}
