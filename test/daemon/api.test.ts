import { mkdtempSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectTo } from '../../src/api/client.ts';
import { startHttp } from '../../src/api/http.ts';
import type { Operations } from '../../src/api/operations.ts';
import { startServer } from '../../src/api/server.ts';
import type { RunningServer } from '../../src/api/server.ts';
import { DeviceError, InvalidInput } from '../../src/core/errors.ts';
import { fakeOperations } from '../support/fake-operations.ts';
import type { Asked } from '../support/fake-operations.ts';

let folder: string;
let socket: string;
let asked: Asked[];
let faults: unknown[];
let running: RunningServer[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-api-'));
  socket = path.join(folder, 'run/s.sock');
  asked = [];
  faults = [];
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.close(0)));
  rmSync(folder, { recursive: true, force: true });
});

async function serve(changes: Partial<Operations> = {}): Promise<RunningServer> {
  const server = await startServer({
    socket,
    operations: fakeOperations(asked, changes),
    onFault: (error) => faults.push(error),
  });
  running.push(server);
  return server;
}

function raw(body: string, options: http.RequestOptions = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { socketPath: socket, path: '/v1/status', method: 'POST', ...options },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}

test('a question reaches the operation with what the client says of itself, and its answer comes back', async () => {
  await serve();
  const answer = await connectTo(socket).call('status', { device: 'gw1' });
  expect(answer).toMatchObject({ v: 1, site: 'bud-01', devices: [{ name: 'gw1', state: 'in-sync' }] });
  const uid = process.getuid?.() ?? 0;
  expect(asked).toEqual([
    { name: 'status', request: { device: 'gw1' }, client: { uid, claimed: `uid:${uid}` } },
  ]);
});

test('the socket is for the owner and the group only', async () => {
  await serve();
  expect(statSync(socket).mode & 0o777).toBe(0o660);
});

test('errors keep code, device and place; unexpected ones keep nothing but a line in the log', async () => {
  await serve({
    plan: () =>
      Promise.reject(
        new InvalidInput('invalid-value', 'expected a rule', { file: 'a.rsc', line: 3, column: 7 }),
      ),
    retry: () => Promise.reject(new DeviceError('unreachable', 'no answer')),
    refresh: () => Promise.reject(new Error('password hunter2')),
  });
  const client = connectTo(socket);
  await expect(client.call('plan', {})).rejects.toMatchObject({
    code: 'invalid-value',
    place: { file: 'a.rsc', line: 3, column: 7 },
    device: null,
  });
  await expect(client.call('retry', { device: 'gw1' })).rejects.toMatchObject({
    code: 'unreachable',
    device: 'gw1',
  });
  const refused: unknown = await client.call('refresh', {}).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'internal' });
  expect(String(refused)).not.toContain('hunter2');
  expect(faults).toHaveLength(1);
});

test.each([
  ['no JSON', 'x', {}, 422, 'bad-request'],
  ['bytes that are not UTF-8', '\xff', {}, 422, 'bad-request'],
  ['a request of another form', '{"device":7}', {}, 422, 'bad-request'],
  ['an unknown key', '{"sudo":true}', {}, 422, 'bad-request'],
  ['an unknown operation', '{}', { path: '/v1/become-root' }, 404, 'no-such-operation'],
  ['a name from the prototype', '{}', { path: '/v1/constructor' }, 404, 'no-such-operation'],
  ['another method', '', { method: 'GET' }, 404, 'no-such-operation'],
  ['too much', JSON.stringify({ device: 'x'.repeat(3_000_000) }), {}, 413, 'too-large'],
])('%s is refused, and nothing is run', async (_, body, options, status, code) => {
  await serve();
  const answer = await raw(body, options);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
  expect(asked).toEqual([]);
});

test('a megabyte of signatures is taken', async () => {
  await serve();
  const signatures = Array.from({ length: 16 }, () => `good${'x'.repeat(65_000)}`);
  const answer = await connectTo(socket).call('approve', { id: 'x', signatures });
  expect(answer.results).toHaveLength(16);
});

test('what a client claims is taken only in its one form', async () => {
  await serve();
  await raw('{}', { headers: { 'x-siteward-client': 'root; uid:0' } });
  expect(asked[0]?.client).toEqual({ uid: null, claimed: null });
});

