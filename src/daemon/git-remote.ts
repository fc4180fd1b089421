/**
 * The git servers of the settings, for the desired state and for the history, with their credentials read anew for every
 * look, so that a rotated one counts at once. Tokens and keys are in files of ours, never in the URL.
 */
import path from 'node:path';
import { InvalidInput, messageOf } from '../core/errors.ts';
import { connect } from '../drivers/ssh-session.ts';
import type { SshConnection } from '../drivers/ssh-session.ts';
import { openRepository } from '../desired/open-repository.ts';
import type { DesiredRepository } from '../desired/git-repository.ts';
import type { GitRemote, GitService } from '../desired/remote/git-remote.ts';
import { httpsRemote } from '../desired/remote/https-remote.ts';
import { sshRemote } from '../desired/remote/ssh-remote.ts';
import type { GitServer, Settings } from '../settings/settings.ts';
import { readSecretFile } from '../settings/trust-files.ts';
import { readFile } from 'node:fs/promises';

const timeoutMs = 30_000;
const largestSecretBytes = 64 * 1024;

interface Use {
  readonly service: GitService;
  /** The key of the settings that the server stands under. */
  readonly setting: string;
}

export function openDesiredRepository(
  { desired, site }: Pick<Settings, 'desired' | 'site'>,
  /** Where the copy of a git server's repository is kept. */
  folder: string,
  signal: AbortSignal,
): Promise<DesiredRepository> {
  const remote = (url: URL): GitRemote =>
    remoteAt(url, desired, { service: 'git-upload-pack', setting: 'desired' });
  return openRepository({ ...desired, site }, { folder, remote, signal });
}

/** Where the history is pushed to. */
export function historyRemote(server: GitServer): GitRemote {
  return remoteAt(new URL(server.url), server, {
    service: 'git-receive-pack',
    setting: 'history: remote',
  });
}

function remoteAt(url: URL, server: GitServer, use: Use): GitRemote {
  return url.protocol === 'ssh:' ? overSsh(url, server, use) : overHttps(url, server, use);
}

export function copyFolder(state: string): string {
  return path.join(state, 'desired.git');
}

function overHttps(url: URL, { tokenFile, caFile }: GitServer, use: Use): GitRemote {
  const user = url.username === '' ? 'git' : decodeURIComponent(url.username);
  url.username = '';
  return httpsRemote({
    ...use,
    url: url.href,
    timeoutMs,
    authorities: caFile === null ? null : () => readFile(caFile, 'utf8'),
    async credentials() {
      if (tokenFile === null) return null;
      const password = (await readSecretFile(tokenFile, largestSecretBytes)).toString('utf8').trim();
      return { user, password };
    },
  });
}

function overSsh(url: URL, { identityFile, hostKey }: GitServer, use: Use): GitRemote {
  let session: SshConnection | null = null;
  const path = decodeURIComponent(url.pathname).replace(/^\/~/, '~');
  return sshRemote(
    { ...use, path },
    {
      async open(command, signal) {
        try {
          session ??= await connect(
            {
              host: url.hostname.replace(/^\[|\]$/g, ''),
              port: url.port === '' ? 22 : Number(url.port),
              user: decodeURIComponent(url.username),
              privateKey: await readSecretFile(identityFile ?? '', largestSecretBytes),
              hostKey: hostKey ?? '',
              timeoutMs,
            },
            signal,
          );
          return await session.open(command, signal);
        } catch (error) {
          if (error instanceof InvalidInput) throw error;
          throw new InvalidInput('repository-unreachable', `the git server: ${messageOf(error)}`, null, {
            cause: error,
          });
        }
      },
      async close() {
        await session?.close();
        session = null;
      },
    },
  );
}
