/** The interactive console's questions: before what is dangerous, for a new password, about somebody else's safe mode. */
import { afterEach, expect, it } from 'vitest';
import ssh2 from 'ssh2';
import type { Client, ClientChannel } from 'ssh2';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { simulatorOfTest } from '../support/simulator.ts';

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

interface Terminal {
  send(text: string): void;
  /** Waits for what is shown next, and passes over it. */
  until(text: string): Promise<void>;
}

async function terminal({ host, port }: Simulator, password = ''): Promise<Terminal> {
  const client = new ssh2.Client();
  clients.push(client);
  client.on('error', () => undefined);
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.once('error', reject);
    client.once('ready', () =>
      client.shell((error, made) => (error === undefined ? resolve(made) : reject(error))),
    );
    client.connect({ host, port, username: 'admin', password });
  });
  let seen = '';
  channel.on('data', (bytes: Buffer) => (seen += bytes.toString('latin1')));
  return {
    send: (text) => void channel.write(text),
    async until(text) {
      await expect.poll(() => seen, { timeout: 10_000 }).toContain(text);
      seen = seen.slice(seen.indexOf(text) + text.length);
    },
  };
}

it('S09 asks before a reboot, and takes no for an answer', async () => {
  const running = await simulatorOfTest();
  const { send, until } = await terminal(running);
  await until('[admin@gw1] > ');
  send('/system reboot\r');
  await until('Reboot, yes? [y/N]: ');
  send('n');
  await until('[admin@gw1] > ');
  expect(running.machine.uptimeMs()).toBeGreaterThan(86_000_000);
  send('/system reboot\r');
  await until('Reboot, yes? [y/N]: ');
  send('y');
  await expect.poll(() => running.machine.uptimeMs(), { timeout: 10_000 }).toBeLessThan(60_000);
});

it('S09 a user without a password is asked for a new one, which then counts', async () => {
  const running = await simulatorOfTest({ behaviour: { dialogs: ['new-password'] } });
  const { send, until } = await terminal(running);
  await until('new password> ');
  send('planted\r');
  await until('Password changed');
  await until('[admin@gw1] > ');
  await expect(terminal(running)).rejects.toThrow('authentication');
  const again = await terminal(running, 'planted');
  await again.until('[admin@gw1] > ');
});

it('S64 loading a backup asks for its password, then whether to restore', async () => {
  const running = await simulatorOfTest();
  await running.console('/system backup save name=b password="a b\\"c"; /system identity set name=other');
  const { send, until } = await terminal(running);
  await until('[admin@other] > ');
  send('/system backup load name=b.backup\r');
  await until('password: ');
  send('a b"c\r');
  await until('Restore and reboot? [y/N]: ');
  send('y');
  await until('System configuration restored, rebooting now');
  await expect
    .poll(() => running.console(':put [/system identity get name]'), { timeout: 10_000 })
    .toBe('gw1\n');
});

it("S66 somebody else's safe mode can be taken over, taken back, or left", async () => {
  const running = await simulatorOfTest();
  const pools = (): Promise<string> => running.console('/ip pool print count-only');
  const [first, second] = [await terminal(running), await terminal(running)];
  await first.until('> ');
  first.send('\x18');
  await first.until('<SAFE> ');
  first.send('/ip pool add name=a ranges=192.0.2.1\r');
  await expect.poll(pools, { timeout: 10_000 }).toBe('2\n');
  await second.until('> ');
  second.send('\x18');
  await second.until("don't take it [u/r/d]: ");
  second.send('d');
  await second.until('[admin@gw1] > ');
  second.send('\x18');
  await second.until('[u/r/d]: ');
  second.send('u');
  await second.until('<SAFE> ');
  expect(await pools()).toBe('1\n');
  second.send('/ip pool add name=b ranges=192.0.2.1\r');
  await second.until('<SAFE> ');
  await second.until('<SAFE> ');
  second.send('\x18');
  await second.until('[Safe Mode released]');
  second.send('/quit\r');
  expect(await pools()).toBe('2\n');
});
