import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { openSocket } from '../../../src/drivers/ssh-socket.ts';

test('what is written in one turn leaves in one call, in order, and the next turn in another', async () => {
  let got = '';
  const server = createServer((peer) => peer.on('data', (data) => (got += data.toString())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = openSocket('127.0.0.1', (server.address() as AddressInfo).port);
  await once(socket, 'connect');
  const calls = vi.spyOn(socket, '_writev');
  for (const word of ['length', ' packet', ' tag']) socket.write(word);
  await new Promise(setImmediate);
  expect(calls).toHaveBeenCalledTimes(1);
  for (const word of [' more', ' of it']) socket.write(word);
  await new Promise(setImmediate);
  expect(calls).toHaveBeenCalledTimes(2);
  // What is not yet out when it ends goes out all the same.
  socket.write(' last');
  socket.end();
  await once(socket, 'close');
  expect(got).toBe('length packet tag more of it last');
  server.close();
});
