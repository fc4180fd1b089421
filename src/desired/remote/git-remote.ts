/**
 * A git server by what is asked of it: what it has, and then to send a pack or to take one. How the bytes travel is the
 * business of `https-remote.ts` and `ssh-remote.ts`; for a fetch the git library sees both as one HTTP server.
 */
import type { HttpClient } from 'isomorphic-git';
import { InvalidInput, messageOf, SitewardError } from '../../core/errors.ts';

/** To fetch from, and to push to. */
export type GitService = 'git-upload-pack' | 'git-receive-pack';

/** One service of one repository. */
export interface GitRemote {
  /** As the server sends it over a plain channel: pkt-lines of refs up to the flush. */
  advertisement(signal: AbortSignal): Promise<Uint8Array>;
  /** One request of the service, and the answer to it. */
  request(body: Uint8Array, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Lets go of what is kept open. */
  close(): Promise<void>;
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What the library has to be given; never asked for by name: every request goes to the remote. */
export const libraryUrl = 'http://repository.invalid';

const service: GitService = 'git-upload-pack';
/** What a server says first over HTTP, and over nothing else. */
const preface = Buffer.from(`001e# service=${service}\n0000`, 'latin1');

export function asHttpClient(remote: GitRemote, signal: AbortSignal, maxBytes: number): HttpClient {
  return {
    async request({ url, method, body }) {
      const answer = (type: string, content: Pieces) => ({
        url,
        method: method ?? 'GET',
        statusCode: 200,
        statusMessage: 'OK',
        headers: { 'content-type': `application/x-${service}-${type}` },
        body: bounded(content, maxBytes)[Symbol.asyncIterator](),
      });
      if (method !== 'POST') return answer('advertisement', [preface, await remote.advertisement(signal)]);
      return answer('result', await remote.request(await gather(body ?? []), signal));
    },
  };
}

class TooMuch extends Error {}

export async function* bounded(content: Pieces, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new TooMuch(`more than ${maxBytes} bytes`);
    yield piece;
  }
}

export async function gather(content: Pieces): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of content) all.push(piece);
  return Buffer.concat(all);
}

/** Whatever went wrong with a server, as one of our own errors. */
export function remoteFault(error: unknown): SitewardError {
  if (error instanceof SitewardError) return error;
  if (error instanceof TooMuch)
    return new InvalidInput(
      'too-large',
      `the git server sends ${error.message}; make the repository smaller`,
    );
  return new InvalidInput(
    'repository-unreachable',
    `the git server's answer can't be used (${messageOf(error).slice(0, 200)})`,
    null,
    { cause: error },
  );
}
