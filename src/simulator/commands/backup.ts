/**
 * `/system backup save|load`: everything the device has, users, keys and scripts included, as one file; loading it
 * always ends in a reboot. The file's form is the simulator's own: a first line, then JSON.
 */
import { createHash } from 'node:crypto';
import { textArgument } from '../device/arguments.ts';
import { ConsoleError } from '../language/syntax.ts';
import { NOTHING } from '../language/values.ts';
import type { DeviceState } from '../device/device.ts';
import type { Row } from '../device/menu.ts';
import type { DeviceCommand, Host } from '../host.ts';

const BACKUP = '/system backup';
const MAGIC = 'siteward-simulator-backup 1\n';
/** Output goes out before the sessions do. */
const LAST_WORDS_MS = 50;

export const backupCommands: readonly DeviceCommand[] = [
  {
    path: BACKUP,
    name: 'save',
    arguments: ['name', 'password', 'dont-encrypt', 'encryption'],
    takesValues: false,
    policy: 'ftp',
    run(host, call, caller) {
      caller.runtime.print('Saving system configuration');
      const bytes = Buffer.from(MAGIC + pack(host, textArgument(call, 'password') ?? ''), 'latin1');
      host.files.write(fileName(host, textArgument(call, 'name')), bytes, 'backup');
      caller.runtime.print('Configuration backup saved');
      return NOTHING;
    },
  },
  {
    path: BACKUP,
    name: 'load',
    arguments: ['name', 'password'],
    takesValues: false,
    policy: 'reboot',
    *steps(host, call, caller) {
      const name = textArgument(call, 'name') ?? '';
      const password = textArgument(call, 'password');
      if (name === '') throw new ConsoleError('missing value(s) of argument(s) name');
      if (password === undefined && host.device.isSince('7.17'))
        throw new ConsoleError('missing value(s) of argument(s) password');
      const file = host.files.find(name) ?? host.files.find(`${name}.backup`);
      if (file === undefined) throw new ConsoleError('input does not match any value of name');
      const { state, hostKey } = unpack(file.bytes.toString('latin1'), password ?? '');
      caller.runtime.print('Restoring system configuration');
      caller.runtime.print('System configuration restored, rebooting now');
      yield { kind: 'sleep', ms: LAST_WORDS_MS };
      host.device.restore(state);
      host.hostKeys.replace(hostKey);
      host.reboot();
      return NOTHING;
    },
  },
];

function fileName(host: Host, given: string | undefined): string {
  const stamp = new Date(host.wallMs()).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 13);
  const name = given === undefined || given === '' ? `${identity(host)}-${stamp}` : given;
  const full = name.endsWith('.backup') ? name : `${name}.backup`;
  const { disk, backupPlace } = host.behaviour;
  const onFlash = disk === 'flash-and-memory' && backupPlace === 'flash' && !full.includes('/');
  return onFlash ? `flash/${full}` : full;
}

function identity(host: Host): string {
  const row = host.device.menu('/system identity').rows[0];
  return row === undefined ? 'MikroTik' : (host.device.text('/system identity', row, 'name') ?? 'MikroTik');
}

interface PackedRow {
  readonly id: number;
  readonly selector: string | null;
  readonly given: readonly (readonly [string, string])[];
  readonly properties: readonly (readonly [string, string | null])[];
}

interface Packed {
  readonly password: string;
  readonly hostKey: string;
  readonly menus: readonly (readonly [string, readonly PackedRow[]])[];
}

const digest = (password: string): string => createHash('sha256').update(password).digest('hex');

function pack(host: Host, password: string): string {
  const packed: Packed = {
    password: digest(password),
    hostKey: host.hostKeys.privateKey,
    menus: [...host.device.state()].map(([path, rows]) => [
      path,
      rows.map((row) => ({
        id: row.id,
        selector: row.selector ?? null,
        given: [...row.given],
        properties: [...row.properties],
      })),
    ]),
  };
  return JSON.stringify(packed);
}

function unpack(text: string, password: string): { state: DeviceState; hostKey: string } {
  if (!text.startsWith(MAGIC)) throw new ConsoleError('failure: not a backup file');
  let packed: Packed;
  try {
    packed = JSON.parse(text.slice(MAGIC.length)) as Packed;
  } catch {
    throw new ConsoleError('failure: broken backup file');
  }
  if (packed.password !== digest(password)) throw new ConsoleError('failure: wrong password');
  const toRow = ({ id, selector, given, properties }: PackedRow): Row => ({
    id,
    selector: selector ?? undefined,
    given: new Map(given),
    properties: new Map(properties),
    written: new Map(),
    dynamic: false,
  });
  return {
    state: new Map(packed.menus.map(([path, rows]) => [path, rows.map(toRow)])),
    hostKey: packed.hostKey,
  };
}
