/** Desired state from git servers: `git http-backend` over TLS and the real sshd, and what they may do wrong. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { InvalidInput } from '../../src/core/errors.ts';
import { openDesiredRepository } from '../../src/daemon/git-remote.ts';
import type { DesiredRepository } from '../../src/desired/git-repository.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { buildWorld } from '../support/daemon-world.ts';
import { gitSandbox } from '../support/git-sandbox.ts';
import type { GitSandbox } from '../support/git-sandbox.ts';
import { httpBackendMissing, startGitHttps } from '../support/git-https.ts';
import type { GitHttps } from '../support/git-https.ts';
import { hasSshd, startSshd } from '../support/real-sshd.ts';
import type { RealSshd } from '../support/real-sshd.ts';

type Desired = Settings['desired'];

const sshdMissing = hasSshd ? null : 'skipped without /usr/sbin/sshd';
const never = new AbortController().signal;
const files = (name: string): Readonly<Record<string, string>> => ({
  'site.yaml': 'site: bud-01\n',
  'devices/gw1/config.rsc': `/system identity\nset name=${name}\n`,
});

let sandbox: GitSandbox;
let folder: string;
let https: GitHttps | null = null;
let sshd: RealSshd | null = null;

beforeAll(async () => {
  if (sshdMissing === null) sshd = await startSshd();
});
afterAll(async () => {
  await sshd?.close();
});
beforeEach(async () => {
  sandbox = gitSandbox();
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-copy-'));
  if (httpBackendMissing === null) https = await startGitHttps(path.dirname(sandbox.folder));
});
afterEach(async () => {
  await https?.close();
  sandbox.remove();
  rmSync(folder, { recursive: true, force: true });
});

function tokenFile(text: string): string {
  const file = path.join(folder, `token-${text.trim()}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const plain: Desired = {
  url: '',
  branch: 'main',
  tags: null,
  path: '',
  signed: 'off',
  pollMs: 1000,
  newsMs: null,
  tokenFile: null,
  caFile: null,
  identityFile: null,
  hostKey: null,
};

function overHttps(changes: Partial<Desired> = {}): Promise<DesiredRepository> {
  const server = https!;
  return open({
    url: `${server.url}/${path.basename(sandbox.folder)}/.git`,
    tokenFile: tokenFile(`${server.token}\n`),
    caFile: server.ca,
    ...changes,
  });
}

function overSsh(changes: Partial<Desired> = {}): Promise<DesiredRepository> {
  const server = sshd!;
  return open({
    url: `ssh://${server.user}@127.0.0.1:${server.port}${sandbox.folder}`,
    identityFile: server.identity,
    hostKey: server.hostKey,
    ...changes,
  });
}

function open(changes: Partial<Desired>): Promise<DesiredRepository> {
  const desired = { ...plain, ...changes };
  return openDesiredRepository({ site: 'bud-01', desired }, path.join(folder, 'copy.git'), never);
}

async function faultOf(work: Promise<unknown>): Promise<InvalidInput> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InvalidInput);
  return error as InvalidInput;
}

async function nameAt(repository: DesiredRepository, oid: string): Promise<string> {
  const [device] = (await repository.readSite(oid)).devices;
  const text = Buffer.from(device?.fragments?.[0]?.text ?? []).toString();
  return /name=(\S+)/.exec(text)?.[1] ?? '';
}

const ways = [
  ['https', httpBackendMissing, overHttps],
  ['ssh', sshdMissing, overSsh],
] as const;

describe.each(ways)('over %s', (_way, missing, openIt) => {
  const titled = (title: string): string => (missing === null ? title : `${title} (${missing})`);

  test.skipIf(missing !== null)(
    titled('each head is fetched, read, and known to descend from the one before'),
    async () => {
      const first = sandbox.commit(files('one'));
      const repository = await openIt();
      expect(await repository.head()).toBe(first);
      expect(await nameAt(repository, first)).toBe('one');
      const second = sandbox.commit(files('two'));
      expect(await repository.head()).toBe(second);
      expect(await nameAt(repository, second)).toBe('two');
      expect(await nameAt(repository, first)).toBe('one');
      expect(await repository.descends(second, first)).toBe(true);
      expect(await repository.descends(first, second)).toBe(false);
      const raw = Buffer.from(await repository.rawCommit(second)).toString();
      expect(raw).toBe(`${sandbox.git('cat-file', 'commit', second)}\n`);
      const again = await openIt();
      expect(await again.head()).toBe(second);
    },
  );

  test.skipIf(missing !== null)(
    titled('history is deepened as far as the last accepted commit'),
    async () => {
      const first = sandbox.commit(files('n0'));
      for (let n = 1; n <= 120; n++) sandbox.commit({ note: `${n}` });
      const repository = await openIt();
      const head = await repository.head();
      const shallow = readFileSync(path.join(folder, 'copy.git/shallow'), 'utf8');
      expect(shallow).toMatch(/^[0-9a-f]{40}\n?$/);
      expect(await repository.commitsSince(head, sandbox.git('rev-parse', 'HEAD~70'))).toHaveLength(70);
      expect(await repository.descends(head, first)).toBe(true);
      sandbox.git('checkout', '-q', '--orphan', 'other');
      const other = sandbox.commit(files('other'));
      sandbox.git('branch', '-q', '-f', 'main', other);
      expect(await repository.head()).toBe(other);
      expect(await repository.descends(other, first)).toBe(false);
      expect(await nameAt(repository, head)).toBe('n0');
    },
  );

  test.skipIf(missing !== null)(
    titled('a branch that is not followed can be looked at by its name'),
    async () => {
      sandbox.commit(files('one'));
      sandbox.git('checkout', '-q', '-b', 'feature/x');
      const wish = sandbox.commit(files('wish'));
      sandbox.git('tag', '-a', 'v1', '-m', 'one');
      sandbox.git('checkout', '-q', 'main');
      const repository = await openIt();
      await repository.head();
      expect(await repository.resolve('feature/x')).toBe(wish);
      expect(await repository.resolve('v1')).toBe(wish);
      expect(await nameAt(repository, wish)).toBe('wish');
      expect((await faultOf(repository.resolve('nothing'))).code).toBe('no-such-revision');
      expect(await repository.head()).toBe(sandbox.git('rev-parse', 'main'));
    },
  );

  test.skipIf(missing !== null)(titled('a copy that was damaged or cut is fetched again'), async () => {
    const oid = sandbox.commit(files('one'));
    await (await openIt()).head();
    const packs = path.join(folder, 'copy.git/objects/pack');
    for (const name of readdirSync(packs)) truncateSync(path.join(packs, name), 40);
    const repository = await openIt();
    expect(await repository.head()).toBe(oid);
    expect(await nameAt(repository, oid)).toBe('one');
  });

  test.skipIf(missing !== null)(
    titled('the highest tag is followed, and many fetches leave few packs'),
    async () => {
      const oids: string[] = [];
      const repository = await openIt({ tags: 'deploy-*' });
      for (let n = 1; n <= 42; n++) {
        oids.push(sandbox.commit({ ...files(`n${n}`) }));
        sandbox.git('tag', '-a', `deploy-${n}`, '-m', `${n}`);
        expect(await repository.head()).toBe(oids.at(-1));
      }
      const packs = readdirSync(path.join(folder, 'copy.git/objects/pack'));
      expect(packs.filter((name) => name.endsWith('.pack')).length).toBeLessThan(40);
      expect((await repository.signedObject(oids.at(-1) ?? '')).kind).toBe('tag');
      expect(await nameAt(repository, oids[0] ?? '')).toBe('n1');
      expect(await repository.descends(oids.at(-1) ?? '', oids[0] ?? '')).toBe(true);
      expect(await repository.resolve('HEAD~2')).toBe(oids.at(-3));
    },
  );

  test.skipIf(missing !== null)(titled('a branch that is not there says so'), async () => {
    sandbox.commit(files('one'));
    expect((await faultOf((await openIt({ branch: 'gone' })).head())).code).toBe('no-such-branch');
  });
});

describe.skipIf(httpBackendMissing !== null)(`https (${httpBackendMissing ?? 'git http-backend'})`, () => {
  test('a look that finds nothing new asks one question', async () => {
    sandbox.commit(files('one'));
    const repository = await overHttps();
    await repository.head();
    https!.asked.length = 0;
    await repository.head();
    expect(https!.asked).toHaveLength(1);
    expect(https!.asked[0]).toContain('/info/refs?service=git-upload-pack');
  });

  test.each([
    ['a token that is wrong', { token: 'wrong' }, 'repository-refused', 'desired: token:'],
    ['a certificate that nobody vouches for', { caFile: null }, 'repository-untrusted', 'desired: ca:'],
    ['a repository that is not there', { path: '/nothing.git' }, 'repository-refused', 'desired: url:'],
  ])(
    '%s',
    async (
      _,
      { token, path: where, ...changes }: { token?: string; path?: string; caFile?: null },
      code,
      words,
    ) => {
      sandbox.commit(files('one'));
      const fault = await faultOf(
        (
          await overHttps({
            ...changes,
            ...(token === undefined ? {} : { tokenFile: tokenFile(token) }),
            ...(where === undefined ? {} : { url: https!.url + where }),
          })
        ).head(),
      );
      expect(fault.code).toBe(code);
      expect(fault.message).toContain(words);
      expect(fault.message).not.toContain(https!.token);
    },
  );

  test.each([
    [
      'a redirect is not followed: the token goes to one host only',
      302,
      { location: 'https://elsewhere.invalid/x/info/refs' },
      '',
      'repository-moved',
    ],
    ['a server that is not well', 503, {}, 'later', 'repository-unreachable'],
    ['a page of a portal', 200, { 'content-type': 'text/html' }, '<html>', 'not-a-git-server'],
    ['an answer that ends early', 200, {}, '001e# service=git-upload-pack\n0000', 'repository-unreachable'],
  ] as const)('%s', async (_, status, headers, body, code) => {
    https!.answer = (_request, response) => void response.writeHead(status, headers).end(body);
    expect((await faultOf((await overHttps()).head())).code).toBe(code);
    expect(https!.asked).toHaveLength(1);
  });

  test('a pack that is cut leaves nothing half believed, and the next look brings it whole', async () => {
    const oid = sandbox.commit(files('one'));
    const repository = await overHttps();
    const server = https!;
    server.answer = (request, response) => {
      server.answer = null;
      server.asked.pop();
      request.socket.destroy();
      response.destroy();
    };
    await faultOf(repository.head());
    expect(await repository.head()).toBe(oid);
    expect(await nameAt(repository, oid)).toBe('one');
  });

  test('nobody listens', async () => {
    await https!.close();
    const fault = await faultOf((await overHttps()).head());
    expect(fault).toMatchObject({ code: 'repository-unreachable' });
    https = null;
  });
});

test.skipIf(sshdMissing !== null)(
  `a daemon rolls out what it fetched over ssh (${sshdMissing ?? 'the real sshd'})`,
  async () => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    const server = sshd!;
    try {
      one.changeSettings((text) =>
        text.replace(
          /^( *)url: .*$/m,
          `$1url: ssh://${server.user}@127.0.0.1:${server.port}${one.repository.folder}\n$1identity: ${server.identity}\n$1host-key: ${server.hostKey}`,
        ),
      );
      await one.start();
      await one.untilSettled();
      one.edit((text) => `${text}/ip dns static\nadd address=192.0.2.9 name=far.example.org\n`);
      await one.untilSettled();
      expect(await one.has('/ip dns static', 'name=far.example.org')).toBe(true);
      await one.restart();
      await one.untilSettled();
      expect(one.records().filter(({ kind }) => kind === 'commit-accepted')).toHaveLength(2);
    } finally {
      await one.close();
    }
  },
);

describe.skipIf(sshdMissing !== null)(`ssh (${sshdMissing ?? 'the real sshd'})`, () => {
  test.each([
    ['a host key that is not the pinned one', { hostKey: `SHA256:${'A'.repeat(43)}` }, 'host key'],
    ['a key that may not log in', { identityFile: 'other' }, 'refuses the login'],
    ['a repository that is not there', { url: 'gone' }, 'desired: url:'],
  ])('%s', async (_, changes: Partial<Desired>, words) => {
    sandbox.commit(files('one'));
    const server = sshd!;
    const fault = await faultOf(
      (
        await overSsh({
          ...changes,
          ...(changes.identityFile === undefined ? {} : { identityFile: server.otherIdentity }),
          ...(changes.url === undefined
            ? {}
            : { url: `ssh://${server.user}@127.0.0.1:${server.port}/nothing/it's` }),
        })
      ).head(),
    );
    expect(fault.message).toContain(words);
    expect(existsSync(path.join(folder, 'copy.git/objects'))).toBe(false);
  });
});
