/** A simulated device, the driver on it, and a rollout of one change, ready to be taken step by step. */
import { randomBytes } from 'node:crypto';
import type { PlanResult } from '../../src/core/plan/plan.ts';
import type { Plan } from '../../src/core/plan/action.ts';
import type { Configuration } from '../../src/core/item.ts';
import type { Deadline, Evidence, Rollout, Witness } from '../../src/core/rollout/rollout.ts';
import type { DeviceSettings } from '../../src/core/site.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { createRouterosDriver } from '../../src/drivers/routeros/driver.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.ts';
import { planBetween } from './plans.ts';
import { deviceSettings, machineClock } from './scripted-device.ts';

export const never = new AbortController().signal;

export interface Bench {
  readonly simulator: Simulator;
  readonly settings: DeviceSettings;
  readonly driver: Driver;
  /** What the device had before. */
  readonly base: Configuration;
  readonly rollout: Rollout;
  readonly witness: Witness;
  /** A driver that knows nothing of what the first one did. */
  anotherDriver(changes?: Partial<DeviceSettings>): Driver;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly exportText: string;
  /** From the device's export to the desired text. */
  readonly change: (text: string) => string;
  readonly simulator?: Partial<SimulatorOptions>;
  readonly settings?: Partial<DeviceSettings>;
}

export async function startBench(options: BenchOptions): Promise<Bench> {
  const simulator = await startSimulator({
    exportText: Buffer.from(options.exportText, 'latin1'),
    user: 'siteward',
    password: 'password',
    ...options.simulator,
  });
  const { host, port, hostKey } = simulator;
  const settings = deviceSettings({ address: host, port, hostKey, ...options.settings });
  const drivers: Driver[] = [];
  const anotherDriver = (changes: Partial<DeviceSettings> = {}): Driver => {
    const driver = createRouterosDriver({
      device: { ...settings, ...changes },
      credentials: () => Promise.resolve({ password: 'password' }),
      clock: machineClock,
      random: randomBytes,
    });
    drivers.push(driver);
    return driver;
  };
  const driver = anotherDriver();
  try {
    const { exportText } = await driver.observe(never);
    const base = driver.dialect.parseActual(exportText).configuration;
    const desired = options.change(Buffer.from(exportText).toString('latin1'));
    const plan = planFor(driver, base, desired);
    const id = randomBytes(6).toString('hex');
    const { windowMs, tickMs, flushMs, minUptimeMs, soakMs } = settings;
    return {
      simulator,
      settings,
      driver,
      base,
      rollout: {
        id,
        device: settings.name,
        owner: { daemon: '9'.repeat(32), nonce: 'e'.repeat(16) },
        deviceKey: 'SHA256:x',
        plan,
        times: { windowMs, tickMs, flushMs, minUptimeMs, soakMs },
        payload: driver.render(id, plan),
      },
      witness: { site: 'bud-01', daemon: '9'.repeat(32), seq: 7, head: 'a'.repeat(64) },
      anotherDriver,
      close: async () => {
        for (const made of drivers) await made.close();
        await simulator.close();
      },
    };
  } catch (error) {
    await simulator.close();
    throw error;
  }
}

export function planFor(driver: Driver, actual: Configuration, desiredText: string): Plan {
  const made = tryPlan(driver, actual, desiredText);
  if (made.kind !== 'plan') throw new Error(`no plan: ${JSON.stringify(made)}`);
  return made.plan;
}

export function tryPlan(driver: Driver, actual: Configuration, desiredText: string): PlanResult {
  const { dialect } = driver;
  const desired = dialect.parseDesired(Buffer.from(desiredText, 'latin1'), 'config.rsc').configuration;
  return planBetween(actual, desired, {
    caps: { items: 1000, share: 1 },
    management: { address: '127.0.0.1', port: 22, from: '127.0.0.1', interface: null },
    secretsOnDevice: 'refuse',
    dialect,
  }).made;
}

/** Everything up to the running apply. */
export async function upToApply({ driver, rollout, witness }: Bench): Promise<Deadline> {
  await driver.lock(rollout, () => undefined, never);
  await driver.writeWitness(rollout, witness, never);
  const deadline = await driver.stage(rollout, never);
  await driver.arm(rollout, never);
  await driver.apply(rollout, never);
  return deadline;
}

/** Evidence once it holds; a device that can't be reached is asked again. The last evidence is in the error. */
export async function evidenceThat(
  bench: Bench,
  driver: Driver,
  holds: (evidence: Evidence) => boolean,
  limitMs = 45_000,
): Promise<Evidence> {
  const end = performance.now() + limitMs;
  let last: unknown = null;
  while (performance.now() < end) {
    try {
      const evidence = await driver.evidence(bench.rollout, bench.base, never);
      if (holds(evidence)) return evidence;
      last = evidence;
    } catch (error) {
      last = error;
    }
    await machineClock.sleep(200);
  }
  throw new Error(
    `not seen within ${limitMs} ms; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
