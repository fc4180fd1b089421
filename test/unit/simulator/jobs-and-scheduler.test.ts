import { describe, expect, it } from 'vitest';
import { SMALL_EXPORT, startMachine } from './started-machine.ts';
import type { Bench } from './started-machine.ts';

const count = (bench: Bench, name: string): string =>
  bench.run(`:put [/system scheduler get ${name} run-count]`)[0] ?? '';
const addTick =
  '/system scheduler add name=tick start-time=startup interval=10s on-event="/system script run work"';
const addWork = '/system script add name=work source=":log info worked"';

describe('scheduler (S63)', () => {
  it('runs a startup entry first one interval after it was added, then at each interval', () => {
    const bench = startMachine();
    bench.run(`${addWork}; ${addTick}`);
    bench.clock.advance(9_900);
    expect(count(bench, 'tick')).toBe('0');
    bench.clock.advance(200);
    expect(count(bench, 'tick')).toBe('1');
    bench.clock.advance(20_000);
    expect(count(bench, 'tick')).toBe('3');
    expect(bench.machine.log.filter((line) => line.message === 'worked')).toHaveLength(3);
  });

  it('runs an entry whose policies the export did not say with those of its owner', () => {
    const entry =
      '/system scheduler\nadd interval=10s name=tick on-event="/ip pool add name=made ranges=192.0.2.1" start-time=startup\n';
    const bench = startMachine(`# x by RouterOS 7.18.2\n${entry}`);
    bench.clock.advance(11_000);
    expect(bench.run('/ip pool print count-only')).toEqual(['1']);
  });

  it('runs an entry with the policies that it has, and no others', () => {
    const bench = startMachine();
    bench.run(
      '/system scheduler add name=tick start-time=startup interval=10s policy=read on-event="/ip pool remove [find]"',
    );
    bench.clock.advance(11_000);
    expect(bench.run('/ip pool print count-only')).toEqual(['1']);
    expect(bench.machine.log.map(({ message }) => message)).toContain('not enough permissions (9)');
  });

  it('counts from boot instead where that is how the device does it', () => {
    const bench = startMachine(SMALL_EXPORT, { startupCountsFrom: 'boot' });
    bench.clock.advance(7_000);
    bench.run(addTick);
    bench.clock.advance(3_100);
    expect(count(bench, 'tick')).toBe('1');
  });

  it('forgets counts at a reboot and counts from console start again', () => {
    const bench = startMachine();
    bench.run(`${addWork}; ${addTick}`);
    bench.clock.advance(25_000);
    bench.machine.reboot();
    expect(count(bench, 'tick')).toBe('0');
    expect(bench.run(':put [/system resource get uptime]')).toEqual(['00:00:00']);
    bench.clock.advance(10_100);
    expect(count(bench, 'tick')).toBe('1');
  });

  it('keeps counts and uptime when only the console starts again', () => {
    const bench = startMachine();
    bench.run(`${addWork}; ${addTick}`);
    bench.clock.advance(25_000);
    bench.machine.consoleCrash();
    expect(count(bench, 'tick')).toBe('2');
    expect(bench.run(':put ([/system resource get uptime] >= 1d00:00:25)')).toEqual(['true']);
  });

  it('runs startup entries without interval once, 3 s after each boot', () => {
    const bench = startMachine();
    bench.run('/system scheduler add name=once start-time=startup on-event=":log info booted"');
    bench.clock.advance(60_000);
    expect(count(bench, 'once')).toBe('0');
    bench.machine.reboot();
    bench.clock.advance(60_000);
    expect(count(bench, 'once')).toBe('1');
  });

  it('is not moved by a jump of wall time unless it has a date and time', () => {
    const bench = startMachine();
    bench.run(addTick);
    bench.run(
      '/system scheduler add name=dated start-date=2026-01-31 start-time=13:00:00 on-event=":log info dated"',
    );
    bench.machine.jumpClock(2 * 3_600_000 - 60_000);
    bench.clock.advance(10_100);
    expect(count(bench, 'tick')).toBe('1');
    expect(count(bench, 'dated')).toBe('0');
    bench.machine.jumpClock(-3_600_000 - 11_000 + 60_000);
    bench.clock.advance(2_000);
    expect(count(bench, 'dated')).toBe('1');
  });

  it('is moved by a jump of wall time where its next run is wall time: back it stands still, forward it runs at once', () => {
    const bench = startMachine(SMALL_EXPORT, { startupFollowsWallClock: true });
    bench.run(addTick);
    bench.clock.advance(15_000);
    bench.machine.jumpClock(-3_600_000);
    bench.clock.advance(3_600_000 + 4_000);
    expect(count(bench, 'tick')).toBe('1');
    bench.clock.advance(1_100);
    expect(count(bench, 'tick')).toBe('2');
    bench.machine.jumpClock(60_000 + 5_000);
    bench.clock.advance(100);
    expect(count(bench, 'tick')).toBe('3');
    bench.clock.advance(20_000);
    expect(count(bench, 'tick')).toBe('5');
  });

  it('keeps its times through a reboot after such a jump, since they begin anew', () => {
    const bench = startMachine(SMALL_EXPORT, { startupFollowsWallClock: true });
    bench.run(addTick);
    bench.machine.jumpClock(-3_600_000);
    bench.machine.reboot();
    bench.clock.advance(10_100);
    expect(count(bench, 'tick')).toBe('1');
  });

  it('stands still while disabled and stops when removed', () => {
    const bench = startMachine();
    bench.run(`${addWork}; ${addTick}; /system scheduler disable tick`);
    bench.clock.advance(30_000);
    expect(count(bench, 'tick')).toBe('0');
    bench.run('/system scheduler enable tick');
    bench.clock.advance(10_100);
    expect(count(bench, 'tick')).toBe('1');
    bench.run('/system scheduler remove tick');
    bench.clock.advance(60_000);
    expect(bench.machine.log.filter((line) => line.message === 'worked')).toHaveLength(1);
  });

  it('lets a run that takes longer than the interval overlap with the next', () => {
    const bench = startMachine();
    bench.run('/system script add name=work source=":delay 25s; :log info worked"');
    bench.run(addTick);
    bench.clock.advance(30_500);
    expect(bench.run(':put [:len [/system script job find where script="work"]]')).toEqual(['3']);
  });

  it('logs what it cannot run, and changes nothing', () => {
    const bench = startMachine();
    const before = bench.run('/ip firewall filter export').slice(1);
    bench.run(
      '/system scheduler add name=bad start-time=startup interval=5s on-event="/ip firewall filter remove [find]; :nonsense"',
    );
    bench.clock.advance(5_100);
    expect(bench.machine.log.at(-1)?.topics).toContain('script,error');
    expect(bench.run('/ip firewall filter export').slice(1)).toEqual(before);
  });
});

