/**
 * One section of a desired text, edited so that it says what the device has. Rows are found by the line they were read
 * from; a row that is gone and one that is new and alike are one line that changes. Used by adopt-onto only.
 */
import type { Problem } from '../../../core/dialect.ts';
import type { Configuration, Item, Section } from '../../../core/item.ts';
import type { Difference } from '../../../core/plan/action.ts';
import { isMove } from '../../../core/plan/diff.ts';
import { matchRows } from '../../../core/plan/match.ts';
import { changesBetween } from '../../../core/plan/model.ts';
import { groupBy, longestIncreasing } from '../../../core/plan/order.ts';
import { pairSimilar } from '../../../core/plan/similar.ts';
import { viewOf, type IgnoreRule } from '../../../core/plan/scope.ts';
import { isSecretProperty, menuFacts, propertyFacts, secretNames } from '../menus.ts';
import { printItem } from '../print-configuration.ts';
import { purposeOf, rowFacts } from '../row-facts.ts';
import { keyOfSelector } from '../rows.ts';
import { nameIn } from '../section-properties.ts';
import { setProperties, type Block, type EditableText, type Wanted } from './edit-text.ts';

export interface Counts {
  added: number;
  changed: number;
  removed: number;
  moved: number;
}

export interface SecretiveRow {
  readonly section: string;
  readonly row: string;
  readonly properties: readonly string[];
}

/** Of a row without a name, enough to know it. */
const mostWords = 4;

interface Surroundings {
  readonly file: string;
  readonly desired: Configuration;
  readonly actual: Configuration;
  readonly ignore: readonly IgnoreRule[];
  readonly version: string | null;
}

interface Matched {
  readonly desired: number;
  readonly actual: number;
}

export class SectionEditor {
  readonly left: Problem[] = [];
  /** New rows that may have secrets. */
  readonly secrets: SecretiveRow[] = [];
  readonly #text: EditableText;
  readonly #path: string;
  readonly #around: Surroundings;
  readonly #ordered: boolean;
  readonly #had: readonly Item[];
  readonly #wanted: readonly Item[];
  readonly #pairs: readonly Matched[];
  /** By row of the device: where this text says it. */
  readonly #blocks = new Map<Item, Block>();
  /** The commands of this section as they were read. */
  readonly #byLine: ReadonlyMap<number, Block>;

