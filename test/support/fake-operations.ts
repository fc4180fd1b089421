/** Operations that answer as a daemon would for one site, and remember what they were asked. */
import type { DeviceStatus, JournalRecord, PlanAnswer, StatusAnswer } from '../../src/api/answers.ts';
import type { RevisionAnswer } from '../../src/api/history-answers.ts';
import type { Client, OperationName, Operations } from '../../src/api/operations.ts';
import { InvalidInput } from '../../src/core/errors.ts';

export interface Asked {
  readonly name: OperationName;
  readonly request: unknown;
  readonly client: Client;
}

export const head = 'a'.repeat(64);

export function deviceStatus(name: string, changes: Partial<DeviceStatus> = {}): DeviceStatus {
  return {
    name,
    driver: 'routeros',
    state: 'in-sync',
    reason: null,
    next: null,
    commit: '9f8e7d6000000000000000000000000000000000',
    rollout: null,
    pending: [],
    drift: 0,
    lastRead: new Date().toISOString(),
    lastConfirmed: null,
    lastDrill: null,
    ...changes,
  };
}

export function statusAnswer(devices: readonly DeviceStatus[]): StatusAnswer {
  return {
    v: 1,
    site: 'bud-01',
    commit: '9f8e7d6000000000000000000000000000000000',
    desired: {
      head: '9f8e7d6000000000000000000000000000000000',
      state: 'accepted',
      reason: null,
      message: null,
      next: null,
      subject: 'new NTP',
      author: 'Alice <alice@example.org>',
      acceptedAt: new Date().toISOString(),
    },
    journal: { seq: 7, head },
    devices: [...devices],
  };
}

export const onePlan: PlanAnswer = {
  v: 1,
  devices: [
    {
      device: 'gw1',
      commit: '9f8e7d6000000000000000000000000000000000',
      base: 'b'.repeat(64),
      from: '31ac9e0000000000000000000000000000000000',
      facts: { model: 'RB5009', version: '7.20.1', identity: 'gw1' },
      class: 'operational',
      reason: 'not-own',
      path: { kind: 'open', by: '/ip firewall filter #3f9a0c "mgmt"' },
      rollback: { kind: 'exact', windowMs: 180_000 },
      ignored: 212,
      drift: [],
      actions: [
        {
          id: 1,
          label: 'desired',
          class: 'benign',
          reason: 'dns-static',
          section: '/ip dns static',
          verb: 'add',
          item: 'name=a.example',
          forward: ['/ip dns static add address=192.0.2.1 name=a.example'],
          rollback: ['/ip dns static remove [find name=a.example]'],
        },
        {
          id: 2,
          label: 'conflict',
          class: 'operational',
          reason: 'not-own',
          section: '/ip firewall filter',
          verb: 'set',
          item: 'comment=mgmt\u001b[2J',
          forward: ['/ip firewall filter set [find comment=mgmt] src-address=10.0.0.0/23'],
          rollback: [],
          changes: [{ property: 'src-address', from: '10.0.0.0/24', to: '10.0.0.0/23' }],
        },
      ],
      problems: [],
    },
  ],
};

export function journalRecord(
  seq: number,
  kind: string,
  fields: Readonly<Record<string, unknown>> = {},
): JournalRecord {
  return {
    v: 1,
    seq,
    at: `2026-11-21T10:00:0${seq % 10}.000Z`,
    prev: head,
    kind,
    actor: 'daemon',
    ...fields,
  };
}

const oneRevision: RevisionAnswer = {
  rev: '3f9ac0de5511',
  at: '2026-11-21T10:00:00Z',
  why: 'drift',
  who: 'winbox:bob\u001b[2J@192.0.2.9',
  added: 2,
  removed: 1,
  labels: ['before-upgrade'],
};

