/** What the console takes and refuses; sequences and wordings that are not in the language's own tests. */
import { describe, expect, it } from 'vitest';
import { profile } from '../../../src/simulator/profiles.ts';
import { SMALL_EXPORT, startMachine } from './started-machine.ts';

const old = SMALL_EXPORT.replace('7.18.2', '7.12.2');
const ran = (line: string, text = SMALL_EXPORT): readonly string[] => startMachine(text).run(line);

describe('console', () => {
  it('S07 get alone prints nothing', () => {
    expect(ran('/system identity get name')).toEqual([]);
    expect(ran(':put [/system identity get name]')).toEqual(['gw1']);
  });

  it('S16 on-error catches what fails while running, not what does not parse', () => {
    expect(ran(':do {/ip address remove *99} on-error={:put caught}')).toEqual(['caught']);
    expect(ran(':do {/nonsense} on-error={:put caught}')).toEqual([
      'bad command name nonsense (line 1 column 7)',
    ]);
  });

  it('S17 :onerror is there from 7.13 on', () => {
    expect(ran(':onerror e in={:error x} do={:put $e}')[0]).toMatch(/^x/);
    expect(ran(':onerror e in={:error x} do={:put $e}', old)).toEqual([
      'bad command name onerror (line 1 column 2)',
    ]);
  });

  it('S18 knows :put, :len, find, where, :delay, :log, :execute and :parse', () => {
    const bench = startMachine();
    expect(
      bench.run(
        ':log info hi; :delay 10ms; :execute ":log info job"; :put [:len [/ip pool find where name="pool1"]]; :put [:len [:parse ":put 1"]]',
      ),
    ).toEqual(['1', '6']);
    bench.clock.advance(100);
    const lines = bench.machine.log.filter(({ topics }) => topics === 'script,info');
    expect(lines.map(({ message }) => message)).toEqual(['hi', 'job']);
  });

  it.each([
    ['S19', '/ip pool add nme=x', 'expected end of command (line 1 column 14)'],
    ['S20', '/ip poool print', 'bad command name poool (line 1 column 5)'],
    ['S21', '/ip pool add name=a$b', 'syntax error (line 1 column 20)'],
    ['S22', '/ip pool add name= ranges=192.0.2.1', 'expected end of command (line 1 column 19)'],
    [
      'S23',
      '/ip address add address=192.0.2.9/24 interface=nope',
      'input does not match any value of interface',
    ],
    ['S24', '/ip firewall filter add action=drop', 'missing value(s) of argument(s) chain'],
    ['S25', '/ip pool add name=pool1 ranges=192.0.2.1', 'failure: already have pool with such name'],
    ['S26', '/ip pool remove nope', 'no such item'],
    ['S29', '/ip pool add name=fine ranges=192.0.2.1; :put end', 'end'],
  ])('%s %s', (_number, line, answer) => {
    expect(ran(line)).toEqual([answer]);
  });

  it('S21 a variable that nobody set is nothing inside quotes', () => {
    expect(ran(':put "x$y"')).toEqual(['x']);
  });

  it('S28 without a policy: no secret by get, no users in the export, one refusal for all else', () => {
    const text = `${SMALL_EXPORT}/ppp secret\nadd name=alice password=planted\n/user group\nadd name=ops policy=read\n`;
    const few = startMachine(text, profile('few-permissions'));
    expect(few.run(':put [/ppp secret get alice password]')).toEqual(['*****']);
    expect(few.run('/export').join('\n')).not.toMatch(/ppp secret|user group/);
    for (const line of ['/user add name=x group=full', '/system reboot', '/system backup save name=x'])
      expect(few.run(line)).toEqual(['not enough permissions (9)']);
    expect(few.run('/ip pool add name=x ranges=192.0.2.1')).toEqual([]);
    const shown = startMachine(text, { ...profile('few-permissions'), menusVanish: false });
    expect(shown.run('/export').join('\n')).toMatch(/ppp secret/);
  });

  it('S28 a script whose policies its runner lacks is not run', () => {
    const bench = startMachine(SMALL_EXPORT, { withoutPolicies: ['ftp'] });
    bench.run(
      '/system script add name=a source=":put ran"; /system script add name=b policy=read source=":put ran"',
    );
    expect(bench.run('/system script run a')).toEqual(['not enough permissions (9)']);
    expect(bench.run('/system script run b')).toEqual(['ran']);
    expect(bench.run('/system script set a dont-require-permissions=yes; /system script run a')).toEqual([
      'ran',
    ]);
  });

  it('S05 S20 menus and commands of later versions are not there', () => {
    expect(ran('/safe-mode take', old)).toEqual(['bad command name safe-mode (line 1 column 2)']);
    expect(ran('/file add name=x', SMALL_EXPORT.replace('7.18.2', '6.49.18'))).toEqual([
      'bad command name add (line 1 column 7)',
    ]);
  });
});