  constructor(text: EditableText, path: string, around: Surroundings) {
    this.#text = text;
    this.#path = path;
    this.#around = around;
    this.#ordered = menuFacts(path)?.kind === 'ordered';
    this.#byLine = new Map(
      text.blocks.flatMap((one) => (one.path === path && one.command ? [[one.line, one] as const] : [])),
    );
    const rules = around.ignore.filter(({ section }) => section === path);
    const rowsOf = ({ sections }: Configuration): Section['items'] =>
      sections.find((one) => one.path === path)?.items ?? [];
    this.#had = rowsOf(around.actual);
    this.#wanted = rowsOf(around.desired);
    const [desired, actual] = [viewOf(this.#wanted, rules), viewOf(this.#had, rules)];
    this.#pairs = this.#ordered ? this.#match(desired, actual) : [];
    for (const pair of this.#pairs) {
      const block = this.#blockOf(this.#wanted[pair.desired] as Item);
      if (block !== null) this.#blocks.set(this.#had[pair.actual] as Item, block);
    }
  }

  #match(desired: ReturnType<typeof viewOf>, actual: ReturnType<typeof viewOf>): readonly Matched[] {
    const triples = matchRows({
      confirmed: [],
      desired: desired.items,
      actual: actual.items,
      hasConfirmed: false,
      groupOf,
      purposeOf,
    });
    const indexOf = (view: typeof desired, all: readonly Item[], at: number): number => {
      const shown = view.items[at] as Item;
      return all.indexOf(view.whole.get(shown) ?? shown);
    };
    return triples.flatMap((triple) =>
      triple.desired === null || triple.actual === null
        ? []
        : [
            {
              desired: indexOf(desired, this.#wanted, triple.desired),
              actual: indexOf(actual, this.#had, triple.actual),
            },
          ],
    );
  }

  take(differences: readonly Difference[], done: Counts): void {
    const named = this.#text.blocks.some(({ path }) => path === this.#path);
    const gone: Item[] = [];
    const fresh: Item[] = [];
    let moves = 0;
    for (const difference of differences) {
      const { base, target } = difference;
      if (base === null) gone.push(target as Item);
      else if (target === null) fresh.push(base);
      else if (isMove(difference)) moves++;
      else if (target.place === null) fresh.push(base);
      else if (this.#change(target, base)) done.changed++;
    }
    const pairs = this.#alike(gone, fresh);
    for (const [i, j] of pairs) if (this.#change(gone[i] as Item, fresh[j] as Item)) done.changed++;
    gone.forEach((item, i) => {
      if (!pairs.has(i) && this.#remove(item)) done.removed++;
    });
    const taken = new Set(pairs.values());
    const rows = fresh.filter((_, j) => !taken.has(j));
    for (const item of this.#inOrder(rows)) this.#insert(item);
    done.added += rows.length;
    if (named && !this.#text.blocks.some(({ path }) => path === this.#path)) this.#nameAtEnd();
    // Once every row is there; until then the places of rows say little.
    if (moves > 0 && moves === differences.length) done.moved += this.#reorder();
  }

  /** Rows of the text that are gone and rows of the device that are new, where they seem to be the same. */
  #alike(gone: readonly Item[], fresh: readonly Item[]): ReadonlyMap<number, number> {
    const candidates = (items: readonly Item[]) =>
      items.map((item, position) => ({
        item,
        position,
        unchanged: false,
        whole: !item.created || (item.place?.file === this.#around.file && this.#blockOf(item) === null),
      }));
    return pairSimilar(candidates(gone), candidates(fresh), { groupOf, purposeOf }, false);
  }

  #inOrder(rows: readonly Item[]): readonly Item[] {
    const at = new Map(this.#had.map((item, i) => [item, i]));
    return [...rows].sort((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
  }

  #blockOf({ place }: Item): Block | null {
    if (place?.line === undefined || place.file !== this.#around.file) return null;
    return this.#byLine.get(place.line) ?? null;
  }

  /** The lines that speak of a row that the device brings along may be several. */
  #blocksOf(item: Item): readonly Block[] {
    const block = this.#blockOf(item);
    if (block?.command == null || item.created) return block === null ? [] : [block];
    const facts = menuFacts(this.#path);
    const key = keyOfSelector(facts, block.command.selector);
    return [...this.#byLine.values()].filter(
      ({ command }) => command?.verb === 'set' && keyOfSelector(facts, command.selector) === key,
    );
  }

  #elsewhere({ place, section }: Item): false {
    const message = 'the device has it otherwise, and this line is in another file: edit it there';
    this.left.push({ code: 'other-file', message, place, section });
    return false;
  }

  #change(from: Item, to: Item): boolean {
    const blocks = this.#blocksOf(from);
    const [first] = blocks;
    if (first === undefined) return this.#elsewhere(from);
    // A secret that the device does not show is the one it has.
    const changes = changesBetween(from, to).filter(
      ([name, value]) => value !== null || !isSecretProperty(this.#path, name),
    );
    const unwritten = changes.filter(([name]) =>
      blocks.every((block) => this.#written(block, name) === null),
    );
    for (const block of blocks) {
      const wanted = changes.flatMap(([name, value]): Wanted[] => {
        const written = this.#written(block, name);
        if (written === null && (block !== first || !unwritten.some(([one]) => one === name))) return [];
        const flag = propertyFacts(this.#path, name)?.type === 'flag';
        return [{ name: written ?? name, value, flag }];
      });
      setProperties(block, wanted);
      if (block.command?.verb === 'set' && block.command.args.length === 0) this.#drop(block);
    }
    this.#blocks.set(to, first);
    return changes.length > 0;
  }

  /** How the line calls the property, in this version or another; null: it does not name it. */
  #written({ command }: Block, name: string): string | null {
    const facts = menuFacts(this.#path);
    return command?.args.find((arg) => nameIn(facts, arg.name, this.#around.version) === name)?.name ?? null;
  }

  #remove(item: Item): boolean {
    const [block] = this.#blocksOf(item);
    if (block === undefined) return this.#elsewhere(item);
    this.#drop(block);
    return true;
  }

  #drop(block: Block): void {
    const { blocks } = this.#text;
    const at = blocks.indexOf(block);
    if (at >= 0) blocks.splice(at, 1);
  }

  #insert(item: Item): void {
    const shown = item.properties.filter(([name]) => !isSecretProperty(this.#path, name));
    const place = this.#placeFor(item);
    const block = this.#put(printItem({ ...item, properties: shown }), place);
    this.#blocks.set(item, block);
    const properties = item.created ? secretNames(this.#path) : [];
    if (properties.length === 0) return;
    const row =
      item.key ?? printItem({ ...item, properties: shown.slice(0, mostWords) }).slice('add '.length);
    this.secrets.push({ section: this.#path, row, properties });
    this.#remark(block, properties);
  }

  /** Nobody can see it in the line: whether the row has a secret is what the device does not show. */
  #remark(block: Block, properties: readonly string[]): void {
    const { blocks, lineEnd } = this.#text;
    const many = properties.length > 1;
    const wish = `${many ? 'PROPERTY' : (properties[0] ?? '')}=\${secret:NAME}`;
    const text = `# made anew from this line it has no ${properties.join(', ')}, unless it says ${wish}${lineEnd}`;
    const at = blocks.indexOf(block);
    const { line, menu } = block;
    blocks.splice(at, 0, { kind: 'comment', text, path: null, command: null, line, menu });
  }

  /** Behind the row that it follows on the device, as far as this file has such a one; else at the section's end. */
  #placeFor(item: Item): number {
    const { blocks } = this.#text;
    if (this.#ordered) {
      const group = this.#had.filter((other) => groupOf(other) === groupOf(item));
      const at = group.indexOf(item);
      const known = (rows: readonly Item[]): Block | undefined =>
        rows.map((row) => this.#blocks.get(row)).find((block) => block && blocks.includes(block));
      const before = known(group.slice(0, at).reverse());
      if (before !== undefined) return blocks.indexOf(before) + 1;
      const after = known(group.slice(at + 1));
      if (after !== undefined) return this.#startOf(after);
    }
    const last = blocks.findLastIndex(({ path, command }) => path === this.#path && command !== null);
    if (last >= 0) return last + 1;
    const section = blocks.findLastIndex(({ path }) => path === this.#path);
    return section >= 0 ? section + 1 : blocks.length;
  }

  /** Where the line begins, with the comments that stand right above it. */
  #startOf(block: Block): number {
    const { blocks } = this.#text;
    let at = blocks.indexOf(block);
    while (blocks[at - 1]?.kind === 'comment') at--;
    // What stands right under the section's line may be about all of it.
    return blocks[at - 1]?.kind === 'section' ? blocks.indexOf(block) : at;
  }

  /** A command of this section, in the form that its place asks for. */
  #put(command: string, at: number): Block {
    const { blocks, lineEnd } = this.#text;
    const above = blocks[at - 1];
    if (above !== undefined && !above.text.endsWith('\n')) above.text += lineEnd;
    const menu = above?.menu ?? null;
    const isNew = !blocks.some(({ path }) => path === this.#path);
    const start = menu === this.#path ? '' : isNew ? `${this.#path}${lineEnd}` : `${this.#path} `;
    const block: Block = {
      kind: 'command',
      text: `${start}${command}${lineEnd}`,
      path: this.#path,
      command: { verb: 'add', selector: { kind: 'none' }, args: [], headEnd: 0 },
      line: 0,
      menu: isNew ? this.#path : menu,
    };
    blocks.splice(at, 0, block);
    return block;
  }

  /** A section that loses its last row is still the file's: what comes to be there is drift. */
  #nameAtEnd(): void {
    const { blocks, lineEnd } = this.#text;
    const last = blocks.at(-1);
    if (last !== undefined && !last.text.endsWith('\n')) last.text += lineEnd;
    const text = `${this.#path}${lineEnd}`;
    blocks.push({ kind: 'section', text, path: this.#path, command: null, line: 0, menu: this.#path });
  }

  /** The fewest lines that have to move. */
  #reorder(): number {
    let moved = 0;
    const pairs = [...this.#pairs].sort((a, b) => a.actual - b.actual);
    for (const group of groupBy(pairs, ({ actual }) => groupOf(this.#had[actual] as Item)).values()) {
      const stays = new Set(longestIncreasing(group.map(({ desired }) => desired)));
      const rows = group.map(({ actual }) => this.#had[actual] as Item);
      const placed = new Set(rows.filter((_, i) => stays.has(i)));
      rows.forEach((row, i) => {
        if (stays.has(i)) return;
        if (
          this.#move(
            row,
            rows.slice(0, i).findLast((one) => placed.has(one)),
            rows.find((one) => placed.has(one)),
          )
        )
          moved++;
        placed.add(row);
      });
    }
    return moved;
  }

  #move(row: Item, after: Item | undefined, before: Item | undefined): boolean {
    const { blocks } = this.#text;
    const block = this.#blocks.get(row);
    const next = after === undefined ? before : after;
    const anchor = next === undefined ? undefined : this.#blocks.get(next);
    if (block === undefined || anchor === undefined) return this.#elsewhere(row);
    const start = this.#startOf(block);
    const lines = blocks.splice(start, blocks.indexOf(block) - start + 1);
    const at = after === undefined ? this.#startOf(anchor) : blocks.indexOf(anchor) + 1;
    const above = blocks[at - 1];
    if (above !== undefined && !above.text.endsWith('\n')) above.text += this.#text.lineEnd;
    if (!block.text.endsWith('\n')) block.text += this.#text.lineEnd;
    // A line that does not name its menu stands in that of the lines around it.
    if (!block.text.trimStart().startsWith('/') && (above?.menu ?? null) !== this.#path)
      block.text = `${this.#path} ${block.text.trimStart()}`;
    blocks.splice(at, 0, ...lines);
    return true;
  }
}

function groupOf(item: Item): string {
  return rowFacts.orderGroup(item) ?? '';
}
