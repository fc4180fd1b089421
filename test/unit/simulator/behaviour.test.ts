import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../../src/simulator/behaviour.ts';
import { profile, profileNames } from '../../../src/simulator/profiles.ts';
import { SMALL_EXPORT, startMachine } from './started-machine.ts';

describe('where devices differ', () => {
  it('a login without the policy is refused, reading is not (S28)', () => {
    const bench = startMachine(SMALL_EXPORT, profile('read-only'));
    for (const line of [
      '/ip pool add name=x ranges=192.0.2.1',
      '/system script add name=x source=""',
      '/user set admin disabled=yes',
      '/export show-sensitive',
      '/system reboot',
    ]) {
      expect(bench.run(line)).toEqual(['not enough permissions (9)']);
    }
    expect(bench.run('/ip pool print count-only')).toEqual(['1']);
    expect(bench.run('/export').length).toBeGreaterThan(10);
  });

  it('in device-mode home there is no scheduler', () => {
    const bench = startMachine(SMALL_EXPORT, profile('home-mode'));
    expect(bench.run('/system scheduler add name=x interval=1m on-event=""')).toEqual([
      'failure: not allowed by device-mode',
    ]);
    expect(bench.run('/system scheduler print count-only')).toEqual(['0']);
  });

  it('interfaces that come late after boot are neither found nor good references', () => {
    const bench = startMachine(SMALL_EXPORT, { lateInterfacesMs: 60_000 });
    const add = '/ip firewall filter add chain=input in-interface=ether1';
    bench.machine.reboot();
    expect(bench.run('/interface ethernet print count-only')).toEqual(['0']);
    expect(bench.run(add)).toEqual(['input does not match any value of in-interface']);
    bench.clock.advance(61_000);
    expect(bench.run(add)).toEqual([]);
    expect(bench.run('/interface ethernet print count-only')).toEqual(['1']);
  });

  it('what refers to a removed item shows its id, or keeps it from being removed (S36)', () => {
    const ghosts = startMachine();
    const id = ghosts.run(':put [/interface bridge find name=bridge1]')[0] ?? '';
    ghosts.run('/interface bridge remove bridge1');
    expect(ghosts.run('/ip address export').at(-1)).toBe(
      `add address=192.0.2.1/24 interface=${id} network=192.0.2.0`,
    );
    const strict = startMachine(SMALL_EXPORT, profile('refuses-removal'));
    expect(strict.run('/interface bridge remove bridge1')).toEqual(['failure: in use']);
    expect(strict.run('/interface bridge print count-only')).toEqual(['1']);
  });

  it('find compares after the property, as text, after its own type, or whatever the case (S18)', () => {
    const add =
      '/ip firewall address-list add list=x address=192.0.2.9 comment=Abc; ' +
      '/ip dns static add name=a address=192.0.2.9 ttl=1d';
    const questions = [
      '/ip firewall address-list find where comment="abc"',
      '/ip firewall address-list find where disabled="no"',
      '/ip firewall address-list find where disabled=false',
      '/ip firewall address-list find where timeout=""',
      '/ip firewall address-list find where address="192.0.2.9"',
      '/ip dns static find where ttl=24h',
      '/ip dns static find where ttl="1d"',
    ];
    const found = (findCompares: Behaviour['findCompares']): string => {
      const bench = startMachine(SMALL_EXPORT, { findCompares });
      bench.run(add);
      return questions.map((question) => bench.run(`:put [:len [${question}]]`)[0]).join('');
    };
    expect(found('by-property')).toBe('0111111');
    expect(found('as-text')).toBe('0101101');
    expect(found('own-type')).toBe('0010110');
    expect(found('any-case')).toBe('1111111');
  });

  it('a menu that cannot be read is an error line in the export (S53)', () => {
    const bench = startMachine();
    bench.machine.faults.unreadableMenus.add('/ip firewall filter');
    const lines = bench.run('/export');
    expect(lines).toContain('#error exporting "/ip/firewall/filter" (timeout)');
    expect(lines).not.toContain('/ip firewall filter');
    expect(lines).toContain('/system identity');
  });

  it('an export may take its time, and others change the device meanwhile (S55)', () => {
    const bench = startMachine();
    bench.machine.faults.exportSectionMs = 1000;
    bench.run(':execute ":delay 2s; /ip pool add name=late ranges=192.0.2.1"');
    expect(bench.run('/export').length).toBeGreaterThan(10);
    expect(bench.run('/ip pool print count-only where name=late')).toEqual(['1']);
  });

  it('slow commands take the time they are given', () => {
    const bench = startMachine(SMALL_EXPORT, { commandMs: 500 });
    const before = bench.clock.monotonic();
    bench.run(':put 1; :put 2; :put 3');
    expect(bench.clock.monotonic() - before).toBeGreaterThanOrEqual(1500);
  });

  it('every profile starts, and text that is no export does not', () => {
    for (const name of profileNames)
      expect(startMachine(SMALL_EXPORT, profile(name)).machine.uptimeMs()).toBe(86_400_000);
    expect(() => startMachine('hello\n')).toThrow('this is no export');
  });
});
