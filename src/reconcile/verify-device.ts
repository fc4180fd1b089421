/**
 * Verification of a rollout from outside: a new login each time, the footprint equals the target, the
 * probes pass, the net is still running (one that stands still could never fire), and it stays so for the soak time. What fails is
 * thrown as `DeviceError`; a device that can't be reached is no failure but unknown.
 */
import type { Clock } from '../core/clock.ts';
import { DeviceError } from '../core/errors.ts';
import type { Evidence, Rollout } from '../core/rollout/rollout.ts';
import { NetWatch } from './net-watch.ts';
import { whatDiffers } from './what-differs.ts';

export interface Verification {
  readonly runCount: number;
}

/** `probesPass` throws `DeviceError` when they don't within their time. */
export interface Looks {
  readonly readEvidence: () => Promise<Evidence>;
  readonly probesPass: () => Promise<void>;
}

export async function verifyDevice(
  rollout: Rollout,
  { readEvidence, probesPass }: Looks,
  clock: Clock,
  signal: AbortSignal,
): Promise<Verification> {
  const { tickMs, soakMs } = rollout.times;
  const started = clock.monotonic();
  // Runs while it was applied say nothing: the device's clock may have been set back since.
  const net = new NetWatch(rollout.times);
  const look = async (): Promise<Evidence> => {
    const evidence = await readEvidence();
    requireTarget(rollout, evidence);
    if (!net.standsStill(evidence)) return evidence;
    throw new DeviceError('not-armed', 'the rollback timer on the device stands still, so it could not fire');
  };
  let evidence = await look();
  await probesPass();
  while (!net.hasRun || clock.monotonic() < started + soakMs) {
    await clock.sleep(Math.min(tickMs / 2, 2_000), signal);
    evidence = await look();
  }
  // What held at first may have given way since.
  if (soakMs > 0) await probesPass();
  return { runCount: evidence.net.runCount };
}

function requireTarget(rollout: Rollout, evidence: Evidence): void {
  if (evidence.decision === 'rollback') {
    throw new DeviceError('rejected', 'the device has decided to roll back');
  }
  if (!evidence.net.present || !evidence.net.enabled) {
    throw new DeviceError('not-armed', 'the rollback timer is no longer on the device');
  }
  if (evidence.footprint.kind !== 'target') {
    const differs = whatDiffers(rollout.plan, evidence.footprint);
    throw new DeviceError('rejected', `the device does not equal the target: ${differs}`);
  }
}
