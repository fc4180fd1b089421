/**
 * The canonical form of an export's text: each section once, in the order of creation, one command a line, properties
 * sorted, values in one spelling, nothing that equals a known default, LF. It means the same as what was
 * read and is its own canonical form. Comments stay with the line they stood above; of the header the date goes.
 */
import type { ParsedText } from '../../core/dialect.ts';
import type { Section } from '../../core/item.ts';
import type { ExportText, Piece } from './export-syntax.ts';
import { creationRank } from './menus.ts';
import { printItem } from './print-configuration.ts';

/** Bytes as latin1; the values in it are printable ASCII, comments are as they were written. */
export function formatExport(text: ExportText, { configuration }: ParsedText): string {
  const comments = sortComments(text.pieces);
  const sections = [...configuration.sections].sort(byRank);
  return [
    ...comments.top.map(withoutDate),
    ...sections.flatMap((section) => printSection(section, comments.of.get(section.path) ?? [])),
    ...comments.bottom,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

interface Comment {
  /** 0: it stands above the section's own line. */
  readonly line: number;
  readonly text: string;
}

interface Comments {
  /** Before the first section: the header, for the most part. */
  readonly top: readonly string[];
  /** By the section of what follows them. */
  readonly of: ReadonlyMap<string, readonly Comment[]>;
  readonly bottom: readonly string[];
}

const dateLine = /^(?:\xef\xbb\xbf)?#.*?by RouterOS (\S+).*$/;

function sortComments(pieces: readonly Piece[]): Comments {
  const of = new Map<string, Comment[]>();
  const top: string[] = [];
  let waiting: Comment[] = [];
  let started = false;
  for (const piece of pieces) {
    if (piece.kind === 'comment')
      waiting.push({ line: piece.line, text: piece.raw.replace(/[ \t\r\n]+$/, '') });
    if (piece.path === null) continue;
    if (!started) top.push(...waiting.map((comment) => comment.text));
    // A header further down is one of a second export that was put behind the first: it would become the header.
    else {
      const own = waiting
        .filter((comment) => !dateLine.test(comment.text))
        .map((comment) => (piece.kind === 'section' ? { ...comment, line: 0 } : comment));
      of.set(piece.path, [...(of.get(piece.path) ?? []), ...own]);
    }
    started = true;
    waiting = [];
  }
  return { top, of, bottom: waiting.map((comment) => comment.text) };
}

function byRank(a: Section, b: Section): number {
  return creationRank(a.path) - creationRank(b.path) || (a.path < b.path ? -1 : 1);
}

/** A comment whose line says nothing any more, and one above the section itself, stand above the section. */
function printSection(section: Section, comments: readonly Comment[]): readonly string[] {
  const lines: string[] = [];
  let rest = [...comments];
  let before = 0;
  for (const item of section.items) {
    const line = item.place?.line ?? 0;
    const mine = rest.filter((comment) => comment.line > before && comment.line < line);
    rest = rest.filter((comment) => !mine.includes(comment));
    lines.push(...mine.map((comment) => comment.text), printItem(item));
    before = line;
  }
  return [...rest.map((comment) => comment.text), section.path, ...lines];
}

/** The rest of the header is the same from one export to the next. */
function withoutDate(line: string): string {
  return line.replace(dateLine, '# by RouterOS $1');
}
