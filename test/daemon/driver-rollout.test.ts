/** The whole protocol on a simulated device: what ends well, what the device takes back by itself, what is refused. */
import { describe, expect, test, type TestContext } from 'vitest';
import type { Evidence } from '../../src/core/rollout/rollout.ts';
import {
  evidenceThat,
  never,
  startBench,
  tryPlan,
  upToApply,
  type Bench,
  type BenchOptions,
} from '../support/rollout-bench.ts';

const v7 = `# 2026-11-21 10:00:00 by RouterOS 7.15.3
# software id = 
#
/interface bridge
add name=bridge1
/ip address
add address=192.0.2.1/24 interface=ether1 network=192.0.2.0
/ip dns
set servers=192.0.2.53
/ip dns static
add address=192.0.2.10 name=one.example.org
/ip firewall filter
add action=accept chain=input comment=first dst-port=22 protocol=tcp
add action=drop chain=forward comment=last
/system identity
set name=gw1
`;

/** The tests mostly wait for the device's timer, so they run side by side. */
async function bench(context: TestContext, options: Partial<BenchOptions> = {}): Promise<Bench> {
  const made = await startBench({ exportText: v7, change: addDnsRow, ...options });
  context.onTestFinished(() => made.close());
  return made;
}

function addDnsRow(text: string): string {
  return text.replace(/(\/ip dns static\r?\n)/, '$1add address=192.0.2.11 name=two.example.org\r\n');
}

const applied = (e: Evidence): boolean => !e.applyJob && e.applyNote === 'applied';
const wentBack = (e: Evidence): boolean =>
  !e.net.present && !e.rollbackJob && e.rollbackNote === 'rolled back';

/** The net went back by itself, exactly, and what it left is taken off. */
async function expectBackAtBase(b: Bench): Promise<Evidence> {
  const after = await evidenceThat(b, b.driver, wentBack);
  expect(after).toMatchObject({ decision: 'rollback', footprint: { kind: 'base' } });
  await b.driver.clean(b.rollout, () => undefined, never);
  return after;
}

/** Scripts and schedulers of ours that are on the device. */
async function leftOn({ simulator }: Bench): Promise<string> {
  const list = (menu: string): Promise<string> =>
    simulator.console(
      `:foreach i in=[/system ${menu} find] do={:if ([:pick [/system ${menu} get $i name] 0 3] = "sw-") do={:put [/system ${menu} get $i name]}}`,
    );
  return (await list('script')) + (await list('scheduler'));
}

/** What the device has, but for what is siteward's own; an empty section says no more than an absent one. */
async function configurationOf({ driver }: Bench): Promise<unknown> {
  const { exportText } = await driver.observe(never);
  const { sections } = driver.dialect.parseActual(exportText).configuration;
  return sections.filter(({ items }) => items.length > 0);
}

async function confirmAndClean(b: Bench, deadline: Parameters<Bench['driver']['confirm']>[1]): Promise<void> {
  const before = await evidenceThat(b, b.driver, applied);
  expect(before).toMatchObject({
    decision: null,
    net: { present: true, enabled: true },
    footprint: { kind: 'target' },
    foreignChanges: 0,
  });
  await b.driver.confirm(b.rollout, deadline, never);
  const decided = await evidenceThat(b, b.driver, (e) => e.decision === 'confirm');
  await evidenceThat(
    b,
    b.driver,
    (e) => e.net.runCount > decided.net.runCount && e.footprint.kind === 'target',
  );
  await b.driver.clean(b.rollout, () => undefined, never);
  expect(await leftOn(b)).toBe('sw-witness\n');
}

