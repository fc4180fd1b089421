import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../../../src/core/item.ts';
import { footprintState } from '../../../../src/core/plan/footprint.ts';
import type { Plan } from '../../../../src/core/plan/action.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { printConfiguration } from '../../../../src/drivers/routeros/print-configuration.ts';
import {
  anyConfiguration,
  configuration,
  editedFrom,
  item,
  section,
} from '../../../support/configurations.ts';
import { planBetween } from '../../../support/plans.ts';
import {
  apply,
  checkOf,
  noteOf,
  readDevice,
  rollBack,
  rolloutId as id,
  stage,
} from '../../../support/staged-scripts.ts';
import { startMachine, type Bench } from '../../simulator/started-machine.ts';

const header = '# 2026-01-30 10:00:00 by RouterOS 7.18.2\n# software id = \n#\n';

function planFor(desired: Configuration, actual: Configuration): Plan | null {
  const { made } = planBetween(actual, desired);
  return made.kind === 'plan' ? made.plan : null;
}

function bench(configuration: Configuration): Bench {
  return startMachine(header + printConfiguration(configuration));
}

const pair = anyConfiguration.chain((actual) => fc.tuple(fc.constant(actual), editedFrom(actual)));

describe('rendered scripts, run by an interpreter that knows nothing of them', () => {
  test('D01 check sees the base, apply reaches the target, check sees the target, back reaches the base', () => {
    fc.assert(
      fc.property(pair, ([actual, desired]) => {
        const plan = planFor(desired, actual);
        if (plan === null) return;
        const on = bench(actual);
        stage(on, plan);
        expect(new Set(checkOf(on))).toEqual(new Set(['base']));
        apply(on);
        expect(noteOf(on, 'apply')).toBe('applied');
        expect(new Set(checkOf(on))).toEqual(new Set(['target']));
        expect(footprintState(plan, readDevice(on), dialect).kind).toBe('target');
        rollBack(on);
        expect(noteOf(on, 'back')).toBe('rolled back');
        expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
        expect(on.run(`:put [:len [/system scheduler find where name="sw-${id}-tick"]]`)).toEqual(['0']);
      }),
      { numRuns: 60 },
    );
  });

  test('D11 without a reboot back reaches the base from every prefix of the commands that people are shown', () => {
    fc.assert(
      fc.property(pair, fc.double({ min: 0, max: 1, noNaN: true }), ([actual, desired], share) => {
        const plan = planFor(desired, actual);
        if (plan === null) return;
        const on = bench(actual);
        stage(on, plan);
        const lines = plan.actions.flatMap((action) => action.forward);
        const count = Math.round(share * lines.length);
        for (const line of lines.slice(0, count)) expect(on.run(line)).toEqual([]);
        if (count === lines.length) expect(footprintState(plan, readDevice(on), dialect).kind).toBe('target');
        rollBack(on);
        expect(noteOf(on, 'back')).toBe('rolled back');
        expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
      }),
      { numRuns: 60 },
    );
  });
});

