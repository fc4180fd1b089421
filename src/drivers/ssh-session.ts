/**
 * One SSH connection to a device with its host key pinned, and commands on it, one channel each. The only file
 * that knows the SSH library; its types go no further. A command that was sent and not answered to the end is
 * `OutcomeUnknown`, or, for one that only reads, a `DeviceError`. Nothing here waits without a limit, keeps more
 * output than allowed, or puts a command or its output into a message.
 */
import { createHash, sign } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
// CommonJS without named exports that Node could see.
import ssh2 from 'ssh2';
import type { Client, ClientChannel, ConnectConfig, ParsedKey } from 'ssh2';
import { DeviceError, HostKeyMismatch, InvalidInput, OutcomeUnknown, messageOf } from '../core/errors.ts';
import { signingKey } from './key-pair.ts';
import { readRemoteFile } from './ssh-session-file.ts';
import type { FileOptions } from './ssh-session-file.ts';
import { openSocket, socketProblem } from './ssh-socket.ts';

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey?: Buffer;
  readonly password?: string;
  /** `SHA256:` and unpadded base64 of the key's digest. */
  readonly hostKey: string;
  /** For the whole way to a session that is logged in. */
  readonly timeoutMs: number;
}

export interface ExecOptions {
  readonly timeoutMs: number;
  /** The answer has to begin within so long, where all of it may take longer. */
  readonly firstByteMs?: number;
  readonly maxBytes?: number;
  /** The command changes nothing: no answer is then a plain failure, nothing unknown. */
  readonly readsOnly?: boolean;
}

export interface ExecResult {
  readonly output: Buffer;
  /** Null when the device sent none. Devices differ in it; never a proof of success. */
  readonly exitCode: number | null;
}

export interface SshSession {
  readonly hostKey: string;
  readonly localAddress: string;
  exec(command: string, options: ExecOptions, signal: AbortSignal): Promise<ExecResult>;
  /** Resolves once the connection is gone. Never rejects. */
  close(): Promise<void>;
}

/** With more than a device's driver needs. */
export interface SshConnection extends SshSession {
  /** Runs a command that both sides talk through; what it says on standard error is dropped. */
  open(command: string, signal: AbortSignal): Promise<Duplex>;
  /** A file of the other side, whole. Throws `DeviceError`. */
  readFile(path: string, options: FileOptions, signal: AbortSignal): Promise<Buffer>;
}

const defaultMaxBytes = 16 * 1024 * 1024;
const closePatienceMs = 2_000;

/**
 * Curves first; the last key exchange, MAC and host key are for RouterOS 6. Group exchange is left out: its primes cost
 * seconds on small devices and buy nothing here. One list serves every age: each side takes the first that both know, and
 * the pinned key signs what was offered (RFC 4253, section 8), so that nobody between them talks it down.
 */
const algorithms: NonNullable<ConnectConfig['algorithms']> = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group14-sha1',
  ],
  serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
  cipher: [
    'aes128-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1'],
  compress: ['none'],
};

