/**
 * From an export's text to a Configuration: one item for each row, one spelling for each value, nothing that
 * equals a known default. Two texts that mean the same become equal Configurations. What is not known
 * is kept as written; what contradicts itself becomes a problem. It never guesses and never throws.
 */
import type { ParsedText, Problem } from '../../core/dialect.ts';
import { assert, formatPlace, type Place } from '../../core/errors.ts';
import type { Item, Section } from '../../core/item.ts';
import type { Argument, Command } from './export-command.ts';
import { readText, type ExportText, type Piece } from './export-syntax.ts';
import { cutEnd, exportError } from './completeness.ts';
import { menuFacts, referencesOf } from './menus.ts';
import { RowValues } from './row-values.ts';
import { finishRow, hardwareKey, keyOfAdded, keyOfSelector, type Row } from './rows.ts';
import { SectionProperties } from './section-properties.ts';
import { isImpossibleAddress } from './values.ts';

export interface NormalizeOptions {
  /**
   * `desired`: a person wrote it; ghost references, reserved names and signs of a cut text are problems.
   * `device`: a device said it; siteward's own objects (`sw-…`) are left out, completeness is proved elsewhere.
   * `text`: whatever it is, all of what it says.
   */
  readonly role: 'desired' | 'device' | 'text';
  /** Of the device, for defaults that changed between versions; else the header's; else such defaults stay. */
  readonly version?: string | null;
}

export function toConfiguration(text: ExportText, options: NormalizeOptions): ParsedText {
  return new Normalizer([text], options).run();
}

/**
 * Several files that describe one device, in the order in which they count. The same item in two of them is one item
 * if they agree about it; else both places are told.
 */
export function mergeTexts(texts: readonly ExportText[], options: NormalizeOptions): ParsedText {
  return new Normalizer(texts, options).run();
}

/** Objects that siteward itself keeps on a device: no part of base, target, drift or ownership. */
export function isOwnObject(path: string, name: string | null | undefined): boolean {
  return (path === '/system script' || path === '/system scheduler') && (name?.startsWith('sw-') ?? false);
}

interface OpenSection {
  readonly path: string;
  readonly known: SectionProperties;
  readonly rows: Row[];
  /** By key; rows without one are not in it. */
  readonly byKey: Map<string, Row>;
}

/** Arguments that people write and exports never hold. */
const notProperties: ReadonlySet<string> = new Set(['place-before', 'copy-from', 'numbers', 'destination']);

/** Rows of each kind: made, brought along, keyed, ordered, with and without what versions disagree about. */
const specimen = `/ip address
add address=192.0.2.1/24 interface=ether1
/ip firewall filter
add chain=input action=accept !protocol
/interface ethernet
set [ find default-name=ether1 ] name=a mtu=1400
`;

class Normalizer {
  /** What is made while a text is read stays alive here in every shape; why, is told in the reader. */
  static readonly specimen = ['7.18.2', null].map((version) => {
    const reading = new Normalizer([readText(specimen, '')], { role: 'device', version });
    return { reading, parsed: reading.run() };
  });

  readonly #texts: readonly ExportText[];
  /** The one that is being read. */
  #text: ExportText;
  readonly #options: NormalizeOptions;
  readonly #version: string | null;
  readonly #sections = new Map<string, OpenSection>();
  readonly #problems: Problem[];

  constructor(texts: readonly ExportText[], options: NormalizeOptions) {
    const [first] = texts;
    assert(first !== undefined, 'normalize: no text');
    this.#texts = texts;
    this.#text = first;
    this.#options = options;
    this.#version = options.version ?? first.header.version;
    this.#problems = texts.flatMap(({ problems }) => problems);
  }

