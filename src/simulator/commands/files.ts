/** `/file`: rows that are read as of any menu; adding, writing and removing them is writing to the disk. */
import { namedArgument, positionals, textArgument } from '../device/arguments.ts';
import { rowsNamed } from '../device/rows.ts';
import { ConsoleError } from '../language/syntax.ts';
import { NOTHING } from '../language/values.ts';
import type { Device } from '../device/device.ts';
import type { FileStore } from '../files/store.ts';
import type { DeviceCommand, Host } from '../host.ts';
import type { Call } from '../language/runtime.ts';
import type { Row } from '../device/menu.ts';

const FILES = '/file';
/** Measured: 61,250 are taken, 61,500 are not. */
const CONTENTS_LIMIT = 61_440;

export const fileCommands: readonly DeviceCommand[] = [
  {
    path: FILES,
    name: 'add',
    arguments: ['name', 'contents'],
    laterArguments: { type: '7.15' },
    takesValues: false,
    policy: 'ftp',
    since: '7.0',
    run(host, call) {
      const name = textArgument(call, 'name') ?? '';
      if (name === '') throw new ConsoleError('missing value(s) of argument(s) name');
      if (host.files.find(name) !== undefined)
        throw new ConsoleError('failure: already have file with such name');
      const folder = textArgument(call, 'type') === 'directory';
      const bytes = contentsOf(call) ?? Buffer.alloc(0);
      if (folder) host.files.write(name, Buffer.alloc(0), 'directory');
      else host.files.write(name, bytes);
      return NOTHING;
    },
  },
  {
    path: FILES,
    name: 'set',
    arguments: ['numbers', 'name', 'contents'],
    takesValues: true,
    policy: 'ftp',
    run(host, call) {
      const bytes = contentsOf(call);
      const name = textArgument(call, 'name');
      for (const row of targets(host, call)) {
        const old = row.given.get('name') ?? '';
        if (bytes !== undefined) host.files.write(old, bytes);
        if (name !== undefined) host.files.rename(old, name);
      }
      return NOTHING;
    },
  },
  {
    path: FILES,
    name: 'remove',
    arguments: ['numbers'],
    takesValues: true,
    policy: 'ftp',
    run(host, call) {
      for (const row of targets(host, call)) host.files.remove(row.given.get('name') ?? '');
      return NOTHING;
    },
  },
  {
    path: FILES,
    name: 'print',
    arguments: ['count-only', 'detail', 'terse', 'without-paging', 'value-list', 'brief', 'as-value', 'file'],
    takesValues: false,
    policy: 'read',
    // Version 6 has no `/file add`: a file is made by printing into it.
    run(host, call) {
      const name = textArgument(call, 'file');
      if (name === undefined) return undefined;
      host.files.write(
        `${name}.txt`,
        Buffer.from(
          host.files
            .list()
            .map((file) => `${file.name}\r\n`)
            .join(''),
        ),
      );
      return NOTHING;
    },
  },
];

function contentsOf(call: Call): Buffer | undefined {
  const text = textArgument(call, 'contents');
  if (text === undefined) return undefined;
  if (text.length > CONTENTS_LIMIT) throw new ConsoleError('failure: contents too long');
  return Buffer.from(text, 'latin1');
}

function targets(host: Host, call: Call): readonly Row[] {
  const named = namedArgument(call, 'numbers') ?? positionals(call)[0];
  if (named === undefined) throw new ConsoleError('missing value(s) of argument(s) numbers');
  return rowsNamed(host.device, host.device.menu(FILES), named);
}

/** The files as rows of `/file`. */
export function fileRows(device: Device, files: FileStore): readonly Row[] {
  return files.list().map(({ id, name, type, bytes, at }) => ({
    id,
    selector: name,
    given: new Map([
      ['name', name],
      ['type', type],
      ['size', String(bytes.length)],
      [
        device.isSince('7.15') ? 'last-modified' : 'creation-time',
        new Date(at).toISOString().slice(0, 19).replace('T', ' '),
      ],
      ...(bytes.length <= CONTENTS_LIMIT && type !== 'backup' && type !== 'directory' && type !== 'disk'
        ? ([['contents', bytes.toString('latin1')]] as const)
        : []),
    ]),
    properties: new Map(),
    written: new Map(),
    dynamic: false,
  }));
}
