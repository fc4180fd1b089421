import { describe, expect, it } from 'vitest';
import { startMachine } from './started-machine.ts';

const v6 = '# jan/02/1970 00:00:00 by RouterOS 6.48\n/system identity\nset name=old\n';

function put(line: string): readonly string[] {
  return startMachine().run(line);
}

describe('console language: what a line prints', () => {
  it.each([
    [':put "text"', 'text'],
    [':put (1 + 2 * 3)', '7'],
    [':put ("a" . 1 . "b")', 'a1b'],
    [':local x 5; :put $x', '5'],
    [':local x 5; :set x ($x + 1); :put "x is $x"', 'x is 6'],
    [':put "$[:len "abcd"] and $(1 + 1)"', '4 and 2'],
    [':put "\\"\\\\\\$\\_\\41\\t."', '"\\$ A\t.'],
    [':if (1 < 2 && !(3 = 4)) do={:put yes1} else={:put no1}', 'yes1'],
    [':if (1 > 2 || false) do={:put a} else={:put b}', 'b'],
    [':foreach i in={1;2;3} do={:put $i}', '1|2|3'],
    [':for i from=1 to=3 do={:put $i}', '1|2|3'],
    [':local n 0; :while ($n < 2) do={:put $n; :set n ($n + 1)}', '0|1'],
    [':do {:put a; :error "bad"; :put b} on-error={:put caught}', 'a|caught'],
    [':do { /ip address remove *99 } on-error={:put caught}', 'caught'],
    [':onerror e in={:error "bad"} do={:put "got $e"}', 'got bad'],
    [':put [:len "four"]; :put [:len {1;2}]; :put [:len [:nothing]]', '4|2|0'],
    [':put [:pick {7;8;9} 1]; :put [:pick "abcdef" 2 4]; :put [:pick "sw-a" 0 3]', '8|cd|sw-'],
    [':put [:find "abc" "c"]; :put [:find {5;6} 6]; :put [:typeof [:find "abc" "x"]]', '2|1|nothing'],
    [
      ':put [:typeof 1]; :put [:typeof "1"]; :put [:typeof true]; :put [:typeof 10s]; :put [:typeof {1}]',
      'num|str|bool|time|array',
    ],
    [':put [:tostr 90s]; :put [:tostr true]; :put [:tostr {1;2}]', '00:01:30|true|1;2'],
    [':put (1d00:01:00 > 23h); :put (90s = 1m30s); :put (1m + 30s)', 'true|true|00:01:30'],
    [':if ([/system resource get uptime] >= 1d) do={:put up}', 'up'],
    [':local f {"a"=1;"b"=2}; :put ($f->"b")', '2'],
    ['{ :local y 1; :put $y }; :put [:typeof $y]', '1|nothing'],
    [':delay 3s; :put late', 'late'],
    [':if ([/system identity get name] = "gw1") do={:put same}', 'same'],
    [':put [:len [/ip firewall filter find]]; /ip firewall filter print count-only', '3|3'],
  ])('%s', (line, expected) => {
    expect(put(line).join('|')).toBe(expected);
  });
});

describe('console language: what it refuses, in the words of a device', () => {
  it.each([
    [':putt 1', 'bad command name putt (line 1 column 2)'],
    ['/ip adress print', 'bad command name adress (line 1 column 5)'],
    ['/ip address ad address=1.1.1.1/24', 'bad command name ad (line 1 column 13)'],
    ['/ip address add adress=1', 'expected end of command (line 1 column 17)'],
    ['/ip address add address= interface=ether1', 'expected end of command (line 1 column 25)'],
    [':put "a\\q"', 'syntax error (line 1 column 8)'],
    [':put "open', 'expected closing quote (line 1 column 11)'],
    [':if (1 = ) do={}', 'syntax error (line 1 column 10)'],
    [':do {:put 1', 'expected closing brace (line 1 column 12)'],
    [':put [:len "x"', 'expected closing bracket (line 1 column 15)'],
    [':put ab$c', 'syntax error (line 1 column 8)'],
    ['/system script add name=x source=a\\b', 'syntax error (line 1 column 35)'],
    ['/ip address find where', 'missing value for where (line 1 column 23)'],
    ['/ip address remove *99', 'no such item'],
    ['/ip address set nope disabled=yes', 'no such item'],
    ['/ip address add address=198.51.100.1/24', 'missing value(s) of argument(s) interface'],
    ['/ip address add address=198.51.100.1/24 interface=nope', 'input does not match any value of interface'],
    ['/ip address set [find] disabled=maybe', 'input does not match any value of disabled'],
    ['/ip pool add name=pool1 ranges=192.0.2.1', 'failure: already have pool with such name'],
    ['/ip service remove telnet', 'bad command name remove (line 1 column 13)'],
    [':error "my words"', 'my words'],
  ])('%s', (line, expected) => {
    expect(put(line)).toEqual([expected]);
  });

  it('runs nothing of a line that does not parse, not even inside :do … on-error', () => {
    expect(put(':put first; :do {:putt 2} on-error={:put caught}')).toEqual([
      'bad command name putt (line 1 column 19)',
    ]);
  });

  it('stops a sequence at the first failure (S15)', () => {
    expect(put(':put a; /ip address remove *99; :put b')).toEqual(['a', 'no such item']);
  });

  it('takes slash paths on version 7 and refuses them on version 6 (S05)', () => {
    expect(put('/ip/address/print count-only')).toEqual(['1']);
    expect(startMachine(v6).run('/ip/address/print')).toEqual(['expected command name (line 1 column 4)']);
  });

  it('knows show-sensitive on version 7 only', () => {
    expect(startMachine(v6).run('/export show-sensitive')).toEqual([
      'expected end of command (line 1 column 9)',
    ]);
    expect(put('/export show-sensitive')[0]).toContain('by RouterOS 7.18.2');
  });

  it('says where a command failed from 7.20 on', () => {
    const bench = startMachine('# 2026-01-30 10:00:00 by RouterOS 7.21\n/system identity\nset name=new\n');
    expect(bench.run('/ip address remove *99')).toEqual(['no such item (/ip/address/remove; line 1)']);
  });
});