describe.concurrent('a change that holds', () => {
  test('is applied, confirmed on evidence, cleaned up, and leaves nothing to plan', async (t) => {
    const b = await bench(t);
    const deadline = await upToApply(b);
    await confirmAndClean(b, deadline);
    const { exportText, witness, lock, leftovers } = await b.driver.observe(never);
    expect({ witness, lock, leftovers }).toEqual({ witness: b.witness, lock: null, leftovers: [] });
    const actual = b.driver.dialect.parseActual(exportText).configuration;
    const text = addDnsRow(v7);
    expect(tryPlan(b.driver, actual, text)).toEqual({ kind: 'nothing' });
    expect(b.simulator.machine.log.filter(({ topics }) => topics.includes('error'))).toEqual([]);
  });

  test.for(['strict', 'always-zero', 'missing'] as const)(
    'also where exit codes mean nothing (%s)',
    async (exitStatus, t) => {
      const b = await bench(t, { simulator: { behaviour: { exitStatus } } });
      await confirmAndClean(b, await upToApply(b));
    },
  );

  test('also on a slow device whose sessions take their commands with them, with writes to flush', async (t) => {
    const b = await bench(t, {
      simulator: { behaviour: { commandMs: 5, channelEndStops: true } },
      settings: { flushMs: 500 },
    });
    await confirmAndClean(b, await upToApply(b));
  });

  test('also on RouterOS 6', async (t) => {
    const exportText = v7.replace(
      '# 2026-11-21 10:00:00 by RouterOS 7.15.3',
      '# nov/21/2026 10:00:00 by RouterOS 6.49.10',
    );
    const b = await bench(t, { exportText });
    await confirmAndClean(b, await upToApply(b));
  });

  test('also when the daemon that began it is gone: another finds what it needs on the device', async (t) => {
    const b = await bench(t);
    const deadline = await upToApply(b);
    await b.driver.close();
    await confirmAndClean({ ...b, driver: b.anotherDriver() }, deadline);
  });

  test('each step may be repeated after a crash', async (t) => {
    const b = await bench(t);
    await b.driver.lock(b.rollout, () => undefined, never);
    await b.driver.lock(b.rollout, () => undefined, never);
    await b.driver.writeWitness(b.rollout, b.witness, never);
    await b.driver.writeWitness(b.rollout, { ...b.witness, seq: 8 }, never);
    await b.driver.stage(b.rollout, never);
    const deadline = await b.driver.stage(b.rollout, never);
    await b.driver.arm(b.rollout, never);
    await b.driver.arm(b.rollout, never);
    await b.driver.apply(b.rollout, never);
    await b.driver.apply(b.rollout, never);
    await confirmAndClean(b, deadline);
    await b.driver.clean(b.rollout, () => undefined, never);
    expect((await b.driver.observe(never)).witness?.seq).toBe(8);
  });
});

