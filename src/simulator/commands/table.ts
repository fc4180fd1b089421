/** All commands that are more than rows of a menu, and which menus are looked at but not configured. */
import { backupCommands } from './backup.ts';
import { fileCommands } from './files.ts';
import { historyCommands } from './history.ts';
import { importCommands } from './import.ts';
import { logCommands } from './log.ts';
import { pingCommands } from './ping.ts';
import { powerCommands } from './power.ts';
import { scriptCommands } from './scripts.ts';
import { sshKeyCommands } from './ssh-keys.ts';
import type { DeviceCommand } from '../host.ts';

const commands: ReadonlyMap<string, DeviceCommand> = new Map(
  [
    ...backupCommands,
    ...fileCommands,
    ...historyCommands,
    ...importCommands,
    ...logCommands,
    ...pingCommands,
    ...powerCommands,
    ...scriptCommands,
    ...sshKeyCommands,
  ].map((command) => [`${command.path}\n${command.name}`, command]),
);

export function commandOf(path: string, name: string): DeviceCommand | undefined {
  return commands.get(`${path}\n${name}`);
}

/** Menus in which some command of the table is. */
export const commandPaths: readonly string[] = [
  ...new Set([...commands.values()].map(({ path }) => path)),
].filter((path) => path !== '/');

/** Rows to find, get and print; what else can be done with them is in the table. */
export const VIEW_PATHS: ReadonlySet<string> = new Set([
  '/log',
  '/system script job',
  '/system history',
  '/user active',
  '/file',
]);
