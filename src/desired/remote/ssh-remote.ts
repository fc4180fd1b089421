/**
 * A git server over SSH: one channel a question, each a command that sends its refs first and then answers one request. The session is opened by others, with the host key pinned, and used for one look at a time.
 */
import type { Duplex } from 'node:stream';
import { InvalidInput } from '../../core/errors.ts';
import type { GitRemote, GitService } from './git-remote.ts';
import { endOfAdvertisement } from './pkt-lines.ts';

export interface ChannelSource {
  /** Runs a command; what it writes and reads. Throws errors of the connection. */
  open(command: string, signal: AbortSignal): Promise<Duplex>;
  close(): Promise<void>;
}

const maxAdvertisement = 16 * 1024 * 1024;

export interface SshOptions {
  readonly service: GitService;
  /** As the server knows it, from the URL. */
  readonly path: string;
  /** The key of the settings that the URL stands under, for messages. */
  readonly setting: string;
}

export function sshRemote({ service, path, setting }: SshOptions, source: ChannelSource): GitRemote {
  const command = `${service} '${path.replaceAll("'", `'\\''`)}'`;

  async function begin(signal: AbortSignal): Promise<{ readonly channel: Duplex; readonly refs: Buffer }> {
    const channel = await source.open(command, signal);
    try {
      return { channel, refs: await readRefs(channel, setting) };
    } catch (error) {
      channel.destroy();
      throw error;
    }
  }

  return {
    async advertisement(signal) {
      const { channel, refs } = await begin(signal);
      // A flush instead of wants or commands: the server ends without a complaint.
      channel.end('0000');
      channel.resume();
      return refs;
    },
    async request(body, signal) {
      const { channel } = await begin(signal);
      channel.write(body);
      return channel;
    },
    close: () => source.close(),
  };
}

async function readRefs(channel: Duplex, setting: string): Promise<Buffer> {
  let all = Buffer.alloc(0);
  for (;;) {
    const piece = await nextPiece(channel);
    if (piece === null)
      throw new InvalidInput(
        'repository-refused',
        `the git server ended without an answer; check \`${setting}: url:\`, and what the key may do with the repository`,
      );
    all = Buffer.concat([all, piece]);
    const end = endOfAdvertisement(all);
    if (end !== null) {
      if (end < all.length) channel.unshift(all.subarray(end));
      return all.subarray(0, end);
    }
    if (all.length > maxAdvertisement)
      throw new InvalidInput('too-large', `the git server names refs in more than ${maxAdvertisement} bytes`);
  }
}

/** Null at the end. */
function nextPiece(channel: Duplex): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      const piece = channel.read() as Buffer | null;
      if (piece === null && !channel.readableEnded && !channel.destroyed) return;
      channel.off('readable', settle).off('end', settle).off('close', settle).off('error', fail);
      resolve(piece);
    };
    const fail = (error: Error): void => {
      channel.off('readable', settle).off('end', settle).off('close', settle);
      reject(error);
    };
    channel.on('readable', settle).on('end', settle).on('close', settle).once('error', fail);
    settle();
  });
}
