/** The history on git servers: `git http-backend` over TLS and the real sshd, and what makes them decline. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { historyRemote } from '../../src/daemon/git-remote.ts';
import { pruneHistory } from '../../src/daemon/history-pruning.ts';
import { startHistoryPush } from '../../src/daemon/history-push.ts';
import type { HistoryPush } from '../../src/daemon/history-push.ts';
import { openArchive } from '../../src/history/archive.ts';
import type { Archive } from '../../src/history/archive.ts';
import { fileDisk } from '../../src/history/disk.ts';
import { packedObjects } from '../../src/history/packed-objects.ts';
import type { GitServer } from '../../src/settings/settings.ts';
import { gitSandbox } from '../support/git-sandbox.ts';
import type { GitSandbox } from '../support/git-sandbox.ts';
import { httpBackendMissing, startGitHttps } from '../support/git-https.ts';
import type { GitHttps } from '../support/git-https.ts';
import { hasSshd, startSshd } from '../support/real-sshd.ts';
import type { RealSshd } from '../support/real-sshd.ts';

const sshdMissing = hasSshd ? null : 'skipped without /usr/sbin/sshd';

/** The server's side. */
let server: GitSandbox;
let bare: string;
let state: string;
let https: GitHttps | null = null;
let sshd: RealSshd | null = null;
let running: { readonly push: HistoryPush; stop(): Promise<void> } | null = null;

beforeAll(async () => {
  if (httpBackendMissing === null) https = await startGitHttps(tmpdir());
  if (sshdMissing === null) sshd = await startSshd();
});
afterAll(async () => {
  await https?.close();
  await sshd?.close();
});
beforeEach(() => {
  server = gitSandbox();
  bare = path.join(server.folder, 'history.git');
  server.git('init', '-q', '--bare', bare);
  state = mkdtempSync(path.join(tmpdir(), 'siteward-push-'));
});
afterEach(async () => {
  await running?.stop();
  running = null;
  server.remove();
  rmSync(state, { recursive: true, force: true });
});

const nothing: GitServer = { url: '', tokenFile: null, caFile: null, identityFile: null, hostKey: null };

function overHttps(): GitServer {
  const tokenFile = path.join(state, 'token');
  writeFileSync(tokenFile, `${https!.token}\n`, { mode: 0o600 });
  const url = `${https!.url}/${path.basename(server.folder)}/history.git`;
  return { ...nothing, url, tokenFile, caFile: https!.ca };
}

function overSsh(): GitServer {
  const { user, port, identity: identityFile, hostKey } = sshd!;
  return { ...nothing, url: `ssh://${user}@127.0.0.1:${port}${bare}`, identityFile, hostKey };
}

function history(grown: () => void = () => undefined): Archive {
  const folder = path.join(state, 'history.git');
  return openArchive({ folder, site: 'bud-01', disk: fileDisk, packed: packedObjects(folder), grown });
}

let minutes = 0;
async function keep(
  archive: Archive,
  device: string,
  text: string,
  label: string | null = null,
): Promise<void> {
  const about = { why: 'drift', changer: null, rollout: null, restored: null } as const;
  const atMs = Date.UTC(2026, 10, 21) + minutes++ * 60_000;
  const { revision } = await archive.keep({ device, text: `${text}\n`, atMs, ...about });
  if (label !== null) await archive.label(revision, { name: label, by: 'alice', atS: 0 });
}