export function fingerprintOf(hostKeyBlob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(hostKeyBlob).digest('base64').replace(/=+$/, '')}`;
}

/** `SHA256:…` of the public half of a private key file; null when the library can't read it. */
export function keyFingerprint(privateKey: Buffer): string | null {
  const parsed = ssh2.utils.parseKey(privateKey);
  return parsed instanceof Error ? null : fingerprintOf(parsed.getPublicSSH());
}

/**
 * Throws `DeviceError` unreachable, host-key-mismatch, key-refused or password-refused; `InvalidInput` for a key file that can't
 * be used; the signal's reason when aborted.
 */
export function connect(target: SshTarget, signal: AbortSignal): Promise<SshConnection> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const logins = loginsFor(target);
    const client = new ssh2.Client();
    const socket = openSocket(target.host, target.port);
    const link: Link = { client, socket, lost: false };
    let seenKey = '';
    let done = false;
    const finish = (error: unknown): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (error === null) return resolve(sessionOn(link, target, seenKey));
      client.destroy();
      socket.destroy();
      reject(error instanceof Error ? error : new Error(messageOf(error)));
    };
    const at = `${target.host} port ${target.port}`;
    const onAbort = (): void => finish(signal.reason);
    const timer = setTimeout(
      () => finish(new DeviceError('unreachable', `${at}: no SSH session within ${target.timeoutMs} ms`)),
      target.timeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });

    // These two listeners stay for the life of the connection: an `error` event without one ends the process.
    // `lost` has to be known before the library closes its channels, so the socket is watched first.
    socket.on('error', (error) => {
      link.lost = true;
      finish(new DeviceError('unreachable', `${at}: ${socketProblem(error)}`, { cause: error }));
    });
    client.on('error', (error) => {
      if (seenKey !== '' && seenKey !== target.hostKey) finish(new HostKeyMismatch(target.hostKey, seenKey));
      else if (error.level === 'client-authentication') finish(refusedLogin(target));
      else {
        const what =
          seenKey === '' ? 'ended before the SSH handshake: is ssh on, and open to this address?' : 'failed';
        finish(new DeviceError('unreachable', `${at}: the connection ${what}`, { cause: error }));
      }
    });
    socket.on('close', () => {
      link.lost = true;
      finish(new DeviceError('unreachable', `${at}: the connection was closed before the login`));
    });
    client.on('ready', () => finish(null));
    socket.once('connect', () => {
      if (done) return;
      client.connect({
        sock: socket,
        username: target.user,
        algorithms,
        // The timer above covers the handshake too.
        readyTimeout: 0,
        keepaliveInterval: 10_000,
        keepaliveCountMax: 3,
        authHandler: [...logins],
        hostVerifier: (key: Buffer) => {
          seenKey = fingerprintOf(key);
          return seenKey === target.hostKey;
        },
      });
    });
  });
}

interface Link {
  readonly client: Client;
  readonly socket: Socket;
  /** The connection ended, by either side or by force. */
  lost: boolean;
}

type Login =
  | { type: 'publickey'; username: string; key: ParsedKey }
  | { type: 'password'; username: string; password: string };

function loginsFor(target: SshTarget): readonly Login[] {
  const logins: Login[] = [];
  if (target.privateKey !== undefined) {
    const parsed = ssh2.utils.parseKey(target.privateKey);
    if (parsed instanceof Error) {
      throw new InvalidInput(
        'unusable-key',
        `the private key for ${target.host} can't be used: it needs to be an unencrypted OpenSSH or PEM key`,
      );
    }
    logins.push({ type: 'publickey', username: target.user, key: quickToSign(parsed) });
  }
  if (target.password !== undefined) {
    logins.push({ type: 'password', username: target.user, password: target.password });
  }
  return logins;
}

/** The same key, and a signature with it costs a tenth, where its kind allows that. */
function quickToSign(parsed: ParsedKey): ParsedKey {
  const key = signingKey(parsed.getPrivatePEM(), parsed.getPublicSSH());
  if (key === null) return parsed;
  const quick = Object.create(parsed) as ParsedKey;
  quick.sign = (data) => sign(null, typeof data === 'string' ? Buffer.from(data) : data, key);
  return quick;
}

function refusedLogin(target: SshTarget): DeviceError {
  const means =
    target.privateKey === undefined ? 'password' : target.password === undefined ? 'key' : 'key and password';
  const keysShutOut =
    target.privateKey === undefined ? '; a user that has a key there is refused by password' : '';
  return new DeviceError(
    target.privateKey === undefined ? 'password-refused' : 'key-refused',
    `the device refuses the login of user ${target.user} by ${means}: look there whether the user is still enabled, ` +
      `from which addresses it may log in, its ${means} and its ssh policy${keysShutOut}`,
  );
}

function sessionOn(link: Link, target: SshTarget, hostKey: string): SshConnection {
  const { client, socket } = link;
  return {
    hostKey,
    localAddress: socket.localAddress ?? '',
    exec: (command, options, signal) => exec(link, target, command, options, signal),
    open: (command, signal) => openChannel(link, target, command, signal),
    readFile: (path, options, signal) =>
      readRemoteFile(client, `${target.host} port ${target.port}`, path, options, signal),
    close: () =>
      new Promise((resolve) => {
        if (socket.closed) return resolve();
        const timer = setTimeout(() => socket.destroy(), closePatienceMs);
        socket.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        client.end();
      }),
  };
}

