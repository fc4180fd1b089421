import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errorSchema, orderSchema, pendingSchema, planSchema, statusSchema } from '../../src/api/answers.ts';
import type { Operations } from '../../src/api/operations.ts';
import { startServer } from '../../src/api/server.ts';
import type { RunningServer } from '../../src/api/server.ts';
import {
  deviceStatus,
  fakeOperations,
  head,
  journalRecord,
  onePlan,
  statusAnswer,
} from '../support/fake-operations.ts';
import type { Asked } from '../support/fake-operations.ts';
import { gitSandbox } from '../support/git-sandbox.ts';
import { runCli } from '../support/run-cli.ts';

let folder: string;
let settings: string;
let asked: Asked[];
let server: RunningServer | null;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-cli-'));
  settings = path.join(folder, 'settings.yaml');
  writeSettings();
  asked = [];
  server = null;
});
afterEach(async () => {
  await server?.close(0);
  rmSync(folder, { recursive: true, force: true });
});

const key = `SHA256:${'A'.repeat(43)}`;

function writeSettings(extra = '', url = 'network.git'): void {
  const text = `site: bud-01
organization: example.org
state: state
desired: { url: ${url}, signed: off }
devices:
  gw1: { driver: routeros, address: 127.0.0.1, port: 1, user: siteward, identity: key, host-key: "${key}" }
trust: { allowed-signers: allowed_signers }
socket: s.sock
${extra}`;
  writeFileSync(settings, text, { mode: 0o640 });
}

async function serve(changes: Partial<Operations> = {}): Promise<void> {
  server = await startServer({
    socket: path.join(folder, 's.sock'),
    operations: fakeOperations(asked, changes),
    onFault: () => undefined,
  });
}

const cli = (...argv: string[]) => runCli('--settings', settings, ...argv);

function parsed(text: string): unknown {
  expect(text.endsWith('\n')).toBe(true);
  expect(text.trimEnd()).not.toContain('\n');
  return JSON.parse(text);
}

test('status says where everything stands, worst first, each with what comes next', async () => {
  await serve({
    status: () =>
      Promise.resolve(
        statusAnswer([
          deviceStatus('ap1'),
          deviceStatus('sec3', { state: 'drifted', reason: 'drift', drift: 1 }),
          deviceStatus('gw1', {
            state: 'pending-signature',
            message: '1 operational signature',
            next: 'siteward pending bud-01-gw1-7',
          }),
          deviceStatus('cpe9', {
            state: 'diverged',
            reason: 'diverged\u001b[31m',
            next: 'siteward log cpe9',
          }),
        ]),
      ),
  });
  const { code, out } = await cli('status');
  expect(code).toBe(0);
  const lines = out.split('\n');
  expect(lines[0]).toMatch(
    /^bud-01 {2}9f8e7d6 "new NTP" Alice, \d s ago {3}4 devices: 1 in-sync, 1 drifted, 1 pending-signature, 1 diverged {3}journal \d+:[0-9a-f]{1,13}$/,
  );
  expect(lines.slice(1, 5).map((line) => line.trim().split(/\s+/)[0])).toEqual([
    'cpe9',
    'gw1',
    'sec3',
    'ap1',
  ]);
  expect(lines[2]).toMatch(
    /^ gw1 {3}pending-signature {2}1 operational signature +next: siteward pending bud-01-gw1-7$/,
  );
  expect(lines[3]).toMatch(/^ sec3 +drifted +1 item drifted, left alone$/);
  expect(out).not.toContain('\u001b');
  expect(lines[1]).toContain('diverged\\1B[31m');
});

test('status names a rollout that diverged once, and says how old the last reading of an unreachable device is', async () => {
  const rollout = { id: '814a02c0b872', state: 'diverged' } as const;
  const message = 'rollout 814a02c0b872: the device has neither';
  const lastRead = new Date(Date.now() - 7_200_000).toISOString();
  await serve({
    status: () =>
      Promise.resolve(
        statusAnswer([
          deviceStatus('gw1', { state: 'diverged', reason: 'diverged', message, rollout }),
          deviceStatus('gw2', { state: 'unreachable', reason: 'timeout', message: 'no answer', lastRead }),
        ]),
      ),
  });
  const { out } = await cli('status');
  expect(out).toMatch(/^ gw1 +diverged +rollout 814a02c0b872: the device has neither$/m);
  expect(out).toMatch(/^ gw2 +unreachable +no answer, last read 2 h ago$/m);
});

