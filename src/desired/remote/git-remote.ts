/**
 * A git server by what is asked of it: what it has, and a pack of what is missing here. How the bytes travel is the
 * business of `https-remote.ts` and `ssh-remote.ts`; the git library sees both as one HTTP server.
 */
import type { HttpClient } from 'isomorphic-git';

export interface GitRemote {
  /** As the server sends it over a plain channel: pkt-lines of refs up to the flush. */
  advertisement(signal: AbortSignal): Promise<Uint8Array>;
  /** One request of `git-upload-pack`, and the answer to it. */
  uploadPack(request: Uint8Array, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Lets go of what is kept open. */
  close(): Promise<void>;
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What the library has to be given; never asked for by name: every request goes to the remote. */
export const libraryUrl = 'http://repository.invalid';

const service = 'git-upload-pack';
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
      const request = await gather(body ?? []);
      return answer('result', await remote.uploadPack(request, signal));
    },
  };
}

export class TooMuch extends Error {}

async function* bounded(content: Pieces, maxBytes: number): AsyncGenerator<Uint8Array> {
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
