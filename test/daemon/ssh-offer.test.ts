/** What the session offers and asks of the wire before anything is known of the device, where it is still in the clear. */
import { createServer, type AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { connect } from '../../src/drivers/ssh-session.ts';

test('key exchange for every age of device, none by group exchange, and RSA host keys for RouterOS 6', async () => {
  const server = createServer();
  const offered = new Promise<string>((resolve) => {
    server.on('connection', (socket) => {
      let seen = '';
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        seen += data.toString('latin1');
        if (!seen.includes('hmac-sha1')) return;
        resolve(seen);
        socket.destroy();
      });
      socket.write('SSH-2.0-ROSSSH\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const target = {
    host: '127.0.0.1',
    port,
    user: 'x',
    password: 'x',
    hostKey: 'SHA256:x',
    timeoutMs: 10_000,
  };
  await expect(connect(target, new AbortController().signal)).rejects.toMatchObject({ code: 'unreachable' });
  const text = await offered;
  for (const one of ['curve25519-sha256', 'diffie-hellman-group14-sha1', 'ssh-ed25519', 'ssh-rsa'])
    expect(text).toContain(one);
  expect(text).not.toContain('group-exchange');
  await new Promise((resolve) => server.close(resolve));
});

test('what is said goes out at once, not when there is more of it', async () => {
  const server = createServer((socket) => void socket.on('error', () => undefined).destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // What the system is told, whichever way the session says it: both ends of a connection are of one class.
  const { _handle: handle } = server as unknown as { _handle: object };
  const ofAll = Object.getPrototypeOf(handle) as { setNoDelay(on: boolean): number };
  const noDelay = vi.spyOn(ofAll, 'setNoDelay');
  const target = {
    host: '127.0.0.1',
    port,
    user: 'x',
    password: 'x',
    hostKey: 'SHA256:x',
    timeoutMs: 10_000,
  };
  await expect(connect(target, new AbortController().signal)).rejects.toMatchObject({ code: 'unreachable' });
  expect(noDelay.mock.calls).toEqual([[true]]);
  noDelay.mockRestore();
  await new Promise((resolve) => server.close(resolve));
});