test('render asks for a device at a revision, wherever the options stand', async () => {
  const requests: unknown[] = [];
  const { render } = fakeOperations(asked);
  await serve({ render: (request, client) => (requests.push(request), render(request, client)) });
  for (const argv of [
    ['--settings', settings, 'render', 'gw1'],
    ['render', 'gw1', '--rev', 'main~1', '--settings', settings, '--json'],
  ])
    expect(await runCli(...argv)).toMatchObject({ code: 0 });
  expect(requests).toEqual([{ device: 'gw1' }, { device: 'gw1', rev: 'main~1' }]);
});

test('status --json is one line of the promised form, wherever the options stand', async () => {
  await serve();
  for (const argv of [
    ['--settings', settings, '--json', 'status'],
    ['status', '--json', '--settings', settings],
    ['--settings', '/nonexistent', 'status', 'gw1', '--json', '--settings', settings],
  ]) {
    const { code, out, err } = await runCli(...argv);
    expect([code, err]).toEqual([0, '']);
    expect(statusSchema.parse(parsed(out))).toMatchObject({ site: 'bud-01' });
  }
});

test('an error of the daemon is one line, exit 2, and {error} with --json', async () => {
  await serve();
  const plain = await cli('status', 'nope');
  expect(plain).toMatchObject({ code: 2, out: '', err: 'error: no device nope; see siteward status\n' });
  const json = await cli('status', 'nope', '--json');
  expect(json.code).toBe(2);
  expect(errorSchema.parse(parsed(json.out)).error.code).toBe('unknown-device');
});

test('without a daemon, or with bad settings, one line says what to do', async () => {
  const gone = await cli('status');
  expect(gone.code).toBe(2);
  expect(gone.err).toMatch(
    /^error: .*s\.sock: no daemon answers; start it: systemctl start siteward, or siteward run\n$/,
  );
  writeSettings('sokcet: x\nlisten: nowhere\n');
  const bad = await cli('status');
  expect(bad.code).toBe(2);
  expect(bad.err.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^error: .*settings\.yaml:10:9: listen: expected HOST:PORT/),
    expect.stringMatching(/^error: .*settings\.yaml:9:1: unknown key "sokcet"; did you mean "socket"\?$/),
  ]);
  const json = await cli('status', '--json');
  expect(errorSchema.parse(parsed(json.out)).error).toMatchObject({ file: settings, line: 10, column: 9 });
});

test.each([
  [['nope']],
  [['status', '--nope']],
  [['hold', 'gw1']],
  [['hold', '--reason', 'x']],
  [['hold', 'gw1', '--all', '--reason', 'x']],
  [['hold', 'gw1', '--reason', 'x', '--for', 'soon']],
  [['retry']],
  [['approve', 'x']],
  [['pending', 'a', 'b', '--document']],
  [['log', '--since', 'yesterday']],
  [[]],
])('%j is a usage error: exit 2, on standard error, no stack', async (argv) => {
  await serve();
  const { code, out, err } = await cli(...argv);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).not.toBe('');
  expect(err).not.toMatch(/\n\s+at /);
  expect(asked).toEqual([]);
});

test('a usage error is {error} with --json', async () => {
  const { code, out, err } = await runCli('status', '--nope', '--json');
  expect([code, err]).toEqual([2, '']);
  expect(errorSchema.parse(parsed(out)).error.code).toBe('usage');
});

test('help and version are exit 0', async () => {
  const help = await runCli('--help');
  expect(help.code).toBe(0);
  expect(help.out).toMatch(/approve ID SIGNATURE… +hand in signatures/);
  expect(await runCli('--version')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
  });
});

test('plan shows from where to where, each action, the way in, and exits 1 when there is something to do', async () => {
  await serve();
  const { code, out } = await cli('plan', 'gw1', '--rev', 'feature/x');
  expect(code).toBe(1);
  expect(asked[0]).toMatchObject({ name: 'plan', request: { device: 'gw1', rev: 'feature/x' } });
  expect(out).toBe(
    [
      'gw1  RB5009 7.20.1  31ac9e0..9f8e7d6   drift: none   ignored: 212 items',
      ' /ip dns static',
      '  + address=192.0.2.1 name=a.example   dns-static',
      ' /ip firewall filter',
      '  ~ comment=mgmt\\1B[2J src-address=10.0.0.0/24 -> 10.0.0.0/23 conflict   SIGN  not-own',
      ' you stay in: a new login matches /ip firewall filter #3f9a0c "mgmt"   rollback: exact, after 180 s (window)',
      '1 to add, 1 to change, 0 to remove; needs an operational signature',
      '',
    ].join('\n'),
  );
});

