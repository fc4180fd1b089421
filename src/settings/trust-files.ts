/**
 * Files that decide what the daemon believes: owned by root or the daemon's user and writable by nobody else,
 * all the way up (I11). A file is opened once, judged by what was opened, and read from that: nothing can be
 * exchanged in between. Never repairs an owner or a mode; it says what to do.
 */
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInput } from '../core/errors.ts';
import { buildTrust } from '../core/gate/trust.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { Person } from '../core/site.ts';
import { maxSignersBytes } from '../core/sshsig/allowed-signers.ts';
import { maxRevocationBytes } from '../core/sshsig/revocation.ts';

// Not among Node's constants.
const stickyBit = 0o1000;

export interface TrustFiles {
  readonly allowedSignersFile: string;
  readonly revokedKeysFile: string | null;
  readonly people: readonly Person[];
  readonly organization: string;
}

/** Throws `InvalidInput` with file, and line where there is one. A file that is named but missing is an error. */
export async function loadTrust(files: TrustFiles): Promise<Trust> {
  const { allowedSignersFile, revokedKeysFile, people, organization } = files;
  const signers = {
    file: allowedSignersFile,
    bytes: await readOwnedFile(allowedSignersFile, maxSignersBytes),
  };
  const revoked =
    revokedKeysFile === null
      ? null
      : { file: revokedKeysFile, bytes: await readOwnedFile(revokedKeysFile, maxRevocationBytes) };
  return buildTrust(signers, revoked, people, organization);
}

/** Throws `InvalidInput` when others than root and this process's user could change the file. Better: `readOwnedFile`. */
export async function checkOwnedFile(file: string): Promise<void> {
  await withOwnedFile(file, () => Promise.resolve());
}

/** Throws `InvalidInput` when others than root and this process's user could exchange the folder or what is in it. */
export async function checkOwnedFolder(folder: string): Promise<void> {
  await checkFolders(path.resolve(folder), folder);
}

/** The whole file, checked on what was opened. Throws `InvalidInput`. */
export async function readOwnedFile(file: string, maxBytes: number): Promise<Buffer> {
  return await withOwnedFile(file, (handle, stats) => readWhole(file, handle, stats, maxBytes));
}

/** The same for what nobody else may know: a key, a password. Throws `InvalidInput` when others may read it. */
export async function readSecretFile(file: string, maxBytes: number): Promise<Buffer> {
  return await withOwnedFile(file, async (handle, stats) => {
    if ((stats.mode & 0o077) !== 0)
      throw unusable(file, 'readable-by-others', `can be read by others; run: chmod 600 ${file}`);
    return await readWhole(file, handle, stats, maxBytes);
  });
}

async function readWhole(file: string, handle: Handle, stats: Stats, maxBytes: number): Promise<Buffer> {
  if (stats.size > maxBytes) throw unusable(file, 'too-large', `is larger than ${maxBytes} bytes`);
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (length > maxBytes) throw unusable(file, 'too-large', `is larger than ${maxBytes} bytes`);
    if (bytesRead === 0) return Buffer.from(buffer.subarray(0, length));
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function withOwnedFile<T>(file: string, use: (handle: Handle, stats: Stats) => Promise<T>): Promise<T> {
  const absolute = path.resolve(file);
  await checkFolders(path.dirname(absolute), file);
  // Not blocking, so that a pipe in its place can't hold the daemon up; not following, so that a link is no way in.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(absolute, flags).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile())
      throw unusable(file, 'not-a-file', 'is not a regular file; put the file itself there');
    checkOwner(stats, file, file);
    return await use(handle, stats);
  } finally {
    await handle.close();
  }
}

const maxLinks = 32;

/** Walks from the root to the folder, links included: each folder on the way could exchange what is below it. */
async function checkFolders(folder: string, file: string): Promise<void> {
  let remaining = folder.split(path.sep).filter((part) => part !== '');
  let current: string = path.sep;
  let links = 0;
  checkOwner(await statusOf(current, file), current, file);
  while (remaining.length > 0) {
    const [part = '', ...rest] = remaining;
    const next = path.join(current, part);
    const stats = await statusOf(next, file);
    if (stats.isSymbolicLink()) {
      if (++links > maxLinks) throw unusable(file, 'not-a-file', 'lies behind too many symbolic links');
      const target = path.resolve(current, await readlink(next));
      remaining = [...target.split(path.sep).filter((piece) => piece !== ''), ...rest];
      current = path.sep;
      continue;
    }
    checkOwner(stats, next, file);
    current = next;
    remaining = rest;
  }
}

async function statusOf(name: string, file: string): Promise<Stats> {
  try {
    return await lstat(name);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function checkOwner(stats: Stats, name: string, file: string): void {
  const own = process.geteuid?.() ?? 0;
  const what = name === file ? 'it' : name;
  if (stats.uid !== 0 && stats.uid !== own) {
    throw unusable(
      file,
      'wrong-owner',
      `can’t be trusted: ${what} belongs to user ${stats.uid}; run: chown ${own === 0 ? 'root' : String(own)} ${name}`,
    );
  }
  const othersMayWrite = (stats.mode & 0o022) !== 0;
  const sticky = stats.isDirectory() && (stats.mode & stickyBit) !== 0;
  if (othersMayWrite && !sticky) {
    throw unusable(
      file,
      'writable-by-others',
      `can’t be trusted: others may write to ${what}; run: chmod go-w ${name}`,
    );
  }
}

function unreadable(file: string, error: unknown): InvalidInput {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const own = String(process.geteuid?.() ?? 0);
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'is missing; create it',
    ELOOP: 'is a symbolic link; put the file itself there',
    EACCES: `may not be read by user ${own}; start as its owner, or run: chown ${own} ${file}`,
  };
  const why = reasons[code] ?? `can’t be read (${code}); see the machine’s own log`;
  return new InvalidInput('unreadable', `${file} ${why}`, { file }, { cause: error });
}

function unusable(file: string, code: string, what: string): InvalidInput {
  return new InvalidInput(code, `${file} ${what}`, { file });
}