describe('jobs', () => {
  it(':execute starts a job of its own, which is seen by the name of the script it runs', () => {
    const bench = startMachine();
    bench.run('/system script add name=work source=":delay 5s; /ip pool add name=late ranges=192.0.2.1"');
    bench.run(':execute "/system script run work"');
    bench.clock.advance(1_000);
    expect(bench.run(':put [:len [/system script job find where script="work"]]')).toEqual(['1']);
    bench.clock.advance(5_000);
    expect(bench.run(':put [:len [/system script job find where script="work"]]')).toEqual(['0']);
    expect(bench.run('/ip pool print count-only where name=late')).toEqual(['1']);
  });

  it('job remove stops it between two commands: nothing of it is done afterwards', () => {
    const bench = startMachine();
    bench.run('/system script add name=work source=":delay 5s; /ip pool add name=late ranges=192.0.2.1"');
    bench.run(':execute "/system script run work"');
    bench.clock.advance(1_000);
    bench.run(
      ':foreach i in=[/system script job find where script="work"] do={/system script job remove $i}',
    );
    bench.clock.advance(60_000);
    expect(bench.run('/ip pool print count-only where name=late')).toEqual(['0']);
    expect(bench.run('/system script job print count-only')).toEqual(['0']);
  });

  it('interleaves commands of jobs, in the same order for the same seed', () => {
    const order = (seed: number): readonly string[] => {
      const bench = startMachine(SMALL_EXPORT, {}, seed);
      bench.run('/system script add name=a source=":foreach i in={1;2;3;4} do={:log info a}"');
      bench.run('/system script add name=b source=":foreach i in={1;2;3;4} do={:log info b}"');
      bench.run(':execute "/system script run a"; :execute "/system script run b"');
      bench.clock.advance(1_000);
      return bench.machine.log.filter(({ topics }) => topics === 'script,info').map((line) => line.message);
    };
    const orders = [1, 2, 3, 4, 5, 6].map(order);
    expect(orders.map((seen) => [...seen].sort().join(''))).toEqual(Array(6).fill('aaaabbbb'));
    expect(new Set(orders.map((seen) => seen.join(''))).size).toBeGreaterThan(2);
    expect(order(3)).toEqual(orders[2]);
  });

  it('run of a script that does not parse is an error that can be caught', () => {
    const bench = startMachine();
    bench.run('/system script add name=bad source=":putt 1"');
    expect(bench.run('/system script run bad')).toEqual(['bad command name putt (line 1 column 2)']);
    expect(bench.run(':do {/system script run bad} on-error={:put caught}')).toEqual(['caught']);
    expect(bench.run('/system script run none')).toEqual(['no such item']);
  });

  it('a reboot ends jobs and globals', () => {
    const bench = startMachine();
    bench.run(':global g 7; :execute ":delay 5s; /ip pool add name=late ranges=192.0.2.1"');
    expect(bench.run(':global g; :put $g')).toEqual(['7']);
    bench.machine.reboot();
    bench.clock.advance(60_000);
    expect(bench.run(':global g; :put [:typeof $g]')).toEqual(['nothing']);
    expect(bench.run('/ip pool print count-only where name=late')).toEqual(['0']);
  });

  it('a power cut loses a tail of the unwritten changes of each menu, and nothing older (S65)', () => {
    const left = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const bench = startMachine(SMALL_EXPORT, { flushMs: 40_000 }, seed);
      bench.run('/ip pool add name=old ranges=192.0.2.1');
      bench.clock.advance(41_000);
      bench.run('/ip pool add name=new1 ranges=192.0.2.1; /ip pool add name=new2 ranges=192.0.2.1');
      bench.machine.powerCut();
      const names = bench.run(':foreach i in=[/ip pool find] do={:put [/ip pool get $i name]}');
      expect(names.slice(0, 2)).toEqual(['pool1', 'old']);
      left.add(names.slice(2).join(','));
    }
    expect(left).toEqual(new Set(['', 'new1', 'new1,new2']));
  });
});
