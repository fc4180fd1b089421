/** The SFTP subsystem over the device's files: put, get, list, rename, remove, folders. Needs the policy `ftp`. */
import ssh2 from 'ssh2';
import { ConsoleError } from '../language/syntax.ts';
import { Upload } from './upload.ts';
import type { Attributes, FileEntry, SFTPWrapper } from 'ssh2';
import type { Machine } from '../machine.ts';
import type { Session } from '../sessions.ts';
import type { StoredFile } from './store.ts';

const { STATUS_CODE: STATUS, OPEN_MODE } = ssh2.utils.sftp;
const FOLDER_MODE = 0o040755;
const FILE_MODE = 0o100644;

type Handle =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'write'; readonly upload: Upload }
  | { readonly kind: 'folder'; entries: readonly FileEntry[] };

/** What one client has open. */
class Handles {
  private readonly sftp: SFTPWrapper;
  private readonly open = new Map<number, Handle>();
  private next = 1;

  constructor(sftp: SFTPWrapper) {
    this.sftp = sftp;
  }

  give(request: number, handle: Handle): void {
    const name = Buffer.alloc(4);
    name.writeUInt32BE(this.next);
    this.open.set(this.next++, handle);
    this.sftp.handle(request, name);
  }

  of(name: Buffer): Handle | undefined {
    return name.length === 4 ? this.open.get(name.readUInt32BE()) : undefined;
  }

  drop(name: Buffer): void {
    this.open.delete(name.readUInt32BE());
  }

  /** The connection broke: what came so far stays, if there is still room. */
  keepParts(): void {
    for (const handle of this.open.values()) if (handle.kind === 'write') keepPart(handle.upload);
    this.open.clear();
  }
}

export function serveSftp(machine: Machine, session: Session, sftp: SFTPWrapper): void {
  const handles = new Handles(sftp);
  sftp.on('error', () => undefined);
  // The library leaves it to us to close when the client has said that it is done.
  sftp.on('end', () => {
    sayExitStatus(sftp);
    sftp.end();
  });
  sftp.on('close', () => handles.keepParts());
  serveAttributes(machine, sftp, handles);
  serveContents(machine, session, sftp, handles);
  serveFolders(machine, sftp, handles);
}

/** Clients take a subsystem that ends without status as failed, and the library has no name for it here. */
function sayExitStatus(sftp: SFTPWrapper): void {
  const { outgoing, _protocol } = sftp as unknown as {
    readonly outgoing: { readonly id: number };
    readonly _protocol: { exitStatus(channel: number, status: number): void };
  };
  _protocol.exitStatus(outgoing.id, 0);
}

/** What the device refuses becomes a status; anything else is a defect and goes on up. */
function attempt(sftp: SFTPWrapper, request: number, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    sftp.status(request, STATUS.FAILURE, error.message);
  }
}

function done(sftp: SFTPWrapper, request: number, run: () => void): void {
  attempt(sftp, request, () => {
    run();
    sftp.status(request, STATUS.OK);
  });
}

function serveAttributes(machine: Machine, sftp: SFTPWrapper, handles: Handles): void {
  const { files } = machine;
  sftp.on('REALPATH', (request, path) => {
    const attrs = attributes(undefined, machine.wallMs());
    sftp.name(request, [{ filename: absolute(path), longname: absolute(path), attrs }]);
  });
  const stat = (request: number, path: string): void => {
    const file = files.find(path);
    if (file === undefined && !files.isFolder(path)) sftp.status(request, STATUS.NO_SUCH_FILE);
    else sftp.attrs(request, attributes(file, machine.wallMs()));
  };
  sftp.on('STAT', stat);
  sftp.on('LSTAT', stat);
  sftp.on('FSTAT', (request, name) => {
    const handle = handles.of(name);
    const size =
      handle?.kind === 'write' ? handle.upload.size : handle?.kind === 'read' ? handle.bytes.length : 0;
    sftp.attrs(request, { ...attributes(undefined, machine.wallMs()), mode: FILE_MODE, size });
  });
  sftp.on('SETSTAT', (request) => sftp.status(request, STATUS.OK));
  sftp.on('FSETSTAT', (request) => sftp.status(request, STATUS.OK));
}