/** Turns come when something is kept, or when the test lets time pass. */
function start(remote: GitServer, archive: Archive, has: { push: HistoryPush | null } = { push: null }) {
  const ending = new AbortController();
  const logged: [string, unknown][] = [];
  const ends: (string | null)[] = [];
  const waiting: (() => void)[] = [];
  const sleepers: { readonly ms: number; wake(): void }[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ ms, wake: resolve });
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  };
  const push = startHistoryPush({
    archive,
    remote: historyRemote(remote),
    clock,
    random: () => 0.5,
    signal: ending.signal,
    log: (event, facts) => logged.push([event, facts]),
    pushed: (code) => {
      ends.push(code);
      for (const go of waiting.splice(0)) go();
    },
  });
  has.push = push;
  running = {
    push,
    stop: async () => {
      ending.abort(new Error('over'));
      await push.done;
    },
  };
  const turns = async (many: number): Promise<string | null | undefined> => {
    while (ends.length < many) await new Promise<void>((resolve) => waiting.push(resolve));
    return ends[many - 1];
  };
  const letTimePass = async (): Promise<number> => {
    await expect.poll(() => sleepers.length).toBeGreaterThan(0);
    const [last] = sleepers.splice(-1);
    last?.wake();
    return last?.ms ?? 0;
  };
  return { push, turns, letTimePass, logged, ending };
}

const onServer = (...words: string[]): string => server.git('-C', bare, ...words);
const here = (ref: string): string => server.git('-C', path.join(state, 'history.git'), 'rev-parse', ref);
const sound = (): string => onServer('fsck', '--strict', '--no-dangling');

const ways = [
  ['https', httpBackendMissing, overHttps],
  ['ssh', sshdMissing, overSsh],
] as const;

describe.each(ways)('over %s', (_way, missing, remote) => {
  const titled = (title: string): string => (missing === null ? title : `${title} (${missing})`);

  test.skipIf(missing !== null)(
    titled('revisions and checkpoints arrive as they are kept, and more stays there than here'),
    async () => {
      const has: { push: HistoryPush | null } = { push: null };
      const archive = history(() => has.push?.wake());
      for (const text of ['a', 'b', 'c']) await keep(archive, 'gw1', text, text === 'b' ? 'before' : null);
      await keep(archive, 'sw1', 'a');
      const { push, turns } = start(remote(), archive, has);
      expect(await turns(1)).toBe(null);
      expect(onServer('rev-parse', 'gw1', 'sw1', 'gw1/before').split('\n')).toEqual(
        ['gw1', 'sw1', 'gw1/before'].map(here),
      );
      expect(onServer('log', '--format=%s', 'gw1').split('\n')).toHaveLength(3);
      expect(push.arrived('gw1').oid).toBe(here('gw1'));
      await archive.prune('gw1', { revisions: 1, ageMs: null, bytes: null }, null, push.arrived('gw1'));
      await keep(archive, 'gw1', 'd', 'after');
      await expect.poll(() => onServer('for-each-ref', 'refs/tags/gw1/after')).not.toBe('');
      expect(onServer('rev-parse', 'gw1')).toBe(here('gw1'));
      expect(onServer('log', '--format=%s', 'gw1').split('\n')).toHaveLength(4);
      expect(sound()).toBe('');
      expect(push.failure()).toBe(null);
    },
  );

  test.skipIf(missing !== null)(
    titled('a hook that declines one device stops no other, says why, and is asked again later and later'),
    async () => {
      const hook = path.join(bare, 'hooks/update');
      writeFileSync(hook, '#!/bin/sh\ncase $1 in *gw1) echo "frozen until monday" >&2; exit 1;; esac\n');
      chmodSync(hook, 0o755);
      const archive = history();
      await keep(archive, 'gw1', 'a');
      await keep(archive, 'sw1', 'a');
      const { push, turns, letTimePass, logged } = start(remote(), archive);
      expect(await turns(1)).toBe('history-remote-declined');
      expect(onServer('rev-parse', 'sw1')).toBe(here('sw1'));
      expect(push.failure()?.message).toMatch(
        /^history: gw1: the git server declines refs\/heads\/gw1: hook declined.*frozen until monday/,
      );
      expect(push.arrived('gw1').oid).toBe(null);
      await letTimePass();
      expect(await turns(2)).toBe('history-remote-declined');
      expect(logged.map(([event]) => event)).toEqual(['history-pushed', 'history-not-pushed']);
      rmSync(hook);
      expect(await letTimePass()).toBe(60_000);
      expect(await turns(3)).toBe(null);
      expect(onServer('rev-parse', 'gw1')).toBe(here('gw1'));
      expect(push.failure()).toBe(null);
    },
  );

  test.skipIf(missing !== null)(titled('what others pushed there is never overwritten'), async () => {
    const archive = history();
    await keep(archive, 'gw1', 'a');
    const first = start(remote(), archive);
    await first.turns(1);
    await running?.stop();
    const tree = onServer('rev-parse', 'gw1^{tree}');
    const theirs = onServer('commit-tree', '-p', 'gw1', '-m', 'theirs', tree);
    onServer('update-ref', 'refs/heads/gw1', theirs);
    await keep(archive, 'gw1', 'b');
    const { push, turns } = start(remote(), archive);
    expect(await turns(1)).toBe('history-remote-differs');
    expect(push.failure()?.message).toContain(theirs.slice(0, 12));
    expect(onServer('rev-parse', 'gw1')).toBe(theirs);
  });

  test.skipIf(missing !== null)(titled('a login that is not let in is named'), async () => {
    const archive = history();
    await keep(archive, 'gw1', 'a');
    const server = remote();
    if (server.tokenFile !== null) writeFileSync(server.tokenFile, 'wrong\n');
    const { push, turns } = start({ ...server, ...(sshd === null ? {} : otherLogin(server)) }, archive);
    expect(await turns(1)).toMatch(/^repository-(?:refused|unreachable)$/);
    expect(push.failure()?.message).toMatch(/history: remote: token:|refuses the login of user/);
  });
});

