/**
 * The journals in `journal/samples/v1`, as the events they are made of: fixed ids, fixed times, one second
 * apart. They are written through the real codec; the files are kept, so that every later version still reads
 * what this one wrote.
 */
import { rfc3339 } from '../../src/core/clock.ts';
import { sha256 } from '../../src/core/digest.ts';
import type { JournalHead } from '../../src/core/journal.ts';
import type { EffectName, EvidenceFacts } from '../../src/core/rollout/event-fields.ts';
import type { SitewardEvent, SitewardRecord } from '../../src/core/rollout/events.ts';
import { checkpointOf } from '../../src/core/site-checkpoint.ts';
import { foldRecord } from '../../src/core/site-fold.ts';
import { emptySiteState } from '../../src/core/site-state.ts';
import { emptyHead, encodeRecord } from '../../src/journal/record.ts';

const startMs = Date.parse('2026-11-21T10:00:00.000Z');
const device = 'gw1';
const rollout = '3f9ac0de5511';
const ids = { rollout, device };
const [first, second] = ['31ac9e0'.padEnd(40, '0'), '9f8e7d6'.padEnd(40, '0')];
const [desired, target, plan, base] = ['desired one', 'desired two', 'plan', 'base'].map((text) =>
  sha256(text),
);
const pending = 'bud-01-gw1-1';
const trust = { allowed_signers: sha256('allowed_signers'), revoked_keys: sha256('revoked_keys') };
const fingerprint = `SHA256:${'A'.repeat(43)}`;

const evidence = (facts: Partial<EvidenceFacts>): EvidenceFacts => ({
  decision: null,
  uptimeS: 86_512,
  runCount: 4,
  net: true,
  footprint: 'target',
  items: ['target'],
  applyNote: 'applied',
  rollbackNote: '',
  foreignChanges: 0,
  ...facts,
});

const effect = (name: EffectName, finish: object = {}, start: object = {}): SitewardEvent[] => [
  { kind: `${name}-started`, ...ids, ...start },
  { kind: `${name}-finished`, ...ids, result: 'ok', ...finish },
];

const started = (nonce: string): SitewardEvent => ({
  kind: 'daemon-started',
  nonce,
  version: '0.1.0',
  trust,
});

const beginning: SitewardEvent[] = [
  { kind: 'daemon-created', daemon: 'd'.repeat(32), site: 'bud-01' },
  started('a1'.repeat(8)),
  { kind: 'commit-accepted', commit: first, previous: null, reason: 'first', signer: 'alice@example.org' },
  { kind: 'read-confirmed', device, commit: first, desired: desired ?? '' },
  {
    kind: 'commit-accepted',
    commit: second,
    previous: first,
    reason: 'descendant',
    signer: 'alice@example.org',
  },
];

const planned: SitewardEvent = {
  kind: 'rollout-planned',
  ...ids,
  commit: second,
  plan: plan ?? '',
  base: base ?? '',
  class: 'operational',
  items: [
    {
      verb: 'add',
      section: '/ip firewall filter',
      item: '#0011223344556677',
      was: null,
      digest: sha256('item'),
    },
  ],
  desired: target ?? '',
  complete: true,
  sealed: sha256('sealed'),
};

const signed: SitewardEvent[] = [
  {
    kind: 'pending-opened',
    pending,
    asks: 'rollout',
    device,
    deviceKey: fingerprint,
    base: base ?? '',
    commit: second,
    class: 'operational',
    reason: 'filter-rule',
    plan: plan ?? '',
    supersedes: null,
  },
  {
    kind: 'document-issued',
    pending,
    document: sha256('document'),
    challenge: 'c'.repeat(32),
    notBefore: '2026-11-21T10:00:06Z',
    expires: '2026-11-21T11:00:06Z',
  },
  {
    kind: 'signature-accepted',
    pending,
    document: sha256('document'),
    person: 'alice',
    principal: 'alice@example.org',
    fingerprint,
    signature: '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n',
  },
  planned,
  {
    kind: 'authorization-consumed',
    ...ids,
    pending,
    challenge: 'c'.repeat(32),
    document: sha256('document'),
    by: [{ person: 'alice', fingerprint }],
  },
];