test('a conflict shows what was last confirmed, what the device has, and what git wants', async () => {
  const [device] = onePlan.devices;
  const action = device?.actions.find(({ verb }) => verb === 'set');
  if (device === undefined || action === undefined) throw new Error('the fake has a change');
  const conflict = {
    ...action,
    label: 'conflict' as const,
    reason: 'conflict',
    confirmed: ['src-address=10.0.0.0/25'],
  };
  await serve({ plan: () => Promise.resolve({ v: 1, devices: [{ ...device, actions: [conflict] }] }) });
  expect((await cli('plan')).out.split('\n')[2]).toBe(
    '  ~ comment=mgmt\\1B[2J src-address=10.0.0.0/24 -> 10.0.0.0/23   SIGN  conflict, last confirmed: src-address=10.0.0.0/25',
  );
});

test('plan says after how long the device goes back by itself, why that is longer than the window, and but for what', async () => {
  const [device] = onePlan.devices;
  if (device === undefined) throw new Error('the fake has a device');
  const rollback = { kind: 'exact', windowMs: 180_000, effectiveMs: 270_500, lostSecrets: 2 } as const;
  await serve({ plan: () => Promise.resolve({ v: 1, devices: [{ ...device, rollback }] }) });
  expect((await cli('plan')).out).toContain(
    '   rollback: exact but for 2 secrets that nobody here knows, after 271 s (by what it took before, soak, flush, probes and radios)\n',
  );
});

test('plan says what a rollout would be verified by, as the text that is signed does', async () => {
  const [device] = onePlan.devices;
  if (device === undefined) throw new Error('the fake has a device');
  for (const by of ['login and export only', 'login, export and probes dns, web']) {
    const text = `window: 120s\nverified by: ${by}\ntotal: 1\n`;
    await serve({ plan: () => Promise.resolve({ v: 1, devices: [{ ...device, text }] }) });
    expect((await cli('plan')).out).toContain(`\n verified by ${by}\n`);
    await server?.close(0);
  }
});

test('plan shows drift that is left alone, and exits 1 for it', async () => {
  const [device] = onePlan.devices;
  if (device === undefined) throw new Error('the fake has a device');
  const drift = [
    { section: '/ip dns static', verb: 'set', item: 'name=a', forward: ['address: 192.0.2.1 -> 192.0.2.99'] },
    { section: '/ip route', verb: 'add', item: 'dst-address=0.0.0.0/0', forward: [] },
  ];
  await serve({ plan: () => Promise.resolve({ v: 1, devices: [{ ...device, actions: [], drift }] }) });
  const { code, out } = await cli('plan');
  expect(code).toBe(1);
  expect(out.split('\n').slice(1)).toEqual([
    ' drift /ip dns static name=a address: 192.0.2.1 -> 192.0.2.99  left alone',
    ' drift /ip route add dst-address=0.0.0.0/0  left alone',
    'nothing to do; git did not move: keep what the device has with siteward adopt DEVICE --onto FILE, or change it back there',
    '',
  ]);
});

test('plan without differences is exit 0, an unusable desired state exit 2', async () => {
  const [device] = onePlan.devices;
  if (device === undefined) throw new Error('the fake has a device');
  await serve({ plan: () => Promise.resolve({ v: 1, devices: [{ ...device, actions: [] }] }) });
  const none = await cli('plan');
  expect(none.code).toBe(0);
  expect(none.out).toContain('no difference');
  await server?.close(0);
  const standing = {
    state: 'error',
    reason: 'journal-rewound',
    message: 'the device has seen record 9',
    next: 'siteward resolve gw1 --as actual',
  } as const;
  await serve({ plan: () => Promise.resolve({ v: 1, devices: [{ ...device, actions: [], standing }] }) });
  const still = (await cli('plan')).out;
  expect(still).toContain(
    'no plan: error: the device has seen record 9   next: siteward resolve gw1 --as actual',
  );
  expect(still).not.toContain('no difference');
  await server?.close(0);
  const problem = {
    code: 'config-missing',
    message: 'no such file',
    file: 'devices/gw1/config.rsc',
    section: null,
  };
  await serve({
    plan: () => Promise.resolve({ v: 1, devices: [{ ...device, actions: [], problems: [problem] }] }),
  });
  const broken = await cli('plan');
  expect(broken.code).toBe(2);
  expect(broken.out).toContain('! devices/gw1/config.rsc: no such file');
  expect(planSchema.parse(parsed((await cli('plan', '--json')).out)).devices).toHaveLength(1);
});