function serveContents(machine: Machine, session: Session, sftp: SFTPWrapper, handles: Handles): void {
  sftp.on('OPEN', (request, path, flags) => {
    const file = machine.files.find(path);
    if ((flags & OPEN_MODE.WRITE) !== 0) {
      const kept = (flags & OPEN_MODE.TRUNC) === 0 ? file?.bytes : undefined;
      attempt(sftp, request, () => {
        handles.give(request, { kind: 'write', upload: new Upload(machine, session, path, kept) });
      });
    } else if (file === undefined) sftp.status(request, STATUS.NO_SUCH_FILE);
    else handles.give(request, { kind: 'read', bytes: file.bytes });
  });
  sftp.on('READ', (request, name, offset, length) => {
    const handle = handles.of(name);
    if (handle?.kind !== 'read') sftp.status(request, STATUS.FAILURE);
    else if (offset >= handle.bytes.length) sftp.status(request, STATUS.EOF);
    else sftp.data(request, handle.bytes.subarray(offset, offset + length));
  });
  sftp.on('WRITE', (request, name, offset, data) => {
    const handle = handles.of(name);
    if (handle?.kind !== 'write') sftp.status(request, STATUS.FAILURE);
    else done(sftp, request, () => handle.upload.write(offset, data));
  });
  sftp.on('CLOSE', (request, name) => {
    const handle = handles.of(name);
    if (handle === undefined) {
      sftp.status(request, STATUS.FAILURE);
      return;
    }
    handles.drop(name);
    done(sftp, request, () => {
      if (handle.kind === 'write') handle.upload.close(true);
    });
  });
}

function serveFolders(machine: Machine, sftp: SFTPWrapper, handles: Handles): void {
  const { files } = machine;
  sftp.on('OPENDIR', (request, path) => {
    if (!files.isFolder(path)) sftp.status(request, STATUS.NO_SUCH_FILE);
    else {
      const entries = files.inFolder(path).map((file) => entry(file, machine.wallMs()));
      handles.give(request, { kind: 'folder', entries });
    }
  });
  sftp.on('READDIR', (request, name) => {
    const handle = handles.of(name);
    if (handle?.kind !== 'folder') sftp.status(request, STATUS.FAILURE);
    else if (handle.entries.length === 0) sftp.status(request, STATUS.EOF);
    else {
      sftp.name(request, [...handle.entries]);
      handle.entries = [];
    }
  });
  const remove = (request: number, path: string): void => {
    if (files.find(path) === undefined) sftp.status(request, STATUS.NO_SUCH_FILE);
    else done(sftp, request, () => files.remove(path));
  };
  sftp.on('REMOVE', remove);
  sftp.on('RMDIR', remove);
  sftp.on('RENAME', (request, from, to) => done(sftp, request, () => files.rename(from, to)));
  sftp.on('MKDIR', (request, path) =>
    done(sftp, request, () => void files.write(path, Buffer.alloc(0), 'directory')),
  );
}

function keepPart(upload: Upload): void {
  try {
    upload.close(false);
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
  }
}

const absolute = (path: string): string => `/${path.replace(/^[./]+/, '').replace(/\/+\.?$/, '')}`;

function attributes(file: StoredFile | undefined, nowMs: number): Attributes {
  const folder = file === undefined || file.type === 'directory' || file.type === 'disk';
  const at = Math.floor((file?.at ?? nowMs) / 1000);
  return {
    mode: folder ? FOLDER_MODE : FILE_MODE,
    uid: 0,
    gid: 0,
    size: file?.bytes.length ?? 0,
    atime: at,
    mtime: at,
  };
}

function entry(file: StoredFile, nowMs: number): FileEntry {
  const filename = file.name.slice(file.name.lastIndexOf('/') + 1);
  const attrs = attributes(file, nowMs);
  const letters = attrs.mode === FOLDER_MODE ? 'drwxr-xr-x' : '-rw-r--r--';
  return {
    filename,
    longname: `${letters} 1 root root ${attrs.size} Jan 1 00:00 ${filename}`,
    attrs,
  };
}