describe.concurrent('a change that is taken back', () => {
  test('the window passes and nobody confirms: the device goes back by itself', async (t) => {
    const b = await bench(t, { settings: { windowMs: 4_000 } });
    const before = await configurationOf(b);
    await upToApply(b);
    await evidenceThat(b, b.driver, (e) => applied(e) && e.footprint.kind === 'target');
    await expectBackAtBase(b);
    expect(await configurationOf(b)).toEqual(before);
    expect(await leftOn(b)).toBe('sw-witness\n');
  });

  test('the plan cuts the way to the device: logins are refused, then it is back without anybody', async (t) => {
    const b = await bench(t, {
      change: (text) => `${text}/ip service\r\nset ssh disabled=yes\r\n`,
      settings: { windowMs: 4_000 },
    });
    await upToApply(b);
    let refused = 0;
    const after = await evidenceThat(
      b,
      {
        ...b.driver,
        evidence: async (...args) => {
          try {
            return await b.driver.evidence(...args);
          } catch (error) {
            refused += 1;
            expect(error).toMatchObject({ code: 'unreachable' });
            throw error;
          }
        },
      },
      wentBack,
    );
    expect(refused).toBeGreaterThan(0);
    expect(after).toMatchObject({ decision: 'rollback', footprint: { kind: 'base' } });
    await b.driver.clean(b.rollout, () => undefined, never);
  });

  test('the daemon asks for it: the decision is made once, and confirm comes too late', async (t) => {
    const b = await bench(t);
    const deadline = await upToApply(b);
    await evidenceThat(b, b.driver, applied);
    await b.driver.rollBack(b.rollout, deadline, never);
    await b.driver.confirm(b.rollout, deadline, never);
    const after = await evidenceThat(b, b.driver, wentBack);
    expect(after).toMatchObject({ decision: 'rollback', footprint: { kind: 'base' } });
    await b.driver.rollBack(b.rollout, deadline, never);
    await b.driver.clean(b.rollout, () => undefined, never);
    expect(await leftOn(b)).toBe('sw-witness\n');
  });

  test('after a decision to confirm, rolling back is refused', async (t) => {
    const b = await bench(t);
    const deadline = await upToApply(b);
    await evidenceThat(b, b.driver, applied);
    await b.driver.confirm(b.rollout, deadline, never);
    await expect(b.driver.rollBack(b.rollout, deadline, never)).rejects.toMatchObject({ code: 'rejected' });
    expect((await b.driver.evidence(b.rollout, b.base, never)).footprint.kind).toBe('target');
  });

  test('W04 everything of ours was deleted on the device: the rollback is staged again from what was kept', async (t) => {
    const b = await bench(t);
    const deadline = await upToApply(b);
    await evidenceThat(b, b.driver, applied);
    for (const line of [
      `/system scheduler remove [find name="sw-${b.rollout.id}-tick"]`,
      `/system script remove [find name="sw-${b.rollout.id}-back"]`,
      `/system script remove [find name="sw-${b.rollout.id}-apply"]`,
    ]) {
      expect(await b.simulator.console(line)).toBe('');
    }
    await b.driver.rollBack(b.rollout, deadline, never);
    expect((await b.driver.evidence(b.rollout, b.base, never)).footprint.kind).toBe('base');
    await b.driver.clean(b.rollout, () => undefined, never);
  });

  test('power is cut in the middle of applying, and writes are lost: it goes back at its first tick', async (t) => {
    const b = await bench(t, {
      simulator: { behaviour: { commandMs: 30, flushMs: 400 } },
      settings: { flushMs: 500 },
      change: (text) => addDnsRow(text).replace('name=gw1', 'name=gw2'),
    });
    const before = await configurationOf(b);
    await upToApply(b);
    await evidenceThat(b, b.driver, (e) => e.applyJob || e.applyNote !== '');
    b.simulator.powerCut();
    await expectBackAtBase(b);
    expect(await configurationOf(b)).toEqual(before);
  });

  test('passes that take longer than a tick overlap, and what both made again is there once', async (t) => {
    const rows = [0, 1, 2, 3, 4, 5].map((i) => `add action=accept chain=output comment=r${i}\n`).join('');
    const b = await bench(t, {
      exportText: v7.replace('/system identity', `${rows}/system identity`),
      simulator: { behaviour: { commandMs: 5, flushMs: 0 } },
      change: (text) => text.replace(/^add .*comment=r[13]\r?\n/gm, ''),
    });
    const before = await configurationOf(b);
    await upToApply(b);
    await evidenceThat(b, b.driver, applied);
    b.simulator.reboot();
    await expectBackAtBase(b);
    expect(await configurationOf(b)).toEqual(before);
  });

  test('the console crashes after apply: the net lives on and goes back when its time has come', async (t) => {
    const b = await bench(t, { settings: { windowMs: 4_000 } });
    await upToApply(b);
    await evidenceThat(b, b.driver, applied);
    b.simulator.consoleCrash();
    await expectBackAtBase(b);
  });

  test.for([-86_400_000, 86_400_000])(
    'the wall clock jumps by %i ms: the net goes by uptime',
    async (ms, t) => {
      const b = await bench(t, { settings: { windowMs: 4_000 } });
      const deadline = await upToApply(b);
      b.simulator.jumpClock(ms);
      const still = await evidenceThat(b, b.driver, applied);
      expect(still).toMatchObject({ decision: null, net: { present: true } });
      const after = await evidenceThat(b, b.driver, wentBack);
      expect(after.uptimeS).toBeGreaterThanOrEqual(deadline.deadlineUptimeS);
      await b.driver.clean(b.rollout, () => undefined, never);
    },
  );

  test('the device restarts inside the window: it goes back at its first tick', async (t) => {
    const b = await bench(t);
    await upToApply(b);
    await evidenceThat(b, b.driver, applied);
    b.simulator.reboot();
    await expectBackAtBase(b);
  });

  test('the base moved between arming and apply: apply changes nothing and decides to go back', async (t) => {
    const b = await bench(t, { change: (text) => text.replace('name=gw1', 'name=gw2') });
    await b.driver.lock(b.rollout, () => undefined, never);
    await b.driver.stage(b.rollout, never);
    await b.driver.arm(b.rollout, never);
    await b.simulator.console('/system identity set name=other');
    await b.driver.apply(b.rollout, never);
    expect((await expectBackAtBase(b)).applyNote).toBe('failed at check 1');
  });

  test('W07 confirm after the time for it: the device does not take it', async (t) => {
    const b = await bench(t, { settings: { windowMs: 3_000 } });
    const deadline = await upToApply(b);
    await evidenceThat(b, b.driver, applied);
    await evidenceThat(b, b.driver, (e) => e.uptimeS >= deadline.deadlineUptimeS - 2);
    await b.driver.confirm(b.rollout, deadline, never);
    const after = await evidenceThat(b, b.driver, wentBack);
    expect(after.decision).toBe('rollback');
    await b.driver.clean(b.rollout, () => undefined, never);
  });
});

