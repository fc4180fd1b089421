import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InvalidInput } from '../../../src/core/errors.ts';
import { SettingsErrors, loadSettings } from '../../../src/settings/settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(text: string, name = 'settings.yaml'): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o640 });
  return file;
}

const hostKey = `SHA256:${'A'.repeat(43)}`;
const least = `site: bud-01
organization: example.org
desired: { url: network.git }
devices:
  gw1: { driver: routeros, address: 192.0.2.1, user: siteward, identity: keys/gw1, host-key: ${hostKey} }
trust: { allowed-signers: allowed_signers }
`;

async function faults(text: string): Promise<[string, string, string][]> {
  const error: unknown = await loadSettings(write(text)).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SettingsErrors);
  return (error as SettingsErrors).problems.map(({ code, place, message }) => [
    code,
    `${path.basename(place?.file ?? '')}:${place?.line}:${place?.column}`,
    message,
  ]);
}

test('the least that can be said gets every default', async () => {
  const settings = await loadSettings(write(least));
  expect(settings).toEqual({
    file: path.join(folder, 'settings.yaml'),
    site: 'bud-01',
    organization: 'example.org',
    state: '/var/lib/siteward',
    desired: {
      url: path.join(folder, 'network.git'),
      tokenFile: null,
      caFile: null,
      identityFile: null,
      hostKey: null,
      branch: 'main',
      tags: null,
      path: '',
      signed: 'required',
      pollMs: 60_000,
      newsMs: null,
    },
    devices: [
      {
        name: 'gw1',
        driver: 'routeros',
        address: '192.0.2.1',
        port: 22,
        user: 'siteward',
        identityFile: path.join(folder, 'keys/gw1'),
        passwordFile: null,
        hostKey,
        manage: 'rollout',
        rollout: 'auto',
        maintenance: null,
        readMs: 900_000,
        windowMs: 120_000,
        tickMs: 10_000,
        flushMs: 45_000,
        minUptimeMs: 300_000,
        soakMs: 0,
        probes: [],
        drillMs: null,
        backup: { schedule: null, binary: false },
        secrets: 'hidden',
        secretsOnDevice: 'refuse',
        management: {},
      },
    ],
    trust: { allowedSignersFile: path.join(folder, 'allowed_signers'), revokedKeysFile: null, people: [] },
    policy: {
      approvals: { operational: 1, recovery: 2 },
      expiresMs: 3_600_000,
      userVerification: 'off',
      fourEyes: 'off',
      sign: [],
      relax: [],
      removals: { items: 20, share: 0.1 },
      batch: 5,
    },
    journal: { segmentBytes: 16_777_216, keep: { bytes: 1_073_741_824, ageMs: null, segments: null } },
    history: { keep: { revisions: null, ageMs: null, bytes: null }, recipients: [], remote: null },
    listen: null,
    socket: '/run/siteward/siteward.sock',
    secrets: { file: null, identityFile: null },
    placeOf: expect.any(Function) as unknown,
  });
});

/** Of a key that nobody has. */
const recipient = 'age15ed85u3pd3q9s3q83up6rudt288jf94965a9qncchvfhnsfn4gqsdxtz2k';

test('a recipient with a slip of the pen is refused where it stands', async () => {
  const slip = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
  const file = write(`${least}history:\n  recipients:\n    - ${recipient}\n    - ${slip}\n`);
  await expect(loadSettings(file)).rejects.toMatchObject({
    code: 'invalid-value',
    message: `${slip.slice(0, 16)}… is no age recipient, a letter in it is wrong; copy it as age-keygen -y prints it`,
    place: { file, line: least.split('\n').length + 3, column: 7 },
  });
});

