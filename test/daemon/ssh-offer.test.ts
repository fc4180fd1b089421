/** What the session offers and asks of the wire before anything is known of the device, where it is still in the clear. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connect } from '../../src/drivers/ssh-session.ts';

async function listening(server: Server): Promise<Server> {
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Whatever the server says, it is no device's. */
async function connectInVain(server: Server): Promise<void> {
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
}

test('key exchange for every age of device, none by group exchange, and RSA host keys for RouterOS 6', async () => {
  const server = await listening(createServer());
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
  await connectInVain(server);
  const text = await offered;
  for (const one of ['curve25519-sha256', 'diffie-hellman-group14-sha1', 'ssh-ed25519', 'ssh-rsa'])
    expect(text).toContain(one);
  expect(text).not.toContain('group-exchange');
});

test('what is said goes out at once, not when there is more of it', async () => {
  const server = await listening(
    createServer((socket) => void socket.on('error', () => undefined).destroy()),
  );
  // What the system is told, whichever way the session says it: both ends of a connection are of one class.
  const { _handle: handle } = server as unknown as { _handle: object };
  const ofAll = Object.getPrototypeOf(handle) as { setNoDelay(on: boolean): number };
  const noDelay = vi.spyOn(ofAll, 'setNoDelay');
  await connectInVain(server);
  expect(noDelay.mock.calls).toEqual([[true]]);
  noDelay.mockRestore();
});
