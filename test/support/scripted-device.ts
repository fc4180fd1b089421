/**
 * An SSH server that answers each console line as a test says: for devices that lie, stop in the middle, or say
 * what no simulator would. It knows of the console only the end that every command carries.
 */
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection } from 'ssh2';
import type { DeviceSettings } from '../../src/core/site.ts';
import { fingerprintOf } from '../../src/drivers/ssh-session.ts';

/** `say`: text, then the command's end. `fail`: text alone. `cut`: the connection ends. `hang`: no answer. */
export type Reply = { readonly say: string } | { readonly fail: string } | 'cut' | 'hang';

export interface ScriptedDevice {
  readonly settings: DeviceSettings;
  readonly password: string;
  /** What was sent, without the end that each command carries. */
  readonly sent: readonly string[];
  close(): Promise<void>;
}

export async function startScriptedDevice(answer: (command: string) => Reply): Promise<ScriptedDevice> {
  const keys = ed25519KeyPair();
  const parsed = ssh2.utils.parseKey(keys.public);
  if (parsed instanceof Error) throw parsed;
  const sent: string[] = [];
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [keys.private], ident: 'ROSSSH' }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      if (context.method === 'password') context.accept();
      else context.reject(['password']);
    });
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        channel.on('error', () => undefined);
        const split = /^(.*); :put "(sw-(?:ok|end)-[0-9a-f]{16})"$/.exec(command);
        const [line, end] = [split?.[1] ?? command, split?.[2] ?? ''];
        sent.push(line);
        const reply = answer(line);
        if (reply === 'hang') return;
        if (reply === 'cut') return void connection.end();
        channel.write('say' in reply ? `${reply.say}${end}\r\n` : reply.fail);
        channel.exit(0);
        channel.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: deviceSettings({ port, hostKey: fingerprintOf(parsed.getPublicSSH()) }),
    password: 'password',
    sent,
    close: () =>
      new Promise((resolve) => {
        for (const connection of connections) connection.end();
        server.close(() => resolve());
      }),
  };
}

/** The library writes a key that it can't read itself about once in 256 times. */
export function ed25519KeyPair(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const readable = [pair.private, pair.public].every((key) => !(ssh2.utils.parseKey(key) instanceof Error));
    if (readable) return pair;
  }
}

/** Settings of a device on this machine, quick enough for tests. */
export function deviceSettings(
  changes: Partial<DeviceSettings> & Pick<DeviceSettings, 'port' | 'hostKey'>,
): DeviceSettings {
  return {
    name: 'gw1',
    driver: 'routeros',
    address: '127.0.0.1',
    user: 'siteward',
    identityFile: null,
    passwordFile: null,
    manage: 'rollout',
    rollout: 'auto',
    maintenance: null,
    readMs: 900_000,
    windowMs: 20_000,
    tickMs: 1_000,
    flushMs: 0,
    minUptimeMs: 300_000,
    soakMs: 0,
    probes: [],
    drillMs: null,
    backup: { schedule: null, binary: false },
    secrets: 'hidden',
    secretsOnDevice: 'refuse',
    management: {},
    ...changes,
  };
}

/** A clock of the machine's own, as the daemon has it. */
export const machineClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
