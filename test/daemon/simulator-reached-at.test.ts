import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';

const TEXT = `# 2026-11-20 09:15:02 by RouterOS 7.18.2
/interface bridge
add name=lan
/interface bridge port
add bridge=lan interface=ether2
/ip address
add address=192.0.2.1/24 interface=lan
/ip firewall filter
add action=accept chain=input src-address=192.0.2.0/24
add action=drop chain=input
`;
let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

/** The server's greeting, or nothing when it ends the connection before. */
function greeting({ host, port }: Simulator): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (text.includes('\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

it('a device that is told how it is reached filters new connections as it is configured then', async () => {
  simulator = await startSimulator({
    exportText: Buffer.from(TEXT, 'latin1'),
    reachedAt: { address: '192.0.2.1', interface: 'ether2', from: '192.0.2.50' },
  });
  expect(await greeting(simulator)).toContain('SSH-2.0-');
  await simulator.console('/ip firewall filter set [find where action=accept] src-address=10.0.0.0/8');
  expect(await greeting(simulator)).toBe('');
  await simulator.console('/ip firewall filter set [find where action=accept] src-address=192.0.2.48/28');
  expect(await greeting(simulator)).toContain('SSH-2.0-');
  await simulator.console('/interface bridge disable [find]');
  expect(await greeting(simulator)).toBe('');
});

it('without that, only the service decides', async () => {
  simulator = await startSimulator({
    exportText: Buffer.from(TEXT.replaceAll('action=accept', 'action=drop'), 'latin1'),
  });
  expect(await greeting(simulator)).toContain('SSH-2.0-');
});
