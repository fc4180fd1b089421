/** `/system script run`, the limit of a source, and the jobs that run. */
import { namedArgument, positionals } from '../device/arguments.ts';
import { rowsNamed } from '../device/rows.ts';
import { ConsoleError } from '../language/syntax.ts';
import { toText, NOTHING } from '../language/values.ts';
import type { Caller, DeviceCommand, Host } from '../host.ts';
import type { Call, Run } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

const SCRIPTS = '/system script';
const JOBS = '/system script job';

export const scriptCommands: readonly DeviceCommand[] = [
  {
    path: SCRIPTS,
    name: 'run',
    arguments: ['number', 'use-script-permissions'],
    takesValues: true,
    policy: 'read',
    steps: runScripts,
  },
  {
    path: JOBS,
    name: 'remove',
    arguments: ['numbers'],
    takesValues: true,
    policy: 'write',
    run(host, call) {
      const named = positionals(call)[0] ?? namedArgument(call, 'numbers') ?? NOTHING;
      for (const row of rowsNamed(host.device, host.jobs, named)) host.stopJob(row);
      return NOTHING;
    },
  },
];

/** Before the ordinary `add` and `set` of scripts. */
export function checkSource(host: Host, call: Call): void {
  const source = namedArgument(call, 'source');
  if (source !== undefined && toText(source).length > host.behaviour.sourceLimit) {
    throw new ConsoleError('failure: source too long');
  }
}

function* runScripts(host: Host, call: Call, caller: Caller): Run<Value> {
  const named = positionals(call)[0] ?? namedArgument(call, 'number');
  if (named === undefined) throw new ConsoleError('missing value(s) of argument(s) number');
  const rows = rowsNamed(host.device, host.device.menu(SCRIPTS), named);
  let last: Value = NOTHING;
  for (const row of rows) {
    const needed = (host.device.text(SCRIPTS, row, 'policy') ?? '').split(',');
    const free = host.device.text(SCRIPTS, row, 'dont-require-permissions') === 'yes';
    const lacks = needed.some((policy) => policy !== '' && !caller.session.policies.has(policy));
    if (!free && lacks) throw new ConsoleError('not enough permissions (9)');
    last = yield* host.runNamed(row, caller);
  }
  return last;
}
