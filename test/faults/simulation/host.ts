/**
 * The machine that a daemon runs on: a disk that loses what was not synced, a folder of files, at most one process.
 * Keeps the journal's durable records as they lie on the disk, read apart from the code that wrote them.
 */
import { sha256 } from '../../../src/core/digest.ts';
import type { SitewardRecord } from '../../../src/core/rollout/events.ts';
import type { AppendFile, JournalStorage } from '../../../src/journal/storage.ts';
import { CrashingDisk, type CrashChoice } from '../../support/crashing-disk.ts';
import type { DaemonProcess } from './process.ts';

export type DiskVerdict = 'go' | 'error';

/** Told of each write and sync before it happens, and of each sync after it; may end the process. */
export type DiskHook = (
  process: DaemonProcess,
  at: 'append' | 'sync' | 'synced',
  text: string,
) => DiskVerdict;

const syncMs = 3;
const never = new Promise<never>(() => undefined);

export class Host {
  readonly name: string;
  readonly disk: CrashingDisk;
  readonly files: Map<string, Buffer>;
  process: DaemonProcess | null = null;
  /** Switched off for good. */
  isGone = false;
  /** Records that are on the disk for good. */
  readonly records: SitewardRecord[] = [];
  #lines: string[] = [];
  readonly #hook: DiskHook;
  readonly #onRecord: (host: Host, record: SitewardRecord) => void;

  constructor(
    name: string,
    hook: DiskHook,
    onRecord: (host: Host, record: SitewardRecord) => void,
    disk = new CrashingDisk(),
    files = new Map<string, Buffer>(),
  ) {
    this.name = name;
    this.disk = disk;
    this.files = files;
    this.#hook = hook;
    this.#onRecord = onRecord;
    this.#read(false);
  }

  /** The same machine once more, from what is on its disk now. */
  copy(name: string): Host {
    return new Host(name, this.#hook, this.#onRecord, this.disk.copy(), new Map(this.files));
  }

  /** The disk and the files as they were in another image. */
  restore(image: Host): void {
    this.disk.restore(image.disk);
    this.files.clear();
    for (const [name, bytes] of image.files) this.files.set(name, bytes);
    this.#forget();
  }

  losePower(choice: CrashChoice): void {
    this.disk.restart(choice);
    this.#forget();
  }

  hashAt(seq: number): string | null {
    const line = this.#lines[seq - 1];
    return line === undefined ? null : sha256(line);
  }

  #forget(): void {
    this.records.length = 0;
    this.#lines = [];
    this.#read(false);
  }

  #read(tell: boolean): void {
    const lines = this.disk.durable('journal/00000001.jsonl').toString('utf8').split('\n').slice(0, -1);
    for (const line of lines.slice(this.records.length)) {
      const record = parse(line);
      if (record === null) return;
      if (tell) this.#onRecord(this, record);
      this.records.push(record);
      this.#lines.push(line);
    }
  }

  storageFor(process: DaemonProcess): JournalStorage {
    const { storage } = this.disk;
    const alive = <T>(work: () => Promise<T>): Promise<T> => (process.dead ? never : work());
    let text = '';
    const wrap = (file: AppendFile, path: string): AppendFile => ({
      append: (bytes) => {
        text = Buffer.from(bytes).toString('utf8');
        const verdict = this.#hook(process, 'append', text);
        if (process.dead) throw new Error('dead');
        if (verdict === 'error') throw new Error('ENOSPC: no space left on device');
        file.append(bytes);
      },
      sync: () =>
        new Promise((resolve, reject) => {
          const verdict = this.#hook(process, 'sync', text);
          if (process.dead) return;
          process.wakeAfter(syncMs, () => {
            if (verdict === 'error') {
              this.disk.failSync(path);
              return reject(new Error('EIO: i/o error'));
            }
            void file.sync().then(() => {
              this.#read(true);
              this.#hook(process, 'synced', text);
              if (!process.dead) resolve();
            });
          });
        }),
      close: () => file.close(),
    });
    return {
      ...storage,
      makeFolder: (folder) => alive(() => storage.makeFolder(folder)),
      list: (folder) => alive(() => storage.list(folder)),
      openForReading: (path) => alive(() => storage.openForReading(path)),
      create: (folder, name) =>
        alive(async () => wrap(await storage.create(folder, name), `${folder}/${name}`)),
      openForAppend: (path) => alive(async () => wrap(await storage.openForAppend(path), path)),
      rewrite: (path, position, bytes) => alive(() => storage.rewrite(path, position, bytes)),
      truncate: (path, size) => alive(() => storage.truncate(path, size)),
    };
  }
}

function parse(line: string): SitewardRecord | null {
  try {
    return JSON.parse(line) as SitewardRecord;
  } catch {
    return null;
  }
}