  run(): ParsedText {
    for (const text of this.#texts) {
      this.#text = text;
      for (const piece of text.pieces) this.#piece(piece);
      if (this.#options.role === 'desired') this.#requireEnd();
    }
    const sections = [...this.#sections.values()].map((section) => this.#finish(section));
    return { configuration: { sections }, problems: this.#problems };
  }

  #piece(piece: Piece): void {
    if (piece.kind === 'comment' && this.#options.role === 'desired') this.#errorLine(piece);
    if (piece.path === null || piece.path === '/') {
      if (piece.command)
        this.#report('no-section', 'expected a section in front of the command', piece.command, null);
      return;
    }
    const section = this.#open(piece.path);
    if (piece.command) this.#command(section, piece.command);
  }

  #errorLine(piece: Piece): void {
    const error = exportError(piece.raw);
    if (error === null) return;
    const message = `the export in this file is not complete: ${error.message}; ${error.remedy}`;
    this.#report(error.code, message, { line: piece.line, column: 1 }, null);
  }

  /** Absence never deletes by accident: an empty text, or an export that ends early, is no wish. */
  #requireEnd(): void {
    const { pieces, header } = this.#text;
    const named = pieces.some(({ path }) => path !== null && path !== '/');
    if (!named && this.#problems.length === 0) {
      const message = 'the file names no section: expected at least one line such as "/ip address"';
      this.#report('empty-text', message, { line: 1, column: 1 }, null);
    }
    const last = pieces.at(-1);
    const cut = last === undefined || last.kind === 'comment' ? null : cutEnd(last.raw);
    if (cut === null || last === undefined) return;
    // People leave out the last line end of what they write, and of an export that they keep: a fault only if
    // the section where the text ends is not as on the device. Nobody ends a file with a line that goes on.
    const goesOn = last.raw.endsWith('\n');
    if (!goesOn && header.version === null) return;
    const message = `the export in this file may be cut: ${cut.message}; export again, or end that line`;
    this.#report(cut.code, message, { line: last.line, column: 1 }, goesOn ? null : last.path);
  }

  #open(path: string): OpenSection {
    const known = this.#sections.get(path);
    if (known) return known;
    const properties = new SectionProperties(path, menuFacts(path), this.#version);
    const section: OpenSection = { path, known: properties, rows: [], byKey: new Map() };
    this.#sections.set(path, section);
    return section;
  }

  #command(section: OpenSection, command: Command): void {
    if (command.verb !== 'add' && command.verb !== 'set') {
      const message = `"${command.verb}" does something, it does not describe: expected "add" or "set"`;
      this.#report('not-declarative', message, command, null);
      return;
    }
    const values = this.#values(section, command.args);
    if (command.verb === 'add') this.#add(section, command, values);
    else this.#set(section, command, values);
  }

