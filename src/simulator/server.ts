/**
 * The SSH side: one exec channel is one console line, without PTY and prompt, CRLF between lines,
 * errors on standard output. Whether a new connection gets in follows the device's configuration at
 * that moment; connections that are in stay.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import ssh2 from 'ssh2';
import { authenticate, loginName } from './authentication.ts';
import { runExec } from './exec.ts';
import { serveSftp } from './files/sftp.ts';
import { runShell } from './shell.ts';
import type { Connection, Server, ServerConfig } from 'ssh2';
import type { Machine } from './machine.ts';
import type { Session } from './sessions.ts';
import { whyUnreachable, type ReachedAt } from './network/reachability.ts';

export interface ServerOptions {
  /** How the network brings connections to the device; undefined: past everything but the service. */
  readonly reachedAt: ReachedAt | undefined;
}

/** Real devices take 20 sessions of one service. */
const SESSION_LIMIT = 20;
/**
 * Of version 6. It offers group exchange too, which the library can't serve; the group with SHA-256 stands in for it,
 * so that clients of today come in as they do there.
 */
const OLD_ALGORITHMS: NonNullable<ServerConfig['algorithms']> = {
  kex: ['diffie-hellman-group14-sha256', 'diffie-hellman-group14-sha1'],
  serverHostKey: ['ssh-rsa', 'ssh-ed25519'],
  cipher: ['aes256-ctr', 'aes192-ctr', 'aes128-ctr'],
  hmac: ['hmac-sha1', 'hmac-sha2-256'],
};
const CUT_TOLD_MS = 50;
const SERVICE_PATH = '/ip service';

export class SshServer {
  private readonly machine: Machine;
  private readonly options: ServerOptions;
  private readonly net: NetServer;
  private ssh: Server;
  private presented: string;
  private readonly sockets = new Set<Socket>();
  /** The port that the device was configured with when it started is the one that is listened on. */
  private readonly servicePort: string;
  private powered = true;
  /** Connections that end now were cut: the device learns of it late. */
  private cutting = false;
  private cancelBoot: () => void = () => undefined;

  constructor(machine: Machine, options: ServerOptions) {
    this.machine = machine;
    this.options = options;
    this.servicePort = this.service('port');
    this.presented = machine.hostKeys.fingerprint();
    this.ssh = this.makeServer();
    machine.hostKeys.onChange = () => {
      if (machine.behaviour.hostKeyChange === 'now') this.presentHostKey();
    };
    this.net = createServer({ noDelay: true }, (socket) => this.accept(socket));
    machine.onPower = (up) => this.power(up);
  }

  /** The host key that new connections see: `SHA256:…` without padding. */
  hostKey(): string {
    return this.presented;
  }

  private makeServer(): Server {
    const server = new ssh2.Server(
      {
        hostKeys: [this.machine.hostKeys.privateKey],
        ident: 'ROSSSH',
        ...(this.machine.device.major === 6 ? { algorithms: OLD_ALGORITHMS } : {}),
      },
      (connection, info) => this.greet(connection, info.ip),
    );
    server.on('error', () => undefined);
    return server;
  }

  /** Connections that are there keep the key that they were made with. */
  private presentHostKey(): void {
    this.presented = this.machine.hostKeys.fingerprint();
    this.ssh = this.makeServer();
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
    this.cutting = true;
    for (const socket of this.sockets) socket.destroy();
    // Their ends are told of in the next turns.
    setTimeout(() => (this.cutting = false), CUT_TOLD_MS).unref();
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
      this.presentHostKey();
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

  private sessionLimit(): number {
    const set = this.machine.device.isSince('7.16') ? Number(this.service('max-sessions')) : 0;
    return set > 0 ? set : SESSION_LIMIT;
  }

  /** Why the device takes no new connection now; undefined: it does. */
  refusal(): string | undefined {
    if (!this.powered) return 'down';
    if (this.machine.faults.refuseConnections) return 'fault';
    if (this.service('disabled') === 'yes') return 'service disabled';
    if (this.service('port') !== this.servicePort) return 'service moved to another port';
    if (this.sockets.size >= this.sessionLimit()) return 'too many sessions';
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

  private greet(connection: Connection, ip: string): void {
    const { machine } = this;
    let login = { user: '', options: '' };
    let session: Session | undefined;
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => {
      login = loginName(context.username);
    });
    authenticate(connection, machine, this.options.reachedAt?.from);
    const endings = new Set<() => void>();
    connection.on('close', () => {
      for (const end of endings) end();
      if (session !== undefined) machine.endSession(session, this.cutting);
    });
    connection.on('ready', () => {
      const from = this.options.reachedAt?.from ?? ip;
      session = machine.sessions.start(login.user, 'ssh', from, machine.wallMs());
      machine.writeLog('system,info,account', `user ${login.user} logged in from ${from} via ssh`);
      this.serve(connection, session, login.options, endings);
    });
  }

  /** `endings`: called when the connection is over, since channels do not always tell. */
  private serve(connection: Connection, session: Session, options: string, endings: Set<() => void>): void {
    const { machine } = this;
    connection.on('session', (accept) => {
      const channels = accept();
      channels.on('pty', (yes) => yes?.());
      channels.on('env', (yes) => yes?.());
      channels.on('window-change', (yes) => yes?.());
      channels.on('exec', (yes, _no, info) =>
        runExec({ machine, session, connection, endings }, yes(), info.command),
      );
      channels.on('sftp', (yes, no) => {
        if (session.policies.has('ftp')) serveSftp(machine, session, yes());
        else no();
      });
      channels.on('shell', (yes) => runShell(machine, session, yes(), options));
    });
  }
}
