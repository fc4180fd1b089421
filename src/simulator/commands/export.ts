/** `/export` on any menu: what is printed, and what is left out for versions, rights and faults. */
import { hasWord, textArgument } from '../device/arguments.ts';
import { hasPermission } from './permissions.ts';
import { writeExport } from '../device/writer.ts';
import { ConsoleError } from '../language/syntax.ts';
import { NOTHING } from '../language/values.ts';
import type { Caller, Host } from '../host.ts';
import type { Call, Run } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

/** Menus that a login without that policy does not see in its exports. */
const NEEDS: readonly (readonly [prefix: string, policy: string])[] = [
  ['/user', 'policy'],
  ['/ppp secret', 'sensitive'],
  ['/snmp community', 'sensitive'],
  ['/ip ipsec identity', 'sensitive'],
  ['/radius', 'sensitive'],
  ['/interface wireless security-profiles', 'sensitive'],
  ['/interface wifi security', 'sensitive'],
];

export function* exportText(host: Host, path: string, call: Call, caller: Caller): Run<Value> {
  const { device, behaviour } = host;
  const { session } = caller;
  const verbose = hasWord(call, 'verbose');
  const shown = device.major === 7 ? hasWord(call, 'show-sensitive') : !hasWord(call, 'hide-sensitive');
  if (hasWord(call, 'show-sensitive') && !hasPermission(session, 'sensitive'))
    throw new ConsoleError('not enough permissions (9)');
  const file = textArgument(call, 'file');
  if (file !== undefined && !hasPermission(session, 'ftp'))
    throw new ConsoleError('not enough permissions (9)');
  const vanished = (menu: string): boolean =>
    behaviour.menusVanish &&
    NEEDS.some(
      ([prefix, policy]) =>
        (menu === prefix || menu.startsWith(`${prefix} `)) && !hasPermission(session, policy),
    );
  const parts = writeExport(device, {
    hideSecrets: !shown || !hasPermission(session, 'sensitive'),
    terse: hasWord(call, 'terse'),
    verbose,
    below: path === '/' ? undefined : path,
    only: textArgument(call, 'path')?.split(','),
    where: call.where,
    users: behaviour.exportsUsers,
    nowMs: host.wallMs(),
  });
  const lines: string[] = [];
  const put = (line: string): void =>
    void (file === undefined ? caller.runtime.print(line) : lines.push(line));
  for (const { path: section, lines: body } of parts) {
    if (vanished(section)) continue;
    if (host.faults.exportSectionMs > 0) yield { kind: 'sleep', ms: host.faults.exportSectionMs };
    if (host.faults.unreadableMenus.has(section)) {
      if (device.major === 7) {
        put(`#error exporting "${section.replaceAll(' ', '/')}" (timeout)`);
        continue;
      }
      put(`#error exporting ${section}`);
      put('#interrupted');
      break;
    }
    const notes = host.faults.exportNotes.get(section) ?? [];
    for (const [index, line] of body.entries()) {
      // A note stands before the first item of its section.
      if (index === 1) for (const note of notes) put(`# ${note}`);
      put(line);
    }
  }
  if (file !== undefined) {
    const name = file.endsWith('.rsc') ? file : `${file}.rsc`;
    host.files.write(name, Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'));
  }
  return NOTHING;
}
