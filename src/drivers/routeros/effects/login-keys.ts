/**
 * The keys by which the daemon's own user logs in: listed, added, proved by a connection of its own, taken off. Each is
 * called by a name of its own, so that none is taken for another; nothing here touches another user's.
 */
import { DeviceError } from '../../../core/errors.ts';
import type { LoginChanges } from '../../driver.ts';
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

export function loginKeys(reach: Reach): LoginChanges {
  const { user } = reach.device;
  return {
    list: (_login, _secret, signal) =>
      withConsole(reach, 'login-keys', signal, (console) => list(console, user)),
    add: ({ line, name }, _secret, signal) =>
      withConsole(reach, 'add-login-key', signal, async (console) => {
        const [version = ''] = linesOf(await console.read(versionCommand()));
        for (const command of addLoginKeyCommands(version, user, line, name)) await console.modify(command);
        if (!(await list(console, user)).includes(name))
          throw new DeviceError(
            'unsupported',
            `${reach.device.name}: the key was added but is not listed by its name`,
          );
      }),
    prove: (privateKey, signal) => {
      const through: Reach = { ...reach, credentials: () => Promise.resolve({ privateKey }) };
      return withConsole(
        through,
        'prove-login-key',
        signal,
        async (console) => void (await console.read(versionCommand())),
      );
    },
    removeOthers: ({ name }, signal) =>
      withConsole(reach, 'remove-login-keys', signal, (console) =>
        console.modify(removeOtherLoginKeysCommand(user, name)),
      ),
    undo: ({ name }, _secret, signal) =>
      withConsole(reach, 'remove-login-key', signal, (console) =>
        console.modify(removeLoginKeyCommand(user, name)),
      ),
  };
}

async function list(console: DeviceConsole, user: string): Promise<readonly string[]> {
  return linesOf(await console.read(listLoginKeysCommand(user))).map((line) => {
    const name = /^key=(.*)$/.exec(line)?.[1];
    if (name === undefined) throw new DeviceError('unsupported', 'the keys of the login can not be read');
    return name;
  });
}
