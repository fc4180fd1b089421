/** /import and /file: what stays after a failure, limits, memory and flash, a full disk. */
import { describe, expect, it } from 'vitest';
import { profile } from '../../../src/simulator/profiles.ts';
import { SMALL_EXPORT, startMachine, type Bench } from './started-machine.ts';

function withFile(text: string, behaviour = {}, exportText = SMALL_EXPORT): Bench {
  const bench = startMachine(exportText, behaviour);
  bench.machine.files.write('x.rsc', Buffer.from(text, 'latin1'));
  return bench;
}
const pools = (bench: Bench): string =>
  bench.run(':foreach i in=[/ip pool find] do={:put [/ip pool get $i name]}').join();

describe('import', () => {
  it('S56 runs a whole file, sections and all', () => {
    const bench = withFile('/ip pool\nadd name=a ranges=192.0.2.1\nadd name=b \\\n    ranges=192.0.2.2\n');
    expect(bench.run('/import x.rsc')).toEqual([
      'Opening script file x.rsc',
      '',
      'Script file loaded and executed successfully',
    ]);
    expect(pools(bench)).toBe('pool1,a,b');
  });

  it('S56 stops at the first error; what came before stays', () => {
    const bench = withFile(
      '/ip pool add name=a ranges=192.0.2.1\n/ip pool add name=a ranges=192.0.2.2\n/ip pool add name=b ranges=192.0.2.3\n',
    );
    expect(bench.run('/import file-name=x.rsc; :put never').at(-1)).toBe(
      'Script Error: failure: already have pool with such name (/ip/pool/add; line 2) (:import; line 1)',
    );
    expect(pools(bench)).toBe('pool1,a');
  });

  it('S57 a file that does not parse changes nothing, unless it is read line by line', () => {
    const text = '/ip pool add name=a ranges=192.0.2.1\n/ip pool add name=b {\n';
    const whole = withFile(text);
    expect(whole.run('/import x.rsc').at(-1)).toMatch(/^Script Error: .* \(line \d+ column \d+\)$/);
    expect(pools(whole)).toBe('pool1');
    for (const bench of [withFile(text, profile('import-by-line')), withFile(text)]) {
      bench.run(bench.machine.behaviour.importParsesFirst ? '/import x.rsc verbose=yes' : '/import x.rsc');
      expect(pools(bench)).toBe('pool1,a');
    }
  });

  it('S57 dry-run is there from 7.16 on, with verbose only, and changes nothing', () => {
    const text = '/ip pool\nadd name=a ranges=192.0.2.1\n:if (true) do={\n  :put done\n}\n';
    const bench = withFile(text);
    expect(bench.run('/import x.rsc dry-run=yes')).toEqual(['failure: dry-run works only in verbose mode']);
    expect(bench.run('/import x.rsc verbose=yes dry-run=yes')).toContain('#line 3');
    expect(pools(bench)).toBe('pool1');
    expect(bench.run('/import x.rsc verbose=yes from-line=3')).toContain('done');
    expect(
      withFile(text, {}, SMALL_EXPORT.replace('7.18.2', '7.15.3')).run('/import x.rsc dry-run=yes')[0],
    ).toMatch(/^expected end of command/);
  });

  it('S58 says that there is no such file', () => {
    expect(startMachine().run('/import none.rsc')).toEqual([
      'Cannot open import file, file does not exist (:import; line 1)',
    ]);
  });
});

describe('files', () => {
  it('S59 what is not on flash is gone after a reboot; what was just written may be empty after a power cut', () => {
    const bench = startMachine(SMALL_EXPORT, { ...profile('hardware'), bootMs: 0 });
    const { files } = bench.machine;
    files.write('flash/old.txt', Buffer.from('old'));
    bench.clock.advance(60_000);
    const left = new Set<number>();
    for (let turn = 0; turn < 12; turn++) {
      files.write('ram.txt', Buffer.from('x'));
      files.write('flash/new.txt', Buffer.from('new'));
      bench.machine.powerCut();
      expect(files.find('ram.txt')).toBeUndefined();
      expect(files.find('flash/old.txt')?.bytes.toString()).toBe('old');
      left.add(files.find('flash/new.txt')?.bytes.length ?? -1);
      bench.clock.advance(60_000);
    }
    expect(left).toEqual(new Set([0, 3]));
  });

  it('S61 contents beyond 60 kB are refused', () => {
    const bench = startMachine();
    bench.run(':global s "0123456789"; :for i from=1 to=13 do={:set s ($s . $s)}');
    expect(bench.run(':global s; /file add name=a contents=[:pick $s 0 61250]')).toEqual([]);
    expect(bench.run(':global s; /file add name=b contents=[:pick $s 0 61500]')).toEqual([
      'failure: contents too long',
    ]);
    expect(bench.run(':put [:len [/file get a contents]]; /file remove a; /file remove nope')).toEqual([
      '61250',
      'no such item',
    ]);
  });

  it('S62 on a full disk no backup is saved, and changes do not outlive a reboot', () => {
    const bench = startMachine();
    bench.run('/ip pool add name=before ranges=192.0.2.1');
    bench.machine.files.full = true;
    expect(bench.run('/system backup save name=b')).toEqual([
      'Saving system configuration',
      'failure: not enough space',
    ]);
    expect(
      bench.run('/ip pool add name=lost ranges=192.0.2.2; /ip pool add name=lost2 ranges=192.0.2.3'),
    ).toEqual([]);
    expect(pools(bench)).toBe('pool1,before,lost,lost2');
    expect(bench.run(':put [/system resource get free-hdd-space]')).toEqual(['0']);
    bench.machine.reboot();
    expect(pools(bench)).toBe('pool1,before');
    bench.machine.files.full = false;
    bench.run('/ip pool add name=kept ranges=192.0.2.2');
    bench.machine.reboot();
    expect(pools(bench)).toBe('pool1,before,kept');
  });
});
