/**
 * Brings the metrics up to date with what the daemon knows, when they are asked for: gauges from the journal's fold and the
 * last readings, counters from the records written since the last time. Nothing is kept twice.
 */
import type { SitewardRecord } from '../core/rollout/events.ts';
import { krlVersionOf, trustDigests } from '../core/gate/trust.ts';
import { isUnreachable } from '../reconcile/device-status.ts';
import { activeHold } from '../reconcile/standing.ts';
import { metricTable } from '../telemetry/metric-table.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { deviceStatusAnswer, isArmed } from './answers.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';

/** What of a site the metrics tell. */
type MeasuredSite = Pick<
  RunningSite,
  'settings' | 'ledger' | 'recent' | 'devices' | 'clock' | 'trust' | 'trustProblem' | 'historySize'
>;

export interface SiteMetrics {
  refresh(): void;
}

/** Counts records from now on; what the journal held before was counted by an earlier run of the daemon. */
export function siteMetrics(
  metrics: Metrics,
  site: MeasuredSite,
  obstacles: () => readonly string[],
): SiteMetrics {
  let seen = site.ledger.journal.head.seq;
  let broken = false;
  return {
    refresh() {
      for (const record of site.recent) {
        if (record.seq <= seen) continue;
        seen = record.seq;
        countRecord(metrics, record);
      }
      metrics.set('ready', {}, obstacles().length === 0 ? 1 : 0);
      refreshSite(metrics, site);
      refreshTrust(metrics, site);
      metrics.clear('device_info');
      for (const device of site.devices) refreshDevice(metrics, site, device);
      const isBroken = site.ledger.journal.broken?.code === 'journal-unwritable';
      if (isBroken && !broken) metrics.count('journal_append_failures_total', {});
      broken = isBroken;
    },
  };
}

/** Whether no commit was accepted for longer than the site was told to expect; null: it was told nothing. */
export function isWithoutNews(newsMs: number | null, acceptedAtMs: number, nowMs: number): boolean {
  return newsMs !== null && nowMs - acceptedAtMs > newsMs;
}

function refreshSite(metrics: Metrics, site: MeasuredSite): void {
  const { state, journal } = site.ledger;
  metrics.set('journal_head_seq', {}, journal.head.seq);
  // As many bits as a sample keeps exactly; as a label it would be a new series with every record.
  metrics.set('journal_head_hash', {}, Number.parseInt(journal.head.hash.slice(0, 13), 16));
  metrics.set('journal_chain_ok', {}, journal.broken === null ? 1 : 0);
  const acceptedAt = seconds(state.accepted?.at);
  metrics.set('desired_commit_timestamp_seconds', {}, acceptedAt);
  const { newsMs } = site.settings.desired;
  const hasNoNews = isWithoutNews(newsMs, acceptedAt * 1000, site.clock.now());
  metrics.set('desired_no_news', {}, hasNoNews ? 1 : 0);
  const size = site.historySize();
  for (const part of ['revisions', 'binary'] as const)
    metrics.set('history_size_bytes', { part }, size[part]);
  const pending = [...state.pending.values()];
  for (const role of ['operational', 'recovery'] as const)
    metrics.set('approvals_pending', { role }, pending.filter((one) => one.class === role).length);
  const oldest = pending.map((one) => seconds(one.openedAt)).sort((a, b) => a - b)[0];
  metrics.set('approval_oldest_timestamp_seconds', {}, oldest ?? 0);
  const inflight = site.devices.filter((device) => device.folded().rollout !== null);
  metrics.set('journal_inflight', {}, inflight.length);
}

function refreshTrust(metrics: Metrics, site: MeasuredSite): void {
  const trust = site.trust();
  metrics.set('clock_trusted', {}, trust.distrust === null ? 1 : 0);
  metrics.set('trust_in_force', {}, site.trustProblem() === null ? 1 : 0);
  metrics.clear('trust_file_info');
  for (const [file, digest] of Object.entries(trustDigests(trust)))
    metrics.set('trust_file_info', { file, sha256: digest.slice(0, 12) }, 1);
  metrics.set('trust_krl_version', {}, Number(krlVersionOf(trust) ?? 0n));
  const now = site.clock.now() / 1000;
  const ends = trust.signers.flatMap(({ validBefore }) =>
    validBefore !== null && validBefore >= now ? [validBefore] : [],
  );
  metrics.set('signer_next_expiry_timestamp_seconds', {}, ends.length === 0 ? 0 : Math.min(...ends));
}

