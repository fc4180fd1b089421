/** Prints the device as `/export` does: header, sections in their order, rows, wrapped at 79 columns. */
import { compareVersions, exportOrder, isSecretProperty, menuFacts } from '../../drivers/routeros/menus.ts';
import { isFlag, knownDefault } from './properties.ts';
import { matchingRows } from './where.ts';
import type { Expression } from '../language/syntax.ts';
import type { Device } from './device.ts';
import type { Menu, Row } from './menu.ts';

interface ExportOptions {
  readonly hideSecrets: boolean;
  readonly terse: boolean;
  /** Defaults too, and `!name` for what is unset. */
  readonly verbose: boolean;
  /** Only this menu and those below it. */
  readonly below: string | undefined;
  /** Only these menus and those below; `!/menu` leaves one out. */
  readonly only?: readonly string[] | undefined;
  /** Only rows of which this holds. */
  readonly where?: readonly Expression[];
  /** Whether users that were added are printed. */
  readonly users: boolean;
  /** Wall time for the first line. */
  readonly nowMs: number;
}

const WIDTH = 79;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

interface ExportPart {
  /** `''` for the lines before the first section. */
  readonly path: string;
  /** Without their ends. */
  readonly lines: readonly string[];
}

export function writeExport(device: Device, options: ExportOptions): readonly ExportPart[] {
  const parts: ExportPart[] = [{ path: '', lines: [dateLine(device, options.nowMs), ...device.header] }];
  for (const menu of orderedMenus(device, options.below)) {
    if (!isWritten(menu.path, options)) continue;
    const rows = matchingRows(device, menu.path, menu.rows, options.where ?? []);
    const items = rows.flatMap((row) => {
      const item = row.dynamic ? undefined : writeRow(device, menu, row, options);
      return item === undefined ? [] : [item];
    });
    if (items.length === 0) continue;
    const lines = options.terse
      ? items.flatMap((item) => wrap([`${menu.path} `, ...item], Infinity))
      : [menu.path, ...items.flatMap((item) => wrap(item, WIDTH))];
    parts.push({ path: menu.path, lines });
  }
  return parts;
}

/** Keys, certificates and sessions are never part of an export. */
const NEVER = new Set(['/user ssh-keys', '/user active', '/certificate', '/file']);

function isWritten(path: string, options: ExportOptions): boolean {
  if (NEVER.has(path) || (path === '/user' && !options.users)) return false;
  const { only } = options;
  if (only === undefined) return true;
  const names = only.map((name) => ({
    not: name.startsWith('!'),
    path: `/${name.replace(/^!?\/?/, '').replaceAll('/', ' ')}`,
  }));
  const holds = (prefix: string): boolean => path === prefix || path.startsWith(`${prefix} `);
  if (names.some((name) => name.not && holds(name.path))) return false;
  return names.every((name) => name.not) || names.some((name) => !name.not && holds(name.path));
}

function dateLine(device: Device, nowMs: number): string {
  const iso = new Date(nowMs).toISOString();
  const clock = iso.slice(11, 19);
  const iso8601 = device.major === 7 && compareVersions(device.version, '7.10') >= 0;
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? 'jan';
  const day = iso8601 ? iso.slice(0, 10) : `${month}/${iso.slice(8, 10)}/${iso.slice(0, 4)}`;
  return `# ${day} ${clock} by RouterOS ${device.version}`;
}

/** The order of the export that was loaded; other menus go after what precedes them on real devices. */
function orderedMenus(device: Device, below: string | undefined): readonly Menu[] {
  const order = [...device.sectionOrder];
  const usual = exportOrder(device.major);
  for (const menu of device.loadedMenus()) {
    if (order.includes(menu.path)) continue;
    const rank = usual.indexOf(menu.path);
    const next = rank < 0 ? -1 : order.findIndex((path) => usual.indexOf(path) > rank);
    if (next < 0) order.push(menu.path);
    else order.splice(next, 0, menu.path);
  }
  const inside = (path: string): boolean =>
    below === undefined || path === below || path.startsWith(`${below} `);
  return order.filter(inside).map((path) => device.menu(path));
}