describe.concurrent('what stops before anything changes', () => {
  test('a host key that is not the pinned one', async (t) => {
    const b = await bench(t);
    const driver = b.anotherDriver({ hostKey: `SHA256:${'A'.repeat(43)}` });
    await expect(driver.observe(never)).rejects.toMatchObject({ code: 'host-key-mismatch' });
  });

  test('a login that the device refuses', async (t) => {
    const b = await bench(t);
    await expect(b.anotherDriver({ user: 'nobody' }).observe(never)).rejects.toMatchObject({
      code: 'password-refused',
    });
  });

  test("another daemon's lock", async (t) => {
    const b = await bench(t);
    const theirs = {
      ...b.rollout,
      id: 'f'.repeat(12),
      owner: { ...b.rollout.owner, daemon: '1'.repeat(32) },
    };
    await b.driver.lock(theirs, () => undefined, never);
    await expect(b.driver.lock(b.rollout, () => undefined, never)).rejects.toMatchObject({ code: 'locked' });
    await expect(b.driver.stage(b.rollout, never)).rejects.toMatchObject({ code: 'locked' });
    await b.driver.releaseLock(b.rollout.owner, never);
    expect((await b.driver.observe(never)).lock).not.toBeNull();
    await b.driver.releaseLock(theirs.owner, never);
    expect((await b.driver.observe(never)).lock).toBeNull();
  });

  test('D10 names that are not unique', async (t) => {
    const b = await bench(t, { simulator: { behaviour: { uniqueNames: false } } });
    await expect(b.driver.lock(b.rollout, () => undefined, never)).rejects.toMatchObject({
      code: 'unsupported',
    });
    expect(await leftOn(b)).toBe('');
  });

  test('the base changed since the plan was made', async (t) => {
    const b = await bench(t, { change: (text) => text.replace('name=gw1', 'name=gw2') });
    await b.driver.lock(b.rollout, () => undefined, never);
    await b.simulator.console('/system identity set name=other');
    await expect(b.driver.stage(b.rollout, never)).rejects.toMatchObject({ code: 'base-changed' });
  });

  test('a check that does not find what the plan means', async (t) => {
    const b = await bench(t);
    const other = await bench(t, { change: (text) => text.replace('name=gw1', 'name=gw2') });
    await other.simulator.console('/system identity set name=elsewhere');
    const payload = other.driver.render(b.rollout.id, other.rollout.plan);
    const rollout = { ...b.rollout, payload };
    await b.simulator.console('/system identity set name=moved');
    await b.driver.lock(rollout, () => undefined, never);
    await expect(b.driver.stage(rollout, never)).rejects.toMatchObject({ code: 'selector-mismatch' });
    await b.driver.clean(rollout, () => undefined, never);
    expect(await leftOn(b)).toBe('');
  });

  test('D06 apply without an armed net', async (t) => {
    const b = await bench(t);
    await b.driver.lock(b.rollout, () => undefined, never);
    await b.driver.stage(b.rollout, never);
    await expect(b.driver.apply(b.rollout, never)).rejects.toMatchObject({ code: 'not-armed' });
  });

  test('the answer to a step is cut off: unknown, and the step can be repeated', async (t) => {
    const b = await bench(t);
    const facts = (await b.driver.observe(never)).facts;
    expect(facts.version).toBe('7.15.3');
    await b.driver.lock(b.rollout, () => undefined, never);
    await b.driver.stage(b.rollout, never);
    await b.driver.arm(b.rollout, never);
    const evidence = await b.driver.evidence(b.rollout, b.base, never);
    expect(evidence).toMatchObject({ applyNote: '', footprint: { kind: 'base' }, net: { present: true } });
    b.simulator.faults.nextCut = { how: 'cut', afterBytes: 10 };
    await expect(b.driver.evidence(b.rollout, b.base, never)).rejects.toMatchObject({ code: 'unreachable' });
    await b.driver.clean(b.rollout, () => undefined, never);
    expect(await leftOn(b)).toBe('');
  });
});
