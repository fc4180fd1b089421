/**
 * One daemon per state folder. First an abstract Unix socket named after the folder's inode: the kernel frees
 * it the moment its holder dies, and a paused machine keeps it. Then a lease on disk, for a second daemon that
 * lives in another network namespace and can't see the socket. A lease that a killed daemon left is waited for.
 */
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { lock } from 'proper-lockfile';
import { SitewardError, messageOf } from '../core/errors.ts';

export interface StateLock {
  /** Frees both; safe to call twice. */
  release(): Promise<void>;
}

const staleMs = 5000;
const retryMs = 250;
/** Longer than a dead daemon's lease can last, so that what is still held then is held by a living one. */
const waitMs = staleMs * 2;

/**
 * Throws `SitewardError` state-locked. `onLost` is told once if the lease is taken from us or can't be kept:
 * the holder must then stop changing anything. It is never thrown into the event loop.
 */
export async function lockState(
  folder: string,
  onLost: (reason: string) => void = () => undefined,
): Promise<StateLock> {
  const { dev, ino } = statSync(folder, { bigint: true });
  const server = await listen(`\0siteward-state-${dev}-${ino}`, folder);
  let releaseLease: () => Promise<void>;
  try {
    releaseLease = await takeLease(folder, onLost);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
  let released: Promise<void> | null = null;
  return {
    release: () => (released ??= releaseBoth(server, releaseLease)),
  };
}

async function releaseBoth(server: Server, releaseLease: () => Promise<void>): Promise<void> {
  // A lease that was lost can't be given back; the socket is what matters then.
  await releaseLease().catch(() => undefined);
  await closeServer(server);
}

function listen(name: string, folder: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? locked(folder, error) : error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

async function takeLease(folder: string, onLost: (reason: string) => void): Promise<() => Promise<void>> {
  try {
    return await lock(folder, {
      lockfilePath: `${folder}/lock`,
      stale: staleMs,
      update: staleMs / 2,
      retries: { retries: waitMs / retryMs, factor: 1, minTimeout: retryMs, maxTimeout: retryMs },
      // The library's own handler throws where nobody can catch it.
      onCompromised: (error) => onLost(`the lease ${folder}/lock was lost (${messageOf(error)})`),
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw code === 'ELOCKED' ? locked(folder, error) : error;
  }
}

function locked(folder: string, cause: unknown): SitewardError {
  return new SitewardError(
    'state-locked',
    `another siteward daemon is running on ${folder}; stop it first, or give this one a state folder of its own`,
    { cause },
  );
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
