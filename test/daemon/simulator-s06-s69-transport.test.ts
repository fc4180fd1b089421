/** What a session goes through: lines that are refused, limits, stalls, cuts, commands that outlive it. */
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import ssh2 from 'ssh2';
import type { Client } from 'ssh2';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { simulatorOfTest } from '../support/simulator.ts';

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

const start = (options: Partial<SimulatorOptions> = {}): Promise<Simulator> =>
  simulatorOfTest({ password: 'planted', ...options });

function login({ host, port }: Simulator): Promise<Client> {
  const client = new ssh2.Client();
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client));
    client.once('error', reject);
    client.connect({ host, port, username: 'admin', password: 'planted' });
  });
}

interface Answer {
  text: string;
  status: number | null | undefined;
  closed: boolean;
}

/** What has come so far; it goes on growing. */
function ask(client: Client, command: string): Answer {
  const answer: Answer = { text: '', status: undefined, closed: false };
  client.on('error', () => undefined);
  client.exec(command, (error, channel) => {
    if (error !== undefined) return;
    channel.on('data', (bytes: Buffer) => (answer.text += bytes.toString('latin1')));
    channel.on('exit', (status) => (answer.status = status));
    channel.on('close', () => (answer.closed = true));
  });
  client.on('close', () => (answer.closed = true));
  return answer;
}

const until = (what: () => unknown): Promise<void> => expect.poll(what, { timeout: 20_000 }).toBeTruthy();

it('S06 a command of several lines is refused whole', async () => {
  const running = await start();
  const answer = ask(await login(running), '/ip pool\nadd name=a ranges=192.0.2.1');
  await until(() => answer.closed);
  expect(answer.text).toBe('expected end of command (line 1 column 9)\r\n');
  expect(await running.console('/ip pool print count-only')).toBe('1\n');
});

it('S12 takes so many sessions and drops the next one', async () => {
  const running = await start();
  await running.console('/ip service set ssh max-sessions=2');
  await login(running);
  await login(running);
  const greeted = await new Promise<string>((resolve) => {
    const socket = connect(running.port, running.host);
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
  expect(greeted).toBe('');
});

it('S13 large output stalls for a client with a small window, where the device has that defect', async () => {
  const comment = 'x'.repeat(2000);
  const lines = Array.from({ length: 1100 }, (_, i) => `add comment=${comment} name=p${i}`).join('\n');
  const running = await start({
    exportText: Buffer.from(`# x by RouterOS 7.18.2\n/ip pool\n${lines}\n`),
    behaviour: { stallsBelowWindow: 4 * 1024 * 1024 },
  });
  const client = await login(running);
  const large = ask(client, '/export');
  await until(() => large.text.length >= 2_000_000);
  const small = ask(client, ':put on');
  await until(() => small.closed);
  expect(large.closed).toBe(false);
});

it('S14 an answer is cut at any byte, and the connection with it; or it stalls', async () => {
  const running = await start();
  for (const afterBytes of [0, 1, 100]) {
    running.faults.nextCut = { how: 'cut', afterBytes };
    const answer = ask(await login(running), '/export');
    await until(() => answer.closed);
    expect(answer.text.length).toBe(afterBytes);
  }
  running.faults.nextCut = { how: 'stall', afterBytes: 50 };
  const client = await login(running);
  const stalled = ask(client, '/export');
  await until(() => stalled.text.length === 50);
  const other = ask(client, ':put on');
  await until(() => other.closed);
  expect(stalled.closed).toBe(false);
});

it.each([
  [false, 'true'],
  [true, ''],
])('S69 a command whose session is cut goes on, or ends with it (%s)', async (channelEndStops, printed) => {
  const running = await start({ behaviour: { channelEndStops } });
  const answer = ask(await login(running), ':put begun; :delay 1s; /ip pool add name=late ranges=192.0.2.1');
  await until(() => answer.text !== '');
  running.cutSessions();
  await until(() => answer.closed);
  await running.console(':delay 1500ms');
  const found = await running.console(':if ([:len [/ip pool find where name=late]] = 1) do={:put true}');
  expect(found.trim()).toBe(printed);
});

it('S04 an import that failed ends with 0, even where other errors do not', async () => {
  const running = await start({ behaviour: { exitStatus: 'strict' } });
  const client = await login(running);
  const failed = ask(client, '/import none.rsc');
  await until(() => failed.closed);
  expect(failed.status).toBe(0);
  const other = ask(client, '/ip pool remove none');
  await until(() => other.closed);
  expect(other.status).toBe(1);
});

it('S66 safe mode that a command took ends with the command, or is kept', async () => {
  for (const [safeModeOverExec, count] of [
    ['ends-with-channel', '1\n'],
    ['kept', '2\n'],
  ] as const) {
    const running = await start({ behaviour: { safeModeOverExec } });
    const client = await login(running);
    const answer = ask(client, '/safe-mode take; /ip pool add name=a ranges=192.0.2.1');
    await until(() => answer.closed);
    expect(await running.console('/ip pool print count-only')).toBe(count);
    client.end();
    await expect.poll(() => running.console('/ip pool print count-only'), { timeout: 10_000 }).toBe('1\n');
    await running.close();
  }
});
