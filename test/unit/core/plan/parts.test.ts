import { describe, expect, test } from 'vitest';
import type { Configuration, Item } from '../../../../src/core/item.ts';
import { diffConfigurations } from '../../../../src/core/plan/diff.ts';
import { mostCommands, mostScriptBytes } from '../../../../src/core/plan/parts.ts';
import { makePlan, type PlanResult } from '../../../../src/core/plan/plan.ts';
import { planText } from '../../../../src/core/plan/plan-text.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { renderRollout } from '../../../../src/drivers/routeros/scripts.ts';
import { configuration, item, section } from '../../../support/configurations.ts';

const filter = '/ip firewall filter';
const pools = '/ip pool';
const servers = '/ip dhcp-server';
const names = (count: number): readonly number[] => [...Array(count).keys()];

function plan(desired: Configuration, actual: Configuration): PlanResult {
  const found = diffConfigurations({
    confirmed: null,
    desired,
    actual,
    owns: 'sections',
    ignore: [],
    dialect,
  });
  return makePlan({
    ...found,
    desired,
    actual,
    labels: ['desired'],
    caps: { items: 20, share: 1 },
    management: { address: '192.0.2.1', port: 22, from: '192.0.2.2', interface: null },
    isOwn: () => false,
    dialect,
  });
}

function replaced(actual: Configuration, sections: Configuration['sections']): Configuration {
  const by = new Map(sections.map((one) => [one.path, one]));
  return { sections: actual.sections.map((one) => by.get(one.path) ?? one) };
}

/** Carries out one plan after another until nothing is left; each part must fit and keep references whole. */
function inParts(desired: Configuration, actual: Configuration): number {
  let now = actual;
  for (let parts = 0; parts < 40; parts++) {
    const made = plan(desired, now);
    if (made.kind === 'nothing') return parts;
    if (made.kind !== 'plan') throw new Error(JSON.stringify(made));
    expect(made.plan.actions.flatMap(({ forward }) => forward).length).toBeLessThanOrEqual(mostCommands);
    const { check, apply, back } = renderRollout('0123456789ab', made.plan);
    for (const text of [check, apply, back]) expect(text.length).toBeLessThanOrEqual(mostScriptBytes);
    now = replaced(now, made.plan.target);
    for (const one of now.sections) {
      for (const row of one.items) {
        const named = row.properties.filter(([name]) => name === 'address-pool').length;
        expect(dialect.references(row, now).filter(({ section: path }) => path === pools)).toHaveLength(
          named,
        );
      }
    }
  }
  throw new Error('it does not end');
}

const pool = (i: number): Item =>
  item(pools, { name: `pool${i}`, ranges: `10.0.${i % 250}.1-10.0.${i % 250}.9` });
const server = (i: number): Item =>
  item(servers, { name: `server${i}`, interface: 'bridge1', 'address-pool': `pool${i}` });
const many = configuration(section(pools, names(200).map(pool)), section(servers, names(200).map(server)));
const none = configuration(section(pools, []), section(servers, []));
const rule = (i: number, more: Record<string, string> = {}): Item =>
  item(filter, {
    action: 'accept',
    chain: 'forward',
    comment: `rule ${i}`,
    'dst-port': `${i}`,
    protocol: 'tcp',
    ...more,
  });

describe('a difference too large for one rollout', () => {
  test('is made in several, none of which names what is to come', () => {
    expect(inParts(many, none)).toBeGreaterThan(1);
  });
  test('is taken away in several, none of which leaves a dead name', () => {
    expect(inParts(none, many)).toBeGreaterThan(1);
  });
  test('says so, and needs in each part what the whole of it needs', () => {
    const made = plan(none, many);
    if (made.kind !== 'plan') throw new Error(JSON.stringify(made));
    expect(made.plan).toMatchObject({ class: 'operational' });
    expect(made.plan.left).toBeGreaterThan(0);
    const text = planText(made.plan, { windowMs: 120_000, tickMs: 10_000, flushMs: 0 });
    expect(text).toMatch(/\nfirst part: \d+ more differences are planned after this rollout\n$/);
  });
  test('of comments in one chain is made in several', () => {
    const rules = (more: Record<string, string>): Configuration =>
      configuration(
        section(
          filter,
          names(150).map((i) => rule(i, more)),
        ),
      );
    const actual = configuration(
      section(
        filter,
        names(150).map((i) => rule(i)),
      ),
    );
    const desired = rules({});
    const renamed = {
      sections: desired.sections.map((one) => ({
        ...one,
        items: one.items.map((row, i) => rule(i, { comment: `${row.properties[2]?.[1] ?? ''}!` })),
      })),
    };
    expect(inParts(renamed, actual)).toBeGreaterThan(1);
  });
  test('of what one chain lets through is refused: half of it is a filter that no commit meant', () => {
    const [actual, desired] = [0, 400].map((from) =>
      configuration(
        section(
          filter,
          names(300).map((i) => rule(i + from)),
        ),
      ),
    ) as [Configuration, Configuration];
    expect(plan(desired, actual)).toMatchObject({ kind: 'refused', code: 'plan-too-large' });
  });
});
