/**
 * One file of a device, read over a connection that is there (SFTP). All of it or nothing: its size is asked first, and
 * as many bytes have to come. Changes nothing; nothing of the file gets into a message.
 */
import type { Client, SFTPWrapper } from 'ssh2';
import { DeviceError, messageOf } from '../core/errors.ts';

export interface FileOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const pieceBytes = 32 * 1024;

/** `at`: the device, for messages. Throws `DeviceError`; the signal's reason when aborted. */
export async function readRemoteFile(
  client: Client,
  at: string,
  path: string,
  { timeoutMs, maxBytes }: FileOptions,
  stop: AbortSignal,
): Promise<Buffer> {
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([stop, late]);
  const sftp = await answered<SFTPWrapper>(signal, (done) => client.sftp(done)).catch((error: unknown) => {
    throw faultOf(error, at, stop, late, 'permission-denied', 'the login may not fetch files (SFTP)');
  });
  try {
    return await readAll(sftp, path, maxBytes, signal, at);
  } catch (error) {
    throw faultOf(error, at, stop, late, 'rejected', 'the file can not be fetched');
  } finally {
    sftp.end();
  }
}

async function readAll(
  sftp: SFTPWrapper,
  path: string,
  maxBytes: number,
  signal: AbortSignal,
  at: string,
): Promise<Buffer> {
  const handle = await answered<Buffer>(signal, (done) => sftp.open(path, 'r', done));
  const { size } = await answered<{ readonly size: number }>(signal, (done) => sftp.fstat(handle, done));
  if (size > maxBytes)
    throw new DeviceError(
      'rejected',
      `${at}: the file has ${size} bytes, and at most ${maxBytes} are fetched`,
    );
  const bytes = Buffer.alloc(size);
  for (let read = 0; read < size;) {
    const length = Math.min(pieceBytes, size - read);
    const more = await answered<number>(signal, (done) => sftp.read(handle, bytes, read, length, read, done));
    if (more === 0)
      throw new DeviceError('rejected', `${at}: the file ends before its own size; it is tried again`);
    read += more;
  }
  return bytes;
}

/** What one question is answered with, or why it is not. */
function answered<T>(
  signal: AbortSignal,
  ask: (done: (error: Error | null | undefined, value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    ask((error, value) => {
      signal.removeEventListener('abort', onAbort);
      if (error == null) resolve(value);
      else reject(error);
    });
  });
}

function faultOf(
  error: unknown,
  at: string,
  stop: AbortSignal,
  late: AbortSignal,
  code: 'permission-denied' | 'rejected',
  what: string,
): Error {
  stop.throwIfAborted();
  if (error instanceof DeviceError) return error;
  if (late.aborted) return new DeviceError('timeout', `${at}: ${what} in time`);
  // The other side's own answers have a number; anything else is the connection's end.
  const answeredNo = code === 'permission-denied' || (error instanceof Error && 'code' in error);
  const message = `${at}: ${what} (${messageOf(error).slice(0, 100)})`;
  return new DeviceError(answeredNo ? code : 'unreachable', message, { cause: error });
}