test('pending lists, shows one whole with how to sign it, and prints the document exactly', async () => {
  await serve();
  const list = await cli('pending');
  expect(list.out).toMatch(
    /^ bud-01-gw1-7 {2}rollout {2}gw1 {2}not-own {2}0 of 1 operational signature {2}no document yet {2}next: siteward pending bud-01-gw1-7\n$/,
  );
  const one = await cli('pending', 'bud-01-gw1-7');
  expect(one.out).toContain('  > /ip dns\\1B]0;x\\07\n');
  expect(one.out).toContain(
    'ssh-keygen -Y sign -n siteward-operational-v1@example.org -f KEY bud-01-gw1-7.txt',
  );
  const document = await cli('pending', 'bud-01-gw1-7', '--document');
  expect(document).toEqual({ code: 0, out: 'siteward-authorization-v1\nkind: rollout\n', err: '' });
  expect(pendingSchema.parse(parsed((await cli('pending', '--json')).out)).pending).toHaveLength(1);
});

test('a document with anything but printable ASCII is not printed', async () => {
  await serve({ document: ({ id }) => Promise.resolve({ v: 1, id, text: 'plan\u001b[2K\n' }) });
  const { code, out, err } = await cli('pending', 'x', '--document');
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('do not sign it');
});

test('approve hands the bytes in and exits 0 when all counted, 1 when one was refused', async () => {
  await serve();
  writeFileSync(path.join(folder, 'd.sig'), 'good signature\n');
  writeFileSync(path.join(folder, 'e.sig'), 'other signature\n');
  const good = await cli('approve', 'bud-01-gw1-7', path.join(folder, 'd.sig'));
  expect(good).toMatchObject({ code: 0, out: 'accepted alice (SHA256:Ab3)\n1 of 1 signature\n' });
  expect(asked.at(-1)).toMatchObject({
    name: 'approve',
    request: { id: 'bud-01-gw1-7', signatures: ['good signature\n'] },
  });
  const bad = await cli('approve', 'bud-01-gw1-7', path.join(folder, 'e.sig'), '--follow');
  expect(bad.code).toBe(1);
  expect(bad.out).toContain('refused wrong-document: signed over something else');
  const missing = await cli('approve', 'bud-01-gw1-7', path.join(folder, 'none.sig'));
  expect(missing).toMatchObject({ code: 2, out: '' });
  expect(missing.err).toContain('none.sig');
});

test('approve --follow shows the rollout and ends with what came of it', async () => {
  writeFileSync(path.join(folder, 'd.sig'), 'good signature\n');
  await serve();
  const confirmed = await cli('approve', 'bud-01-gw1-7', path.join(folder, 'd.sig'), '--follow');
  expect(confirmed.code).toBe(0);
  expect(confirmed.out).toMatch(
    /^(?!.*applying)[^]*CONFIRMED +journal 5\n.*settled: confirmed +journal 6\n$/,
  );
  await server?.close(0);
  let asks = 0;
  await serve({
    records: ({ sinceSeq }) => {
      asks++;
      const all = [
        journalRecord(4, 'rolled-back', { device: 'gw1', cause: 'window-passed' }),
        journalRecord(5, 'settled', { device: 'other', outcome: 'confirmed' }),
        journalRecord(6, 'settled', { device: 'gw1', outcome: 'rolled-back' }),
      ];
      const records = all.filter(({ seq }) => seq > sinceSeq && seq <= 2 + asks);
      return Promise.resolve({ v: 1, records, head: { seq: 6, hash: head } });
    },
  });
  const back = await cli('approve', 'bud-01-gw1-7', path.join(folder, 'd.sig'), '--follow');
  expect(back.code).toBe(1);
  expect(back.out).toContain('ROLLED BACK: window-passed');
});