/** Every answer can be replaced; what is asked goes to `asked`. */
export function fakeOperations(asked: Asked[], changes: Partial<Operations> = {}): Operations {
  const order = (device: string | null) => ({
    v: 1 as const,
    results: [{ device, done: true, code: 'ok', message: 'said so' }],
  });
  const plain: Operations = {
    reading: ({ device }) => Promise.resolve({ v: 1, device, version: '7.18.2', text: '', unseen: [] }),
    status: ({ device }) => {
      if (device !== undefined && device !== 'gw1')
        throw new InvalidInput('unknown-device', `no device ${device}; see siteward status`);
      return Promise.resolve(statusAnswer([deviceStatus('gw1')]));
    },
    plan: () => Promise.resolve(onePlan),
    render: ({ device }) =>
      Promise.resolve({
        v: 1,
        device,
        commit: '9f8e7d6000000000000000000000000000000000',
        files: ['groups/base.rsc', `devices/${device}/config.rsc`],
        text: '/ip dns\nset servers=192.0.2.1\n',
        problems: [],
      }),
    pending: ({ ids }) =>
      Promise.resolve({
        v: 1,
        pending: [
          {
            id: 'bud-01-gw1-7',
            kind: 'rollout',
            class: 'operational',
            devices: ['gw1'],
            issued: null,
            expires: null,
            approvals: { have: 0, need: 1, by: [] },
            reason: 'not-own',
            namespace: 'siteward-operational-v1@example.org',
            text: ids === undefined ? null : '1 add\n> /ip dns\u001b]0;x\u0007',
          },
        ],
      }),
    document: ({ id }) =>
      Promise.resolve({
        v: 1,
        id,
        text: 'siteward-authorization-v1\nkind: rollout\n',
        namespace: 'siteward-operational-v1@example.org',
      }),
    approve: ({ id, signatures }) =>
      Promise.resolve({
        v: 1,
        id,
        results: signatures.map((signature) =>
          signature.startsWith('good')
            ? { kind: 'counted', person: 'alice', fingerprint: 'SHA256:Ab3' }
            : { kind: 'refused', code: 'wrong-document', message: 'signed over something else' },
        ),
        have: 1,
        need: 1,
        complete: true,
        seq: 3,
        devices: ['gw1'],
      }),
    reject: ({ id }) => Promise.resolve({ v: 1, id }),
    apply: ({ device }) => Promise.resolve(order(device ?? null)),
    resolve: ({ device }) => Promise.resolve(order(device)),
    adopt: ({ device }) => Promise.resolve(order(device)),
    rotate: ({ device }) => Promise.resolve(order(device)),
    drill: ({ device }) => Promise.resolve(order(device)),
    retry: ({ device }) =>
      Promise.resolve(
        device === 'gw1'
          ? order(device)
          : {
              v: 1,
              results: [
                { device, done: false, code: 'nothing-to-retry', message: 'no plan of it is quarantined' },
              ],
            },
      ),
    hold: ({ device }) => Promise.resolve(order(device)),
    release: ({ device }) => Promise.resolve(order(device)),
    backup: ({ device }) => Promise.resolve(order(device ?? null)),
    history: ({ device }) => Promise.resolve({ v: 1, device, revisions: [oneRevision], more: false }),
    restore: ({ device, order }) =>
      Promise.resolve({
        v: 1,
        device,
        revision: oneRevision,
        found: 'asked-for',
        plan: onePlan.devices[0] ?? null,
        categories: [{ category: 'names', add: 1, set: 0, remove: 0, move: 0, signed: 1 }],
        notRestored: ['/ppp secret: made without password\u001b[2J'],
        ordered: order,
        refusal: null,
        next: 'siteward pending',
      }),
    binary: ({ device }) =>
      Promise.resolve({
        v: 1,
        device,
        revision: oneRevision,
        content: Buffer.from([0, 255, 10]).toString('base64'),
        bytes: 3,
        sha256: 'ab'.repeat(32),
      }),
    secrets: ({ device }) =>
      Promise.resolve({
        v: 1,
        device,
        revision: oneRevision,
        content: Buffer.from([0, 255, 10]).toString('base64'),
      }),
    show: ({ device }) =>
      Promise.resolve({ v: 1, device, revision: oneRevision, text: '/ip dns\nset servers=192.0.2.1\n' }),
    refresh: () =>
      Promise.resolve({ v: 1, head: null, commit: null, state: 'held', message: 'history-rewound' }),
    records: ({ sinceSeq }) =>
      Promise.resolve({
        v: 1,
        records: [
          journalRecord(4, 'apply-started', { device: 'gw1', rollout: 'abc' }),
          journalRecord(5, 'confirmed', { device: 'gw1', rollout: 'abc' }),
          journalRecord(6, 'settled', { device: 'gw1', rollout: 'abc', outcome: 'confirmed' }),
        ].filter(({ seq }) => seq > sinceSeq),
        head: { seq: 6, hash: head },
      }),
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(plain).map(([name, operation]) => [
      name,
      async (request: never, client: Client) => {
        asked.push({ name: name as OperationName, request, client });
        return (operation as (request: never, client: Client) => Promise<unknown>)(request, client);
      },
    ]),
  ) as unknown as Operations;
}
