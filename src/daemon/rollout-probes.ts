/** Where each probe of a rollout is carried out: on the device, or from this machine. */
import type { Driver } from '../drivers/driver.ts';
import { probeNetwork } from '../drivers/network-probes.ts';
import type { RunProbe } from '../reconcile/probes.ts';

export function probeWith(driver: Driver): RunProbe {
  return ({ question }, signal) =>
    question.kind === 'ping' || question.kind === 'command'
      ? driver.ask(question, signal)
      : probeNetwork(question, signal);
}
