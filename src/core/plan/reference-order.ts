/**
 * The order that names ask for: what a row names is made before it, and goes after it. Rows that name each other in a
 * circle are made without the property that closes it, and given it afterwards.
 */
import type { Dialect } from '../dialect.ts';
import type { Configuration, Item, Section } from '../item.ts';
import type { Label } from './action.ts';
import { groupBy } from './order.ts';
import type { PlanRow } from './sequence.ts';

export interface WorkRow extends PlanRow {
  label: Label;
  moveLabel: Label;
}

export interface Work {
  readonly path: string;
  readonly ordered: boolean;
  readonly base: Section;
  readonly rows: readonly WorkRow[];
}

export interface WorkOf {
  readonly work: Work;
  readonly row: WorkRow;
}

interface Names {
  readonly desired: Configuration;
  readonly dialect: Pick<Dialect, 'references'>;
}

export interface Add extends WorkOf {
  /** Properties that name rows made only after this one: the row is made without, and given them then. */
  readonly without: readonly string[];
}

/** Added rows by rank of their section and the order of the text; what a row names is made before it. */
export function addsInOrder(works: readonly Work[], { desired, dialect }: Names): readonly Add[] {
  const adds = works.flatMap((work) => {
    const rows = work.rows.filter((row) => row.base === null && row.target !== null);
    if (work.ordered) rows.sort((a, b) => (a.wanted ?? Infinity) - (b.wanted ?? Infinity));
    return rows.map((row) => ({ work, row }));
  });
  const byItem = new Map(adds.map((add) => [`${add.work.path}\n${add.row.target?.key ?? ''}`, add]));
  const open = new Set<WorkOf>();
  const done = new Set<WorkOf>();
  const ordered: Add[] = [];
  const visit = (add: WorkOf): void => {
    if (done.has(add) || open.has(add)) return;
    open.add(add);
    const item = add.row.target;
    const without: string[] = [];
    for (const property of item?.properties ?? []) {
      if (item === null) continue;
      const named = dialect.references({ ...item, properties: [property] }, desired);
      const others = named.flatMap(({ section, key }) =>
        key === null ? [] : (byItem.get(`${section}\n${key}`) ?? []),
      );
      for (const other of others) visit(other);
      // Still open: it names this one in its turn. A key can't be given later.
      const inKey = item.key?.split(/,(?=[a-z0-9-]+=)/).some((pair) => pair.startsWith(`${property[0]}=`));
      if (item.key !== null && inKey !== true && others.some((other) => other !== add && open.has(other)))
        without.push(property[0]);
    }
    open.delete(add);
    done.add(add);
    ordered.push({ ...add, without });
  };
  for (const add of adds) visit(add);
  return ordered;
}

/** What the last changes still name goes after them. */
export function keepNamed(
  users: readonly Item[],
  removes: readonly WorkOf[],
  last: Set<WorkOf>,
  { dialect }: Pick<Names, 'dialect'>,
): void {
  const going = new Map(removes.map((one) => [one.row.base, one]));
  const gone = {
    sections: [...groupBy(removes, ({ work }) => work.path)].map(([path, rows]) => ({
      path,
      kind: 'keyed' as const,
      items: rows.flatMap(({ row }) => (row.base === null || row.base.key === null ? [] : [row.base])),
    })),
  };
  for (let open = users; open.length > 0;) {
    const named = open
      .flatMap((item) => dialect.references(item, gone))
      .flatMap((item) => going.get(item) ?? [])
      .filter((one) => !last.has(one));
    for (const one of named) last.add(one);
    open = named.flatMap(({ row }) => (row.base === null ? [] : [row.base]));
  }
}
