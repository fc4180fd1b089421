/**
 * Each state that waits for a person names one command, for every reason there is, and the real command line takes that
 * command: its name, its words and its options. What the rest of the program tells people to type exists, too.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programFor } from '../../../src/cli/program.ts';
import { obstacleCodes } from '../../../src/core/errors.ts';
import type { DeviceErrorCode, ObstacleCode } from '../../../src/core/errors.ts';
import { deviceChanges } from '../../../src/core/rollout/event-fields.ts';
import { newRollout } from '../../../src/core/rollout/state.ts';
import type { RolloutState } from '../../../src/core/rollout/state.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import type { DeviceState, Hold, Quarantine, SiteState } from '../../../src/core/site-state.ts';
import type { PendingState } from '../../../src/core/gate/pending.ts';
import type { Observation } from '../../../src/drivers/driver.ts';
import type { Comparison } from '../../../src/reconcile/comparison.ts';
import { unreadReport } from '../../../src/reconcile/device-report.ts';
import type { DeviceReport } from '../../../src/reconcile/device-report.ts';
import { standingOf } from '../../../src/reconcile/device-status.ts';
import type { DeviceCondition, Standing } from '../../../src/reconcile/standing.ts';
import { heldCodes } from '../../../src/reconcile/desired-state.ts';
import { nextOnBranch } from '../../../src/reconcile/next-command.ts';
import { forPeople } from '../../../src/reconcile/read-device.ts';
import { gateItem, gateNowMs, gatePolicy } from '../../support/gate.ts';
import { followedBranch } from '../../support/site-settings.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const device = deviceSettings({ port: 22, hostKey: 'SHA256:x' });
const commit = '9f8e7d6c5b4a39281706f5e4d3c2b1a098765432';
const accepted = { commit, at: '2026-11-21T09:00:00Z' };

interface Given {
  readonly report?: Partial<DeviceReport>;
  readonly folded?: Partial<DeviceState>;
  readonly site?: Partial<SiteState>;
  readonly pending?: readonly PendingState[];
}

function standing({ report, folded, site, pending = [] }: Given): Standing {
  const state: SiteState = { ...emptySiteState(), accepted, ...site };
  for (const item of pending) state.pending.set(item.id, item);
  const one = { ...deviceState(state, device.name), ...folded };
  const read = { ...unreadReport, readAt: gateNowMs, readCommit: commit, ...report };
  return standingOf({
    device,
    folded: one,
    report: read,
    site: state,
    approvals: gatePolicy.approvals,
    desired: followedBranch,
    nowMs: gateNowMs,
  });
}

const failing = (code: string): Given => ({ report: { failure: { code, message: 'why', place: null } } });
const stuck = (code: string): Given => ({ report: { stuck: { code, message: 'why' } } });
const ids = {
  id: '00112233aabb',
  device: device.name,
  commit,
  plan: 'p',
  base: 'b',
  desired: 'd',
  sealed: 's',
};
const inFlight = (parts: Partial<RolloutState>): Given => ({
  folded: {
    rollout: { ...newRollout({ ...ids, complete: true, left: 0, plannedAt: accepted.at }), ...parts },
  },
});
const hold: Hold = { reason: 'antenna swap', until: null, by: 'eva' };
const problem = { code: 'rejected', message: 'why' };

/** A plan that waits, as far as a standing looks at it. */
const planned = {
  digest: 'p',
  plan: { class: 'operational', baseDigest: 'b', actions: [] },
  obstacle: null,
} as unknown as NonNullable<Comparison['planned']>;
const comparison = (parts: Partial<Comparison> = {}): Partial<DeviceReport> => ({
  comparison: {
    planned,
    differences: [{ label: 'desired' }],
    problems: [],
    ...parts,
  } as unknown as Comparison,
});
const quarantined = (reason: Quarantine['reason']): Given => ({
  report: comparison(),
  folded: { quarantine: { reason, plan: 'p', base: 'b', cause: null, at: accepted.at } },
});
const item: PendingState = {
  ...gateItem(),
  devices: [{ name: device.name, deviceKey: 'k', base: 'b', open: true }],
  sections: [],
  document: null,
  reason: 'floor',
  plan: 'p',
  openedAt: accepted.at,
  supersedes: null,
  approvals: [],
  refusal: null,
};

/** All that reading or changing a device may end with; the compiler knows when one is added. */
const deviceErrors: Readonly<Record<Exclude<DeviceErrorCode, ObstacleCode>, true>> = {
  unreachable: true,
  'key-refused': true,
  'password-refused': true,
  'host-key-mismatch': true,
  locked: true,
  'foreign-rollout': true,
  rejected: true,
  unsupported: true,
  'selector-mismatch': true,
  'base-changed': true,
  'not-armed': true,
  'probe-red': true,
  'probe-failed': true,
  'incomplete-export': true,
  'unreadable-export': true,
  'permission-denied': true,
  timeout: true,
};