function refreshDevice(metrics: Metrics, site: MeasuredSite, running: RunningDevice): void {
  const { name, driver } = running.settings;
  const device = name;
  const folded = running.folded();
  const status = deviceStatusAnswer(site, running);
  const report = running.room.report.current();
  metrics.set('device_up', { device }, status.lastRead !== null && !isUnreachable(report) ? 1 : 0);
  metrics.set('device_in_sync', { device }, status.state === 'in-sync' ? 1 : 0);
  metrics.set('device_drift_items', { device }, status.drift);
  metrics.set('device_last_read_timestamp_seconds', { device }, seconds(status.lastRead));
  const keptAt = Math.floor((running.room.report.current().kept?.atMs ?? 0) / 1000);
  metrics.set('backup_last_success_timestamp_seconds', { device }, keptAt);
  const binaryAt = Math.floor((report.backup.binaryMs ?? 0) / 1000);
  metrics.set('binary_backup_last_success_timestamp_seconds', { device }, binaryAt);
  const held = {
    operator: activeHold(site.ledger.state, folded, site.clock.now()) !== null,
    quarantined: folded.quarantine !== null,
    diverged: folded.rollout?.phase === 'diverged',
    'wave-stopped': site.ledger.state.stopped !== null,
    obstacle: (report.comparison?.planned?.obstacle ?? null) !== null,
  };
  for (const [reason, is] of Object.entries(held)) metrics.set('device_held', { device, reason }, is ? 1 : 0);
  const found = [
    ...(report.observation?.obstacles ?? []).map(({ code }) => code),
    ...(report.stuck === null ? [] : [report.stuck.code]),
  ];
  for (const reason of metricTable.device_obstacle.labels.reason)
    metrics.set('device_obstacle', { device, reason }, found.includes(reason) ? 1 : 0);
  metrics.set('drill_last_timestamp_seconds', { device }, seconds(status.lastDrill));
  metrics.set('drill_fired', { device }, folded.lastDrill?.fired === true ? 1 : 0);
  const { facts } = status;
  if (facts !== null && facts !== undefined)
    metrics.set('device_info', { device, kind: driver, model: facts.model, os_version: facts.version }, 1);
  metrics.set('rollbacks_armed', { device }, isArmed(folded.rollout) ? 1 : 0);
  metrics.set('rollback_deadline_timestamp_seconds', { device }, seconds(status.deadline));
}

function countRecord(metrics: Metrics, record: SitewardRecord): void {
  if (record.kind === 'commit-refused') {
    metrics.count('git_verify_failures_total', { reason: record.code });
  } else if (record.kind === 'refused') {
    metrics.count('gate_refusals_total', { reason: record.code });
  } else if (record.kind === 'key-counter-decreased') {
    metrics.count('security_key_counter_decreases_total', {});
  } else if (record.kind === 'signature-refused' && record.code === 'verifier-disagreement') {
    metrics.count('verifier_disagreements_total', {});
  } else if (record.kind === 'drilled') {
    metrics.count('rollbacks_total', { device: record.device, outcome: record.fired ? 'drill' : 'failed' });
  } else if (record.kind === 'not-started') {
    metrics.count('rollouts_total', { device: record.device, outcome: 'not-started' });
  } else if (record.kind === 'confirmed' || record.kind === 'rolled-back' || record.kind === 'diverged') {
    const { device, kind } = record;
    metrics.count('rollouts_total', { device, outcome: kind });
    metrics.count('rollbacks_total', { device, outcome: rollbackOutcomes[kind] });
  }
}

const rollbackOutcomes = { confirmed: 'disarmed', 'rolled-back': 'fired', diverged: 'failed' } as const;

function seconds(time: string | null | undefined): number {
  return time === null || time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}
