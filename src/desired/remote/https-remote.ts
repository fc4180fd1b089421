/**
 * A git server over HTTPS. Credentials go to the host that the settings name and nowhere else: a redirect is an
 * error that says where to. The library's own client would follow it, and waits without a limit.
 */
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { InvalidInput } from '../../core/errors.ts';
import { gather } from './git-remote.ts';
import type { GitRemote, GitService } from './git-remote.ts';
import { endOfAdvertisement } from './pkt-lines.ts';

export interface HttpsOptions {
  readonly service: GitService;
  readonly url: string;
  /** The key of the settings that the URL stands under, for messages. */
  readonly setting: string;
  /** Read anew for each request, so that a rotated one counts; null: the repository is open. */
  readonly credentials: () => Promise<{ readonly user: string; readonly password: string } | null>;
  /** PEM of the authorities to trust instead of the system's; null: the system's. */
  readonly authorities: (() => Promise<string>) | null;
  /** For each answer to begin, and for each silence in it. */
  readonly timeoutMs: number;
}

const preface = /^[0-9a-f]{4}# service=(git-[a-z-]+)\n?(?:0000)?/;

export function httpsRemote(options: HttpsOptions): GitRemote {
  const { service, setting } = options;
  const base = options.url.replace(/\/+$/, '');
  return {
    async advertisement(signal) {
      const answer = await ask(options, `${base}/info/refs?service=${service}`, null, signal);
      const refs = await gather(answer as AsyncIterable<Uint8Array>);
      const found = preface.exec(refs.toString('latin1', 0, 64));
      if (found?.[1] !== service)
        throw new InvalidInput(
          'not-a-git-server',
          `what answers there is no git server; check \`${setting}: url:\``,
        );
      const lines = refs.subarray(found[0].length);
      if (endOfAdvertisement(lines) === null)
        throw new InvalidInput('repository-unreachable', "the git server's answer ends early");
      return lines;
    },
    request: (body, signal) => ask(options, `${base}/${service}`, body, signal),
    close: () => Promise.resolve(),
  };
}

async function ask(
  { service, setting, credentials, authorities, timeoutMs }: HttpsOptions,
  url: string,
  body: Uint8Array | null,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const login = await credentials();
  const ca = authorities === null ? null : await authorities();
  const headers = {
    'user-agent': 'git/siteward',
    ...(login === null
      ? {}
      : { authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}` }),
    ...(body === null
      ? {}
      : {
          'content-type': `application/x-${service}-request`,
          accept: `application/x-${service}-result`,
          'content-length': String(body.length),
        }),
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpsRequest(url, {
      method: body === null ? 'GET' : 'POST',
      headers,
      signal,
      timeout: timeoutMs,
      ...(ca === null ? {} : { ca }),
    });
    request.on('response', resolve);
    request.on('timeout', () => {
      request.destroy(
        new InvalidInput('repository-unreachable', `the git server is silent for ${timeoutMs} ms`),
      );
    });
    request.on('error', (error) => {
      reject(error instanceof InvalidInput ? error : unreachable(error, setting));
    });
    request.end(body ?? undefined);
  });
  if (answer.statusCode === 200) return answer;
  answer.destroy();
  throw refusal(answer, setting);
}

function unreachable(cause: NodeJS.ErrnoException, setting: string): InvalidInput {
  const certificate = /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(cause.code ?? '');
  return certificate
    ? new InvalidInput(
        'repository-untrusted',
        `the git server's certificate is not trusted (${cause.code ?? ''}); name its authority in \`${setting}: ca:\``,
        null,
        { cause },
      )
    : new InvalidInput(
        'repository-unreachable',
        `the git server can't be reached (${cause.code ?? 'the connection failed'})`,
        null,
        { cause },
      );
}

function refusal({ statusCode = 0, headers }: IncomingMessage, setting: string): InvalidInput {
  if (statusCode >= 300 && statusCode < 400) {
    const to = (headers.location ?? '').replace(/\/info\/refs.*$/, '').replace(/[^\x21-\x7e]/g, '');
    return new InvalidInput(
      'repository-moved',
      `the git server says it moved to ${to}; correct \`${setting}: url:\``,
    );
  }
  if (statusCode === 401 || statusCode === 403)
    return new InvalidInput(
      'repository-refused',
      `the git server refuses the login (${statusCode}); check \`${setting}: token:\``,
    );
  if (statusCode === 404)
    return new InvalidInput(
      'repository-refused',
      `the git server knows no such repository, or does not show it to this login; check \`${setting}: url:\` and \`token:\``,
    );
  return new InvalidInput('repository-unreachable', `the git server answers with status ${statusCode}`);
}
