/** `/ping`: a line for each packet, and how many were answered. Whoever there is a way to answers, unless a fault says no. */
import { namedArgument, positionals } from '../device/arguments.ts';
import { ConsoleError } from '../language/syntax.ts';
import { num, toText, NOTHING } from '../language/values.ts';
import { leavesBy } from '../network/reachability.ts';
import type { Caller, DeviceCommand, Host } from '../host.ts';
import type { Call, Run } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

const SECOND_MS = 1000;
const MOST = 100;

export const pingCommands: readonly DeviceCommand[] = [
  {
    path: '/',
    name: 'ping',
    arguments: ['address', 'count', 'interval', 'size', 'src-address', 'routing-table'],
    takesValues: true,
    policy: 'test',
    steps: ping,
  },
];

function* ping(host: Host, call: Call, { runtime }: Caller): Run<Value> {
  const address = toText(namedArgument(call, 'address') ?? positionals(call)[0] ?? NOTHING);
  if (address === '') throw new ConsoleError('missing value(s) of argument(s) address');
  const count = Math.min(MOST, Number(toText(namedArgument(call, 'count') ?? num(4))));
  let answered = 0;
  for (let sequence = 0; sequence < count; sequence++) {
    const answers = !host.faults.silentHosts.has(address) && leavesBy(host.device, address) !== undefined;
    if (answers) answered++;
    runtime.print(
      `${String(sequence).padStart(5)} ${address.padEnd(40)} ${answers ? '56  64 1ms' : 'timeout'}`,
    );
    if (sequence + 1 < count) yield { kind: 'sleep', ms: SECOND_MS };
  }
  runtime.print(`    sent=${count} received=${answered}`);
  return num(answered);
}
