/** A machine on a clock that only the test moves, and a console that says what it printed. */
import { USUAL_BEHAVIOUR } from '../../../src/simulator/behaviour.ts';
import type { Behaviour } from '../../../src/simulator/behaviour.ts';
import { virtualClock } from '../../../src/simulator/clock.ts';
import type { VirtualClock } from '../../../src/simulator/clock.ts';
import { Machine } from '../../../src/simulator/machine.ts';
import { seededRandom } from '../../../src/simulator/random.ts';

export const START_MS = Date.parse('2026-01-31T12:00:00Z');

export const SMALL_EXPORT = `# 2026-01-30 10:00:00 by RouterOS 7.18.2
# software id = 
#
/interface bridge
add name=bridge1
/interface list
add name=LAN
/ip pool
add name=pool1 ranges=192.0.2.10-192.0.2.99
/interface list member
add interface=bridge1 list=LAN
/ip address
add address=192.0.2.1/24 interface=bridge1 network=192.0.2.0
/ip firewall filter
add action=accept chain=input comment="first rule" connection-state=\\
    established,related
add action=drop chain=input in-interface=ether1
add action=accept chain=forward
/ip service
set telnet disabled=yes
/system identity
set name=gw1
`;

export interface Bench {
  readonly machine: Machine;
  readonly clock: VirtualClock;
  /** Runs one line to its end, moving time on where it waits; gives the lines it printed. */
  run(line: string): readonly string[];
}

export function startMachine(exportText = SMALL_EXPORT, behaviour: Partial<Behaviour> = {}, seed = 1): Bench {
  const clock = virtualClock(START_MS);
  const machine = new Machine({
    from: Buffer.from(exportText, 'latin1'),
    version: undefined,
    user: 'admin',
    uptimeMs: 86_400_000,
    clock,
    random: seededRandom(seed),
    behaviour: { ...USUAL_BEHAVIOUR, ...behaviour },
  });
  return {
    machine,
    clock,
    run(line) {
      const lines: string[] = [];
      let over = false;
      machine.console(
        line,
        (text) => lines.push(text),
        () => {
          over = true;
        },
      );
      for (let turns = 0; !over; turns++) {
        if (turns > 10_000) throw new Error(`this line does not end: ${line}`);
        clock.advance(turns < 100 ? 0 : 100);
      }
      return lines;
    },
  };
}
