/**
 * I1, I2: replacing the daemon's own key or password, killed at every record and at every message to the device, before it
 * arrives and after. Whatever dies, one that the daemon knows lets it in, and the next start ends what was begun.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { DeviceError, OutcomeUnknown } from '../../../src/core/errors.ts';
import type { NewLogin } from '../../../src/core/rollout/event-fields.ts';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import { nextOfRotation, rotationWaitsUntil } from '../../../src/core/rotation.ts';
import { foldRecord } from '../../../src/core/site-fold.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import type { SiteState } from '../../../src/core/site-state.ts';
import type { LoginChanges } from '../../../src/drivers/driver.ts';
import { loginPassword } from '../../../src/drivers/routeros/effects/login-password.ts';
import type { Reach } from '../../../src/drivers/routeros/effects/device-console.ts';
import type { SshSession, SshTarget } from '../../../src/drivers/ssh-session.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { finishRotation } from '../../../src/reconcile/rotate-credential.ts';
import { deviceSettings, machineClock } from '../../support/scripted-device.ts';

const login: Omit<NewLogin, 'line'> = {
  sealed: 'sealed',
  name: 'new',
  settingsKey: 'SHA256:old',
};

class Killed extends Error {}

/** A device, a journal in memory, and a daemon that may die between any two of its acts. */
abstract class World {
  readonly records: SitewardEvent[] = [];
  readonly removed: string[] = [];
  /** Acts until it dies; one that is sent may die before it arrives or after. */
  left = Infinity;
  /** What the clock says. */
  nowMs = Date.parse('2026-11-21T10:00:00.000Z');
  state: SiteState = emptySiteState();
  abstract readonly login: NewLogin;
  abstract changes: LoginChanges;
  /** Whether what the journal says that counts lets the daemon in. */
  abstract letsIn(): boolean;

  /** What a start after the death knows. */
  restart(): void {
    this.left = Infinity;
    this.state = emptySiteState();
    this.records.forEach((event, index) => this.#fold(event, index));
  }

  #fold(event: SitewardEvent, index: number): void {
    const at = new Date(this.nowMs).toISOString();
    foldRecord(this.state, { ...event, v: 1, seq: index + 1, at, prev: '', actor: 'daemon' } as never);
  }

  act(): void {
    this.left -= 1;
    if (this.left < 0) throw new Killed();
  }

  get device() {
    return deviceState(this.state, 'gw1');
  }

  /** The changes of the daemon that lives. */
  #within(): LoginChanges {
    return {
      list: (...of) => this.changes.list(...of),
      add: (...of) => this.changes.add(...of),
      prove: (...of) => this.changes.prove(...of),
      removeOthers: (...of) => this.changes.removeOthers(...of),
      undo: (...of) => this.changes.undo(...of),
    };
  }

  readonly room = {
    device: { name: 'gw1' },
    signal: new AbortController().signal,
    folded: () => this.device,
    clock: { now: () => this.nowMs },
    files: {
      get: () => Promise.resolve(Buffer.from('new')),
      remove: (_kind: string, digest: string) => Promise.resolve(void this.removed.push(digest)),
    },
    driver: {
      logins: { key: this.#within(), password: this.#within() },
      letGo: () => Promise.resolve(),
    },
    ledger: {
      append: (event: SitewardEvent): Promise<void> =>
        Promise.resolve().then(() => {
          this.act();
          this.records.push(event);
          this.#fold(event, this.records.length - 1);
          this.act();
        }),
    },
  } as unknown as DeviceRoom;

  begin(): void {
    const consumed = { pending: 'p', challenge: 'c', document: 'd', by: [] };
    const event = {
      kind: 'rotation-authorized',
      device: 'gw1',
      rotation: 'r1',
      login: this.login,
      ...consumed,
    } as const;
    this.records.push(event);
    this.#fold(event, 0);
  }
}

class KeyWorld extends World {
  readonly login: NewLogin = { ...login, line: 'ssh-ed25519 AAAA' };
  readonly keys = new Set(['old', 'older']);
  refusesNew = false;
  /** What it says to whoever takes keys off. */
  keepsOthers: Error | null = null;
  provesWithout: Error | null = null;

  /** With which key the daemon logs in. */
  readonly #loginName = (): string => (this.device.login === null ? 'old' : 'new');

  letsIn(): boolean {
    return this.keys.has(this.#loginName());
  }

  #message<T>(key: string, work: () => T): Promise<T> {
    return Promise.resolve().then(() => {
      this.act();
      if (!this.keys.has(key)) throw new DeviceError('key-refused', `the device refuses ${key}`);
      const answer = work();
      this.act();
      return answer;
    });
  }

