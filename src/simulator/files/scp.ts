/** The old copy protocol over an exec channel: `scp -t PLACE` takes files, `scp -f NAME` gives one. */
import { ConsoleError } from '../language/syntax.ts';
import { Upload } from './upload.ts';
import type { ServerChannel } from 'ssh2';
import type { Machine } from '../machine.ts';
import type { Session } from '../sessions.ts';

/** What the command asks for; undefined: it is no such command. */
export function scpRequest(
  command: string,
): { readonly to: 'device' | 'client'; readonly path: string } | undefined {
  const match = /^(?:\/usr\/bin\/)?scp((?: -[a-zA-Z]+)*)(?: --)?(?: (.*))?$/.exec(command);
  const options = match?.[1] ?? '';
  const path = (match?.[2] ?? '').replace(/^(["'])(.*)\1$/, '$2');
  if (/ -[a-zA-Z]*t/.test(options)) return { to: 'device', path };
  return / -[a-zA-Z]*f/.test(options) ? { to: 'client', path } : undefined;
}

const OK = Buffer.from([0]);
const refusal = (message: string): Buffer => Buffer.from(`\x01scp: ${message}\n`, 'latin1');

export function takeFiles(machine: Machine, session: Session, channel: ServerChannel, place: string): void {
  let waiting = Buffer.alloc(0);
  let upload: Upload | undefined;
  let left = 0;
  let written = 0;
  let failed = false;
  const end = (): void => {
    if (upload !== undefined && left > 0) upload.close(false);
    channel.exit(failed ? 1 : 0);
    channel.end();
  };
  const header = (line: string): void => {
    const match = /^C[0-7]{4} (\d{1,12}) (.+)$/.exec(line);
    if (match?.[2] === undefined) {
      channel.write(/^[TE]/.test(line) ? OK : refusal('protocol error'));
      return;
    }
    const name = machine.files.isFolder(place)
      ? `${place.replace(/\/*$/, '/').replace(/^[./]+/, '')}${match[2]}`
      : place;
    upload = new Upload(machine, session, name);
    left = Number(match[1]);
    written = 0;
    channel.write(OK);
  };
  const step = (): boolean => {
    if (upload === undefined) {
      const lineEnd = waiting.indexOf('\n');
      if (lineEnd < 0) return false;
      const line = waiting.toString('latin1', 0, lineEnd);
      waiting = waiting.subarray(lineEnd + 1);
      header(line);
      return true;
    }
    if (waiting.length === 0) return false;
    if (left > 0) {
      const part = waiting.subarray(0, left);
      waiting = waiting.subarray(part.length);
      upload.write(written, part);
      written += part.length;
      left -= part.length;
      return true;
    }
    // The file is followed by one zero byte.
    waiting = waiting.subarray(1);
    upload.close(true);
    upload = undefined;
    channel.write(OK);
    return true;
  };
  channel.on('data', (bytes: Buffer) => {
    waiting = Buffer.concat([waiting, bytes]);
    try {
      while (!failed && step());
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      failed = true;
      channel.write(refusal(error.message));
      end();
    }
  });
  channel.on('end', end);
  channel.write(OK);
}

export function giveFile(machine: Machine, channel: ServerChannel, path: string): void {
  const file = machine.files.find(path);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const finish = (status: number): void => {
    channel.exit(status);
    channel.end();
  };
  if (file === undefined) {
    channel.write(refusal(`${path}: No such file or directory`));
    finish(1);
    return;
  }
  const parts = [Buffer.from(`C0644 ${file.bytes.length} ${name}\n`), Buffer.concat([file.bytes, OK])];
  // The client acknowledges with a zero byte before each part and after the last.
  channel.on('data', (bytes: Buffer) => {
    for (const byte of bytes) {
      const part = parts.shift();
      if (byte !== 0) finish(1);
      else if (part !== undefined) channel.write(part);
      else finish(0);
    }
  });
}