const cases: readonly (readonly [string, DeviceCondition, Given])[] = [
  ...Object.keys(deviceErrors)
    .filter((code) => !['unreachable', 'timeout', 'key-refused', 'password-refused'].includes(code))
    .map((code) => [code, 'error', failing(code)] as const),
  ...['desired-missing', 'unreadable', 'syntax', 'internal', 'assertion-failed'].map(
    (code) => [code, 'error', failing(code)] as const,
  ),
  ['unreachable', 'unreachable', failing('unreachable')],
  ['timeout', 'unreachable', failing('timeout')],
  ['outcome-unknown', 'unreachable', failing('outcome-unknown')],
  ['key-refused', 'held', failing('key-refused')],
  ['password-refused', 'held', failing('password-refused')],
  ...forPeople.map((code) => [code, 'error', stuck(code)] as const),
  ...deviceChanges.map((code) => [code, 'error', { ...stuck(code), folded: { changed: code } }] as const),
  ...obstacleCodes.map(
    (code) =>
      [
        code,
        'held',
        { report: comparison({ planned: { ...planned, obstacle: { code, message: 'why' } } }) },
      ] as const,
  ),
  ...(['held-on-device', 'user-disabled'] as const).map(
    (code) =>
      [
        code,
        'held',
        { report: { observation: { obstacles: [{ code, message: 'why' }] } as unknown as Observation } },
      ] as const,
  ),
  ...(['rolled-back', 'diverged', 'not-converging', 'rejected'] as const).map(
    (reason) => [reason, 'quarantined', quarantined(reason)] as const,
  ),
  ['diverged', 'diverged', inFlight({ phase: 'diverged' })],
  ['rollback-failed', 'error', inFlight({ phase: 'rolling-back', problem, rollBackAttempts: 5 })],
  [
    'cleaning-failed',
    'error',
    inFlight({ phase: 'confirmed', outcome: 'confirmed', problem, cleanAttempts: 5 }),
  ],
  ['resolve-unfinished', 'held', { folded: { resolve: { as: 'actual', sealed: null } } }],
  [
    'resolve-refused',
    'error',
    { ...failing('resolve-refused'), folded: { resolve: { as: 'base', sealed: null } } },
  ],
  [
    'foreign-rollout',
    'error',
    { ...failing('foreign-rollout'), folded: { resolve: { as: 'actual', sealed: null } } },
  ],
  ['held', 'held', { folded: { hold } }],
  ['held', 'held', { site: { siteHold: hold } }],
  [
    'wave-stopped',
    'held',
    { report: comparison(), site: { stopped: { commit, device: 'sec3', why: 'rolled-back' } } },
  ],
  ['floor', 'pending-signature', { report: comparison(), pending: [{ ...item, reason: 'floor' }] }],
  [
    'expired',
    'pending-signature',
    {
      report: comparison(),
      pending: [{ ...item, refusal: { device: device.name, code: 'expired', message: 'why' } }],
    },
  ],
  ['credential', 'pending-signature', { pending: [{ ...item, kind: 'rotation', reason: 'credential' }] }],
];

test('a resolution that is signed waits for the hold on its device to end', () => {
  const approvals = [{ person: 'alice' }] as unknown as PendingState['approvals'];
  const signed: Given = {
    folded: { resolve: { as: 'actual', sealed: null }, hold },
    pending: [{ ...item, kind: 'resolve', approvals }],
  };
  expect(standing(signed).next).toBe(`siteward release ${device.name}`);
});

/** Commands of this machine and of git that a person has. */
const others = ['git', 'ssh', 'mkdir', 'journalctl'];

/** Throws what the command line throws; nothing is run. */
async function parse(command: string): Promise<void> {
  const [first = '', ...words] = command.split(' ').filter((word) => word !== '');
  if (others.includes(first)) return;
  expect(first, command).toBe('siteward');
  const program = await programFor(words, true);
  const parsed = new Error('parsed');
  program.hook('preAction', () => {
    throw parsed;
  });
  await expect(program.parseAsync(words, { from: 'user' }), command).rejects.toBe(parsed);
}

async function expectTyped(next: string | null): Promise<void> {
  expect(next).not.toBeNull();
  // What is left open for a person to fill in would be no exact command.
  const commands = (next ?? '').split(' && ').map((command) => command.replace(/ > \S+$/, ''));
  for (const command of commands) expect(command).not.toMatch(/[<>[\]…]|\b[A-Z]{3,}\b(?!:)/);
  for (const command of commands) await parse(command);
}

describe('a device that waits for a person says what to type', () => {
  test.each(cases)('%s: %s', async (reason, state, given) => {
    const found = standing(given);
    expect(found).toMatchObject({ state, reason });
    await expectTyped(found.next);
  });
});

describe('a branch that is not followed says what to type', () => {
  const desired = { url: 'ssh://git@git.example.org/network.git', branch: 'main', path: 'sites/bud-01' };
  test.each([
    ...heldCodes,
    'no-such-branch',
    'repository-unreachable',
    'unreadable',
    'history-too-long',
    'object-damaged',
  ])('%s', (reason) => {
    for (const head of [commit, null])
      for (const before of ['a'.repeat(40), null])
        for (const tags of [null, 'deploy-*'])
          expect(nextOnBranch({ reason, head, accepted: before }, { ...desired, tags })).toMatch(
            /^git [a-z-]+ /,
          );
  });
});

describe('every command that the program tells of is one', async () => {
  const root = new URL('../../../src/', import.meta.url);
  const names = new Set((await programFor([], true)).commands.map((command) => command.name()));
  const files = readdirSync(root, { recursive: true }) as string[];
  const said = files
    .filter((file) => file.endsWith('.ts') && !file.startsWith('cli/demo'))
    .flatMap((file) =>
      readFileSync(new URL(file, root), 'utf8')
        .split('\n')
        .flatMap((line, at) =>
          [
            ...line.matchAll(/(?:next|run|now|then): `?siteward ([a-z-]+)/g),
            ...line.matchAll(/[`'"]siteward ([a-z-]+)/g),
          ].map(([, name = '']) => ({ where: `${file}:${at + 1}`, name })),
        ),
    );
  test('in its sentences', () => {
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter(({ name }) => !names.has(name))).toEqual([]);
  });
});