  changes: LoginChanges = {
    list: () => this.#message(this.#loginName(), () => [...this.keys]),
    add: ({ name }) => this.#message(this.#loginName(), () => void this.keys.add(name)),
    prove: () =>
      this.#message('new', () => {
        if (this.provesWithout !== null) throw this.provesWithout;
        if (this.refusesNew) throw new DeviceError('key-refused', 'not this kind of key');
      }),
    removeOthers: ({ name }) =>
      this.#message(this.#loginName(), () => {
        if (this.keepsOthers !== null) throw this.keepsOthers;
        if (!this.keys.has(name)) throw new DeviceError('rejected', 'not there');
        for (const key of this.keys) if (key !== name) this.keys.delete(key);
      }),
    undo: ({ name }) => this.#message(this.#loginName(), () => void this.keys.delete(name)),
  };
}

/** The driver's own changes, over connections to a user with one password. */
class PasswordWorld extends World {
  readonly login: NewLogin = { ...login, line: '' };
  password = 'old';
  /** What becomes of a password that is set: as it is, refused, or something that nobody knows. */
  takes: 'it' | 'nothing' | 'another' = 'it';
  cut = false;
  readonly tried: string[] = [];

  letsIn(): boolean {
    return [this.device.login === null ? 'old' : 'new', 'new'].includes(this.password);
  }

  readonly #connect = (target: SshTarget): Promise<SshSession> =>
    Promise.resolve().then(() => {
      this.act();
      this.tried.push(target.password ?? '');
      if (target.password !== this.password) throw new DeviceError('password-refused', 'the device refuses');
      this.act();
      return {
        hostKey: '',
        localAddress: '',
        exec: (command: string) => Promise.resolve().then(() => this.#exec(command)),
        close: () => Promise.resolve(),
      };
    });

  #exec(command: string): { output: Buffer; exitCode: null } {
    this.act();
    if (this.cut) throw new DeviceError('unreachable', 'the connection is gone');
    const end = /:put "(sw-ok-[0-9a-f]+)"$/.exec(command)?.[1] ?? '';
    const set = /^\/user set \[find where name="siteward"\] password="(\w+)"; /.exec(command)?.[1];
    if (set !== undefined && this.takes === 'nothing')
      return { output: Buffer.from('not enough permissions (9)\r\n'), exitCode: null };
    if (set !== undefined) this.password = this.takes === 'it' || set === 'old' ? set : 'garbled';
    this.act();
    return { output: Buffer.from(`${set === undefined ? '7.19\r\n' : ''}${end}\r\n`), exitCode: null };
  }

