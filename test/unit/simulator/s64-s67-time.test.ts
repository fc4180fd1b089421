/** Ways back in time: backups, undo, safe mode; and clocks that nobody set. */
import { describe, expect, it } from 'vitest';
import { profile } from '../../../src/simulator/profiles.ts';
import { SMALL_EXPORT, startMachine, type Bench } from './started-machine.ts';

const pools = (bench: Bench): string =>
  bench.run(':foreach i in=[/ip pool find] do={:put [/ip pool get $i name]}').join();
const add = (name: string): string => `/ip pool add name=${name} ranges=192.0.2.1`;

describe('backup (S64)', () => {
  it('S64 brings everything back, scripts and users included, and reboots', () => {
    const bench = startMachine();
    bench.run('/system script add name=kept source=""; /user add name=alice group=read password=planted');
    const hostKey = bench.machine.hostKeys.fingerprint();
    expect(bench.run('/system backup save name=b dont-encrypt=yes')).toEqual([
      'Saving system configuration',
      'Configuration backup saved',
    ]);
    bench.run(`${add('later')}; /system script remove kept; /user remove alice; /ip ssh regenerate-host-key`);
    bench.machine.console(
      '/system backup load name=b.backup password=""',
      () => undefined,
      () => undefined,
    );
    bench.clock.advance(1000);
    expect(bench.machine.uptimeMs()).toBeLessThan(2000);
    expect(pools(bench)).toBe('pool1');
    expect(bench.run('/system script print count-only; /user print count-only where name=alice')).toEqual([
      '1',
      '1',
    ]);
    expect(bench.machine.hostKeys.fingerprint()).toBe(hostKey);
  });

  it('S64 without password= it fails from 7.17 on, with a wrong one always', () => {
    const bench = startMachine();
    bench.run('/system backup save name=b password=right');
    expect(bench.run('/system backup load name=b.backup')).toEqual([
      'missing value(s) of argument(s) password',
    ]);
    expect(bench.run('/system backup load name=b.backup password=wrong')).toEqual([
      'failure: wrong password',
    ]);
    expect(bench.run('/system backup load name=none password=""')).toEqual([
      'input does not match any value of name',
    ]);
    const old = startMachine(SMALL_EXPORT.replace('7.18.2', '7.16.2'));
    old.run('/system backup save name=b');
    let ended = '';
    old.machine.console(
      '/system backup load name=b.backup',
      (line) => (ended = line),
      () => undefined,
    );
    old.clock.advance(10);
    expect(ended).toBe('System configuration restored, rebooting now');
    old.clock.advance(1000);
  });

  it('S64 where the device puts it on flash, it is found there', () => {
    const bench = startMachine(SMALL_EXPORT, profile('hardware'));
    bench.run('/system backup save name=b');
    expect(bench.run(':put [/file get [find where type=backup] name]')).toEqual(['flash/b.backup']);
    const other = startMachine(SMALL_EXPORT, { ...profile('hardware'), backupPlace: 'as-named' });
    other.run('/system backup save name=b');
    expect(other.run(':put [/file get [find where type=backup] name]')).toEqual(['b.backup']);
  });
});

describe('undo (S67)', () => {
  it('S67 takes back the newest change, whoever made it, and brings it again', () => {
    const bench = startMachine();
    bench.run(`${add('a')}; ${add('b')}; /ip pool remove a`);
    expect(pools(bench)).toBe('pool1,b');
    bench.run('/undo');
    expect(pools(bench)).toBe('pool1,a,b');
    bench.run('/undo; /undo');
    expect(pools(bench)).toBe('pool1');
    bench.run('/redo');
    expect(pools(bench)).toBe('pool1,a');
    expect(bench.run(':put [/system history get 0 action]')).toEqual(['/ip pool add']);
    expect(bench.run('/undo numbers=1')).toEqual(['expected end of command (line 1 column 7)']);
    expect(bench.run('/undo; /undo')).toEqual(['failure: nothing to undo']);
  });

  it('S67 keeps a hundred', () => {
    const bench = startMachine();
    bench.run(':for i from=1 to=120 do={/ip pool add name="p$i" ranges=192.0.2.1}');
    expect(bench.run('/system history print count-only')).toEqual(['100']);
    bench.run(':for i from=1 to=100 do={/undo}');
    expect(bench.run('/ip pool print count-only; /undo')).toEqual(['21', 'failure: nothing to undo']);
  });
});

