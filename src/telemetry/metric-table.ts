/**
 * Every metric, in one table. Base units, timestamps instead of ages, closed labels: never a commit, a rollout's id
 * or a text of a device. `device` stands for the devices of the settings; `open` values are bounded by who sets them.
 */

import { obstacleCodes } from '../core/errors.ts';

export type LabelValues = readonly string[] | 'device' | 'open';

interface Row {
  readonly kind: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly buckets?: readonly number[];
}

const device = 'device' as const;
const readFailures = [
  'unreachable',
  'key-refused',
  'password-refused',
  'host-key-mismatch',
  'permission-denied',
  'incomplete-export',
  'unreadable-export',
  'unsupported',
  'timeout',
  'other',
] as const;

const pushFailures = [
  'repository-unreachable',
  'repository-refused',
  'repository-untrusted',
  'repository-moved',
  'not-a-git-server',
  'history-remote-differs',
  'history-remote-declined',
  'history-remote-shallow',
  'push-unanswered',
  'other',
] as const;

export const metricTable = {
  build_info: { kind: 'gauge', help: 'Always 1; the version is its label', labels: { version: 'open' } },
  ready: { kind: 'gauge', help: '1 when the daemon can do its work', labels: {} },
  passes_total: {
    kind: 'counter',
    help: 'Passes over a device: read, compared, and what followed',
    labels: { result: ['ok', 'failed'] },
  },
  pass_duration_seconds: {
    kind: 'histogram',
    help: 'How long one pass over a device took',
    labels: {},
    buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300],
  },
  last_success_timestamp_seconds: { kind: 'gauge', help: 'When a pass last went well', labels: {} },
  git_fetches_total: {
    kind: 'counter',
    help: 'Looks at the desired state',
    labels: { result: ['ok', 'failed'] },
  },
  git_last_fetch_timestamp_seconds: {
    kind: 'gauge',
    help: 'When the desired state was last looked at with success',
    labels: {},
  },
  git_verify_failures_total: {
    kind: 'counter',
    help: 'Heads of the desired state that were not accepted',
    labels: {
      reason: [
        'history-rewound',
        'wrong-site',
        'commit-signature-refused',
        'state-lost',
        'first-start-unsure',
        'other',
      ],
    },
  },
  desired_no_news: {
    kind: 'gauge',
    help: '1 when no commit was accepted for longer than `desired: news:` allows',
    labels: {},
  },
  desired_commit_timestamp_seconds: { kind: 'gauge', help: 'When the last commit was accepted', labels: {} },
  device_up: { kind: 'gauge', help: '1 when the last reading went well', labels: { device } },
  device_info: {
    kind: 'gauge',
    help: 'Always 1; what the device says it is',
    labels: { device, kind: 'open', model: 'open', os_version: 'open' },
  },
  device_in_sync: { kind: 'gauge', help: '1 when nothing differs from what is desired', labels: { device } },
  device_drift_items: {
    kind: 'gauge',
    help: 'Items that differ though nobody changed git',
    labels: { device },
  },
  device_last_read_timestamp_seconds: {
    kind: 'gauge',
    help: 'When the device was last read with success',
    labels: { device },
  },
  backup_last_success_timestamp_seconds: {
    kind: 'gauge',
    help: 'When what the device has was last known to be in its history; 0 when not since the start',
    labels: { device },
  },
  binary_backup_last_success_timestamp_seconds: {
    kind: 'gauge',
    help: "When the device's own backup was last kept; 0 when never, or not wanted",
    labels: { device },
  },
  history_size_bytes: {
    kind: 'gauge',
    help: 'What the history takes on the disk: revisions, and binary backups beside it',
    labels: { part: ['revisions', 'binary'] },
  },
  history_push_last_success_timestamp_seconds: {
    kind: 'gauge',
    help: 'When all of the history was last on the git server of `history: remote:`; 0 when not since the start',
    labels: {},
  },
  history_push_failures_total: {
    kind: 'counter',
    help: 'Pushes of the history that did not bring all of it to the git server',
    labels: { reason: pushFailures },
  },
  device_read_failures_total: {
    kind: 'counter',
    help: 'Readings that failed',
    labels: { device, reason: readFailures },
  },
  device_held: {
    kind: 'gauge',
    help: '1 while nothing is started on the device',
    labels: { device, reason: ['operator', 'quarantined', 'diverged', 'wave-stopped', 'obstacle'] },
  },
  device_obstacle: {
    kind: 'gauge',
    help: '1 for each reason on the device itself for which nothing is begun on it',
    labels: { device, reason: [...obstacleCodes, 'foreign-rollout', 'foreign-daemon'] },
  },
  actions_total: {
    kind: 'counter',
    help: 'Actions of rollouts by what came of them',
    labels: {
      device,
      class: ['benign', 'operational', 'recovery'],
      result: ['confirmed', 'rolled-back', 'diverged'],
    },
  },
  approvals_pending: {
    kind: 'gauge',
    help: 'Plans that wait for signatures',
    labels: { role: ['operational', 'recovery'] },
  },
  approval_oldest_timestamp_seconds: {
    kind: 'gauge',
    help: 'Since when the oldest of them waits; 0 when none does',
    labels: {},
  },
  approvals_total: {
    kind: 'counter',
    help: 'Signatures handed in',
    labels: { result: ['accepted', 'refused'], reason: 'open' },
  },
  gate_refusals_total: {
    kind: 'counter',
    help: 'Signed plans that were refused at the moment of execution',
    labels: { reason: 'open' },
  },
  verifier_disagreements_total: {
    kind: 'counter',
    help: 'Signatures that one verifier accepts and the other does not; report each',
    labels: {},
  },
  security_key_counter_decreases_total: {
    kind: 'counter',
    help: 'Signatures whose security key counted lower than before: it may have been copied',
    labels: {},
  },
  clock_trusted: {
    kind: 'gauge',
    help: '0 while the clock went back, so that no signature counts',
    labels: {},
  },
  trust_in_force: {
    kind: 'gauge',
    help: '1 when the trust files as last read are in force; 0 when older ones are, because those are bad',
    labels: {},
  },
  trust_file_info: {
    kind: 'gauge',
    help: 'Always 1; the first digits of the SHA-256 of each trust file in force',
    labels: { file: ['allowed-signers', 'revoked-keys'], sha256: 'open' },
  },
  trust_krl_version: {
    kind: 'gauge',
    help: 'Version of the binary list of revoked keys in force; 0 when there is none',
    labels: {},
  },
  signer_next_expiry_timestamp_seconds: {
    kind: 'gauge',
    help: 'When the next listed key or authority expires; 0 when none does',
    labels: {},
  },
  rollbacks_armed: { kind: 'gauge', help: '1 while a rollback is armed on the device', labels: { device } },
  rollback_deadline_timestamp_seconds: {
    kind: 'gauge',
    help: 'When an armed rollback fires; 0 when none is armed',
    labels: { device },
  },
  drill_last_timestamp_seconds: {
    kind: 'gauge',
    help: 'When the rollback was last drilled; 0 when never',
    labels: { device },
  },
  drill_fired: { kind: 'gauge', help: '1 when the last drill went well', labels: { device } },
  rollbacks_total: {
    kind: 'counter',
    help: 'Armed rollbacks by how they ended',
    labels: { device, outcome: ['disarmed', 'fired', 'failed', 'drill'] },
  },
  rollouts_total: {
    kind: 'counter',
    help: 'Rollouts by what came of them',
    labels: { device, outcome: ['confirmed', 'rolled-back', 'not-started', 'diverged'] },
  },
  journal_append_failures_total: {
    kind: 'counter',
    help: 'Records that could not be made durable',
    labels: {},
  },
  journal_inflight: {
    kind: 'gauge',
    help: 'Rollouts that the journal holds as begun and not over',
    labels: {},
  },
  journal_chain_ok: {
    kind: 'gauge',
    help: '1 while the chain of records is whole and can be written',
    labels: {},
  },
  journal_head_seq: { kind: 'gauge', help: 'Number of the newest record', labels: {} },
  journal_head_hash: {
    kind: 'gauge',
    help: 'The first 13 hex digits of the hash of the newest record, as a number',
    labels: {},
  },
} as const satisfies Record<string, Row>;

export type MetricName = keyof typeof metricTable;
export type MetricOf<Kind extends Row['kind']> = {
  [Name in MetricName]: (typeof metricTable)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in keyof (typeof metricTable)[Name]['labels']]: string;
};
