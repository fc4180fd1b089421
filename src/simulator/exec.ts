/**
 * One exec channel is one console line, without PTY and prompt, CRLF between lines, errors on standard output, and
 * an exit status by which little can be told.
 */
import { giveFile, scpRequest, takeFiles } from './files/scp.ts';
import type { Connection, ServerChannel } from 'ssh2';
import type { Behaviour } from './behaviour.ts';
import type { Faults } from './faults.ts';
import type { Machine } from './machine.ts';
import type { Ending } from './script-runner.ts';
import type { Session } from './sessions.ts';

interface Link {
  readonly machine: Machine;
  readonly session: Session;
  readonly connection: Connection;
  /** Called when the connection is over. */
  readonly endings: Set<() => void>;
}

export function runExec(link: Link, channel: ServerChannel, command: string): void {
  const { machine, session, connection, endings } = link;
  const text = Buffer.from(command, 'utf8').toString('latin1');
  const copy = scpRequest(text);
  if (copy !== undefined && session.policies.has('ftp')) {
    if (copy.to === 'device') takeFiles(machine, session, channel, copy.path);
    else giveFile(machine, channel, copy.path);
    return;
  }
  const output = new ExecOutput(connection, channel, machine.faults);
  const firstBreak = text.search(/[\r\n]/);
  const { exitStatus, stallsBelowWindow } = machine.behaviour;
  const window = windowOf(channel);
  if (window < stallsBelowWindow) output.stallAfter(window);
  if (firstBreak >= 0) {
    output.line(`expected end of command (line 1 column ${firstBreak + 1})`);
    finish(channel, output, 'parse-error', exitStatus);
    return;
  }
  const thread = machine.console(
    text,
    (line) => output.line(line),
    (how) => {
      if (how === 'error' || how === 'import-error') {
        machine.writeLog('script,error', 'executing script from sshd failed, please check it manually');
      }
      endSafeMode(machine, session);
      finish(channel, output, how, exitStatus);
    },
    { session },
  );
  const ended = (): void => {
    endings.delete(ended);
    if (thread !== undefined && machine.behaviour.channelEndStops) machine.stopThread(thread);
  };
  endings.add(ended);
  channel.on('close', ended);
}

/** How much the client takes before it has to say that it takes more; the library does not tell. */
function windowOf(channel: ServerChannel): number {
  return (channel as unknown as { readonly outgoing: { readonly window: number } }).outgoing.window;
}

/** Safe mode that a command took: whether it outlives the command is not known. */
function endSafeMode(machine: Machine, session: Session): void {
  if (machine.behaviour.safeModeOverExec === 'kept') return;
  if (machine.history.safeModeOf() === session) machine.history.unrollSafeMode();
}

function finish(
  channel: ServerChannel,
  output: ExecOutput,
  how: Ending,
  statuses: Behaviour['exitStatus'],
): void {
  if (how === 'stopped') output.line('interrupted');
  output.end(() => {
    const status = exitStatusOf(how, statuses);
    if (status !== undefined) channel.exit(status);
    channel.end();
  });
}

function exitStatusOf(how: Ending, statuses: Behaviour['exitStatus']): number | undefined {
  switch (statuses) {
    case 'missing':
      return undefined;
    case 'always-zero':
      return 0;
    case 'strict':
      return how === 'done' || how === 'import-error' ? 0 : 1;
    case 'zero':
      return how === 'parse-error' ? 1 : 0;
  }
}

/** Gathers lines into writes, and breaks off where a fault says so. */
class ExecOutput {
  private readonly connection: Connection;
  private readonly channel: ServerChannel;
  private readonly faults: Faults;
  private pending: string[] = [];
  private queued = false;
  private sent = 0;
  private silent = false;
  private limit = Infinity;

  constructor(connection: Connection, channel: ServerChannel, faults: Faults) {
    this.connection = connection;
    this.channel = channel;
    this.faults = faults;
    channel.on('error', () => undefined);
  }

  /** From so many bytes on nothing comes any more. */
  stallAfter(bytes: number): void {
    this.limit = bytes;
  }

  line(text: string): void {
    // Every line end of a value is a full one on the wire.
    this.pending.push(`${text.replaceAll(/\r?\n/g, '\r\n')}\r\n`);
    if (this.queued) return;
    this.queued = true;
    setImmediate(() => this.flush());
  }

  end(then: () => void): void {
    this.flush();
    if (!this.silent) then();
  }

  private flush(): void {
    this.queued = false;
    if (this.pending.length === 0 || this.silent) return;
    const bytes = Buffer.from(this.pending.join(''), 'latin1');
    this.pending = [];
    const cut =
      this.sent + bytes.length > this.limit
        ? { how: 'stall', at: Math.max(0, this.limit - this.sent) }
        : this.faults.takeCut(this.sent, bytes.length);
    this.sent += bytes.length;
    if (cut === undefined) {
      if (this.channel.writable) this.channel.write(bytes);
      return;
    }
    this.silent = true;
    if (this.channel.writable) this.channel.write(bytes.subarray(0, cut.at));
    if (cut.how === 'cut') setImmediate(() => this.connection.end());
  }
}
