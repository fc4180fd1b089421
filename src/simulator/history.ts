/**
 * `/system history`, `/undo`, `/redo` and safe mode: the last hundred changes of whoever made them, taken back
 * newest first. Safe mode takes back everything since it began, other people's changes too; with more than a
 * hundred changes it ends silently and takes back nothing.
 */
import type { Device } from './device/device.ts';
import type { Row } from './device/menu.ts';
import type { Session } from './sessions.ts';

interface Change {
  readonly path: string;
  readonly before: readonly Row[];
  after: readonly Row[];
}

interface Entry {
  readonly id: number;
  readonly action: string;
  readonly by: string;
  readonly at: number;
  readonly changes: Change[];
}

/** Real devices keep that many. */
const LIMIT = 100;

export class History {
  private readonly device: Device;
  private entries: Entry[] = [];
  private undone: Entry[] = [];
  private current: Entry | undefined;
  private restoring = false;
  private nextId = 1;
  private safe: { readonly session: Session; readonly since: number } | undefined;

  constructor(device: Device) {
    this.device = device;
  }

  /** What `run` changes becomes one entry; `kept` is called when there was any change. */
  record<T>(action: string, by: string, at: number, run: () => T, kept: () => void): T {
    const entry: Entry = { id: this.nextId, action, by, at, changes: [] };
    this.current = entry;
    try {
      return run();
    } finally {
      this.current = undefined;
      if (entry.changes.length > 0) {
        this.keep(entry);
        kept();
      }
    }
  }

  /** The device tells of each replacement of a menu's rows. */
  changed(path: string, before: readonly Row[]): void {
    if (this.current === undefined || this.restoring) return;
    const after = this.device.menu(path).rows;
    const known = this.current.changes.find((change) => change.path === path);
    if (known === undefined) this.current.changes.push({ path, before, after });
    else known.after = after;
  }

  private keep(entry: Entry): void {
    this.nextId++;
    this.entries.push(entry);
    this.undone = [];
    if (this.entries.length <= LIMIT) return;
    const dropped = this.entries.shift();
    if (this.safe !== undefined && dropped !== undefined && dropped.id >= this.safe.since)
      this.safe = undefined;
  }

  /** False when there is nothing to take back. */
  undo(): boolean {
    const entry = this.entries.pop();
    if (entry === undefined) return false;
    for (const change of [...entry.changes].reverse()) this.put(change.path, change.before);
    this.undone.push(entry);
    return true;
  }

  redo(): boolean {
    const entry = this.undone.pop();
    if (entry === undefined) return false;
    for (const change of entry.changes) this.put(change.path, change.after);
    this.entries.push(entry);
    return true;
  }

  private put(path: string, rows: readonly Row[]): void {
    this.restoring = true;
    this.device.change(this.device.menu(path), rows);
    this.restoring = false;
  }

  /** Newest first, as it is printed; `floating`: is taken back when the safe mode that it was made in ends. */
  list(): readonly {
    readonly action: string;
    readonly by: string;
    readonly at: number;
    readonly floating: boolean;
  }[] {
    const since = this.safe?.since ?? Infinity;
    return this.entries.map((entry) => ({ ...entry, floating: entry.id >= since })).reverse();
  }

  safeModeOf(): Session | undefined {
    return this.safe?.session;
  }

  takeSafeMode(session: Session): void {
    this.safe = { session, since: this.nextId };
  }

  releaseSafeMode(): void {
    this.safe = undefined;
  }

  /** Takes back everything since safe mode began. */
  unrollSafeMode(): void {
    const since = this.safe?.since;
    this.safe = undefined;
    while (since !== undefined && (this.entries.at(-1)?.id ?? 0) >= since) this.undo();
    this.undone = [];
  }

  /** After a reboot nothing can be taken back, and nobody is in safe mode. */
  clear(): void {
    this.entries = [];
    this.undone = [];
    this.safe = undefined;
  }
}
