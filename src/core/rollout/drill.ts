/**
 * A drill: the net is armed with nothing to apply and left alone, and the device has to fire it, find everything as it
 * was, and take the timer off by itself. Pure; the steps before and after are those of every rollout.
 */
import type { SitewardEvent } from './events.ts';
import type { RolloutState } from './state.ts';
import type { Sight, Step } from './step.ts';
import { factsOf } from './step.ts';

/** After the deadline: a tick, a pass, what the device keeps to itself, and the tick that sees it. */
const patienceS = 600;

/** Until the net has fired or its time is long over. */
export function drillStep(state: RolloutState, { evidence, looks }: Sight): Step {
  const look: Step = { do: 'look', afterMs: looks === 0 ? 0 : 2_000 };
  if (evidence === null || state.deadline === null) return look;
  const { net, decision, uptimeS, rollbackJob } = evidence;
  const drilled = (fired: boolean, message: string): Step => {
    const ids = { rollout: state.id, device: state.device };
    const event: SitewardEvent = { kind: 'drilled', ...ids, fired, message, evidence: factsOf(evidence) };
    return { do: 'record', event };
  };
  if (rollbackJob) return look;
  if (decision === 'confirm')
    return drilled(false, 'the device has decided to confirm, which nobody asked of it');
  if (!net.present) {
    return decision === 'rollback'
      ? drilled(true, 'it fired, found everything as it was, and took its timer off')
      : drilled(false, 'its timer is gone and never fired');
  }
  const { armedUptimeS, deadlineUptimeS } = state.deadline;
  const overdue = uptimeS >= armedUptimeS && uptimeS >= deadlineUptimeS + patienceS;
  if (!overdue) return look;
  const what = decision === null ? 'did not fire' : 'fired and did not come to its end';
  return drilled(false, `it ${what} within ${patienceS} s after its time`);
}
