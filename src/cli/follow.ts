/**
 * Shows what the journal says of some devices as it is written, until each of their rollouts is over. Reads only;
 * what it shows is what the journal holds, so nothing is claimed that is not recorded.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api/client.ts';
import { isOver, recordWords } from './record-words.ts';
import { clockTime, paint, printJson, printLine, safe } from './terminal.ts';

const pollMs = 300;
const limit = 500;

/** Whether all of them were confirmed. Ends when each rollout is over, or was never begun. */
export async function followDevices(
  daemon: ApiClient,
  devices: readonly string[],
  sinceSeq: number,
  json: boolean,
): Promise<boolean> {
  const waiting = new Set(devices);
  const several = waiting.size > 1;
  let seq = sinceSeq;
  let allConfirmed = true;
  while (waiting.size > 0) {
    const { records } = await daemon.call('records', { sinceSeq: seq, limit });
    for (const record of records) {
      seq = record.seq;
      const device = record['device'];
      if (typeof device !== 'string' || !waiting.has(device)) continue;
      const over = isOver(record);
      if (json) printJson(record);
      else {
        const words = recordWords(record);
        if (words === null) continue;
        const name = several ? `${safe(device)}  ` : '';
        const tone = over === null ? null : over === 'confirmed' ? ('good' as const) : ('bad' as const);
        const said = tone === null ? safe(words) : paint(tone, safe(words));
        printLine(
          `${clockTime(record.at, Date.now())}  ${name}${said}   ${paint('quiet', `journal ${record.seq}`)}`,
        );
      }
      if (over === null) continue;
      waiting.delete(device);
      allConfirmed &&= over === 'confirmed';
    }
    if (records.length < limit && waiting.size > 0) await sleep(pollMs);
  }
  return allConfirmed;
}
