/**
 * The files of the device. Where it has a folder `flash`, all else is memory and gone after a reboot; what was
 * written shortly before a power cut may be there and empty; a full disk takes nothing more.
 */
import { ConsoleError } from '../language/syntax.ts';
import type { Random } from '../random.ts';

export interface StoredFile {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** Wall time of the last write. */
  readonly at: number;
  /** Monotonic time of the last write. */
  readonly writtenAt: number;
}

interface StoreOptions {
  /** `flash-and-memory`: only what is below `flash/` outlives a reboot. */
  readonly disk: 'one' | 'flash-and-memory';
  readonly capacity: number;
  readonly flushMs: number;
  monotonic(): number;
  wall(): number;
}

const FLASH = 'flash';
const NAME_LIMIT = 255;
const FILE_LIMIT = 4096;
const TYPES: Readonly<Record<string, string>> = {
  rsc: 'script',
  backup: 'backup',
  pub: 'ssh key',
  pem: '.pem file',
  txt: '.txt file',
  log: '.log file',
  npk: 'package',
};

export class FileStore {
  private readonly options: StoreOptions;
  private files = new Map<string, StoredFile>();
  private nextId = 1;
  /** Nothing can be written, as on a full disk. */
  full = false;

  constructor(options: StoreOptions) {
    this.options = options;
    if (options.disk === 'flash-and-memory') this.put(FLASH, Buffer.alloc(0), 'disk');
  }

  list(): readonly StoredFile[] {
    return [...this.files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Undefined: there is none. A leading slash means the same place. */
  find(name: string): StoredFile | undefined {
    return this.files.get(plain(name));
  }

  isFolder(name: string): boolean {
    const type = this.find(name)?.type;
    return plain(name) === '' || type === 'directory' || type === 'disk';
  }

  /** Names right in a folder. */
  inFolder(folder: string): readonly StoredFile[] {
    const prefix = plain(folder) === '' ? '' : `${plain(folder)}/`;
    return this.list().filter(
      ({ name }) => name.startsWith(prefix) && name !== '' && !name.slice(prefix.length).includes('/'),
    );
  }

  /** Throws ConsoleError when the name is no good, its folder is not there, or there is no room. */
  write(name: string, bytes: Buffer, type = typeOf(name)): StoredFile {
    const path = plain(name);
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    if (path === '' || path.length > NAME_LIMIT || path.split('/').includes('..'))
      throw new ConsoleError('failure: bad file name');
    if (!this.isFolder(folder)) throw new ConsoleError('failure: directory does not exist');
    if (this.files.size >= FILE_LIMIT || bytes.length > this.free() + (this.find(path)?.bytes.length ?? 0))
      throw new ConsoleError('failure: not enough space');
    return this.put(path, bytes, type);
  }

  private put(name: string, bytes: Buffer, type: string): StoredFile {
    const file: StoredFile = {
      id: this.files.get(name)?.id ?? this.nextId++,
      name,
      type,
      bytes,
      at: this.options.wall(),
      writtenAt: this.options.monotonic(),
    };
    this.files.set(name, file);
    return file;
  }

  /** With everything below it. */
  remove(name: string): void {
    const path = plain(name);
    if (path === FLASH && this.find(FLASH)?.type === 'disk')
      throw new ConsoleError('failure: can not remove builtin item');
    for (const known of [...this.files.keys()])
      if (known === path || known.startsWith(`${path}/`)) this.files.delete(known);
  }

  rename(from: string, to: string): void {
    const file = this.find(from);
    if (file === undefined) throw new ConsoleError('no such item');
    this.files.delete(file.name);
    this.write(to, file.bytes, file.type === 'directory' ? 'directory' : typeOf(to));
  }

  free(): number {
    if (this.full) return 0;
    let used = 0;
    for (const { bytes } of this.files.values()) used += bytes.length;
    return Math.max(0, this.options.capacity - used);
  }

  /** What was only in memory is gone. */
  reboot(): void {
    if (this.options.disk === 'one') return;
    for (const { name } of this.list())
      if (name !== FLASH && !name.startsWith(`${FLASH}/`)) this.files.delete(name);
  }

  /** Of what was written shortly before, some files are there and empty. */
  losePower(random: Random): void {
    const now = this.options.monotonic();
    for (const file of this.list()) {
      if (file.writtenAt > now - this.options.flushMs && random.below(2) === 0)
        this.files.set(file.name, { ...file, bytes: Buffer.alloc(0) });
    }
    this.reboot();
  }
}

/** Without the leading slash that some clients put. */
function plain(name: string): string {
  return name
    .replace(/^(?:\.?\/+)+/, '')
    .replace(/^\.$/, '')
    .replace(/\/+$/, '');
}

function typeOf(name: string): string {
  return TYPES[/\.([a-z]+)$/.exec(name)?.[1] ?? ''] ?? 'file';
}