test('everything that can be said is understood', async () => {
  const settings = await loadSettings(
    write(`
site: bud-01
organization: example.org
state: state
desired:
  url: ssh://git@git.example.org/network.git
  branch: live
  path: /sites/bud-01/
  identity: keys/deploy
  host-key: ${hostKey}
  signed: off
  track: tag deploy/*
  poll: 90s
  news: 30d
defaults: { driver: routeros, user: siteward, identity: keys/all, read: 1h, management: { from: 10.0.0.9, port: 2222 } }
devices:
  gw1:
    address: 192.0.2.1
    port: 2200
    password-file: pw
    host-key: ${hostKey}
    window: 2m30s
    tick: 1s
    flush: 0s
    min-uptime: 0s
    soak: 500ms
    manage: report
    rollout: manual
    secrets-on-device: allow
    management: { address: 10.0.0.1, interface: ether1, port: 22 }
trust:
  allowed-signers: /etc/signers
  revoked-keys: revoked_keys
  people:
    alice: { principals: [alice@example.org], roles: [operational, recovery] }
policy:
  approvals: { operational: 1, recovery: 1 }
  expires: 7d
  user-verification: required
  four-eyes: required
  sign: ["*", /ip dns static]
  relax: [/queue*]
  removals: { items: 5, share: 50% }
  batch: 1
journal: { segment: 64KiB, size: 2MiB, age: 30d, files: 7 }
history:
  keep: { revisions: 500, age: 90d, size: 8MiB }
  recipients: [${recipient}]
  remote: { url: "https://git.example.org/history.git", token: keys/token }
listen: "[::1]:0"
socket: run/s.sock
`),
  );
  expect(settings.journal).toEqual({
    segmentBytes: 65_536,
    keep: { bytes: 2_097_152, ageMs: 30 * 86_400_000, segments: 7 },
  });
  expect(settings.history).toEqual({
    keep: { revisions: 500, ageMs: 90 * 86_400_000, bytes: 8_388_608 },
    recipients: [recipient],
    remote: {
      url: 'https://git.example.org/history.git',
      tokenFile: path.join(folder, 'keys/token'),
      caFile: null,
      identityFile: null,
      hostKey: null,
    },
  });
  expect(settings.desired).toEqual({
    url: 'ssh://git@git.example.org/network.git',
    branch: 'live',
    path: 'sites/bud-01',
    signed: 'off',
    pollMs: 90_000,
    newsMs: 2_592_000_000,
    tags: 'deploy/*',
    tokenFile: null,
    caFile: null,
    identityFile: path.join(folder, 'keys/deploy'),
    hostKey,
  });
  expect(settings.devices[0]).toMatchObject({
    port: 2200,
    user: 'siteward',
    identityFile: null,
    passwordFile: path.join(folder, 'pw'),
    windowMs: 150_000,
    flushMs: 0,
    soakMs: 500,
    readMs: 3_600_000,
    manage: 'report',
    rollout: 'manual',
    secretsOnDevice: 'allow',
    management: { from: '10.0.0.9', address: '10.0.0.1', interface: 'ether1', port: 22 },
  });
  expect(settings).toMatchObject({
    state: path.join(folder, 'state'),
    socket: path.join(folder, 'run/s.sock'),
    listen: { host: '::1', port: 0 },
    trust: {
      allowedSignersFile: '/etc/signers',
      revokedKeysFile: path.join(folder, 'revoked_keys'),
      people: [{ name: 'alice', principals: ['alice@example.org'], roles: ['operational', 'recovery'] }],
    },
    policy: {
      approvals: { operational: 1, recovery: 1 },
      expiresMs: 604_800_000,
      userVerification: 'required',
      fourEyes: 'required',
      sign: ['*', '/ip dns static'],
      relax: ['/queue*'],
      removals: { items: 5, share: 0.5 },
      batch: 1,
    },
  });
});

test.each([
  ['every and at', 'backup: { every: 24h, at: "02:30" }', 'expected either "every" or "at"'],
  ['a zone for nothing', 'backup: { every: 24h, zone: UTC }', '"zone" with "at" only'],
  ['a binary that nobody could open', 'backup: { binary: true }', 'history: recipients:'],
])('a backup with %s is refused where it stands', async (_, text, message) => {
  const file = write(least.replace('host-key:', `${text}, host-key:`));
  await expect(loadSettings(file)).rejects.toMatchObject({
    message: expect.stringContaining(message) as string,
    place: { file, line: 5 },
  });
});

