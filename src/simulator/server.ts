/**
 * The SSH side: one exec channel is one console line, without PTY and prompt, CRLF between lines,
 * errors on standard output. Whether a new connection gets in follows the device's configuration at
 * that moment; connections that are in stay.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import ssh2 from 'ssh2';
import { authenticate } from './authentication.ts';
import { runShell } from './shell.ts';
import type { Connection, Server, ServerChannel } from 'ssh2';
import type { Credentials } from './authentication.ts';
import type { Faults } from './faults.ts';
import type { Ending, Machine } from './machine.ts';
import { whyUnreachable, type ReachedAt } from './network/reachability.ts';

export interface ServerOptions {
  readonly credentials: Credentials;
  /** The private host key. */
  readonly hostKey: string;
  readonly faults: Faults;
  /** How the network brings connections to the device; undefined: past everything but the service. */
  readonly reachedAt: ReachedAt | undefined;
}

/** Real devices take 20 sessions of one service. */
const SESSION_LIMIT = 20;
const SERVICE_PATH = '/ip service';

export class SshServer {
  private readonly machine: Machine;
  private readonly options: ServerOptions;
  private readonly net: NetServer;
  private readonly ssh: Server;
  private readonly sockets = new Set<Socket>();
  /** The port that the device was configured with when it started is the one that is listened on. */
  private readonly servicePort: string;
  private powered = true;
  private cancelBoot: () => void = () => undefined;

  constructor(machine: Machine, options: ServerOptions) {
    this.machine = machine;
    this.options = options;
    this.servicePort = this.service('port');
    this.ssh = new ssh2.Server({ hostKeys: [options.hostKey], ident: 'ROSSSH' }, (connection) =>
      this.greet(connection),
    );
    this.ssh.on('error', () => undefined);
    this.net = createServer({ noDelay: true }, (socket) => this.accept(socket));
    machine.onPower = (up) => this.power(up);
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.net.once('error', reject);
      this.net.listen(port, host, () => {
        this.net.off('error', reject);
        resolve();
      });
    });
    const address = this.net.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  /** Cuts every connection; the port stays open. */
  cutSessions(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  sessionCount(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    this.cancelBoot();
    this.cutSessions();
    if (!this.net.listening) return;
    await new Promise<void>((resolve) => this.net.close(() => resolve()));
  }

  private power(up: boolean): void {
    this.cancelBoot();
    if (!up) {
      this.powered = false;
      this.cutSessions();
      return;
    }
    const ready = (): void => {
      this.powered = true;
    };
    const { bootMs } = this.machine.behaviour;
    if (bootMs === 0) ready();
    else this.cancelBoot = this.machine.clock.after(bootMs, ready);
  }

  private service(name: string): string {
    const { device } = this.machine;
    const row = device
      .menu(SERVICE_PATH)
      .rows.find((one) => device.text(SERVICE_PATH, one, 'name') === 'ssh');
    return row === undefined ? '' : (device.text(SERVICE_PATH, row, name) ?? '');
  }

  /** Why the device takes no new connection now; undefined: it does. */
  private refusal(): string | undefined {
    if (!this.powered) return 'down';
    if (this.options.faults.refuseConnections) return 'fault';
    if (this.service('disabled') === 'yes') return 'service disabled';
    if (this.service('port') !== this.servicePort) return 'service moved to another port';
    if (this.sockets.size >= SESSION_LIMIT) return 'too many sessions';
    const { reachedAt } = this.options;
    return reachedAt === undefined ? undefined : whyUnreachable(this.machine.device, reachedAt);
  }

  private accept(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.refusal() !== undefined) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.ssh.injectSocket(socket);
  }

  private greet(connection: Connection): void {
    connection.on('error', () => undefined);
    authenticate(connection, this.machine, this.options.credentials);
    connection.on('ready', () => {
      this.machine.writeLog('system,info,account', `user ${this.machine.user} logged in via ssh`);
      connection.on('session', (accept) => {
        const session = accept();
        session.on('pty', (yes) => yes?.());
        session.on('env', (yes) => yes?.());
        session.on('window-change', (yes) => yes?.());
        session.on('exec', (yes, _no, info) => this.exec(connection, yes(), info.command));
        session.on('shell', (yes) => runShell(this.machine, yes()));
      });
    });
  }

  private exec(connection: Connection, channel: ServerChannel, command: string): void {
    const text = Buffer.from(command, 'utf8').toString('latin1');
    const output = new ExecOutput(connection, channel, this.options.faults);
    const firstBreak = text.search(/[\r\n]/);
    if (firstBreak >= 0) {
      output.line(`expected end of command (line 1 column ${firstBreak + 1})`);
      this.finish(channel, output, 'parse-error');
      return;
    }
    const thread = this.machine.console(
      text,
      (line) => output.line(line),
      (how) => {
        if (how === 'error') {
          this.machine.writeLog(
            'script,error',
            'executing script from sshd failed, please check it manually',
          );
        }
        this.finish(channel, output, how);
      },
    );
    channel.on('close', () => {
      if (thread !== undefined && this.machine.behaviour.channelEndStops) this.machine.stopThread(thread);
    });
  }

  private finish(channel: ServerChannel, output: ExecOutput, how: Ending): void {
    if (how === 'stopped') output.line('interrupted');
    output.end(() => {
      const status = this.exitStatus(how);
      if (status !== undefined) channel.exit(status);
      channel.end();
    });
  }

  private exitStatus(how: Ending): number | undefined {
    switch (this.machine.behaviour.exitStatus) {
      case 'missing':
        return undefined;
      case 'always-zero':
        return 0;
      case 'strict':
        return how === 'done' ? 0 : 1;
      case 'zero':
        return how === 'parse-error' ? 1 : 0;
    }
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

  constructor(connection: Connection, channel: ServerChannel, faults: Faults) {
    this.connection = connection;
    this.channel = channel;
    this.faults = faults;
    channel.on('error', () => undefined);
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
    const cut = this.faults.takeCut(this.sent, bytes.length);
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
