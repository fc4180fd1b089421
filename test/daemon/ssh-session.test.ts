/** The SSH session against a small server of its own, which can misbehave, and against the real sshd. */
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  connect as connectSocket,
  createServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect, fingerprintOf, type SshSession, type SshTarget } from '../../src/drivers/ssh-session.ts';
import { hasSshd, startSshd } from '../support/real-sshd.ts';
import type { RealSshd } from '../support/real-sshd.ts';
import { ed25519KeyPair } from '../support/scripted-device.ts';

const hostKeyPair = ed25519KeyPair();
const userKeyPair = ed25519KeyPair();
const otherKeyPair = ed25519KeyPair();
const parsedHostKey = ssh2.utils.parseKey(hostKeyPair.public);
const hostKey = parsedHostKey instanceof Error ? '' : fingerprintOf(parsedHostKey.getPublicSSH());

type Behaviour = (channel: ServerChannel, connection: Connection, command: string) => void;

interface TestServer {
  readonly target: SshTarget;
  readonly connections: Set<Connection>;
  close(): Promise<void>;
}

const sshdMissing = hasSshd ? null : 'skipped without /usr/sbin/sshd';
const never = new AbortController().signal;
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

async function serve(behave: Behaviour): Promise<TestServer> {
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKeyPair.private] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      const allowed = ssh2.utils.parseKey(userKeyPair.public);
      if (context.method === 'password' && context.password === 'correct') return context.accept();
      if (context.method !== 'publickey' || allowed instanceof Error)
        return context.reject(['publickey', 'password']);
      if (!context.key.data.equals(allowed.getPublicSSH())) return context.reject(['publickey', 'password']);
      context.accept();
    });
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, info) => {
        const channel = acceptExec();
        channel.on('error', () => undefined);
        behave(channel, connection, info.command);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const testServer: TestServer = {
    target: {
      host: '127.0.0.1',
      port,
      user: 'siteward',
      privateKey: Buffer.from(userKeyPair.private),
      hostKey,
      timeoutMs: 5_000,
    },
    connections,
    close: () =>
      new Promise((resolve) => {
        for (const connection of connections) connection.end();
        server.close(() => resolve());
      }),
  };
  opened.push(testServer);
  return testServer;
}

async function session(target: SshTarget): Promise<SshSession> {
  const made = await connect(target, never);
  opened.push(made);
  return made;
}

const answer: Behaviour = (channel, _connection, command) => {
  channel.write(`you said ${command}\r\n`);
  channel.exit(0);
  channel.end();
};