test('a backup of its own takes the place of the one of all', async () => {
  const defaults = 'defaults: { backup: { at: "02:30", zone: Europe/Budapest } }\n';
  const more = `sec1: { driver: routeros, address: 192.0.2.2, user: u, identity: k, backup: { every: 12h }, host-key: ${hostKey} }\n`;
  const file = write(`${least}${defaults}`);
  write(more, 'devices.d/b.yaml');
  expect((await loadSettings(file)).devices.map(({ backup }) => backup.schedule)).toEqual([
    { at: 150, zone: 'Europe/Budapest' },
    { everyMs: 12 * 3_600_000 },
  ]);
});

test('the history is not pushed to a place on this machine, nor over ssh without a key and a pin', async () => {
  const url = 'ssh://git@git.example.org/h.git';
  expect(await faults(`${least}history: { remote: { url: "/srv/h.git" } }\n`)).toHaveLength(1);
  const at = 'settings.yaml:7:27';
  expect(await faults(`${least}history: { remote: { url: "${url}" } }\n`)).toEqual([
    ['invalid-value', at, 'history: remote: an ssh:// url needs "identity"'],
    ['invalid-value', at, 'history: remote: an ssh:// url needs "host-key"'],
  ]);
});

test('devices.d adds devices, and its paths count from the settings file', async () => {
  const file = write(least);
  write(
    `sec1: { driver: routeros, address: 192.0.2.2, user: u, identity: keys/sec1, host-key: ${hostKey} }\n`,
    'devices.d/b.yaml',
  );
  write('not: yaml: at all', 'devices.d/README');
  const { devices } = await loadSettings(file);
  expect(devices.map(({ name, identityFile }) => [name, identityFile])).toEqual([
    ['gw1', path.join(folder, 'keys/gw1')],
    ['sec1', path.join(folder, 'keys/sec1')],
  ]);
});

test('one device named twice is a fault that shows both places', async () => {
  const file = write(least);
  write(
    `GW1: { driver: routeros, address: 192.0.2.2, user: u, identity: k, host-key: ${hostKey} }\n`,
    'devices.d/b.yaml',
  );
  await expect(loadSettings(file)).rejects.toMatchObject({
    code: 'duplicate-device',
    message: expect.stringContaining('settings.yaml:5') as string,
    place: { file: path.join(folder, 'devices.d/b.yaml'), line: 1, column: 1 },
  });
});

test('several faults are reported in one run, each at its place and with what was expected', async () => {
  expect(
    await faults(`site: "no spaces please"
organisation: example.org
desired: { url: network.git, poll: 100 }
devices:
  gw1:
    driver: ciscoios
    adress: 192.0.2.1
    user: siteward
    identity: keys/gw1
    host-key: MD5:aa
    port: 70000
    window: 1s
trust: { allowed-signers: allowed_signers, people: { alice: { principals: [], roles: [boss] } } }
policy: { expires: 8d, removals: { share: 110% } }
listen: here
`),
  ).toEqual(
    expect.arrayContaining([
      ['invalid-value', 'settings.yaml:1:7', expect.stringContaining('expected a name') as string],
      ['unknown-key', 'settings.yaml:2:1', 'unknown key "organisation"; did you mean "organization"?'],
      ['missing-key', 'settings.yaml:1:1', expect.stringContaining('missing key "organization"') as string],
      [
        'invalid-value',
        'settings.yaml:3:36',
        expect.stringContaining('expected a duration such as 90s') as string,
      ],
      ['invalid-value', 'settings.yaml:6:13', 'devices.gw1.driver: expected routeros, got "ciscoios"'],
      ['unknown-key', 'settings.yaml:7:5', 'unknown key "adress" in "devices.gw1"; did you mean "address"?'],
      ['missing-key', 'settings.yaml:5:3', expect.stringContaining('"devices.gw1.address"') as string],
      ['invalid-value', 'settings.yaml:10:15', expect.stringContaining('ssh-keygen -lf') as string],
      [
        'invalid-value',
        'settings.yaml:11:11',
        expect.stringContaining('from 1 to 65535, got 70000') as string,
      ],
      ['invalid-value', 'settings.yaml:12:13', expect.stringContaining('at least 5s') as string],
      ['invalid-value', 'settings.yaml:14:20', expect.stringContaining('at most 7d') as string],
      ['invalid-value', 'settings.yaml:14:43', expect.stringContaining('such as 10%') as string],
      ['invalid-value', 'settings.yaml:15:9', expect.stringContaining('HOST:PORT') as string],
    ]),
  );
});

