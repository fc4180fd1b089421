/**
 * The keys by which the daemon's own user logs in: listed, added, proved by a connection of its own, taken off. Each is
 * called by a name of its own, so that none is taken for another; nothing here touches another user's.
 */
import { DeviceError } from '../../../core/errors.ts';
import type { NewLogin } from '../../../core/rollout/event-fields.ts';
import type { LoginKeys } from '../../driver.ts';
import {
  addLoginKeyCommands,
  listLoginKeysCommand,
  removeLoginKeyCommand,
  removeOtherLoginKeysCommand,
} from '../login-keys.ts';
import { versionCommand } from '../commands.ts';
import { linesOf } from '../console.ts';
import type { DeviceConsole, Reach } from './device-console.ts';
import { withConsole } from './device-console.ts';

/** `either`: ends with the driver too; `tracked`: the driver waits for it when it ends. */
export function loginKeys(
  reach: Reach,
  either: (signal: AbortSignal) => AbortSignal,
  tracked: <T>(step: Promise<T>) => Promise<T>,
): LoginKeys {
  const { user } = reach.device;
  const on = <T>(
    step: string,
    signal: AbortSignal,
    use: (console: DeviceConsole) => Promise<T>,
    through = reach,
  ): Promise<T> => tracked(withConsole(through, step, either(signal), use));
  return {
    list: (signal) => on('login-keys', signal, (console) => list(console, user)),
    add: ({ line, name }: NewLogin, signal) =>
      on('add-login-key', signal, async (console) => {
        const [version = ''] = linesOf(await console.read(versionCommand()));
        for (const command of addLoginKeyCommands(version, user, line, name)) await console.modify(command);
        if (!(await list(console, user)).includes(name))
          throw new DeviceError(
            'unsupported',
            `${reach.device.name}: the key was added but is not listed by its name`,
          );
      }),
    prove: (privateKey, signal) =>
      on('prove-login-key', signal, async (console) => void (await console.read(versionCommand())), {
        ...reach,
        credentials: () => Promise.resolve({ privateKey }),
      }),
    removeOthers: (name, signal) =>
      on('remove-login-keys', signal, (console) => console.modify(removeOtherLoginKeysCommand(user, name))),
    remove: (name, signal) =>
      on('remove-login-key', signal, (console) => console.modify(removeLoginKeyCommand(user, name))),
  };
}

async function list(console: DeviceConsole, user: string): Promise<readonly string[]> {
  return linesOf(await console.read(listLoginKeysCommand(user))).map((line) => {
    const name = /^key=(.*)$/.exec(line)?.[1];
    if (name === undefined) throw new DeviceError('unsupported', 'the keys of the login can not be read');
    return name;
  });
}
