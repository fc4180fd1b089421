/**
 * The real `git upload-pack` of a repository on this machine as the server of a fetch: the same question gets the same
 * answer without another process, so that a thousand fetches of it cost a moment.
 */
import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import type { GitRemote } from '../../src/desired/remote/git-remote.ts';

export function uploadPackOf(repository: string): GitRemote {
  const answers = new Map<string, Buffer>();
  const ask = (words: readonly string[], body: Uint8Array): Buffer => {
    const question = [...words, Buffer.from(body).toString('latin1')].join('\n');
    const known = answers.get(question);
    if (known !== undefined) return known;
    const answer = execFileSync('git', ['upload-pack', '--stateless-rpc', ...words, repository], {
      input: body,
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 2 ** 26,
    });
    answers.set(question, answer);
    return answer;
  };
  return {
    advertisement: () => Promise.resolve(ask(['--advertise-refs'], new Uint8Array())),
    request: (body) => Promise.resolve(Readable.from([ask([], body)])),
    close: () => Promise.resolve(),
  };
}
