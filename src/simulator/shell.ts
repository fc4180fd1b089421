/** A minimal interactive console: a prompt, lines that are executed, `/quit` and Ctrl-D to leave. */
import type { ServerChannel } from 'ssh2';
import type { Machine } from './machine.ts';
import type { Session } from './sessions.ts';

const LINE_LIMIT = 65_536;

export function runShell(machine: Machine, session: Session, channel: ServerChannel, _options: string): void {
  let line = '';
  let busy = false;
  const queue: string[] = [];
  const write = (text: string): void => {
    if (channel.writable) channel.write(Buffer.from(text, 'latin1'));
  };
  const prompt = (): void => write(`[${session.user}@${identity(machine)}] > `);
  const next = (): void => {
    const text = queue.shift();
    if (busy || text === undefined) return;
    if (text === '/quit' || text === 'quit') {
      channel.exit(0);
      channel.end();
      return;
    }
    busy = true;
    machine.console(
      text,
      (output) => write(`${output.replaceAll(/\r?\n/g, '\r\n')}\r\n`),
      () => {
        busy = false;
        prompt();
        next();
      },
      { session },
    );
  };
  const typed = (character: string): void => {
    if (character === '\r' || character === '\n') {
      write('\r\n');
      queue.push(line);
      line = '';
    } else if (character === '\x03') {
      write('\r\n');
      line = '';
      prompt();
    } else if (character === '\x04') queue.push('/quit');
    else if (character === '\x7f' || character === '\b') {
      if (line !== '') write('\b \b');
      line = line.slice(0, -1);
    } else if (character >= ' ' && line.length < LINE_LIMIT) {
      line += character;
      write(character);
    }
  };
  channel.on('error', () => undefined);
  channel.on('data', (bytes: Buffer) => {
    // CR LF is one line end.
    for (const character of bytes.toString('latin1').replaceAll('\r\n', '\r')) typed(character);
    next();
  });
  channel.on('end', () => {
    queue.push('/quit');
    next();
  });
  prompt();
}

function identity(machine: Machine): string {
  const row = machine.device.menu('/system identity').rows[0];
  return row === undefined
    ? 'MikroTik'
    : (machine.device.text('/system identity', row, 'name') ?? 'MikroTik');
}
