/**
 * What `listen:` serves to monitoring: `/metrics`, `/healthz` (the process answers), `/readyz` (it can do its work).
 * Never plans, documents or anything that a person decides on; takes nothing in.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvalidInput, messageOf } from '../core/errors.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Codes of what keeps the daemon from its work; none: ready. */
  readonly obstacles: () => readonly string[];
  readonly onFault: (error: unknown) => void;
}

export interface RunningHttp {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Throws `InvalidInput` listen-failed. */
export async function startHttp(options: HttpOptions): Promise<RunningHttp> {
  const server = http.createServer((request, response) => {
    request.resume();
    answer(request, options).then(
      (reply) => send(response, request.method === 'HEAD', reply),
      (error: unknown) => {
        options.onFault(error);
        send(response, false, { status: 500, contentType: 'text/plain; charset=utf-8', text: 'error\n' });
      },
    );
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: Error) => {
      const message = `can not listen on ${options.host}:${options.port} (${messageOf(cause)}); set another \`listen:\``;
      reject(new InvalidInput('listen-failed', message, null, { cause }));
    });
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    host: address.address,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

async function answer(request: http.IncomingMessage, options: HttpOptions): Promise<Reply> {
  const plain = (status: number, text: string): Reply => ({
    status,
    contentType: 'text/plain; charset=utf-8',
    text: `${text}\n`,
  });
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET and HEAD');
  switch ((request.url ?? '').split('?', 1)[0] ?? '') {
    case '/metrics':
      return { status: 200, ...(await options.metrics()) };
    case '/healthz':
      return plain(200, 'ok');
    case '/readyz': {
      const obstacles = options.obstacles();
      return obstacles.length === 0 ? plain(200, 'ready') : plain(503, obstacles.join('\n'));
    }
    default:
      return plain(404, 'not here; /metrics, /healthz and /readyz are');
  }
}

function send(response: http.ServerResponse, headOnly: boolean, reply: Reply): void {
  const body = Buffer.from(reply.text, 'utf8');
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  response.end(headOnly ? undefined : body);
}