const benign: SitewardEvent[] = [
  { ...planned, class: 'benign' },
  { kind: 'authorized', ...ids, reason: 'benign' },
];

const deadline = { armedUptimeS: 86_440, deadlineUptimeS: 86_620 };
const armed: SitewardEvent[] = [
  ...effect('lock'),
  ...effect('witness', {}, { witness: { seq: 10, head: sha256('head') } }),
  ...effect('stage', { deadline }),
  ...effect('arm', { runCount: 2 }),
];
const applied: SitewardEvent[] = [...effect('apply'), { kind: 'applied', ...ids, evidence: evidence({}) }];

const confirmed: SitewardEvent[] = [
  ...beginning,
  ...signed,
  ...armed,
  ...applied,
  ...effect('verify', { runCount: 6 }),
  ...effect('confirm'),
  { kind: 'confirmed', ...ids, evidence: evidence({ decision: 'confirm', runCount: 8 }) },
  ...effect('clean'),
  { kind: 'settled', ...ids, outcome: 'confirmed' },
];

const rolledBack: SitewardEvent[] = [
  ...beginning,
  ...benign,
  ...armed,
  ...applied,
  ...effect('verify', { result: 'failed', code: 'auth-failed', message: 'the device refused the new login' }),
  ...effect('roll-back', {}, { cause: 'verify-failed' }),
  {
    kind: 'rolled-back',
    ...ids,
    cause: 'verify-failed',
    evidence: evidence({
      decision: 'rollback',
      net: false,
      footprint: 'base',
      items: ['base'],
      rollbackNote: 'rolled back',
    }),
  },
  ...effect('clean'),
  { kind: 'settled', ...ids, outcome: 'rolled-back' },
];

// Apply was announced and the process died; the next start finds an effect without its end.
const crashed: SitewardEvent[] = [
  ...beginning,
  ...benign,
  ...armed,
  ...effect('apply').slice(0, 1),
  started('b2'.repeat(8)),
];

function encode(events: readonly SitewardEvent[], after: JournalHead = emptyHead): Buffer {
  let head = after;
  const lines = events.map((event, index) => {
    const encoded = encodeRecord(
      { ...event, actor: 'daemon' },
      head,
      rfc3339(startMs + (after.seq + index) * 1000),
    );
    head = encoded.head;
    return encoded.bytes;
  });
  return Buffer.concat(lines);
}

/** File name to its bytes. */
export function sampleJournals(): ReadonlyMap<string, Buffer> {
  const whole = encode([...beginning, ...benign, ...armed]);
  // What begins the next segment after all of `confirmed`, and goes on after that one went.
  const state = emptySiteState();
  let head = emptyHead;
  for (const line of encode(confirmed).toString('utf8').trimEnd().split('\n')) {
    foldRecord(state, JSON.parse(line) as SitewardRecord);
    head = { seq: head.seq + 1, hash: sha256(line) };
  }
  const checkpoint = checkpointOf(state).map((part): SitewardEvent => ({ kind: 'checkpoint', ...part }));
  const later: SitewardEvent[] = [
    { kind: 'held', device, reason: 'antenna swap', until: null },
    { kind: 'journal-recovered', code: 'journal-unwritable', message: 'no space left', bytes: 0, file: null },
    { kind: 'released', device },
    { kind: 'daemon-stopped' },
  ];
  return new Map([
    ['retained.jsonl', encode([...checkpoint, ...later], head)],
    ['confirmed.jsonl', encode(confirmed)],
    ['rolled-back.jsonl', encode(rolledBack)],
    ['crash-while-applying.jsonl', encode(crashed)],
    ['torn-tail.jsonl', whole.subarray(0, whole.length - 100)],
  ]);
}
