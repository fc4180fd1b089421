/**
 * G6: a keyed difference against its floor, a Map of one side in which the other is looked up; how it grows with size;
 * and the order of a chain against the table of a longest common subsequence.
 */
import type { Configuration, Item } from '../../src/core/item.ts';
import { diffConfigurations } from '../../src/core/plan/diff.ts';
import { longestIncreasing } from '../../src/core/plan/order.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { bench } from './harness.ts';

const path = '/ip firewall address-list';

/** Made anew for each side, as two texts give them: no object is shared. */
function entries(count: number, changed: number): Configuration {
  const items = Array.from({ length: count }, (_, i): Item => {
    const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    const comment = i < changed ? 'changed' : `entry ${i}`;
    return {
      section: path,
      key: `address=${address},list=office`,
      created: true,
      properties: [
        ['address', address],
        ['comment', comment],
        ['list', 'office'],
      ],
      place: null,
    };
  });
  return { sections: [{ path, kind: 'keyed', items }] };
}

function rowsOf(configuration: Configuration): readonly Item[] {
  return configuration.sections[0]?.items ?? [];
}

function floor(one: Configuration, other: Configuration): number {
  const rows = new Map(rowsOf(one).map((item) => [item.key, item]));
  let different = 0;
  for (const item of rowsOf(other)) {
    const found = rows.get(item.key);
    const same = found?.properties.every(([, value], i) => value === item.properties[i]?.[1]);
    if (same !== true) different += 1;
  }
  return different;
}

function difference(actual: Configuration, desired: Configuration): number {
  const found = diffConfigurations({
    confirmed: null,
    desired,
    actual,
    owns: 'sections',
    ignore: [],
    dialect,
  });
  return found.differences.length;
}

for (const [count, times] of [
  [10_000, 10],
  [100_000, 1],
] as const) {
  const [actual, desired] = [entries(count, 0), entries(count, 50)];
  const [half, halfDesired] = [entries(count / 2, 0), entries(count / 2, 50)];
  for (const run of [floor, difference]) {
    if (run(actual, desired) !== 50) throw new Error('a difference was missed');
  }
  await bench(`keyed difference of ${count} items`, {
    times,
    rounds: 15,
    arms: [
      { name: 'a Map of one side', run: () => floor(actual, desired) },
      { name: 'difference', run: () => difference(actual, desired) },
      { name: 'difference of half as many', run: () => difference(half, halfDesired) },
    ],
    goals: [
      { name: 'G6 difference', of: 'difference', against: 'a Map of one side', most: 1.6 },
      { name: 'G6 twice the size', of: 'difference', against: 'difference of half as many', most: 2.4 },
    ],
  });
}

/** Length of a longest common subsequence by its table, two rows of it at a time. */
function commonLength(a: Int32Array, b: Int32Array): number {
  let above = new Int32Array(b.length + 1);
  let row = new Int32Array(b.length + 1);
  for (const value of a) {
    for (let j = 0; j < b.length; j++) {
      row[j + 1] = value === b[j] ? (above[j] ?? 0) + 1 : Math.max(above[j + 1] ?? 0, row[j] ?? 0);
    }
    [above, row] = [row, above];
  }
  return above[b.length] ?? 0;
}

const count = 10_000;
const sorted = Int32Array.from({ length: count }, (_, i) => i);
const moved = Array.from(sorted);
for (let i = 0; i < 50; i++) moved.splice((i * 7919) % count, 0, ...moved.splice((i * 104_729) % count, 1));
const chain = Int32Array.from(moved);
if (commonLength(sorted, chain) !== longestIncreasing(moved).length) throw new Error('not the longest');
await bench(`order of a chain of ${count} rows, 50 of them moved`, {
  times: 1,
  rounds: 5,
  arms: [
    { name: 'table of a common subsequence', run: () => commonLength(sorted, chain) },
    { name: 'longest increasing subsequence', run: () => longestIncreasing(moved).length },
  ],
  goals: [
    {
      name: 'G6 order',
      of: 'longest increasing subsequence',
      against: 'table of a common subsequence',
      most: 0.001,
    },
  ],
});
