/**
 * Lossless reader of the text that `/export` prints and people edit. Every byte is in exactly one piece, so
 * `printExport(readExport(x))` is x; beside it stands what was understood. What is not an export (script text,
 * variables, commands that do rather than describe) is refused with its place, never half understood.
 * Nothing is thrown for bad text: it becomes problems, several per file.
 */
import type { Place } from '../../core/errors.ts';
import type { Problem } from '../../core/dialect.ts';
import { NotUnderstood, Scanner } from './export-scanner.ts';
import { readCommand, readSectionPath, type Command } from './export-command.ts';

export interface Header {
  /** As printed, e.g. `7.18.2`; null without a header. */
  readonly version: string | null;
  readonly date: string | null;
  readonly model: string | null;
  /** Software id of hardware, system id of a CHR. */
  readonly softwareId: string | null;
  readonly serialNumber: string | null;
}

export interface Piece {
  readonly kind: 'blank' | 'comment' | 'section' | 'command' | 'foreign';
  /** The bytes, line ends included. */
  readonly raw: string;
  readonly line: number;
  /** Set for `section` and `command`. */
  readonly path: string | null;
  /** Set for `command`. */
  readonly command: Command | null;
}

/** Of another text: a section with its commands, which needs no reading where it stands again, however it is wrapped. */
export interface KnownSection {
  readonly path: string;
  /** Its lines with nothing wrapped; the first one names it, the others are commands or empty. */
  readonly joined: string;
  /** Where each of these starts in the other text. */
  readonly lines: readonly number[];
}

export interface ExportText {
  readonly file: string;
  readonly header: Header;
  readonly pieces: readonly Piece[];
  readonly problems: readonly Problem[];
  /** Known sections that stand here too, with where their lines start here: each is one piece, of kind `section`. */
  readonly taken: readonly { readonly section: KnownSection; readonly lines: readonly number[] }[];
}

const maxBytes = 32 * 1024 * 1024;
/** More than anybody reads; the last one says that there are more. */
const maxProblems = 1000;

export function readExport(bytes: Uint8Array, file: string): ExportText {
  return readText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'), file);
}

/** Of a byte string. `known`: by the line that names the section. */
export function readText(
  text: string,
  file: string,
  known: ReadonlyMap<string, KnownSection> = new Map(),
): ExportText {
  if (text.length > maxBytes) {
    const message = `the text is larger than ${maxBytes} bytes: expected a RouterOS export`;
    const problem = { code: 'too-large', message, place: { file }, section: null };
    return { file, header: noHeader, pieces: [foreign(text, 1)], problems: [problem], taken: [] };
  }
  return new Reader(text, file, known).read();
}

/** Byte for byte what was read. */
export function printExport(text: ExportText): Uint8Array {
  return Buffer.from(text.pieces.map((piece) => piece.raw).join(''), 'latin1');
}

const noHeader: Header = { version: null, date: null, model: null, softwareId: null, serialNumber: null };

function foreign(raw: string, line: number): Piece {
  return { kind: 'foreign', raw, line, path: null, command: null };
}

/** Something of everything. */
const specimen = `# 2026-01-30 10:00:00 by RouterOS 7.18.2
# software id = X
# model = X
# serial number = X

/ip address
add address=192.0.2.1/24 comment="a\\\r\\\n    \\_b" .c=d flag !unset interface=\\
    ether1
/ip address set 0 a=b
set [ find default-name=ether1 ] a=b
set *1 a=b
set x a=b
x
`;

class Reader {
  /**
   * An object of each shape that reading makes stays alive here: with the last one of a shape the engine throws away
   * the code it has compiled for it, and would read the next export ten times slower.
   */
  static readonly specimen: Reader = Reader.#read(specimen);

  readonly #file: string;
  readonly #scanner: Scanner;
  readonly #pieces: Piece[] = [];
  readonly #problems: Problem[] = [];
  readonly #known: ReadonlyMap<string, KnownSection>;
  readonly #taken: { section: KnownSection; lines: readonly number[] }[] = [];
  #header: Header = noHeader;
  #path: string | null = null;
  /** The path of the last terse line as it was written, with the blank behind it, and as it is meant. */
  #written = '';
  #meant = '';

  constructor(text: string, file: string, known: ReadonlyMap<string, KnownSection>) {
    this.#file = file;
    this.#scanner = new Scanner(text);
    this.#known = known;
  }