test('approve --follow ends when the item is closed unused, and outlives a restart of the daemon', async () => {
  writeFileSync(path.join(folder, 'd.sig'), 'good signature\n');
  let asks = 0;
  await serve({
    records: async ({ sinceSeq }) => {
      if (sinceSeq > 0 && ++asks === 1) {
        await server?.close(0);
        server = null;
        setTimeout(() => void serveLater(), 50);
      }
      return { v: 1, records: [], head: { seq: 3, hash: head } };
    },
  });
  const serveLater = () =>
    serve({
      records: () =>
        Promise.resolve({
          v: 1,
          records: [journalRecord(9, 'pending-closed', { pending: 'bud-01-gw1-7', reason: 'superseded' })],
          head: { seq: 9, hash: head },
        }),
    });
  const { code, out, err } = await cli('approve', 'bud-01-gw1-7', path.join(folder, 'd.sig'), '--follow');
  expect(code).toBe(1);
  expect(out).toContain('bud-01-gw1-7 closed: superseded');
  expect(err).toContain('the daemon went away');
});

test.each([
  [
    'pending-signature',
    'not-own',
    'siteward pending x',
    '; waits whole for an operational signature   next: siteward pending x',
  ],
  [
    'quarantined',
    'rolled-back',
    'siteward retry gw1',
    '; quarantined: rolled-back   next: siteward retry gw1',
  ],
  ['behind', 'report-only', 'siteward plan gw1', '; behind: only reported, the settings say manage: report'],
  [
    'behind',
    'manual',
    'siteward apply gw1',
    '; behind: starts when somebody says so   next: siteward apply gw1',
  ],
] as const)('plan of a device that is %s (%s) says what it waits for', async (state, reason, next, words) => {
  const standing = { state, reason, message: null, next };
  const devices = onePlan.devices.map((plan) => ({ ...plan, standing }));
  await serve({ plan: () => Promise.resolve({ ...onePlan, devices }) });
  expect((await cli('plan')).out.trimEnd().split('\n').at(-1)).toBe(
    `1 to add, 1 to change, 0 to remove${words}`,
  );
});

test('plan calls a row without a name by what it says', async () => {
  const item = '#0123456789abcdef';
  const drift = [
    { section: '/ip firewall filter', verb: 'add', item, forward: ['chain=input', 'action=accept'] },
    {
      section: '/ip firewall filter',
      verb: 'set',
      item,
      forward: ['disabled: no -> yes'],
      row: 'chain=input',
    },
  ];
  const devices = onePlan.devices.map((plan) => ({ ...plan, drift }));
  await serve({ plan: () => Promise.resolve({ ...onePlan, devices }) });
  const { out } = await cli('plan');
  expect(out).toContain(' drift /ip firewall filter add chain=input action=accept  left alone\n');
  expect(out).toContain(' drift /ip firewall filter chain=input disabled: no -> yes  left alone\n');
  expect(out).not.toContain('#0123');
});

test('a hold that begins during a rollout is shown beside it', async () => {
  const hold = { by: 'uid:1000', reason: 'storm', until: null };
  const rollout = { id: 'abc', state: 'verifying' };
  await serve({
    status: () =>
      Promise.resolve(statusAnswer([{ ...deviceStatus('gw1'), state: 'rolling-out', rollout, hold }])),
  });
  expect((await cli('status')).out).toContain('rollout abc verifying, then held: "storm" by uid:1000');
});

test('orders carry what was said and a no is exit 1', async () => {
  await serve();
  const words: [string[], object][] = [
    [['apply'], {}],
    [['apply', 'gw1'], { device: 'gw1' }],
    [['retry', 'gw1'], { device: 'gw1' }],
    [
      ['hold', 'gw1', '--reason', 'antenna swap', '--for', '2h'],
      { device: 'gw1', reason: 'antenna swap', forMs: 7_200_000 },
    ],
    [['hold', '--all', '--reason', 'storm'], { device: null, reason: 'storm' }],
    [['release', '--all'], { device: null }],
    [['reject', 'x', '--reason', 'no'], { id: 'x', reason: 'no' }],
  ];
  for (const [argv, request] of words) {
    expect((await cli(...argv)).code).toBe(0);
    expect(asked.at(-1)).toMatchObject({ name: argv[0], request });
  }
  const no = await cli('retry', 'ap2');
  expect(no).toMatchObject({ code: 1, out: 'ap2  no  no plan of it is quarantined\n' });
  expect(orderSchema.parse(parsed((await cli('retry', 'ap2', '--json')).out)).results[0]?.done).toBe(false);
  const refresh = await cli('refresh');
  expect(refresh).toMatchObject({ code: 1, out: 'held no commit: history-rewound\n' });
});