describe('connecting', () => {
  test('the pinned key and the right login: a session that knows its own address', async () => {
    const { target } = await serve(answer);
    const made = await session(target);
    expect(made.hostKey).toBe(hostKey);
    expect(made.localAddress).toBe('127.0.0.1');
    expect(hostKey).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  test('D12 another host key: refused before any login, both keys named', async () => {
    const { target } = await serve(answer);
    const pinned = `SHA256:${'A'.repeat(43)}`;
    const attempt = connect({ ...target, hostKey: pinned }, never);
    await expect(attempt).rejects.toMatchObject({ code: 'host-key-mismatch', pinned, shown: hostKey });
    await expect(attempt).rejects.toThrow(pinned);
    await expect(attempt).rejects.toThrow(hostKey);
  });

  test('a key that the device does not know: key-refused', async () => {
    const { target } = await serve(answer);
    const attempt = connect({ ...target, privateKey: Buffer.from(otherKeyPair.private) }, never);
    await expect(attempt).rejects.toMatchObject({ name: 'DeviceError', code: 'key-refused' });
  });

  test('a wrong password: password-refused, and the password is not in the message', async () => {
    const { target } = await serve(answer);
    const { host, port, user, timeoutMs } = target;
    const attempt = connect({ host, port, user, hostKey, timeoutMs, password: 'geheim-1' }, never);
    await expect(attempt).rejects.toMatchObject({ code: 'password-refused' });
    await expect(attempt).rejects.not.toThrow(/geheim/);
  });

  test('a right password after a key that is not known', async () => {
    const { target } = await serve(answer);
    const made = await session({
      ...target,
      privateKey: Buffer.from(otherKeyPair.private),
      password: 'correct',
    });
    expect(made.hostKey).toBe(hostKey);
  });

  test('a key file that holds no key: the input is at fault, not the device', async () => {
    const { target } = await serve(answer);
    const attempt = connect({ ...target, privateKey: Buffer.from('no key') }, never);
    await expect(attempt).rejects.toMatchObject({ name: 'InvalidInput', code: 'unusable-key' });
  });

  test('nobody listens: unreachable', async () => {
    const server = await serve(answer);
    await server.close();
    await expect(connect(server.target, never)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('a listener that never speaks costs the time-out, and no more', async () => {
    const silent = await listenSilently();
    const target = {
      ...(await serve(answer)).target,
      port: (silent.address() as AddressInfo).port,
      timeoutMs: 200,
    };
    await expect(connect(target, never)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('aborted on the way: the reason of the signal', async () => {
    const silent = await listenSilently();
    const target = { ...(await serve(answer)).target, port: (silent.address() as AddressInfo).port };
    const controller = new AbortController();
    const attempt = connect(target, controller.signal);
    controller.abort(new Error('enough'));
    await expect(attempt).rejects.toThrow('enough');
  });

  test('something that is no SSH server: unreachable', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const target = { ...(await serve(answer)).target, port: (server.address() as AddressInfo).port };
    await expect(connect(target, never)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

async function listenSilently(): Promise<NetServer> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  });
  return server;
}

describe('keepalive', () => {
  /** What SSH counts its questions by; everything else goes by the real time. */
  const questionMs = 10_000;
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  /** The server behind something that passes on what both say, until it falls silent. */
  async function reachable(
    target: SshTarget,
  ): Promise<{ target: SshTarget; nextBytes(): Promise<unknown>; fallSilent(): void }> {
    const sockets: Socket[] = [];
    const said = new EventEmitter();
    const between = createServer((near) => {
      const far = connectSocket(target.port, target.host);
      for (const socket of [near, far]) {
        socket.on('error', () => undefined);
        sockets.push(socket);
      }
      near.pipe(far).pipe(near);
      far.on('data', () => said.emit('bytes'));
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    opened.push({
      close: () =>
        new Promise((resolve) => {
          for (const socket of sockets) socket.destroy();
          between.close(() => resolve());
        }),
    });
    return {
      target: { ...target, port: (between.address() as AddressInfo).port },
      nextBytes: () => once(said, 'bytes'),
      fallSilent: () => {
        for (const socket of sockets) socket.unpipe().pause();
      },
    };
  }

  test('an idle connection whose questions are answered stays', async () => {
    const { target } = await serve(answer);
    const way = await reachable(target);
    const made = await session(way.target);
    for (let question = 0; question < 5; question++) {
      const answered = way.nextBytes();
      vi.advanceTimersByTime(questionMs);
      await answered;
      // What passed on here has still to be heard: questions count as unanswered until then.
      await sleep(50);
    }
    const { output } = await made.exec('hello', { timeoutMs: 5_000 }, never);
    expect(output.toString()).toBe('you said hello\r\n');
  });

  test('a device that falls silent in the middle of an answer is given up after three questions', async () => {
    const asked = new EventEmitter();
    const { target } = await serve(() => void asked.emit('asked'));
    const way = await reachable(target);
    const made = await session(way.target);
    const heard = once(asked, 'asked');
    const reading = made.exec('export', { timeoutMs: 20_000, readsOnly: true }, never);
    const changing = made.exec('apply', { timeoutMs: 20_000 }, never);
    await heard;
    way.fallSilent();
    vi.advanceTimersByTime(4 * questionMs);
    await expect(reading).rejects.toMatchObject({ name: 'DeviceError', code: 'unreachable' });
    await expect(changing).rejects.toMatchObject({ code: 'outcome-unknown' });
  });
});

describe('a command', () => {
  test('its output and exit code', async () => {
    const made = await session((await serve(answer)).target);
    const { output, exitCode } = await made.exec('hello', { timeoutMs: 5_000 }, never);
    expect(output.toString()).toBe('you said hello\r\n');
    expect(exitCode).toBe(0);
  });

  test('several at once, each with its own answer', async () => {
    const made = await session((await serve(answer)).target);
    const words = ['one', 'two', 'three', 'four'];
    const results = await Promise.all(words.map((word) => made.exec(word, { timeoutMs: 5_000 }, never)));
    expect(results.map(({ output }) => output.toString())).toEqual(
      words.map((word) => `you said ${word}\r\n`),
    );
  });

  test('an end without exit status is an end', async () => {
    const made = await session((await serve((channel) => void channel.end('done\r\n'))).target);
    expect(await made.exec('x', { timeoutMs: 5_000 }, never)).toMatchObject({ exitCode: null });
  });

  test('a flood on standard error does not stall it', async () => {
    const flood: Behaviour = (channel) => {
      channel.stderr.write(Buffer.alloc(4 * 1024 * 1024, 'e'), () => {
        channel.write('done');
        channel.exit(1);
        channel.end();
      });
    };
    const made = await session((await serve(flood)).target);
    const { output, exitCode } = await made.exec('x', { timeoutMs: 20_000 }, never);
    expect([output.toString(), exitCode]).toEqual(['done', 1]);
  });

  test('two megabytes arrive whole', async () => {
    const bytes = Buffer.alloc(2 * 1024 * 1024, 'abcdefg\r\n');
    const made = await session(
      (
        await serve((channel) => {
          channel.end(bytes);
        })
      ).target,
    );
    const { output } = await made.exec('x', { timeoutMs: 20_000, readsOnly: true }, never);
    expect(output.equals(bytes)).toBe(true);
  });

  test('more output than allowed: refused when it only reads, unknown when it may have changed something', async () => {
    const made = await session((await serve((channel) => void channel.end(Buffer.alloc(5_000)))).target);
    const bounded = { timeoutMs: 5_000, maxBytes: 4_000 };
    await expect(made.exec('x', { ...bounded, readsOnly: true }, never)).rejects.toMatchObject({
      code: 'incomplete-export',
    });
    await expect(made.exec('x', bounded, never)).rejects.toMatchObject({ name: 'OutcomeUnknown' });
  });

  test('the connection is cut after it was sent: unknown, or unreachable when it only reads', async () => {
    const cut: Behaviour = (channel, connection) => {
      channel.write('half an ans');
      connection.end();
    };
    for (const readsOnly of [false, true]) {
      const made = await session((await serve(cut)).target);
      await expect(made.exec('x', { timeoutMs: 5_000, readsOnly }, never)).rejects.toMatchObject({
        code: readsOnly ? 'unreachable' : 'outcome-unknown',
      });
    }
  });

  test('never answered: the time-out, then the session still closes', async () => {
    const made = await session((await serve(() => undefined)).target);
    await expect(made.exec('x', { timeoutMs: 100 }, never)).rejects.toMatchObject({
      code: 'outcome-unknown',
    });
    await expect(made.exec('x', { timeoutMs: 100, readsOnly: true }, never)).rejects.toMatchObject({
      code: 'timeout',
    });
    const soon = { timeoutMs: 600_000, firstByteMs: 100, readsOnly: true };
    await expect(made.exec('x', soon, never)).rejects.toMatchObject({ code: 'timeout' });
    await made.close();
  });

  test('aborted: the reason of the signal', async () => {
    const controller = new AbortController();
    const made = await session((await serve(() => controller.abort(new Error('enough')))).target);
    await expect(made.exec('x', { timeoutMs: 5_000 }, controller.signal)).rejects.toThrow('enough');
  });

  test('on a session that is closed: unreachable, since nothing was sent', async () => {
    const made = await session((await serve(answer)).target);
    await made.close();
    await made.close();
    await expect(made.exec('x', { timeoutMs: 5_000 }, never)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('commands are refused to this login: rejected', async () => {
    const server = new ssh2.Server({ hostKeys: [hostKeyPair.private] }, (connection) => {
      connection.on('error', () => undefined);
      connection.on('authentication', (context) => context.accept());
      connection.on('session', (accept) => void accept().on('exec', (_accept, reject) => reject?.()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const { port } = server.address() as AddressInfo;
    const made = await session({
      host: '127.0.0.1',
      port,
      user: 'x',
      password: 'y',
      hostKey,
      timeoutMs: 5_000,
    });
    await expect(made.exec('x', { timeoutMs: 5_000 }, never)).rejects.toMatchObject({ code: 'rejected' });
  });
});

describe.skipIf(sshdMissing !== null)(`with the real sshd (${sshdMissing ?? 'OpenSSH'})`, () => {
  let server: RealSshd;
  let target: SshTarget;

  beforeAll(async () => {
    server = await startSshd();
    target = {
      host: '127.0.0.1',
      port: server.port,
      user: server.user,
      privateKey: readFileSync(server.identity),
      hostKey: server.hostKey,
      timeoutMs: 10_000,
    };
  });

  afterAll(() => server.close());

  test('an answer, standard error left out, and the exit code', async () => {
    const made = await session(target);
    const { output, exitCode } = await made.exec(
      'echo out; echo err >&2; exit 3',
      { timeoutMs: 10_000 },
      never,
    );
    expect([output.toString(), exitCode]).toEqual(['out\n', 3]);
  });

  test('a key that is not authorized: key-refused', async () => {
    const attempt = connect({ ...target, privateKey: Buffer.from(otherKeyPair.private) }, never);
    await expect(attempt).rejects.toMatchObject({ code: 'key-refused' });
  });
});
