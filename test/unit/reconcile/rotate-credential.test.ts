/**
 * I1, I2: replacing the daemon's own key, killed at every record and at every message to the device, before it arrives and
 * after. Whatever dies, a key that the daemon knows is on the device, and the next start ends what was begun.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { DeviceError } from '../../../src/core/errors.ts';
import type { NewLogin } from '../../../src/core/rollout/event-fields.ts';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import { nextOfRotation } from '../../../src/core/rotation.ts';
import { deviceState, emptySiteState, foldRecord } from '../../../src/core/site-state.ts';
import type { SiteState } from '../../../src/core/site-state.ts';
import type { LoginKeys } from '../../../src/drivers/driver.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { finishRotation } from '../../../src/reconcile/rotate-credential.ts';

const login: NewLogin = {
  sealed: 'sealed',
  line: 'ssh-ed25519 AAAA',
  name: 'new',
  settingsKey: 'SHA256:old',
};

class Killed extends Error {}

/** A device that takes keys, a journal in memory, and a daemon that may die between any two of its acts. */
class World {
  readonly keys = new Set(['old', 'older']);
  readonly records: SitewardEvent[] = [];
  readonly removed: string[] = [];
  /** Acts until it dies; one that is sent may die before it arrives or after. */
  left = Infinity;
  refusesNew = false;
  state: SiteState = emptySiteState();

  /** What a start after the death knows. */
  restart(): void {
    this.left = Infinity;
    this.state = emptySiteState();
    this.records.forEach((event, index) => this.#fold(event, index));
  }

  #fold(event: SitewardEvent, index: number): void {
    const at = '2026-11-21T10:00:00.000Z';
    foldRecord(this.state, { ...event, v: 1, seq: index + 1, at, prev: '', actor: 'daemon' } as never);
  }

  #act(): void {
    this.left -= 1;
    if (this.left < 0) throw new Killed();
  }

  get device() {
    return deviceState(this.state, 'gw1');
  }

  /** With which key the daemon logs in. */
  readonly #loginName = (): string => (this.device.login === null ? 'old' : 'new');

  #message<T>(key: string, work: () => T): Promise<T> {
    return Promise.resolve().then(() => {
      this.#act();
      if (!this.keys.has(key)) throw new DeviceError('key-refused', `the device refuses ${key}`);
      const answer = work();
      this.#act();
      return answer;
    });
  }

  readonly #loginKeys: LoginKeys = {
    list: () => this.#message(this.#loginName(), () => [...this.keys]),
    add: ({ name }) => this.#message(this.#loginName(), () => void this.keys.add(name)),
    prove: () =>
      this.#message('new', () => {
        if (this.refusesNew) throw new DeviceError('key-refused', 'not this kind of key');
      }),
    removeOthers: (name) =>
      this.#message(this.#loginName(), () => {
        if (!this.keys.has(name)) throw new DeviceError('rejected', 'not there');
        for (const key of this.keys) if (key !== name) this.keys.delete(key);
      }),
    remove: (name) => this.#message(this.#loginName(), () => void this.keys.delete(name)),
  };

  readonly room = {
    device: { name: 'gw1' },
    signal: new AbortController().signal,
    folded: () => this.device,
    files: {
      get: () => Promise.resolve(Buffer.from('key')),
      remove: (_kind: string, digest: string) => Promise.resolve(void this.removed.push(digest)),
    },
    driver: { loginKeys: this.#loginKeys, letGo: () => Promise.resolve() },
    ledger: {
      append: (event: SitewardEvent): Promise<void> =>
        Promise.resolve().then(() => {
          this.#act();
          this.records.push(event);
          this.#fold(event, this.records.length - 1);
          this.#act();
        }),
    },
  } as unknown as DeviceRoom;

  begin(): void {
    const consumed = { pending: 'p', challenge: 'c', document: 'd', by: [] };
    const event = { kind: 'rotation-authorized', device: 'gw1', rotation: 'r1', login, ...consumed } as const;
    this.records.push(event);
    this.#fold(event, 0);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
  world.begin();
});

const kinds = (): string[] =>
  world.records
    .slice(1)
    .map((event) => ('step' in event ? `${event.step} ${event.kind.slice(14)}` : event.kind));

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

describe.each([
  ['the new key works', false, ['new']],
  ['the device refuses the new key', true, ['old', 'older']],
])('%s', (_, refusesNew, expected) => {
  test('killed at any point, the next start ends it', async () => {
    let points = 0;
    for (let at = 0; ; at++) {
      world = new World();
      world.refusesNew = refusesNew;
      world.begin();
      world.left = at;
      const died = await finishRotation(world.room).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
      if (!died) break;
      points += 1;
      // Dead for good: what is on the device lets the daemon in.
      world.restart();
      expect(world.keys.has(world.device.login === null ? 'old' : 'new'), `point ${at}`).toBe(true);
      await finishRotation(world.room);
      expect([...world.keys], `point ${at}`).toEqual(expected);
      expect(world.device.credential, `point ${at}`).toBeNull();
      const ends = world.records.filter(({ kind }) => kind === 'rotation-ended');
      expect(ends, `point ${at}`).toHaveLength(1);
    }
    expect(points).toBeGreaterThan(20);
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