test.each([
  ['desired: { url: n, poll: 1s }', 'desired: { url: n, poll: 999ms }', 'at least 1s'],
  ['defaults: { read: 1s }', 'defaults: { read: 0s }', 'at least 1s'],
  ['defaults: { tick: 1s }', 'defaults: { tick: 900ms }', 'at least 1s'],
  ['defaults: { window: 5s }', 'defaults: { window: 4s }', 'at least 5s'],
  ['defaults: { flush: 0s }', 'defaults: { flush: -1s }', 'expected a duration'],
  ['policy: { expires: 7d }', 'policy: { expires: 169h }', 'at most 7d'],
  ['policy: { batch: 1 }', 'policy: { batch: 0 }', 'from 1'],
  ['listen: localhost:0', 'listen: localhost:65536', 'up to 65535'],
  [
    'defaults: { rollout: window, maintenance: { times: ["Sat 02:00-04:00"], zone: Europe/Budapest } }',
    'defaults: { rollout: window, maintenance: { times: ["Saturday"] } }',
    'expected a time such as "Sat 02:00-04:00"',
  ],
  [
    'defaults: { rollout: window, maintenance: { times: ["daily 23:00-01:00"] } }',
    'defaults: { rollout: window }',
    'missing key "maintenance"',
  ],
  [
    'defaults: { maintenance: { times: ["daily 23:00-01:00"], zone: UTC } }',
    'defaults: { maintenance: { times: ["daily 23:00-01:00"], zone: Mars/Olympus } }',
    'expected a time zone such as',
  ],
])('%j is taken, %j is not', async (taken, refused, words) => {
  const base = least.replace(/^desired.*\n/m, taken.startsWith('desired') ? '' : '$&');
  await expect(loadSettings(write(`${base}${taken}\n`))).resolves.toBeDefined();
  const [fault] = await faults(`${base}${refused}\n`);
  expect(fault?.[2]).toContain(words);
});

test.each([
  ['https://git@git.example.org:8443/network.git', 'token: t, ca: ca.pem', null],
  ['https://git.example.org/network.git', '', null],
  ['ssh://git@git.example.org/network.git', '', 'an ssh:// url needs "identity"'],
  ['ssh://git@git.example.org/network.git', 'identity: k', 'an ssh:// url needs "host-key"'],
  [
    'ssh://git@git.example.org/network.git',
    `identity: k, host-key: "${hostKey}", token: t`,
    '"token" means nothing',
  ],
  ['/srv/network.git', 'token: t', '"token" means nothing for this url'],
  ['https://git.example.org/network.git', 'identity: k', '"identity" means nothing for this url'],
  ['https://git:secret@git.example.org/network.git', '', 'without a password in it'],
  ['http://git.example.org/network.git', '', 'a path on this machine, https://'],
  ['git://git.example.org/network.git', '', 'a path on this machine, https://'],
  ['git@git.example.org:network.git', '', 'ssh://USER@HOST/PATH'],
  ['ssh://git.example.org/network.git', '', 'ssh://USER@HOST/PATH'],
])('desired from %s with %j', async (url, rest, words) => {
  const text = least.replace(/^desired.*$/m, `desired: { url: "${url}"${rest === '' ? '' : `, ${rest}`} }`);
  if (words === null) {
    const { desired } = await loadSettings(write(text));
    expect(desired.url).toBe(url);
  } else expect((await faults(text)).map((fault) => fault[2]).join('\n')).toContain(words);
});

test.each([
  ['an empty file', '', 'empty'],
  ['a list', '- a\n', 'invalid-value'],
  ['a key twice', `${least}site: other\n`, 'yaml-syntax'],
  ['a tag', `${least}listen: !mine aGk=\n`, 'yaml-syntax'],
  ['a tab', 'site:\n\t- x\n', 'yaml-syntax'],
  ['no devices', least.replace(/devices:\n.*\n/, ''), 'no-devices'],
  ['two documents', `${least}---\n${least}`, 'yaml-syntax'],
  ['an unknown key that could be a secret', `${least}password: hunter2\n`, 'unknown-key'],
])('%s is refused with a line', async (_, text, code) => {
  const found = await faults(text);
  expect(found.map(([first]) => first)).toContain(code);
  expect(JSON.stringify(found)).not.toContain('hunter2');
  expect(found[0]?.[1]).toMatch(/settings\.yaml:\d+/);
});

