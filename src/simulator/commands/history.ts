/** `/undo`, `/redo` and, from 7.18 on, safe mode by command. */
import { ConsoleError } from '../language/syntax.ts';
import { NOTHING } from '../language/values.ts';
import type { Caller, DeviceCommand, Host } from '../host.ts';

const SAFE_MODE = '/safe-mode';

export const historyCommands: readonly DeviceCommand[] = [
  {
    path: '/',
    name: 'undo',
    arguments: [],
    takesValues: false,
    policy: 'write',
    run(host) {
      if (!host.history.undo()) throw new ConsoleError('failure: nothing to undo');
      return NOTHING;
    },
  },
  {
    path: '/',
    name: 'redo',
    arguments: [],
    takesValues: false,
    policy: 'write',
    run(host) {
      if (!host.history.redo()) throw new ConsoleError('failure: nothing to redo');
      return NOTHING;
    },
  },
  safeMode('take', take),
  safeMode('release', (host) => host.history.releaseSafeMode()),
  safeMode('unroll', (host) => host.history.unrollSafeMode()),
  safeMode('toggle', (host, caller) => {
    if (host.history.safeModeOf() === undefined) take(host, caller);
    else host.history.releaseSafeMode();
  }),
];

function safeMode(name: string, run: (host: Host, caller: Caller) => void): DeviceCommand {
  return {
    path: SAFE_MODE,
    name,
    arguments: [],
    takesValues: false,
    policy: 'write',
    since: '7.18',
    run(host, _call, caller) {
      run(host, caller);
      return NOTHING;
    },
  };
}

function take(host: Host, caller: Caller): void {
  const holder = host.history.safeModeOf();
  if (holder !== undefined)
    throw new ConsoleError(
      holder.user === caller.session.user
        ? 'Safe Mode is taken by current user in another session.'
        : `Safe Mode is taken by ${holder.user}`,
    );
  host.history.takeSafeMode(caller.session);
  caller.runtime.print('Taking Safe Mode session... Success!');
}
