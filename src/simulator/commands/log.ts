/** `/log info …`: lines that somebody writes; reading the log is reading rows. */
import { namedArgument, positionals } from '../device/arguments.ts';
import { toText, NOTHING } from '../language/values.ts';
import type { DeviceCommand } from '../host.ts';

export const logCommands: readonly DeviceCommand[] = ['info', 'warning', 'error', 'debug'].map((name) => ({
  path: '/log',
  name,
  arguments: ['message'],
  takesValues: true,
  policy: 'read',
  run(host, call) {
    const message = positionals(call)[0] ?? namedArgument(call, 'message') ?? NOTHING;
    host.writeLog(`script,${name}`, toText(message));
    return NOTHING;
  },
}));