test('log shows who, what and when, and pages from a time on', async () => {
  await serve();
  const { code, out } = await cli('log', 'gw1', '--since', '7d');
  expect(code).toBe(0);
  expect(out.split('\n')).toHaveLength(3);
  // What was only announced is not shown: its end says the same.
  expect(out).not.toContain('applying');
  expect(asked.at(-1)?.request).toMatchObject({ device: 'gw1', sinceSeq: 0, limit: 500 });
});

test('log reads the files where no daemon runs', async () => {
  writeSettings('');
  const samples = new URL('../../journal/samples/v1/', import.meta.url);
  mkdirSync(path.join(folder, 'state', 'journal'), { recursive: true });
  const segment = path.join(folder, 'state', 'journal', '00000001.jsonl');
  copyFileSync(new URL('confirmed.jsonl', samples), segment);
  const whole = await cli('log', 'gw1');
  expect(whole).toMatchObject({ code: 0, err: 'the daemon is not running: read from its files\n' });
  expect(whole.out).toContain('CONFIRMED');
  const unknown = await cli('log', 'gw9');
  expect(unknown).toMatchObject({ code: 2, out: '' });
  expect(unknown.err).toMatch(/the settings name no device "gw9", and no record does; they name /);
  expect(await cli('log', 'gw1', '--since', '2099-01-01T00:00Z')).toMatchObject({ code: 0, out: '' });
  expect((await cli('log', '--since', '2099-01-01T00:00Z')).out).toBe('');
  expect((await cli('log', '--since', '2000-01-01T00:00Z')).out).toContain('first start of daemon');
  const lines = readFileSync(segment, 'utf8').split('\n');
  lines[3] = (lines[3] ?? '').replace('daemon', 'nobody');
  writeFileSync(segment, lines.join('\n'));
  const damaged = await cli('log');
  expect(damaged.code).toBe(1);
  expect(damaged.err).toMatch(/damaged: 00000001\.jsonl:4: .*next: siteward journal verify/);
});

test('check reports everything at once and exits 1 when something is to put right', async () => {
  const sandbox = gitSandbox();
  try {
    sandbox.commit({ 'site.yaml': 'site: bud-01\n', 'devices/gw1/config.rsc': '\n' });
    writeSettings('', sandbox.folder);
    writeFileSync(path.join(folder, 'key'), 'x', { mode: 0o644 });
    writeFileSync(path.join(folder, 'allowed_signers'), '', { mode: 0o640 });
    mkdirSync(path.join(folder, 'state'), { mode: 0o755 });
    const bad = await cli('check', '--offline', '--json');
    expect(bad.code).toBe(1);
    const { checks } = parsed(bad.out) as { checks: { what: string; result: string; code: string }[] };
    const failed = checks.filter(({ result }) => result === 'failed').map(({ what, code }) => [what, code]);
    expect(failed).toEqual([
      ['state', 'readable-by-others'],
      ['desired', 'config-empty'],
      ['credentials', 'readable-by-others'],
    ]);
    sandbox.commit({ 'devices/gw1/config.rsc': '/ip dns\nset servers=192.0.2.53\n' });
    chmodSync(path.join(folder, 'key'), 0o600);
    chmodSync(path.join(folder, 'state'), 0o700);
    const good = await cli('check', '--offline');
    expect(good.out).toContain('ready to run');
    expect(good.code).toBe(0);
  } finally {
    sandbox.remove();
  }
});

test('check --offline asks no git server, and says so', async () => {
  writeSettings('', 'https://127.0.0.1:9/network.git');
  const { out } = await cli('check', '--offline', '--json');
  const { checks } = parsed(out) as { checks: { what: string; result: string; code: string }[] };
  expect(checks.filter(({ what }) => what === 'desired')).toMatchObject([
    { result: 'ok', code: 'not-asked' },
  ]);
});

test('check without usable settings is exit 2', async () => {
  writeSettings('nope: 1\n');
  expect((await cli('check')).code).toBe(2);
});