  static #read(text: string): Reader {
    const reader = new Reader(text, '', new Map());
    reader.read();
    return reader;
  }

  read(): ExportText {
    const scanner = this.#scanner;
    while (!scanner.atEnd()) {
      if (this.#problems.length >= maxProblems) {
        const place = scanner.place();
        this.#report(new NotUnderstood('too-many-problems', 'more follow: correct these first', place));
        this.#pieces.push(foreign(scanner.rest(), place.line));
        break;
      }
      this.#readPiece();
    }
    const [file, header, pieces] = [this.#file, this.#header, this.#pieces];
    return { file, header, pieces, problems: this.#problems, taken: this.#taken };
  }

  #readPiece(): void {
    const scanner = this.#scanner;
    const start = scanner.position();
    const line = scanner.line();
    if (this.#known.size > 0 && this.#takeKnown(start, line)) return;
    try {
      this.#understand(start, line);
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      this.#report(error);
      scanner.skipLine();
      this.#pieces.push(foreign(scanner.since(start), line));
    }
  }

  #takeKnown(start: number, line: number): boolean {
    const section = this.#known.get(this.#scanner.physicalLine());
    const lines = section === undefined ? null : this.#scanner.takeJoined(section.joined);
    if (section === undefined || lines === null) return false;
    this.#taken.push({ section, lines });
    this.#path = section.path;
    this.#push('section', start, line, section.path, null);
    return true;
  }

  #understand(start: number, line: number): void {
    const scanner = this.#scanner;
    scanner.skipByteOrderMark();
    scanner.skipBlanks();
    if (scanner.atLineEnd()) {
      scanner.skipLine();
      this.#push('blank', start, line, null, null);
      return;
    }
    const first = scanner.peek();
    if (first === '#') {
      const from = scanner.position();
      scanner.skipPhysicalLine();
      this.#readHeaderLine(scanner.since(from), line);
      this.#push('comment', start, line, null, null);
      return;
    }
    if (first !== '/') {
      if (this.#path === null) refuseStart(scanner);
      const command = readCommand(scanner, this.#path);
      this.#push('command', start, line, this.#path, command);
      return;
    }
    fenceGluedPath(scanner);
    if (scanner.repeats(this.#written)) {
      const command = readCommand(scanner, this.#meant);
      this.#push('command', start, line, this.#meant, command);
      return;
    }
    const from = scanner.position();
    const path = readSectionPath(scanner);
    if (scanner.atLineEnd()) {
      scanner.skipLine();
      this.#path = path;
      this.#push('section', start, line, path, null);
      return;
    }
    // A command on the line of its path (terse form) does not change the section that later lines are in.
    this.#written = scanner.since(from);
    this.#meant = path;
    const command = readCommand(scanner, path);
    this.#push('command', start, line, path, command);
  }

  #push(
    kind: Piece['kind'],
    start: number,
    line: number,
    path: string | null,
    command: Command | null,
  ): void {
    this.#pieces.push({ kind, raw: this.#scanner.since(start), line, path, command });
  }

  /** Only comments before the first section can be the header. */
  #readHeaderLine(comment: string, line: number): void {
    if (this.#path !== null || line > 200) return;
    const text = comment.slice(1).trim();
    const first = /^(.*?) ?by RouterOS (\S+)/.exec(text);
    const pair = /^(software id|system id|model|serial number) =\s*(.*)$/.exec(text);
    const h = this.#header;
    if (first && h.version === null)
      this.#header = { ...h, date: first[1] ?? null, version: first[2] ?? null };
    else if (pair?.[1] === 'model') this.#header = { ...h, model: pair[2] ?? null };
    else if (pair?.[1] === 'serial number') this.#header = { ...h, serialNumber: pair[2] ?? null };
    else if (pair) this.#header = { ...h, softwareId: pair[2] ?? null };
  }

  #report(error: NotUnderstood): void {
    const place: Place = { file: this.#file, line: error.line, column: error.column };
    this.#problems.push({ code: error.code, message: error.message, place, section: null });
  }
}

function refuseStart(scanner: Scanner): never {
  if (/[:$[\](){};]/.test(scanner.peek())) scanner.refuseScript();
  throw scanner.problem(
    'no-section',
    'expected a section line such as "/ip address" before the first command',
  );
}

/**
 * `export terse` prints a note as a section line, the note and the item, and forgets the line end in front:
 * `/ip firewall nat add … out-interface="wan A"/ip firewall nat`, then `# pppoe not ready` (seen on 7.15.3).
 */
function fenceGluedPath(scanner: Scanner): void {
  const text = scanner.lineBeforeComment();
  if (text === null) return;
  const path = /^(\/[a-z0-9 -]+?) (?:add|set) /.exec(text)?.[1];
  if (path !== undefined && text.endsWith(path)) scanner.fence(text.length - path.length);
}