describe('safe mode (S66)', () => {
  function taken(behaviour = {}): {
    bench: Bench;
    session: ReturnType<Bench['machine']['sessions']['start']>;
  } {
    const bench = startMachine(SMALL_EXPORT, behaviour);
    const session = bench.machine.sessions.start('admin', 'ssh', '192.0.2.5', 0);
    bench.machine.history.takeSafeMode(session);
    return { bench, session };
  }

  it('S66 a session that ends takes everything back, changes of others too', () => {
    const { bench, session } = taken();
    bench.run(add('other'));
    bench.machine.endSession(session, false);
    expect(pools(bench)).toBe('pool1');
  });

  it('S66 a lost connection is noticed after minutes only', () => {
    const { bench, session } = taken();
    bench.run(add('a'));
    bench.machine.endSession(session, true);
    expect(pools(bench)).toBe('pool1,a');
    bench.clock.advance(541_000);
    expect(pools(bench)).toBe('pool1');
  });

  it('S66 more than a hundred changes end it silently, and a reboot forgets it', () => {
    const { bench, session } = taken();
    bench.run(':for i from=1 to=101 do={/ip pool add name="p$i" ranges=192.0.2.1}');
    bench.machine.endSession(session, false);
    expect(bench.run('/ip pool print count-only')).toEqual(['102']);
    const second = taken();
    second.bench.run(add('a'));
    second.bench.machine.reboot();
    second.bench.machine.endSession(second.session, false);
    expect(pools(second.bench)).toBe('pool1,a');
  });

  it('S66 the commands of 7.18: take, release, unroll, and one at a time', () => {
    const bench = startMachine();
    expect(bench.run(`/safe-mode take; ${add('a')}; /safe-mode unroll`)).toEqual([
      'Taking Safe Mode session... Success!',
    ]);
    expect(pools(bench)).toBe('pool1');
    bench.run(`/safe-mode take; ${add('a')}; /safe-mode release`);
    expect(pools(bench)).toBe('pool1,a');
    expect(bench.run('/safe-mode take; /safe-mode take').at(-1)).toBe(
      'Safe Mode is taken by current user in another session.',
    );
  });
});

describe('clocks and power', () => {
  it('S63 a clock that nobody set begins in 1970 at each boot', () => {
    const bench = startMachine(SMALL_EXPORT, profile('clock-unset'));
    expect(bench.run(':put [/system clock get date]')).toEqual(['1970-01-02']);
    bench.machine.jumpClock(20 * 365 * 86_400_000);
    expect(bench.run(':put [/system clock get date]')).not.toEqual(['1970-01-02']);
    bench.machine.reboot();
    expect(bench.run(':put [/system clock get date]')).toEqual(['1970-01-02']);
  });

  it('S65 writes of all menus are lost in one order, or everything that was not written', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 16; seed++) {
      const bench = startMachine(SMALL_EXPORT, { flushMs: 40_000, lossOrder: 'global' }, seed);
      bench.run(add('a'));
      bench.clock.advance(10);
      bench.run('/ip dns static add name=x.example address=192.0.2.1');
      bench.machine.powerCut();
      seen.add(`${pools(bench)} ${bench.run('/ip dns static print count-only').join('')}`);
    }
    expect(seen).toEqual(new Set(['pool1 0', 'pool1,a 0', 'pool1,a 1']));
    const all = startMachine();
    all.machine.faults.loseAllUnwritten = true;
    all.run(`${add('a')}; ${add('b')}`);
    all.machine.powerCut();
    expect(pools(all)).toBe('pool1');
  });

  it('S64 reset-configuration leaves factory rows, and runs the file that it is given after boot', () => {
    const bench = startMachine();
    bench.machine.files.write('start.rsc', Buffer.from('/system identity set name=fresh\n'));
    const key = bench.machine.hostKeys.fingerprint();
    bench.machine.console(
      '/system reset-configuration no-defaults=yes keep-users=yes run-after-reset=start.rsc',
      () => undefined,
      () => undefined,
    );
    bench.clock.advance(5_000);
    expect(pools(bench)).toBe('');
    expect(bench.run(':put [/system identity get name]; :put [/ip service get ssh port]')).toEqual([
      'fresh',
      '22',
    ]);
    expect(bench.machine.hostKeys.fingerprint()).not.toBe(key);
  });

  it('a change is logged with who made it and from where', () => {
    const bench = startMachine();
    const session = bench.machine.sessions.start('admin', 'ssh', '192.0.2.5', bench.machine.wallMs());
    bench.machine.console(
      '/ip firewall filter add chain=input action=drop',
      () => undefined,
      () => undefined,
      { session },
    );
    bench.clock.advance(10);
    expect(bench.run(':put [/log get [find where topics="system,info"] message]')).toEqual([
      'filter rule added by ssh:admin@192.0.2.5',
    ]);
    expect(bench.run(':put [/user active get [find] address]')).toEqual(['192.0.2.5']);
  });
});