/** Pieces of a line between which it may be broken; undefined when nothing differs from the default. */
function writeRow(device: Device, menu: Menu, row: Row, options: ExportOptions): string[] | undefined {
  const pieces = [
    row.selector === undefined ? 'add ' : row.selector === '' ? 'set ' : `set ${row.selector} `,
  ];
  let prefix = '';
  let count = 0;
  for (const [name, value] of options.verbose ? allProperties(device, menu, row) : row.properties) {
    if (options.hideSecrets && isSecretProperty(menu.path, name)) continue;
    // A password of the device's own users leaves it in no form.
    if (menu.path === '/user' && name === 'password') continue;
    count++;
    const dot = name.lastIndexOf('.');
    const short = dot > 0 && name.slice(0, dot) === prefix ? name.slice(dot) : name;
    prefix = dot > 0 ? name.slice(0, dot) : prefix;
    if (value === null) pieces.push(`!${name} `);
    else if (value === '' && isFlag(menu.path, name)) pieces.push(`${name} `);
    else pieces.push(`${short}=`, `${row.written.get(name) ?? quote(value)} `);
  }
  if (count === 0 && row.selector !== undefined) return undefined;
  pieces[pieces.length - 1] = (pieces[pieces.length - 1] ?? '').trimEnd();
  return pieces;
}

/** What the row has and what it could have, in alphabetical order. */
function allProperties(device: Device, menu: Menu, row: Row): ReadonlyMap<string, string | null> {
  const all = new Map(row.properties);
  for (const [name, facts] of menuFacts(menu.path)?.properties ?? []) {
    if (all.has(name) || !device.isProperty(menu.path, name)) continue;
    const value = row.given.get(name) ?? knownDefault(menu.path, name, device.version);
    if (value !== undefined && value !== '') all.set(name, value);
    else if (facts.unset?.by === 'unset') all.set(name, null);
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A value as the console takes it back; quoted wherever the console could see more than text. */
export function quote(value: string): string {
  if (/^[A-Za-z0-9._:/,@*+%!-]+$/.test(value)) return value;
  let text = '';
  for (const character of value) {
    const code = character.charCodeAt(0);
    if (character === '"' || character === '\\' || character === '$') text += `\\${character}`;
    else if (character === '\n') text += '\\n';
    else if (character === '\r') text += '\\r';
    else if (character === '\t') text += '\\t';
    else if (code < 32 || code > 126) text += `\\${code.toString(16).toUpperCase().padStart(2, '0')}`;
    else text += character;
  }
  return `"${text}"`;
}

/** One logical line to physical ones: after a blank, after `=`, before `\n`, and inside what is too long. */
function wrap(pieces: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  const breakLine = (): void => {
    lines.push(`${line}\\`);
    line = '    ';
  };
  const putSplit = (text: string): void => {
    const blank = text.endsWith(' ') ? ' ' : '';
    for (const unit of units(text.slice(0, text.length - blank.length))) {
      const full = line.length + unit.length > width - 1;
      if (full) breakLine();
      line += full && unit === ' ' ? '\\_' : unit;
    }
    line += blank;
  };
  for (const piece of pieces) {
    const chunks = atLineEnds(piece);
    for (const [position, chunk] of chunks.entries()) {
      if (position > 0) breakLine();
      const { length } = chunk.trimEnd();
      // Two columns stay free, at the end of the line too: so devices do it.
      if (
        line.length + length > width - 2 &&
        chunks.length === 1 &&
        length <= width - 6 &&
        line.trim() !== ''
      ) {
        breakLine();
      }
      if (line.length + length <= width - 2) line += chunk;
      else putSplit(chunk);
    }
  }
  return [...lines, line.trimEnd()];
}

/** The text cut before each `\n` that stands for a line end. */
function atLineEnds(text: string): readonly string[] {
  const chunks = [''];
  for (const unit of units(text)) {
    if (unit === '\\n') chunks.push('');
    chunks[chunks.length - 1] += unit;
  }
  return chunks;
}

/** Characters, with each escape kept whole. */
function units(text: string): readonly string[] {
  return text.match(/\\[0-9A-F]{2}|\\.|[^\\]/gs) ?? [];
}
