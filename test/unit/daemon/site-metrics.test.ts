/** What a scrape shows of the whole site, from the fold and the clock alone. */
import { expect, test } from 'vitest';
import { siteMetrics } from '../../../src/daemon/site-metrics.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { gatePolicy, gateTrust } from '../../support/gate.ts';
import { memoryLedger } from '../../support/memory-ledger.ts';
import { siteSettings } from '../../support/site-settings.ts';

const day = 86_400_000;
const start = Date.parse('2026-11-21T10:00:00Z');
const commit = 'a'.repeat(40);

test('no news is a 1 from the set time on, until a commit is accepted again', async () => {
  let now = start;
  const { ledger } = memoryLedger(() => now);
  const settings = siteSettings('bud-01', gatePolicy, []);
  const site = {
    settings: { ...settings, desired: { ...settings.desired, newsMs: 30 * day } },
    ledger,
    recent: [],
    devices: [],
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    trust: () => gateTrust([]),
    trustProblem: () => null,
    historySize: () => ({ revisions: 0, binary: 0 }),
  };
  const metrics = createMetrics({ version: '0.0.0', devices: [] });
  const gauges = siteMetrics(metrics, site, () => []);
  const shown = async (afterDays: number): Promise<string | undefined> => {
    now = start + afterDays * day;
    gauges.refresh();
    return /^siteward_desired_no_news (\d)$/m.exec((await metrics.render()).text)?.[1];
  };
  const accept = async (): Promise<void> => {
    const facts = { commit, previous: null, reason: 'first', signer: null, authors: [] } as const;
    await ledger.append({ kind: 'commit-accepted', ...facts });
  };
  await accept();
  expect([await shown(0), await shown(30), await shown(30.1)]).toEqual(['0', '0', '1']);
  await accept();
  expect(await shown(30.2)).toBe('0');
  expect(await shown(61)).toBe('1');
});
