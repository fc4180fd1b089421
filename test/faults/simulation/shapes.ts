/** The plans that are tried: what the device has, what git wants, and what goes wrong with it by itself. */
import type { Item } from '../../../src/core/item.ts';
import type { Plan } from '../../../src/core/plan/action.ts';
import type { Layout } from './console.ts';
import type { Habits, Program } from './device.ts';

export interface Shape {
  readonly name: string;
  readonly base: readonly string[];
  readonly target: readonly string[];
  readonly habits: Partial<Habits>;
  /** How it ends when nothing dies. */
  readonly undisturbed: 'confirmed' | 'rolled-back' | 'either';
}

export const layout: Layout = {
  sections: [
    '/ip dns static',
    '/ip dns static',
    '/ip firewall address-list',
    '/queue simple',
    '/ip dns static',
  ],
};

const name = (n: number): string => `add address=192.0.2.${n} name=host${n}.example.org`;
const entry = (n: number): string => `add address=198.51.100.${n} comment="by hand" list=partners`;
const queue = (limit: number): string => `add max-limit=${limit}M/${limit}M name=guest target=192.0.2.9/32`;

/** Additions only. */
const grows = {
  base: [name(1), '', '', queue(5), ''],
  target: [name(1), name(2), entry(2), queue(5), name(5)],
};
/** Adds, changes and takes away; what it takes away siteward did not make, so it is signed. */
const mixed = { base: [name(1), '', entry(2), queue(5), ''], target: ['', name(2), entry(2), queue(9), ''] };

export const shapes: readonly Shape[] = [
  { name: 'adds', ...grows, habits: {}, undisturbed: 'confirmed' },
  { name: 'signed', ...mixed, habits: {}, undisturbed: 'confirmed' },
  { name: 'a step fails', ...grows, habits: { failsAtRow: 2 }, undisturbed: 'rolled-back' },
  { name: 'locks out', ...grows, habits: { locksOutAtRow: 4 }, undisturbed: 'rolled-back' },
  { name: 'takes long', ...grows, habits: { stepMs: 90_000 }, undisturbed: 'either' },
];

/** What a plan's scripts do to the rows: only what it has an action for; what drifted is left as it is. */
export function programOf(plan: Plan, rows: readonly string[], wanted: readonly string[]): Program {
  const items = plan.actions.map(({ action }) => (action.verb === 'set' ? action.to : action.item));
  const shows = (line: string, { properties }: Item): boolean =>
    line !== '' && properties.every(([, value]) => line.includes(value ?? ''));
  const target = rows.map((row, i) => {
    const wish = wanted[i] ?? '';
    return items.some((item) => shows(wish === '' ? row : wish, item)) ? wish : row;
  });
  return { base: [...rows], target };
}
