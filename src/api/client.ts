/**
 * The command line's end of the socket. Believes nothing that does not have the form it should have; an error that the
 * daemon answers comes out as `RemoteError` with its code, place and device.
 */
import http from 'node:http';
import { SitewardError } from '../core/errors.ts';
import type { Place } from '../core/errors.ts';
import { errorSchema } from './answers.ts';
import { operations } from './operations.ts';
import type { AnswerOf, OperationName, RequestOf } from './operations.ts';

export interface ApiClient {
  /** Throws `RemoteError` for what the daemon says, `ClientError` when it can't be asked. */
  call<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<AnswerOf<Name>>;
}

/** The daemon can't be asked: not running, no right to, no sensible answer. */
export class ClientError extends SitewardError {}

export class RemoteError extends SitewardError {
  readonly place: Place | null;
  readonly device: string | null;
  constructor(code: string, message: string, place: Place | null, device: string | null) {
    super(code, message);
    this.place = place;
    this.device = device;
  }
}

const maxAnswerBytes = 256 * 1024 * 1024;
/** Reading a device may take a while; rolling out is not waited for. */
const answerTimeoutMs = 300_000;

export function connectTo(socket: string): ApiClient {
  return {
    call: async (name, request) => {
      const { status, body } = await post(socket, `/v1/${name}`, JSON.stringify(request));
      const value = parse(body, socket);
      if (status !== 200) throw remoteError(value, socket);
      const answer = operations[name].answer.safeParse(value);
      if (!answer.success) throw badAnswer(socket);
      return answer.data as AnswerOf<typeof name>;
    },
  };
}

function badAnswer(socket: string): ClientError {
  return new ClientError(
    'bad-answer',
    `${socket}: the answer is not understood; is the daemon of the same version?`,
  );
}

function parse(body: string, socket: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw badAnswer(socket);
  }
}

function remoteError(value: unknown, socket: string): SitewardError {
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) return badAnswer(socket);
  const { code, message, device, file, line, column } = parsed.data.error;
  const place =
    file === undefined
      ? null
      : { file, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
  return new RemoteError(code, message, place, device ?? null);
}

function post(
  socket: string,
  path: string,
  body: string,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const uid = process.getuid?.();
    const request = http.request({
      socketPath: socket,
      path,
      method: 'POST',
      agent: false,
      timeout: answerTimeoutMs,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...(uid === undefined ? {} : { 'x-siteward-client': `uid:${uid}` }),
      },
    });
    request.once('timeout', () => {
      request.destroy(
        new ClientError(
          'timeout',
          `${socket}: no answer in ${answerTimeoutMs / 1000} s; see the log of the daemon`,
        ),
      );
    });
    request.once('error', (error) => reject(notReached(error, socket)));
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswerBytes) response.destroy(badAnswer(socket));
        else chunks.push(chunk);
      });
      response.once('error', (error) => reject(notReached(error, socket)));
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(body);
  });
}

function notReached(error: Error, socket: string): Error {
  if (error instanceof SitewardError) return error;
  switch ((error as NodeJS.ErrnoException).code ?? '') {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new ClientError(
        'daemon-not-running',
        `${socket}: no daemon answers; start it: systemctl start siteward, or siteward run`,
        {
          cause: error,
        },
      );
    case 'EACCES':
    case 'EPERM':
      return new ClientError('permission-denied', `${socket}: not yours to use; join the group siteward`, {
        cause: error,
      });
    default:
      return new ClientError('daemon-gone', `${socket}: the daemon went away before it answered; ask again`, {
        cause: error,
      });
  }
}
