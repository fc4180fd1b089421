/** `git http-backend` behind TLS on loopback: a git server as a forge is one, with a token, that can misbehave. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const backend = '/usr/lib/git-core/git-http-backend';
export const httpBackendMissing = existsSync(backend) ? null : `skipped without ${backend}`;

export interface GitHttps {
  readonly url: string;
  /** The certificate that a client has to trust. */
  readonly ca: string;
  readonly token: string;
  /** Lines `METHOD PATH` of what was asked. */
  readonly asked: string[];
  /** Answers the next requests instead of the backend while it is set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** Bytes of the answer to a fetch after which the backend falls silent while this is set. */
  stallAfter: number | null;
  /** Answers that stand still. */
  stalled: number;
  close(): Promise<void>;
}

/** Serves the repositories below `root`. */
export async function startGitHttps(root: string): Promise<GitHttps> {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-https-'));
  const at = (name: string): string => path.join(folder, name);
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'].concat([
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      at('key'),
      '-out',
      at('ca'),
    ]),
    { stdio: 'ignore' },
  );
  const token = 'token-of-the-test';
  const expected = `Basic ${Buffer.from(`git:${token}`).toString('base64')}`;
  const asked: string[] = [];
  const server = createServer({ key: readFileSync(at('key')), cert: readFileSync(at('ca')) });
  const made: GitHttps = {
    url: '',
    ca: at('ca'),
    token,
    asked,
    answer: null,
    stallAfter: null,
    stalled: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          rmSync(folder, { recursive: true, force: true });
          resolve();
        });
      }),
  };
  server.on('request', (request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (made.answer !== null) return made.answer(request, response);
    if (request.headers.authorization !== expected) {
      response.writeHead(401).end();
      return;
    }
    runBackend(root, made, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(made, { url: `https://localhost:${(server.address() as AddressInfo).port}` });
}

function runBackend(
  root: string,
  server: GitHttps,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const child = spawn(backend, [], {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: tmpdir(),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: request.headers['git-protocol']?.toString() ?? '',
      REMOTE_USER: 'git',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  let head = Buffer.alloc(0);
  let begun = false;
  let left = request.method === 'POST' ? server.stallAfter : null;
  const send = (chunk: Buffer): void => {
    if (left === null) return void response.write(chunk);
    if (left > 0) response.write(chunk.subarray(0, left));
    if (left >= 0 && left < chunk.length) server.stalled += 1;
    left -= chunk.length;
  };
  child.stdout.on('data', (chunk: Buffer) => {
    if (begun) return send(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    begun = true;
    const fields = head.toString('latin1', 0, end).split('\r\n');
    let status = 200;
    for (const field of fields) {
      const [name = '', value = ''] = field.split(/: ?/, 2);
      if (name === 'Status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    send(head.subarray(end + 4));
  });
  child.stdout.on('end', () => {
    if (left === null) response.end();
  });
}
