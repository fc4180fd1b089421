/** Who is logged in, with what policies: those of the group at the moment of login, as on real devices. */
import type { Device } from './device/device.ts';
import type { Row } from './device/menu.ts';

export interface Session {
  readonly id: number;
  readonly user: string;
  readonly via: 'ssh' | 'local';
  readonly address: string;
  readonly group: string;
  readonly policies: ReadonlySet<string>;
  /** Wall time of the login. */
  readonly at: number;
}

/** Everything that a policy can be; the order is the one in which devices print them. */
const POLICIES = [
  'local',
  'telnet',
  'ssh',
  'ftp',
  'reboot',
  'read',
  'write',
  'policy',
  'test',
  'winbox',
  'password',
  'web',
  'sniff',
  'sensitive',
  'api',
  'romon',
  'rest-api',
];

export class Sessions {
  private readonly device: Device;
  private readonly without: () => readonly string[];
  private readonly open = new Map<number, Session>();
  private nextId = 1;

  /** `without`: policies that no login has, whatever its group says. */
  constructor(device: Device, without: () => readonly string[]) {
    this.device = device;
    this.without = without;
  }

  userRow(name: string): Row | undefined {
    return this.device.menu('/user').rows.find((row) => this.device.text('/user', row, 'name') === name);
  }

  start(user: string, via: Session['via'], address: string, at: number): Session {
    const session = this.make(user, via, address, at);
    this.open.set(session.id, session);
    return session;
  }

  /** A session that nobody sees: of a job, or of whoever works on the simulated device from outside. */
  make(user: string, via: Session['via'], address: string, at: number, only?: readonly string[]): Session {
    const row = this.userRow(user);
    const group = row === undefined ? 'full' : (this.device.text('/user', row, 'group') ?? 'full');
    const policies = new Set(only ?? this.policiesOf(group));
    for (const name of this.without()) policies.delete(name);
    return { id: this.nextId++, user, via, address, group, policies, at };
  }

  end(session: Session): void {
    this.open.delete(session.id);
  }

  endAll(): void {
    this.open.clear();
  }

  list(): readonly Session[] {
    return [...this.open.values()];
  }

  private policiesOf(group: string): readonly string[] {
    const row = this.device
      .menu('/user group')
      .rows.find((one) => this.device.text('/user group', one, 'name') === group);
    if (row === undefined) return POLICIES;
    return (this.device.text('/user group', row, 'policy') ?? '')
      .split(',')
      .filter((word) => word !== '' && !word.startsWith('!'));
  }
}
