/**
 * The daemon's log and metrics in one: what happens is told here once, and goes to the log, the counters, or both.
 * Never fails who tells it.
 */
import type { HttpOptions } from '../api/http.ts';
import { codeOf, DeviceError } from '../core/errors.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { RunningSite } from './running-site.ts';
import { siteMetrics } from './site-metrics.ts';

export interface Telemetry {
  log(event: string, facts: Record<string, unknown>): void;
  defect(error: unknown, facts: Record<string, unknown>): void;
  count(metric: 'approvals', labels: { readonly result: string; readonly reason: string }): void;
  /** Runs one pass over a device and counts how it went: it failed when the pass itself logged so. */
  pass(device: string, work: () => Promise<void>): Promise<void>;
  /** One look at the desired state. */
  looked(well: boolean): void;
  /** One push of the history; null: all of it is on the git server. */
  pushed(code: string | null): void;
  httpOptions(listen: { readonly host: string; readonly port: number }, site: RunningSite): HttpOptions;
}

/** Events that somebody should look at; all others are the usual course. */
const warnings: readonly string[] = [
  'pass-failed',
  'desired-unreadable',
  'trust-kept',
  'clock-untrusted',
  'key-counter-decreased',
  'history-unwritable',
  'history-not-pushed',
  'binary-backup-failed',
  'rollout-of-unserved-device',
  'probes-fail-after-rollback',
];
const failures: readonly string[] = ['state-lock-lost', 'journal-unwritable', 'journal-damaged'];

export function startTelemetry(version: string, devices: readonly string[]): Telemetry {
  const log = createLog({ level: process.env['SITEWARD_LOG_LEVEL'] });
  const metrics = createMetrics({ version, devices });
  const failed = new Set<string>();
  const telemetry: Telemetry = {
    log: (event, facts) => {
      const { device, error } = facts;
      if (typeof device === 'string' && (event === 'pass-failed' || event === 'defect')) {
        failed.add(device);
        if (error instanceof DeviceError)
          metrics.count('device_read_failures_total', { device, reason: error.code });
      }
      if (event === 'defect') return telemetry.defect(error, { device });
      const coded = error instanceof Error ? { ...facts, code: codeOf(error) } : facts;
      if (failures.includes(event)) log.error(event, coded);
      else if (warnings.includes(event)) log.warn(event, coded);
      else log.info(event, coded);
    },
    defect: (error, facts) => log.defect(error, facts),
    count: (metric, labels) => metrics.count(`${metric}_total`, labels),
    pass: async (device, work) => {
      failed.delete(device);
      const begun = performance.now();
      await work();
      metrics.observe('pass_duration_seconds', {}, (performance.now() - begun) / 1000);
      const well = !failed.has(device);
      metrics.count('passes_total', { result: well ? 'ok' : 'failed' });
      if (well) metrics.set('last_success_timestamp_seconds', {}, Math.floor(Date.now() / 1000));
    },
    looked: (well) => {
      metrics.count('git_fetches_total', { result: well ? 'ok' : 'failed' });
      if (well) metrics.set('git_last_fetch_timestamp_seconds', {}, Math.floor(Date.now() / 1000));
    },
    pushed: (code) => {
      if (code !== null) metrics.count('history_push_failures_total', { reason: code });
      else metrics.set('history_push_last_success_timestamp_seconds', {}, Math.floor(Date.now() / 1000));
    },
    httpOptions: (listen, site) => {
      const obstacles = (): readonly string[] => obstaclesOf(site);
      const state = siteMetrics(metrics, site, obstacles);
      return {
        ...listen,
        obstacles,
        metrics: () => {
          state.refresh();
          return metrics.render();
        },
        onFault: (error) => log.defect(error, { operation: 'metrics' }),
      };
    },
  };
  return telemetry;
}

/** What keeps the daemon from its work: a journal it can't write, a desired state it has never read. */
function obstaclesOf(site: RunningSite): readonly string[] {
  const { broken } = site.ledger.journal;
  const desired = site.desired.files() === null ? ['no-desired-state'] : [];
  return broken === null ? desired : [broken.code, ...desired];
}
