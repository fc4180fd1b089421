/** Records as a journal has them and what a device says of a rollout, for tests of what is made of them. */
import type { EvidenceFacts } from '../../src/core/rollout/event-fields.ts';
import type { SitewardEvent } from '../../src/core/rollout/events.ts';
import type { Evidence } from '../../src/core/rollout/rollout.ts';
import { foldRecord } from '../../src/core/site-fold.ts';
import type { SiteState } from '../../src/core/site-state.ts';
import { emptySiteState } from '../../src/core/site-state.ts';

export const ids = { rollout: '00112233aabb', device: 'gw1' } as const;

type Planned = Extract<SitewardEvent, { kind: 'rollout-planned' }>;

/** A benign rollout of everything that git wants. */
export const planned = (parts: Partial<Planned> = {}): Planned => ({
  kind: 'rollout-planned',
  ...ids,
  commit: 'c',
  plan: 'p',
  base: 'b',
  class: 'benign',
  items: [],
  desired: 'd',
  complete: true,
  sealed: 's',
  ...parts,
});

export const deadline = { armedUptimeS: 1000, deadlineUptimeS: 1200 } as const;

/** A benign rollout up to the end of apply. */
export const appliedEvents: readonly SitewardEvent[] = [
  planned(),
  { kind: 'authorized', ...ids, reason: 'benign' },
  { kind: 'stage-started', ...ids },
  { kind: 'stage-finished', ...ids, result: 'ok', deadline },
  { kind: 'apply-started', ...ids },
  { kind: 'apply-finished', ...ids, result: 'ok' },
];

/** As a record keeps them, of a device that carries the target and keeps it. */
export const evidenceFacts = (facts: Partial<EvidenceFacts> = {}): EvidenceFacts => ({
  decision: 'confirm',
  uptimeS: 1100,
  runCount: 9,
  net: true,
  footprint: 'target',
  items: [],
  applyNote: 'applied',
  rollbackNote: '',
  foreignChanges: 0,
  ...facts,
});

/** As a device says it that carries the target and has decided nothing yet; its net is off. */
export const evidenceOf = (parts: Partial<Evidence> = {}): Evidence => ({
  uptimeS: 1100,
  decision: null,
  net: { present: false, enabled: false, runCount: 0 },
  applyJob: false,
  rollbackJob: false,
  applyNote: 'applied',
  rollbackNote: '',
  objects: [],
  lock: null,
  witness: null,
  footprint: { kind: 'target', items: [] },
  foreignChanges: 0,
  ...parts,
});

/** Folds them into the state, all at one moment. */
export function foldEvents(state: SiteState, events: readonly SitewardEvent[]): SiteState {
  events.forEach((event, i) =>
    foldRecord(state, { ...event, seq: i + 1, at: '2026-11-21T10:00:00Z', actor: 'daemon' }),
  );
  return state;
}

export const stateAfter = (events: readonly SitewardEvent[]): SiteState =>
  foldEvents(emptySiteState(), events);
