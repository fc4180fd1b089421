/**
 * `siteward rsc diff`: how the meaning of two texts differs. Menus of which nothing is known are compared as they are
 * written. Nothing is planned here, so nothing is refused but what can't be read.
 */
import type { Configuration, Item } from '../core/item.ts';
import { itemIdentity } from '../core/digest.ts';
import { diffConfigurations, isMove } from '../core/plan/diff.ts';
import type { Action, Difference } from '../core/plan/action.ts';
import { routerosDialect } from '../drivers/routeros/dialect.ts';
import type { ExitCode } from './common.ts';
import { beforeWords, changeWords, changesOf, nameWords, printLines, rowWords, totals } from './rsc-words.ts';
import { requireReadable, type Text } from './rsc-texts.ts';
import { printJson, printLine } from './terminal.ts';

/** Everything may differ: nothing is going to be done about it. */
const dialect = { ...routerosDialect, plannable: () => null };

export function showDifferences([a, b]: readonly [Text, Text], json: boolean): ExitCode {
  const [from, to] = [requireReadable(a), requireReadable(b)];
  if (from === null || to === null) return 2;
  const desired = comparable(to.configuration);
  const { differences } = diffConfigurations({
    confirmed: null,
    desired,
    actual: comparable(from.configuration),
    owns: 'everything',
    ignore: [],
    dialect,
  });
  const known = differences.map((difference) => ({ difference, verb: verbOf(difference) }));
  if (json) {
    printJson({ v: 1, differences: known.map(({ difference, verb }) => view(difference, verb)) });
  } else {
    const lines = known.map(({ difference, verb }) => {
      return { verb, section: difference.section, words: words(difference, desired) };
    });
    printLines(lines);
    printLine(known.length === 0 ? 'no difference' : totals(known.map(({ verb }) => verb)));
  }
  return known.length === 0 ? 0 : 1;
}

/** What no table knows is a list of rows. */
function comparable({ sections }: Configuration): Configuration {
  return { sections: sections.map((one) => (one.kind === 'unknown' ? { ...one, kind: 'list' } : one)) };
}

function verbOf(difference: Difference): Action['verb'] {
  if (difference.base === null) return 'add';
  if (difference.target === null) return 'remove';
  return isMove(difference) ? 'move' : 'set';
}

function words({ base, target, section }: Difference, desired: Configuration): string {
  if (base !== null && target !== null) {
    if (!isMove({ base, target })) return changeWords(base, target);
    return `${nameWords(base)}  ${beforeWords(successor(base, section, desired))}`;
  }
  const item = base ?? target;
  return item === null ? '' : rowWords(item);
}

/** What the row stands in front of in the second text. */
function successor(item: Item, section: string, desired: Configuration): Item | null {
  const group = dialect.orderGroup(item);
  const rows = desired.sections
    .find(({ path }) => path === section)
    ?.items.filter((one) => dialect.orderGroup(one) === group);
  const identity = itemIdentity(item, dialect);
  const at = rows?.findIndex((one) => itemIdentity(one, dialect) === identity) ?? -1;
  return at < 0 ? null : (rows?.[at + 1] ?? null);
}

function view({ base, target, section }: Difference, verb: Action['verb']): object {
  const item = base ?? target;
  const changes = base !== null && target !== null ? changesOf(base, target) : [];
  return {
    section,
    verb,
    item: item === null ? '' : itemIdentity(item, dialect),
    text: item === null ? '' : rowWords(item),
    changes,
  };
}