  #add(section: OpenSection, command: Command, values: RowValues): void {
    const name = values.get('name');
    if (isOwnObject(section.path, name)) {
      if (this.#options.role === 'device') return;
      if (this.#options.role === 'desired') this.#reserved(section, command);
    }
    const key = keyOfAdded(section.known.facts, values);
    const row: Row = { key, created: true, values, place: this.#place(command) };
    const twin = key === null ? undefined : section.byKey.get(key);
    if (twin?.created === true) {
      // Files that describe one device may agree about an item.
      if (twin.place.file !== this.#text.file && sameValues(twin.values, values)) return;
      // A device has what it has: what should be a key is none there, and content tells the rows apart.
      twin.key = null;
      section.rows.push({ ...row, key: null });
      if (this.#options.role === 'desired') {
        const message = `the same item is at ${this.#where(twin.place)} already: keep one of the two`;
        this.#report('duplicate-key', message, command, section.path);
      }
      return;
    }
    if (key !== null) section.byKey.set(key, row);
    section.rows.push(row);
  }

  #reserved(section: OpenSection, command: Command): void {
    const message = 'names that start with "sw-" are siteward\'s own: choose another';
    this.#report('reserved-name', message, command, section.path);
  }

  #set(section: OpenSection, command: Command, values: RowValues): void {
    const selected = keyOfSelector(section.known.facts, command.selector);
    const key = selected === null ? null : hardwareKey(section.path, selected, section.rows);
    if (key === null) {
      const message = 'expected a selector that names one row, such as "[ find name=x ]", a name or a number';
      this.#report('bad-selector', message, command, section.path);
      return;
    }
    if (isOwnObject(section.path, /^name=(.*)$/s.exec(key)?.[1])) {
      if (this.#options.role === 'desired') this.#reserved(section, command);
      if (this.#options.role !== 'text') return;
    }
    const known = section.byKey.get(key);
    if (known === undefined) {
      const row: Row = { key, created: false, values, place: this.#place(command) };
      section.byKey.set(key, row);
      section.rows.push(row);
      return;
    }
    for (const [name, value] of values.entries()) {
      const before = known.values.set(name, value);
      if (before !== undefined && before !== value) this.#contradiction(section, command, name, known.place);
    }
  }

  /** Canonical, by the name that the property has in that version. */
  #values(section: OpenSection, args: readonly Argument[]): RowValues {
    const values = new RowValues();
    const isDesired = this.#options.role === 'desired';
    for (const arg of args) {
      const { name, facts, spell, isAddress } = section.known.written(arg.name);
      if (notProperties.has(arg.name)) {
        const message = `"${arg.name}" tells the console what to do: write rows in their order, and select with [ find … ]`;
        this.#report('not-declarative', message, arg, section.path);
        continue;
      }
      if (arg.flag && facts?.type !== 'flag') {
        // Not the word itself: it may be the rest of a password that was written without quotes.
        const message = 'expected "=" and a value: no known property is written as a bare word there';
        this.#report('unknown-flag', message, arg, section.path);
      }
      const value = arg.value === null ? null : spell(arg.value);
      const before = values.set(name, value);
      if (before !== undefined && before !== value) this.#contradiction(section, arg, name, null);
      if (value !== null && isDesired) {
        this.#ghost(section, arg, value);
        if (isAddress && isImpossibleAddress(value)) this.#impossible(section, arg);
      }
    }
    return values;
  }

  /** `*1F` in place of a name: what it named is gone from the device that was exported. */
  #ghost(section: OpenSection, arg: Argument, value: string): void {
    if (!value.includes('*') || !/(^|,)!?\*[0-9A-F]+(,|$)/.test(value)) return;
    if (referencesOf(section.path, arg.name).length === 0) return;
    const message = `"${arg.name}" names an item that no longer exists (an internal id): write the name of one that does`;
    const place = { line: arg.valueLine, column: arg.valueColumn };
    this.#report('ghost-reference', message, place, section.path);
  }

  #impossible(section: OpenSection, arg: Argument): void {
    const message = `"${arg.name}" is no IPv4 address: write four numbers of at most 255 each, and a length of at most 32`;
    this.#report(
      'impossible-address',
      message,
      { line: arg.valueLine, column: arg.valueColumn },
      section.path,
    );
  }

  #contradiction(
    section: OpenSection,
    at: { line: number; column: number },
    name: string,
    before: Place | null,
  ): void {
    const where = before === null ? 'in the same command' : `for the item of ${this.#where(before)}`;
    this.#report('contradiction', `"${name}" has another value already ${where}: keep one`, at, section.path);
  }

  #finish(section: OpenSection): Section {
    const items: Item[] = [];
    for (const row of section.rows) {
      const item = finishRow(section.path, section.known, row);
      if (item !== null) items.push(item);
    }
    return { path: section.path, kind: kindOf(section), items };
  }

  /** Another file is named, this one is not. */
  #where(place: Place): string {
    return place.file === this.#text.file ? `line ${place.line ?? '?'}` : formatPlace(place);
  }

  #place({ line, column }: { line: number; column: number }): Place {
    return { file: this.#text.file, line, column };
  }

  #report(code: string, message: string, at: { line: number; column: number }, section: string | null): void {
    this.#problems.push({ code, message, place: this.#place(at), section });
  }
}

function sameValues(a: RowValues, b: RowValues): boolean {
  return a.size === b.size && a.entries().every(([name, value]) => b.get(name) === value);
}

/** A singleton with rows is a list by now (`listSince`), or no longer what the table says: then only carried. */
function kindOf({ known: { facts }, rows }: OpenSection): Section['kind'] {
  if (facts === undefined) return 'unknown';
  if (facts.kind !== 'singleton' || rows.every((row) => row.key === '')) return facts.kind;
  return facts.listSince === null ? 'unknown' : 'keyed';
}