function otherLogin({ identityFile }: GitServer): Partial<GitServer> {
  return identityFile === null ? {} : { identityFile: sshd!.otherIdentity };
}

describe.skipIf(sshdMissing !== null)(`ssh (${sshdMissing ?? 'the real sshd'})`, () => {
  test('a history whose beginning is gone arrives where the server takes it, and is refused in words elsewhere', async () => {
    const archive = history();
    for (const text of ['a', 'b', 'c', 'd', 'e'])
      await keep(archive, 'gw1', text, text === 'b' ? 'before' : null);
    await archive.prune('gw1', { revisions: 2, ageMs: null, bytes: null }, null);
    const refused = start(overSsh(), archive);
    expect(await refused.turns(1)).toBe('history-remote-shallow');
    await running?.stop();
    onServer('config', 'receive.shallowUpdate', 'true');
    const { turns } = start(overSsh(), archive);
    expect(await turns(1)).toBe(null);
    expect(onServer('log', '--format=%s', 'gw1').split('\n')).toHaveLength(2);
    expect(onServer('show', 'gw1/before:gw1/config.rsc')).toBe('# device gw1\nb');
    expect(sound()).toBe('');
  });

  test('a server without room says so', async () => {
    onServer('config', 'receive.maxInputSize', '10');
    const archive = history();
    await keep(archive, 'gw1', 'a');
    const { push, turns } = start(overSsh(), archive);
    expect(await turns(1)).toBe('history-remote-declined');
    expect(push.failure()?.message).toMatch(/maximum allowed size/);
  });

  test('nothing is dropped before it has arrived', async () => {
    const archive = history();
    for (const text of ['a', 'b', 'c', 'd']) await keep(archive, 'gw1', text);
    const hook = path.join(bare, 'hooks/pre-receive');
    writeFileSync(hook, '#!/bin/sh\nexit 1\n');
    chmodSync(hook, 0o755);
    const { push, turns, letTimePass } = start(overSsh(), archive);
    const prune = async (): Promise<number> => {
      let revisions = 0;
      await pruneHistory({
        archive,
        binaryBackups: { prune: () => Promise.resolve(0) },
        devices: ['gw1'],
        keep: { revisions: 2, ageMs: null, bytes: null },
        now: () => null,
        arrived: (device) => push.arrived(device),
        signal: new AbortController().signal,
        log: (_event, facts) => (revisions += Number(facts['revisions'])),
      });
      return revisions;
    };
    expect(await prune()).toBe(0);
    await turns(1);
    expect(await prune()).toBe(0);
    rmSync(hook);
    await letTimePass();
    expect(await turns(2)).toBe(null);
    expect(await prune()).toBe(2);
  });
});