test('a socket file that a killed process left behind is replaced', async () => {
  const script = path.join(folder, 'left.mjs');
  writeFileSync(
    script,
    `import net from 'node:net'; net.createServer().listen(process.argv[2], () => process.send('up'));`,
  );
  socket = path.join(folder, 's.sock');
  const child = fork(script, [socket], { execArgv: [] });
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(existsSync(socket)).toBe(true);
  await serve();
  await expect(connectTo(socket).call('status', {})).resolves.toBeDefined();
});

test('a socket on which another process answers, or a file in the way, is left alone', async () => {
  await serve();
  await expect(serve()).rejects.toMatchObject({ code: 'socket-in-use' });
  await expect(connectTo(socket).call('status', {})).resolves.toBeDefined();
  socket = path.join(folder, 'file');
  writeFileSync(socket, 'mine');
  await expect(serve()).rejects.toMatchObject({ code: 'socket-path' });
  socket = path.join(folder, 'x'.repeat(120));
  await expect(serve()).rejects.toMatchObject({ code: 'socket-path' });
});

test('without a daemon the client says how to get one', async () => {
  await expect(connectTo(socket).call('status', {})).rejects.toMatchObject({
    code: 'daemon-not-running',
    message: expect.stringContaining('siteward run') as string,
  });
});

test('an answer of another form is not believed', async () => {
  const server = http.createServer((_, response) => response.end('{"v":2}'));
  socket = path.join(folder, 'odd.sock');
  server.listen(socket);
  await once(server, 'listening');
  await expect(connectTo(socket).call('status', {})).rejects.toMatchObject({ code: 'bad-answer' });
  server.close();
  await once(server, 'close');
});

test('closing waits for an answer under way, for a while, and takes no more questions', async () => {
  let finish = (): void => undefined;
  const begun = new Promise<void>((resolveBegun) => {
    void serve({
      refresh: () => {
        resolveBegun();
        return new Promise((resolve) => {
          finish = () => resolve({ v: 1, head: null, commit: null, state: 'unknown', message: null });
        });
      },
    });
  });
  await expect.poll(() => existsSync(socket)).toBe(true);
  const answer = connectTo(socket).call('refresh', {});
  await begun;
  const closed = running[0]?.close(10_000);
  await expect(connectTo(socket).call('status', {})).rejects.toMatchObject({ code: 'daemon-not-running' });
  finish();
  await expect(answer).resolves.toMatchObject({ state: 'unknown' });
  await closed;
});

test('closing cuts an answer that does not come', async () => {
  let begun = false;
  await serve({
    refresh: () => {
      begun = true;
      return new Promise(() => undefined);
    },
  });
  const answer = connectTo(socket).call('refresh', {});
  const rejected = expect(answer).rejects.toMatchObject({ code: 'daemon-gone' });
  await expect.poll(() => begun).toBe(true);
  await running[0]?.close(10);
  await rejected;
});

test('the monitoring port serves metrics and health, and nothing else', async () => {
  const obstacles: string[] = [];
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'siteward_ready 1\n' }),
    obstacles: () => obstacles,
    onFault: (error) => faults.push(error),
  });
  const base = `http://127.0.0.1:${server.port}`;
  const get = async (where: string, init: RequestInit = {}): Promise<[number, string]> => {
    const response = await fetch(base + where, init);
    return [response.status, await response.text()];
  };
  expect(await get('/metrics')).toEqual([200, 'siteward_ready 1\n']);
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  expect(await get('/readyz?x=1')).toEqual([200, 'ready\n']);
  obstacles.push('journal-damaged');
  expect(await get('/readyz')).toEqual([503, 'journal-damaged\n']);
  expect((await get('/v1/status', { method: 'POST' }))[0]).toBe(405);
  expect((await get('/v1/status'))[0]).toBe(404);
  expect((await get('/metrics', { method: 'HEAD' }))[1]).toBe('');
  await server.close();
  await expect(fetch(`${base}/healthz`)).rejects.toThrow();
});

test('a monitoring port that is taken says what to do', async () => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as net.AddressInfo;
  const options = {
    host: '127.0.0.1',
    port,
    metrics: () => Promise.reject(new Error()),
    obstacles: () => [],
    onFault: () => undefined,
  };
  await expect(startHttp(options)).rejects.toMatchObject({
    code: 'listen-failed',
    message: expect.stringContaining('listen') as string,
  });
  other.close();
});