test('a device needs one way to log in, and only one', async () => {
  const both = least.replace('identity: keys/gw1', 'identity: keys/gw1, password-file: pw');
  expect((await faults(both))[0]?.[2]).toContain('either "identity" or "password-file"');
  expect((await faults(least.replace('identity: keys/gw1,', '')))[0]?.[2]).toContain(
    'missing key "identity"',
  );
});

test('one principal is one person', async () => {
  const people =
    'people: { a: { principals: [x@example.org], roles: [operational] }, b: { principals: [x@example.org], roles: [operational] } }';
  const [fault] = await faults(least.replace('allowed_signers }', `allowed_signers, ${people} }`));
  expect(fault?.[0]).toBe('shared-principal');
});

test('bytes that are not UTF-8 are no settings', async () => {
  const file = write('');
  writeFileSync(file, Buffer.from([0x73, 0xff, 0x0a]));
  await expect(loadSettings(file)).rejects.toMatchObject({ code: 'not-utf8' });
});

test('a file or folder that others may write to is not read', async () => {
  const file = write(least);
  chmodSync(file, 0o660);
  await expect(loadSettings(file)).rejects.toBeInstanceOf(InvalidInput);
  chmodSync(file, 0o640);
  chmodSync(folder, 0o777);
  await expect(loadSettings(file)).rejects.toMatchObject({ code: 'writable-by-others' });
  chmodSync(folder, 0o755);
  const extra = write('gw9: {}\n', 'devices.d/x.yaml');
  chmodSync(extra, 0o666);
  await expect(loadSettings(file)).rejects.toMatchObject({ code: 'writable-by-others' });
});

test('a missing file says where it was looked for', async () => {
  const file = path.join(folder, 'nothing.yaml');
  await expect(loadSettings(file)).rejects.toMatchObject({ place: { file } });
});

test('a threshold that the people can not reach is said when it was chosen, not when it is the default', async () => {
  const people = 'people: { alice: { principals: [alice@example.org], roles: [operational, recovery] } }';
  const alone = least.replace('allowed_signers }', `allowed_signers, ${people} }`);
  await expect(loadSettings(write(alone))).resolves.toMatchObject({ policy: { approvals: { recovery: 2 } } });
  const text = `${alone}policy: { approvals: { operational: 2 } }\n`;
  await expect(loadSettings(write(text))).rejects.toMatchObject({ code: 'bad-policy' });
});

test.each([
  ['that relaxes everything', 'relax: ["*"]', 'policy.relax'],
  ['without its slash', 'sign: [ip dns]', 'policy.sign'],
  ['in capitals', 'sign: [/IP]', 'policy.sign'],
  ['with a star inside', 'relax: ["/ip*/dns"]', 'policy.relax'],
  ['that is no list', 'sign: /ip dns', 'policy.sign'],
])('a rule about menus %s is refused', async (_, rule, where) => {
  const error = await loadSettings(write(`${least}policy: { ${rule} }\n`)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidInput);
  expect(String(error)).toContain(where.split('.')[1]);
});

test.each([
  'policy: { floor: off }',
  'policy: { sign: off }',
  'policy: { approvals: { operational: 0 } }',
  'policy: { removals: { items: -1 } }',
  'policy: { expires: 8d }',
])('no setting lowers what is always signed: %s', async (line) => {
  await expect(loadSettings(write(`${least}${line}\n`))).rejects.toThrow();
});

test.each(['16', '16MB', '1KiB', '0GiB', '-1MiB'])('%s is no size of a journal file', async (text) => {
  const faults = await loadSettings(write(`${least}journal: { segment: ${text} }\n`)).catch(
    (error: unknown) => error,
  );
  expect(String(faults)).toContain('at least 64KiB');
});
