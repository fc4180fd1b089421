/** Runs one change so that `/undo` can take it back and the log says who made it. */
import { changeMessage } from '../logbook.ts';
import type { Caller, Host } from '../host.ts';
import type { Call } from '../language/runtime.ts';

export function recorded<T>(host: Host, call: Call, caller: Caller, run: () => T): T {
  const path = `/${call.path.join(' ')}`;
  const { session } = caller;
  let changed = false;
  const result = host.history.record(
    `${path} ${call.name}`,
    session.user,
    host.wallMs(),
    run,
    () => (changed = true),
  );
  if (changed) {
    const by =
      host.device.major === 7 && session.via === 'ssh'
        ? `ssh:${session.user}@${session.address}`
        : session.user;
    host.writeLog('system,info', changeMessage(path, call.name, by));
  }
  return result;
}
