/** Commands that are more than rows of a menu: running scripts, jobs, the log, `/export`, reboot. */
import { menuCommand, namedArgument, positionals } from './device/commands.ts';
import { rowsNamed, idsOf } from './device/rows.ts';
import { matchingRows } from './device/where.ts';
import { writeExport } from './device/writer.ts';
import { ConsoleError } from './language/syntax.ts';
import { num, str, toText, NOTHING } from './language/values.ts';
import type { Device } from './device/device.ts';
import type { Menu, Row } from './device/menu.ts';
import type { Call, Run, Runtime } from './language/runtime.ts';
import type { Value } from './language/values.ts';
import type { Behaviour } from './behaviour.ts';
import type { Faults } from './faults.ts';

export interface LogLine {
  readonly at: number;
  readonly topics: string;
  readonly message: string;
}

/** What these commands need of the machine. */
interface SystemHost {
  readonly device: Device;
  readonly user: string;
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  readonly jobs: Menu;
  readonly log: readonly LogLine[];
  wallMs(): number;
  interfacesMissing(): boolean;
  writeLog(topics: string, message: string): void;
  runNamed(row: Row, runtime: Runtime): Run<Value>;
  stopJob(job: Row): void;
  reboot(): void;
}

export function* systemMenu(host: SystemHost, call: Call, runtime: Runtime): Run<Value> {
  const path = `/${call.path.join(' ')}`;
  if (call.name === 'export') return yield* exportText(host, path, call, runtime);
  checkPolicies(host, path, call.name);
  switch (path) {
    case '/system script':
      if (call.name === 'run') return yield* runScripts(host, call, runtime);
      checkSource(host, call);
      break;
    case '/system script job':
      return jobCommand(host, call, runtime);
    case '/log':
      return logCommand(host, call, runtime);
    case '/system':
      host.reboot();
      return NOTHING;
    case '/':
      return NOTHING;
  }
  const { device, user, behaviour } = host;
  return menuCommand(call, {
    device,
    user,
    uniqueNames: behaviour.uniqueNames,
    ghosts: behaviour.removedReference === 'ghost',
    wallMs: host.wallMs(),
    interfacesMissing: host.interfacesMissing(),
    print: (text) => runtime.print(text),
  });
}

const READING = new Set(['find', 'get', 'print']);

/** S28: what the login may not do is refused with one text, whatever it was. */
function checkPolicies(host: SystemHost, path: string, verb: string): void {
  if (READING.has(verb)) return;
  const { withoutPolicies, deviceMode } = host.behaviour;
  const needed =
    verb === 'reboot' || verb === 'shutdown' ? 'reboot' : path.startsWith('/user') ? 'policy' : 'write';
  if (path !== '/log' && withoutPolicies.includes(needed))
    throw new ConsoleError('not enough permissions (9)');
  if (deviceMode === 'home' && path === '/system scheduler' && verb !== 'remove') {
    throw new ConsoleError('failure: not allowed by device-mode');
  }
}

function* runScripts(host: SystemHost, call: Call, runtime: Runtime): Run<Value> {
  const named = positionals(call)[0] ?? namedArgument(call, 'number');
  if (named === undefined) throw new ConsoleError('missing value(s) of argument(s) number');
  const rows = rowsNamed(host.device, host.device.menu('/system script'), named);
  let last: Value = NOTHING;
  for (const row of rows) last = yield* host.runNamed(row, runtime);
  return last;
}

function checkSource(host: SystemHost, call: Call): void {
  const source = namedArgument(call, 'source');
  if (source !== undefined && toText(source).length > host.behaviour.sourceLimit) {
    throw new ConsoleError('failure: source too long');
  }
}

function jobCommand(host: SystemHost, call: Call, runtime: Runtime): Value {
  const { device, jobs } = host;
  const rows = matchingRows(device, jobs.path, jobs.rows, call.where);
  switch (call.name) {
    case 'find':
      return idsOf(rows);
    case 'print': {
      const counts = positionals(call).some((value) => toText(value) === 'count-only');
      if (counts) {
        runtime.print(String(rows.length));
        return num(rows.length);
      }
      rows.forEach((row, i) =>
        runtime.print(`${i} ${[...row.given].map(([name, value]) => `${name}=${value}`).join(' ')}`),
      );
      return NOTHING;
    }
    case 'get': {
      const row = rowsNamed(device, jobs, positionals(call)[0] ?? NOTHING)[0];
      if (row === undefined) throw new ConsoleError('no such item');
      return str(row.given.get(toText(positionals(call)[1] ?? NOTHING)) ?? '');
    }
    default:
      for (const row of rowsNamed(
        device,
        jobs,
        positionals(call)[0] ?? namedArgument(call, 'numbers') ?? NOTHING,
      ))
        host.stopJob(row);
      return NOTHING;
  }
}

function logCommand(host: SystemHost, call: Call, runtime: Runtime): Value {
  switch (call.name) {
    case 'print':
      for (const line of host.log) {
        const clock = new Date(line.at).toISOString().slice(0, 19).replace('T', ' ');
        runtime.print(` ${clock} ${line.topics} ${line.message}`);
      }
      return NOTHING;
    case 'find':
    case 'get':
      throw new ConsoleError(`bad command name ${call.name}`);
    default:
      host.writeLog(
        `script,${call.name}`,
        toText(positionals(call)[0] ?? namedArgument(call, 'message') ?? NOTHING),
      );
      return NOTHING;
  }
}

function* exportText(host: SystemHost, path: string, call: Call, runtime: Runtime): Run<Value> {
  const words = positionals(call).map(toText);
  const shown =
    host.device.major === 7 ? words.includes('show-sensitive') : !words.includes('hide-sensitive');
  if (shown && host.behaviour.withoutPolicies.includes('sensitive') && words.includes('show-sensitive')) {
    throw new ConsoleError('not enough permissions (9)');
  }
  const parts = writeExport(host.device, {
    hideSecrets: !shown,
    terse: words.includes('terse'),
    below: path === '/' ? undefined : path,
    nowMs: host.wallMs(),
  });
  for (const { path: section, lines } of parts) {
    if (host.faults.exportSectionMs > 0) yield { kind: 'sleep', ms: host.faults.exportSectionMs };
    if (host.faults.unreadableMenus.has(section)) {
      runtime.print(`#error exporting "${section.replaceAll(' ', '/')}" (timeout)`);
    } else for (const line of lines) runtime.print(line);
  }
  return NOTHING;
}