function exec(
  link: Link,
  target: SshTarget,
  command: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const at = `${target.host} port ${target.port}`;
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const readsOnly = options.readsOnly === true;
  const lost = (): Error =>
    readsOnly
      ? new DeviceError('unreachable', `${at}: the connection ended in the middle of an answer`)
      : new OutcomeUnknown(
          `${at}: the connection ended before the device answered; its state has to be read`,
        );
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    if (link.lost) throw new DeviceError('unreachable', `${at}: the connection is gone`);
    let channel: ClientChannel | null = null;
    let done = false;
    const finish = (error: Error | null, result?: ExecResult): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      clearTimeout(start);
      signal.removeEventListener('abort', onAbort);
      if (error === null && result !== undefined) return resolve(result);
      channel?.close();
      reject(error ?? lost());
    };
    const onAbort = (): void =>
      finish(signal.reason instanceof Error ? signal.reason : new Error(messageOf(signal.reason)));
    const giveUpAfter = (ms: number): NodeJS.Timeout =>
      setTimeout(() => {
        const text = `${at}: no answer within ${ms} ms`;
        finish(
          readsOnly
            ? new DeviceError('timeout', text)
            : new OutcomeUnknown(`${text}; its state has to be read`),
        );
      }, ms);
    const timer = giveUpAfter(options.timeoutMs);
    const start = giveUpAfter(options.firstByteMs ?? options.timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });

    // Above 0x7f a command would be sent as UTF-8; commands are bytes and escape them, so this is a check.
    link.client.exec(command, (error, opened) => {
      if (error !== undefined) {
        // A refused channel or request carries no doubt; anything else is a cut with the request on its way.
        const refused = !link.lost && ('reason' in error || error.message === 'Unable to exec');
        finish(
          refused
            ? new DeviceError('rejected', `${at}: the device refuses to run commands for this login`)
            : lost(),
        );
        return;
      }
      channel = opened;
      if (done) return void opened.close();
      opened.once('data', () => clearTimeout(start));
      collect(opened, maxBytes, (problem, result) => {
        if (problem === 'too-much') {
          const text = `${at}: the answer is longer than ${maxBytes} bytes`;
          finish(readsOnly ? new DeviceError('incomplete-export', text) : new OutcomeUnknown(text));
        } else finish(link.lost && !result.ended ? lost() : null, result);
      });
    });
  });
}

function openChannel(link: Link, target: SshTarget, command: string, signal: AbortSignal): Promise<Duplex> {
  const at = `${target.host} port ${target.port}`;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    if (link.lost) throw new DeviceError('unreachable', `${at}: the connection is gone`);
    link.client.exec(command, (error, channel) => {
      if (error !== undefined)
        return reject(new DeviceError('rejected', `${at}: the server runs no commands for this login`));
      const onAbort = (): void => void channel.destroy();
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      channel.once('close', () => {
        signal.removeEventListener('abort', onAbort);
      });
      channel.stderr.resume();
      channel.stderr.on('error', () => undefined);
      resolve(channel);
    });
  });
}

interface Collected extends ExecResult {
  /** The device itself said that there is no more. */
  readonly ended: boolean;
}

function collect(
  channel: ClientChannel,
  maxBytes: number,
  done: (problem: 'too-much' | null, result: Collected) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let exitCode: number | null = null;
  let exited = false;
  let ended = false;
  const result = (): Collected => ({ output: Buffer.concat(chunks), exitCode, ended: ended && exited });
  channel.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else done('too-much', result());
  });
  // Undrained, it would stall the whole channel. RouterOS puts its errors on standard output.
  channel.stderr.resume();
  channel.stderr.on('error', () => undefined);
  // The close that follows is what counts.
  channel.on('error', () => undefined);
  channel.on('end', () => (ended = true));
  channel.on('exit', (code: number | null) => {
    exited = true;
    exitCode = typeof code === 'number' ? code : null;
  });
  channel.on('close', () => done(null, result()));
}