  readonly #reach: Reach = {
    device: deviceSettings({ port: 22, hostKey: '' }),
    credentials: () => Promise.resolve({ password: this.device.login === null ? 'old' : 'new' }),
    clock: machineClock,
    random: (bytes) => Buffer.alloc(bytes),
    log: () => undefined,
    connect: this.#connect,
  };

  changes: LoginChanges = loginPassword(this.#reach).changes;

  override restart(): void {
    super.restart();
    this.changes = loginPassword(this.#reach).changes;
  }
}

let world: KeyWorld;
beforeEach(() => {
  world = new KeyWorld();
  world.begin();
});

const kinds = ({ records }: World = world): string[] =>
  records.slice(1).map((event) => ('step' in event ? `${event.step} ${event.kind.slice(14)}` : event.kind));

test('each step is announced before it and recorded after it; the old keys go last', async () => {
  await finishRotation(world.room);
  expect(kinds()).toEqual([
    ...[
      'add started',
      'add finished',
      'prove started',
      'prove finished',
      'remove started',
      'remove finished',
    ],
    'rotation-ended',
  ]);
  expect(world.records.at(-1)).toMatchObject({ outcome: 'rotated' });
  expect([...world.keys]).toEqual(['new']);
  expect(world.device).toMatchObject({ credential: null, login: { name: 'new' } });
});

test('a device that refuses the new key keeps the old ones, and the new one goes', async () => {
  world.refusesNew = true;
  await finishRotation(world.room);
  expect(world.records.at(-1)).toMatchObject({ outcome: 'undone', code: 'key-refused' });
  expect([...world.keys]).toEqual(['old', 'older']);
  expect(world.device).toMatchObject({ credential: null, login: null });
  expect(world.removed).toEqual(['sealed']);
});

const keyWorld = (change: Partial<KeyWorld>) => () => Object.assign(new KeyWorld(), change);
const passwordWorld = (change: Partial<PasswordWorld>) => () => Object.assign(new PasswordWorld(), change);

const endings: [string, () => KeyWorld | PasswordWorld, string, string[]][] = [
  ['the new key works', keyWorld({}), 'rotated', ['new']],
  ['the device refuses the new key', keyWorld({ refusesNew: true }), 'undone', ['old', 'older']],
  ['the new password works', passwordWorld({}), 'rotated', ['new']],
  ['the device sets no password', passwordWorld({ takes: 'nothing' }), 'undone', ['old']],
];

describe.each(endings)('%s', (_, make, outcome, expected) => {
  test('killed at any point, the next start ends it', async () => {
    let points = 0;
    for (let at = 0; ; at++) {
      const one = make();
      one.begin();
      one.left = at;
      const died = await finishRotation(one.room).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
      if (!died) break;
      points += 1;
      // Dead for good: what is on the device lets the daemon in.
      one.restart();
      expect(one.letsIn(), `point ${at}`).toBe(true);
      await finishRotation(one.room);
      expect('keys' in one ? [...one.keys] : [one.password], `point ${at}`).toEqual(expected);
      expect(one.device.credential, `point ${at}`).toBeNull();
      expect(one.device.login === null, `point ${at}`).toBe(outcome === 'undone');
      const ends = one.records.filter(({ kind }) => kind === 'rotation-ended');
      expect(ends, `point ${at}`).toMatchObject([{ outcome }]);
    }
    expect(points).toBeGreaterThan(15);
  });
});

describe('a password', () => {
  const one = (change: Partial<PasswordWorld>): PasswordWorld => {
    const made = passwordWorld(change)();
    made.begin();
    return made;
  };

  test('that nobody is let in by is set back over the session that set it', async () => {
    const garbling = one({ takes: 'another' });
    await finishRotation(garbling.room);
    expect(garbling.password).toBe('old');
    expect(garbling.records.at(-1)).toMatchObject({ outcome: 'undone', code: 'password-refused' });
    expect(garbling.removed).toEqual(['sealed']);
  });

  test('is in no record and no message', async () => {
    for (const takes of ['it', 'nothing', 'another'] as const) {
      const made = one({ takes });
      await finishRotation(made.room);
      expect(JSON.stringify(made.records.slice(1).map((record) => ({ ...record, name: '' })))).not.toMatch(
        /"(old|new)"|garbled/,
      );
    }
  });

  test('neither lets in: both are kept, nothing is recorded, and what a person sets is gone on with', async () => {
    for (const [set, outcome] of [
      ['old', 'rotated'],
      ['new', 'rotated'],
    ] as const) {
      const made = one({ takes: 'another' });
      made.left = 9;
      await expect(finishRotation(made.room)).rejects.toThrow(Killed);
      expect(made.password).toBe('garbled');
      made.restart();
      const before = made.records.length;
      await expect(finishRotation(made.room)).rejects.toThrow(/by the password until now and by the new one/);
      expect([made.records.length, made.removed]).toEqual([before, []]);
      made.takes = 'it';
      made.password = set;
      await finishRotation(made.room);
      expect(made.records.at(-1)).toMatchObject({ outcome });
    }
  });

  test('is tried on the device no more often than it has to be', async () => {
    const made = one({});
    await finishRotation(made.room);
    expect(kinds(made)).toEqual([
      ...['add started', 'add finished', 'prove started', 'prove finished'],
      'rotation-ended',
    ]);
    expect(made.tried).toEqual(['old', 'old', 'old', 'new', 'new']);
  });
});

describe('what fails again and again', () => {
  const minute = 60_000;

  test('others that stay are tried later and later, and the pass goes on', async () => {
    world.keepsOthers = new DeviceError('permission-denied', 'not enough permissions');
    await finishRotation(world.room);
    const tries = (): number => kinds().filter((kind) => kind === 'remove started').length;
    expect(tries()).toBe(2);
    expect(rotationWaitsUntil(world.device.credential ?? {})).toBe(world.nowMs + minute);
    await finishRotation(world.room);
    expect(tries()).toBe(2);
    // A start counts on from what the journal says.
    world.restart();
    const end = world.nowMs + 24 * 60 * minute;
    for (; world.nowMs < end; world.nowMs += minute) await finishRotation(world.room);
    expect(tries()).toBeLessThan(16);
    expect(world.device.login).toMatchObject({ name: 'new' });
    world.keepsOthers = null;
    world.nowMs += 6 * 60 * minute;
    await finishRotation(world.room);
    expect(world.records.at(-1)).toMatchObject({ outcome: 'rotated' });
    expect([...world.keys]).toEqual(['new']);
  });

  test('a login without an answer is given up, and the old one counts', async () => {
    world.provesWithout = new OutcomeUnknown('no answer');
    for (let pass = 0; world.device.credential !== null && pass < 20; pass++) {
      await finishRotation(world.room).catch(() => undefined);
      world.nowMs += minute;
    }
    expect(kinds().filter((kind) => kind === 'prove started')).toHaveLength(3);
    expect(world.records.at(-1)).toMatchObject({ outcome: 'undone', code: 'outcome-unknown' });
    expect([...world.keys]).toEqual(['old', 'older']);
  });
});

test('old keys that somebody took off meanwhile: the new one is tried before anything is given up', async () => {
  world.left = 6;
  await expect(finishRotation(world.room)).rejects.toThrow(Killed);
  world.restart();
  world.keys.clear();
  world.keys.add('new');
  await finishRotation(world.room);
  expect(world.records.at(-1)).toMatchObject({ outcome: 'rotated' });
});

test('what was proved is never undone', () => {
  const refused = { code: 'key-refused', message: '' };
  for (const listed of [true, false])
    for (const others of [0, 2]) {
      const next = nextOfRotation({ proven: true, refused }, { listed, others });
      expect(next).toEqual(others > 0 ? { do: 'remove' } : { end: 'rotated' });
    }
});
