/**
 * The questions of probes that the device itself answers: its own ping, and a command of the settings. Over a connection of
 * their own, since one from before a change proves nothing.
 */
import { DeviceError } from '../../../core/errors.ts';
import type { ProbeAnswer, ProbeQuestion } from '../../../core/rollout/probe.ts';
import { pingCommand } from '../commands.ts';
import { linesOf } from '../console.ts';
import { withConsole, type Reach } from './device-console.ts';

const pings = 3;
const shownText = 60;

export function askDevice(
  reach: Reach,
  question: Extract<ProbeQuestion, { kind: 'ping' | 'command' }>,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  return withConsole(reach, 'probe', signal, async (console) => {
    if (question.kind === 'ping') {
      const last =
        linesOf(await console.read(pingCommand(question.address, pings)))
          .at(-1)
          ?.trim() ?? '';
      if (!/^\d{1,3}$/.test(last))
        throw new DeviceError('unsupported', 'the device answered to ping in words that are not known');
      return last === '0' ? { well: false, said: `${question.address} does not answer` } : { well: true };
    }
    const said = (await console.read(question.command)).trim();
    if (said.includes(question.expect)) return { well: true };
    const shown = said.replaceAll(/\s+/g, ' ').slice(0, shownText);
    return { well: false, said: `the device says "${shown}", expected "${question.expect}"` };
  });
}
