/** One rollout by the real runner and the real driver on a device in virtual time, from the plan to settled. */
import { randomBytes } from 'node:crypto';
import type { Configuration } from '../../src/core/item.ts';
import type { Plan } from '../../src/core/plan/action.ts';
import type { SitewardRecord } from '../../src/core/rollout/events.ts';
import type { Probe } from '../../src/core/rollout/probe.ts';
import type { RolloutState } from '../../src/core/rollout/state.ts';
import { remainsOf } from '../../src/core/rollout/rollout.ts';
import type { Rollout } from '../../src/core/rollout/rollout.ts';
import { deviceState } from '../../src/core/site-state.ts';
import type { SiteState } from '../../src/core/site-state.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import type { RolloutRoom } from '../../src/reconcile/rollout-runner.ts';
import { runRollout } from '../../src/reconcile/rollout-runner.ts';
import { memoryLedger } from './memory-ledger.ts';
import { planFor } from './rollout-bench.ts';
import type { VirtualDevice } from './virtual-device.ts';

const never = new AbortController().signal;

export interface VirtualRollout {
  readonly rollout: Rollout;
  readonly inFlight: RolloutState;
  readonly site: SiteState;
  readonly records: readonly SitewardRecord[];
  /** One turn: until it is settled, waits for a person, or gets nowhere. */
  turn(more?: Partial<RolloutRoom>): Promise<void>;
  /** The daemon ended and begins again: what was announced and not finished is for the device to tell. */
  restart(): Promise<void>;
  /** Turns until it is settled or waits for a person; as many as that takes, within the limit. */
  toItsEnd(more?: Partial<RolloutRoom>): Promise<RolloutState>;
}

interface Parts {
  readonly times?: Partial<Rollout['times']>;
  readonly driver?: Driver;
  readonly probes?: readonly Probe[];
}

/** Planned and authorized; the device has not heard of it. */
export async function virtualRollout(
  device: VirtualDevice,
  change: (text: string) => string,
  parts: Parts = {},
): Promise<VirtualRollout> {
  const driver = parts.driver ?? device.driver;
  const { exportText } = await driver.observe(never);
  const base = driver.dialect.parseActual(exportText).configuration;
  const plan = planFor(driver, base, change(Buffer.from(exportText).toString('latin1')));
  return await virtualRolloutOf(device, plan, parts);
}

/** The same of a plan that is there. */
export async function virtualRolloutOf(
  device: VirtualDevice,
  plan: Plan,
  parts: Parts = {},
): Promise<VirtualRollout> {
  const driver = parts.driver ?? device.driver;
  const { windowMs, tickMs, flushMs, minUptimeMs, soakMs, name } = device.settings;
  const id = randomBytes(6).toString('hex');
  const rollout: Rollout = {
    id,
    device: name,
    owner: { daemon: 'd'.repeat(32), nonce: 'e'.repeat(16) },
    deviceKey: device.settings.hostKey,
    plan,
    times: { windowMs, tickMs, flushMs, minUptimeMs, soakMs, ...parts.times },
    probes: parts.probes ?? [],
    payload: driver.render(id, plan),
  };
  return await inMemory(device, rollout, driver);
}

/** A drill, planned and authorized. */
export async function virtualDrill(device: VirtualDevice): Promise<VirtualRollout> {
  const { tickMs, flushMs, minUptimeMs, name, hostKey } = device.settings;
  const id = randomBytes(6).toString('hex');
  const rollout = remainsOf({
    id,
    device: name,
    owner: { daemon: 'd'.repeat(32), nonce: 'e'.repeat(16) },
    deviceKey: hostKey,
    times: { windowMs: 4 * tickMs + flushMs, tickMs, flushMs, minUptimeMs, soakMs: 0 },
  });
  const payload = device.driver.render(id, rollout.plan);
  return await inMemory(device, { ...rollout, drill: true, payload }, device.driver);
}

async function inMemory(device: VirtualDevice, rollout: Rollout, driver: Driver): Promise<VirtualRollout> {
  const { ledger, state: site, records } = memoryLedger(() => device.time.now());
  const ids = { rollout: rollout.id, device: rollout.device };
  const text = { commit: 'c', plan: 'p', base: 'b', desired: 'd', sealed: 's' };
  await ledger.append(
    rollout.drill === true
      ? { kind: 'drill-planned', ...ids, sealed: 's' }
      : { kind: 'rollout-planned', ...ids, ...text, class: 'benign', items: [], complete: true },
  );
  await ledger.append({ kind: 'authorized', ...ids, reason: 'benign' });
  const { rollout: inFlight } = deviceState(site, rollout.device);
  if (inFlight === null) throw new Error('no rollout');
  const turn = (more: Partial<RolloutRoom> = {}): Promise<void> =>
    runRollout(
      {
        site: 'bud-01',
        rollout,
        driver,
        ledger,
        probe: ({ question }, signal) =>
          question.kind === 'ping' || question.kind === 'command'
            ? driver.ask(question, signal)
            : Promise.resolve({ well: true }),
        clock: device.clock,
        signal: never,
        judgeWitness: () => undefined,
        onSight: () => undefined,
        ...more,
      },
      inFlight,
    );
  const isOver = (): boolean => inFlight.phase === 'settled' || inFlight.phase === 'diverged';
  return {
    rollout,
    inFlight,
    site,
    records,
    turn,
    async restart() {
      await ledger.append({ kind: 'daemon-started', nonce: 'f'.repeat(16), version: '0', trust: {} });
    },
    async toItsEnd(more) {
      for (let turns = 0; turns < 20 && !isOver(); turns++) await turn(more);
      return inFlight;
    },
  };
}

/** What the device has, but for what is siteward's own; sections without rows say no more than absent ones. */
export async function configurationOf(device: VirtualDevice): Promise<Configuration['sections']> {
  const { exportText } = await device.anotherDriver().observe(never);
  const { sections } = device.driver.dialect.parseActual(exportText).configuration;
  return sections.filter(({ items }) => items.length > 0);
}

/** Names of everything of siteward's that is on the device. */
export function tracesOn(device: VirtualDevice): readonly string[] {
  const names = ['/system script', '/system scheduler'].map((menu) =>
    device.console(`:foreach i in=[${menu} find] do={:put [${menu} get $i name]}`),
  );
  return names.flatMap((text) => text.split('\r\n')).filter((name) => name.startsWith('sw-'));
}
