/** Reboot, shutdown, and starting again from the factory. */
import { namedArgument, textArgument } from '../device/arguments.ts';
import { ConsoleError } from '../language/syntax.ts';
import { toText, NOTHING } from '../language/values.ts';
import { makeHostKey } from '../host-keys.ts';
import type { DeviceCommand } from '../host.ts';
import type { Row } from '../device/menu.ts';

const reboot = (name: string): DeviceCommand => ({
  path: '/system',
  name,
  arguments: [],
  takesValues: false,
  policy: 'reboot',
  run(host) {
    host.reboot();
    return NOTHING;
  },
});

export const powerCommands: readonly DeviceCommand[] = [
  reboot('reboot'),
  // A device that is off is of no use to anybody here: it comes back.
  reboot('shutdown'),
  {
    path: '/system',
    name: 'reset-configuration',
    arguments: ['keep-users', 'no-defaults', 'run-after-reset', 'skip-backup', 'caps-mode'],
    takesValues: false,
    policy: 'policy',
    run(host, call) {
      const keepUsers = /^(yes|true)$/.test(toText(namedArgument(call, 'keep-users') ?? NOTHING));
      const script = textArgument(call, 'run-after-reset');
      const file = script === undefined ? undefined : host.files.find(script);
      if (script !== undefined && file === undefined)
        throw new ConsoleError('input does not match any value of run-after-reset');
      const kept = ['/user', '/user group', '/user ssh-keys'];
      const state = host.device.state();
      const users = new Map([...state].filter(([path]) => keepUsers && kept.includes(path)));
      host.device.restore(new Map([...factoryState(host.device.image.menus), ...users]));
      host.hostKeys.replace(makeHostKey('rsa', 2048));
      if (file !== undefined) host.afterBoot(file.bytes.toString('latin1'));
      host.reboot();
      return NOTHING;
    },
  },
  {
    path: '/',
    name: 'quit',
    arguments: [],
    takesValues: false,
    policy: 'read',
    run() {
      return NOTHING;
    },
  },
];

/** The rows that the device came with: ports and services, without what was configured. */
function factoryState(
  menus: ReadonlyMap<string, { readonly rows: readonly Row[]; readonly singleton: boolean }>,
): Map<string, readonly Row[]> {
  return new Map(
    [...menus].map(([path, { rows }]) => [
      path,
      rows
        .filter((row) => row.selector !== undefined)
        .map((row) => ({ ...row, properties: new Map(), written: new Map() })),
    ]),
  );
}
