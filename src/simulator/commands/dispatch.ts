/** From a menu command to what carries it out: rights, then the table of special commands, then the menu's rows. */
import { menuCommand } from '../device/commands.ts';
import { exportText } from './export.ts';
import { checkPermission, hasPermission, policyFor } from './permissions.ts';
import { recorded } from './recorded.ts';
import { checkSource } from './scripts.ts';
import { commandOf } from './table.ts';
import type { Caller, Host } from '../host.ts';
import type { Call, Run } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

export function* runCommand(host: Host, call: Call, caller: Caller): Run<Value> {
  const path = `/${call.path.join(' ')}`;
  const special = commandOf(path, call.name);
  const { session, runtime } = caller;
  checkPermission(host, session, path, call.name, special?.policy ?? policyFor(path, call.name));
  if (call.name === 'export') return yield* exportText(host, path, call, caller);
  if (special !== undefined) {
    const value =
      'steps' in special ? yield* special.steps(host, call, caller) : special.run(host, call, caller);
    if (value !== undefined) return value;
  }
  if (path === '/system script') checkSource(host, call);
  const { device, behaviour } = host;
  return recorded(host, call, caller, () =>
    menuCommand(call, {
      device,
      user: session.user,
      maySeeSecrets: hasPermission(session, 'sensitive'),
      uniqueNames: behaviour.uniqueNames,
      ghosts: behaviour.removedReference === 'ghost',
      wallMs: host.wallMs(),
      interfacesMissing: host.interfacesMissing(),
      random: host.random,
      print: (text) => runtime.print(text),
    }),
  );
}
