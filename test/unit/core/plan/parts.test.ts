import { describe, expect, test } from 'vitest';
import type { Configuration, Item } from '../../../../src/core/item.ts';
import { mostCommands, mostScriptBytes } from '../../../../src/core/plan/parts.ts';
import type { PlanResult } from '../../../../src/core/plan/plan.ts';
import { planText } from '../../../../src/core/plan/plan-text.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { renderRollout } from '../../../../src/drivers/routeros/scripts.ts';
import { configuration, item, section } from '../../../support/configurations.ts';
import { planBetween, planOf, replaced } from '../../../support/plans.ts';

const filter = '/ip firewall filter';
const pools = '/ip pool';
const servers = '/ip dhcp-server';
const names = (count: number): readonly number[] => [...Array(count).keys()];

const plan = (desired: Configuration, actual: Configuration): PlanResult => planBetween(actual, desired).made;

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
    const made = planOf(plan(none, many));
    expect(made).toMatchObject({ class: 'operational' });
    expect(made.left).toBeGreaterThan(0);
    const text = planText(made, { windowMs: 120_000, tickMs: 10_000, flushMs: 0, verifiedBy: 'login' });
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
  const chain = (rows: readonly Item[]): Configuration => configuration(section(filter, rows));
  const full = (i: number, more: Record<string, string> = {}): Item =>
    rule(i, {
      'dst-address-list': 'servers',
      'in-interface-list': 'LAN',
      'src-address': `10.1.${i}.0/24`,
      ...more,
    });
  const rules = names(250).map((i) => full(i));
  /** The same order on every run, with no two neighbours left together. */
  const shuffled = names(250).map((i) => full((i * 101) % 250));

  test('of order alone in a chain of hundreds is one rollout', () => {
    expect(inParts(chain(shuffled), chain(rules))).toBe(1);
  });
  test('in two hundred rules of one chain is made in a few', () => {
    const changed = rules.map((row, i) => (i < 200 ? full(i, { 'src-address': `10.2.${i}.0/24` }) : row));
    expect(inParts(chain(changed), chain(rules))).toBeLessThanOrEqual(4);
  });
  test('of a whole chain goes in pieces, the new before the old, and is always signed', () => {
    const actual = chain(names(300).map((i) => rule(i)));
    const other = { action: 'drop', protocol: 'udp' };
    const desired = chain(names(300).map((i) => rule(i + 400, other)));
    const made = planOf(plan(desired, actual));
    expect(made).toMatchObject({ class: 'operational', reason: 'chain-in-pieces' });
    const text = planText(made, { windowMs: 120_000, tickMs: 10_000, flushMs: 0, verifiedBy: 'login' });
    expect(text).toContain('\n   desired, operational, always signed: chain-in-pieces\n');
    expect(new Set(made.actions.map(({ action }) => action.verb))).toEqual(new Set(['add']));
    expect(made.left).toBe(600 - made.actions.length);
    const next = planOf(plan(desired, replaced(actual, made.target)));
    expect(next.left).toBeLessThan(made.left ?? 0);
  });
});