describe('the guard and the decision', () => {
  const filter = '/ip firewall filter';
  const actual = configuration(section(filter, [item(filter, { action: 'accept', chain: 'forward' })]));
  const desired = configuration(
    section(filter, [
      item(filter, { action: 'accept', chain: 'forward' }),
      item(filter, { action: 'drop', chain: 'forward', protocol: 'udp' }),
    ]),
  );
  const staged = (flushMs = 0): { on: Bench; plan: Plan } => {
    const plan = planFor(desired, actual);
    if (plan === null) throw new Error('expected a plan');
    const on = bench(actual);
    stage(on, plan, flushMs);
    return { on, plan };
  };

  test('apply does nothing without a living net, and decides to roll back', () => {
    const { on, plan } = staged();
    on.run(`/system scheduler set [find name="sw-${id}-tick"] disabled=yes`);
    apply(on);
    expect(noteOf(on, 'apply')).toBe('failed at step 1');
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
    expect(on.run(`:put [/system script get [find name="sw-${id}-decision"] source]`)).toEqual(['rollback']);
  });

  test('apply does nothing once a decision is there', () => {
    const { on, plan } = staged();
    on.run(`/system script add name=sw-${id}-decision source="rollback"`);
    apply(on);
    expect(noteOf(on, 'apply')).toBe('failed at step 1');
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
  });

  test('D07 apply does nothing when the base is not what the plan stands on', () => {
    const { on } = staged();
    on.run(`${filter} add action=drop chain=forward protocol=udp`);
    apply(on);
    expect(noteOf(on, 'apply')).toBe('failed at check 1');
  });

  test('D02 back waits while the time is not up, and declines for good once confirmed', () => {
    const { on, plan } = staged();
    apply(on);
    on.run(`/system script run sw-${id}-back`);
    expect(noteOf(on, 'back')).toBe('');
    on.run(`/system script add name=sw-${id}-decision source="confirm"`);
    on.clock.advance(3_600_000);
    on.run(`/system script run sw-${id}-back`);
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('target');
    expect(on.run(`:put [:len [/system scheduler find where name="sw-${id}-tick"]]`)).toEqual(['1']);
  });

  test('back decides by itself once the time is up, and takes its timer off only after a clean pass', () => {
    const { on, plan } = staged();
    apply(on);
    on.clock.advance(601_000);
    on.run(`/system script run sw-${id}-back`);
    expect(noteOf(on, 'back')).toBe('changed 1 failed 0');
    expect(on.run(`:put [:len [/system scheduler find where name="sw-${id}-tick"]]`)).toEqual(['1']);
    on.run(`/system script run sw-${id}-back`);
    expect(noteOf(on, 'back')).toBe('rolled back');
    expect(on.run(`:put [:len [/system scheduler find where name="sw-${id}-tick"]]`)).toEqual(['0']);
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
  });

  test('back keeps its timer until it was clean for as long as the device may lose what was written', () => {
    const { on, plan } = staged(45_000);
    const pass = (): string => {
      on.run(`/system script run sw-${id}-back`);
      return noteOf(on, 'back');
    };
    apply(on);
    on.clock.advance(601_000);
    expect(pass()).toBe('changed 1 failed 0');
    expect(pass()).toBe('clean since 1d00:10:01');
    on.clock.advance(44_000);
    expect(pass()).toBe('clean since 1d00:10:01');
    // A power cut took back what it had written: the wait begins again.
    on.run(`${filter} add action=drop chain=forward protocol=udp`);
    on.clock.advance(2_000);
    expect(pass()).toBe('changed 1 failed 0');
    expect(pass()).toBe('clean since 1d00:10:47');
    // What was noted before a reboot lies in the future.
    on.run(
      `/system script set [/system script find where name="sw-${id}-back"] comment="clean since 2d00:00:00"`,
    );
    expect(pass()).toBe('clean since 1d00:10:47');
    expect(on.run(`:put [:len [/system scheduler find where name="sw-${id}-tick"]]`)).toEqual(['1']);
    on.clock.advance(46_000);
    expect(pass()).toBe('rolled back');
    expect(on.run(`:put [:len [/system scheduler find where name="sw-${id}-tick"]]`)).toEqual(['0']);
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
  });

  test('one pass runs at a time: while another goes on back changes nothing, once that is gone it goes back', () => {
    const { on, plan } = staged();
    apply(on);
    on.run(`/system script add name=sw-${id}-decision source="rollback"`);
    // A pass that takes longer than a tick: a job of that script which has not ended.
    const find = `[/system script find where name="sw-${id}-back"]`;
    on.run(
      `/system script add name=kept source=[/system script get ${find} source]; /system script set ${find} source=":delay 1h"`,
    );
    on.run(`:execute "/system script run sw-${id}-back"`);
    on.clock.advance(100);
    on.run(`/system script set ${find} source=[/system script get kept source]`);
    on.run(`/system script run sw-${id}-back`);
    expect(noteOf(on, 'back')).toMatch(/^(changed 0 failed 0)?$/);
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('target');
    on.run(`/system script job remove [find where script="sw-${id}-back"]`);
    rollBack(on);
    expect(noteOf(on, 'back')).toBe('rolled back');
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
  });

  test('a rule with more properties than the planned one is never touched', () => {
    const wider = item(filter, { action: 'drop', chain: 'forward', 'dst-port': '53', protocol: 'udp' });
    const known = configuration(section(filter, [wider, ...(actual.sections[0]?.items ?? [])]));
    const plan = planFor(
      configuration(section(filter, [wider, ...(desired.sections[0]?.items ?? [])])),
      known,
    );
    if (plan === null) throw new Error('expected a plan');
    const on = bench(known);
    stage(on, plan);
    apply(on);
    expect(noteOf(on, 'apply')).toBe('applied');
    rollBack(on);
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
    expect(on.run(`:put [:len [${filter} find where dst-port="53"]]`)).toEqual(['1']);
  });
});
