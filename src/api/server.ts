/**
 * The Unix socket that the command line talks to: one POST per question, JSON both ways, bounded in size and
 * time. Access is the socket file's mode (0660, group siteward); what is asked here carries no authority of its own.
 * Never answers with a stack, a secret or the text of an unexpected error.
 */
import { chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { InvalidInput, DeviceError, SitewardError, messageOf } from '../core/errors.ts';
import type { ErrorAnswer } from './answers.ts';
import { isOperationName, operations } from './operations.ts';
import type { Client, OperationName, Operations, RequestOf } from './operations.ts';

export interface ServerOptions {
  readonly socket: string;
  readonly operations: Operations;
  /** Told about errors that are no answer: they are a defect, or the machine's. */
  readonly onFault: (error: unknown, operation: string) => void;
}

export interface RunningServer {
  /** Takes no more questions, lets running answers end for up to `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

const maxBodyBytes = 2 * 1024 * 1024;
/** What the kernel's address structure holds, less the final NUL. */
const maxSocketPath = 107;

/** Throws `InvalidInput`: socket-in-use, socket-path. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { socket } = options;
  if (Buffer.byteLength(socket) > maxSocketPath)
    throw new InvalidInput(
      'socket-path',
      `the socket's path is longer than ${maxSocketPath} bytes; choose a shorter one`,
      { file: socket },
    );
  mkdirSync(path.dirname(socket), { recursive: true, mode: 0o750 });
  await removeStaleSocket(socket);
  const server = http.createServer((request, response) => {
    void answer(request, response, options);
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 1000;
  server.maxConnections = 64;
  await listen(server, socket);
  return { close: (graceMs) => close(server, graceMs) };
}

async function listen(server: http.Server, socket: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  // The file is made inside this call: with the mask set there is no moment at which others could open it.
  const mask = process.umask(0o117);
  try {
    server.listen(socket);
  } finally {
    process.umask(mask);
  }
  try {
    await listening;
  } catch (cause) {
    throw new InvalidInput(
      'socket-path',
      `can not listen (${messageOf(cause)}); check the folder of \`socket:\``,
      { file: socket },
      { cause },
    );
  }
  giveToGroup(socket);
}

/** Best effort: without the group, or without the right to give it away, the process's own stays. */
function giveToGroup(socket: string): void {
  const gid = groupId('siteward');
  if (gid === null || gid === process.getgid?.()) return;
  try {
    chownSync(socket, process.getuid?.() ?? -1, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

function groupId(name: string): number | null {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((candidate) => candidate.startsWith(`${name}:`));
    const gid = Number(line?.split(':')[2]);
    return line !== undefined && Number.isInteger(gid) ? gid : null;
  } catch {
    // A machine without that file has no such group either.
    return null;
  }
}

/** A socket file that nobody answers on is left from a process that was killed. */
async function removeStaleSocket(socket: string): Promise<void> {
  const existing = lstatSync(socket, { throwIfNoEntry: false });
  if (existing === undefined) return;
  if (!existing.isSocket())
    throw new InvalidInput(
      'socket-path',
      'something that is no socket is in the way; remove it or set another `socket:`',
      { file: socket },
    );
  if (await answers(socket))
    throw new InvalidInput(
      'socket-in-use',
      'another process answers on this socket; stop it or set another `socket:`',
      { file: socket },
    );
  unlinkSync(socket);
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(socket);
    const done = (alive: boolean): void => {
      probe.destroy();
      resolve(alive);
    };
    probe.once('connect', () => done(true));
    // A full backlog is somebody alive; only a refusal is nobody.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  options: ServerOptions,
): Promise<void> {
  const name = /^\/v1\/([a-z-]{1,40})$/.exec(request.url ?? '')?.[1] ?? '';
  try {
    if (!isOperationName(name) || request.method !== 'POST')
      return send(
        response,
        404,
        errorAnswer(
          new InvalidInput(
            'no-such-operation',
            'the daemon has no such operation; is it of the same version?',
          ),
        ),
      );
    const body = await readBody(request);
    await run(name, body, clientOf(request), response, options);
  } catch (error) {
    if (error instanceof SitewardError && error.code !== 'assertion-failed')
      return send(response, error.code === 'too-large' ? 413 : 422, errorAnswer(error));
    options.onFault(error, name);
    send(response, 500, {
      error: { code: 'internal', message: 'an unexpected error; see the log of the daemon' },
    });
  }
}

async function run<Name extends OperationName>(
  name: Name,
  body: unknown,
  client: Client,
  response: http.ServerResponse,
  options: ServerOptions,
): Promise<void> {
  const parsed = operations[name].request.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.') ?? '';
    throw new InvalidInput(
      'bad-request',
      `${where === '' ? '' : `${where}: `}${issue?.message ?? 'not understood'}`,
    );
  }
  const request = parsed.data as RequestOf<Name>;
  const device = (request as { readonly device?: string | null }).device ?? null;
  try {
    send(response, 200, await options.operations[name](request, client));
  } catch (error) {
    if (!(error instanceof DeviceError) || device === null) throw error;
    const { error: plain } = errorAnswer(error);
    send(response, 422, { error: { ...plain, device } });
  }
}

/** What an error looks like to who asked; also printed by `--json`. */
export function errorAnswer(error: SitewardError): ErrorAnswer {
  const place = error instanceof InvalidInput ? error.place : null;
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(place === null ? {} : { file: place.file }),
      ...(place?.line === undefined ? {} : { line: place.line }),
      ...(place?.column === undefined ? {} : { column: place.column }),
    },
  };
}

async function readBody(request: http.IncomingMessage): Promise<unknown> {
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      // Goes on reading without keeping, so that the answer reaches who is still sending; `requestTimeout` ends it.
      else reject(new InvalidInput('too-large', `a question has at most ${maxBodyBytes} bytes`));
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
  });
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new InvalidInput('bad-request', 'the question is not JSON', null, { cause });
  }
}

function clientOf(request: http.IncomingMessage): Client {
  const claimed = request.headers['x-siteward-client'];
  const uid = typeof claimed === 'string' ? /^uid:(\d{1,10})$/.exec(claimed)?.[1] : undefined;
  return uid === undefined ? { uid: null, claimed: null } : { uid: Number(uid), claimed: `uid:${uid}` };
}

function send(response: http.ServerResponse, status: number, body: object): void {
  if (response.destroyed || response.headersSent) return;
  const text = Buffer.from(`${JSON.stringify(body)}\n`, 'utf8');
  // One question per connection is enough for a command line, and leaves nothing open at the end.
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': text.length,
    connection: 'close',
  });
  response.end(text);
}

async function close(server: http.Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await closed;
  } finally {
    clearTimeout(cut);
  }
}
