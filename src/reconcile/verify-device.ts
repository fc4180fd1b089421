/**
 * Verification of a rollout from outside: a new login each time, the footprint equals the target, the
 * probes pass, the net is still running (one that stands still could never fire), and it stays so for the soak time. What fails is
 * thrown as `DeviceError`; a device that can't be reached is no failure but unknown.
 */
import type { Clock } from '../core/clock.ts';
import { DeviceError } from '../core/errors.ts';
import type { Evidence, Rollout } from '../core/rollout/rollout.ts';
import { whatDiffers } from './what-differs.ts';

export interface Verification {
  readonly runCount: number;
}

/** Ticks that the net may take to show another run before it counts as standing still. */
const patienceTicks = 3;

/** `probesPass` throws `DeviceError` when they don't within their time. */
export interface Looks {
  readonly readEvidence: () => Promise<Evidence>;
  readonly probesPass: () => Promise<void>;
}

export async function verifyDevice(
  rollout: Rollout,
  { readEvidence, probesPass }: Looks,
  runCountAtArming: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Verification> {
  const { tickMs, soakMs } = rollout.times;
  const started = clock.monotonic();
  let evidence = await readEvidence();
  requireTarget(rollout, evidence);
  await probesPass();
  const soakUntil = started + soakMs;
  const growthUntil = clock.monotonic() + patienceTicks * tickMs + 5_000;
  while (evidence.net.runCount <= runCountAtArming || clock.monotonic() < soakUntil) {
    if (evidence.net.runCount <= runCountAtArming && clock.monotonic() >= growthUntil) {
      throw new DeviceError(
        'not-armed',
        'the rollback timer on the device stands still, so it could not fire',
      );
    }
    await clock.sleep(Math.min(tickMs / 2, 2_000), signal);
    evidence = await readEvidence();
    requireTarget(rollout, evidence);
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
