/**
 * YAML 1.2 that a person wrote, against a schema, with every fault at its line and column.
 * Strict: unknown keys, duplicate keys, tags, several documents and bad UTF-8 are faults, not warnings.
 * Never shows the value of an unknown key: it might be a secret in the wrong place.
 */
import { LineCounter, isMap, isNode, isPair, isScalar, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type * as z from 'zod';
import { InvalidInput } from '../core/errors.ts';
import type { Place } from '../core/errors.ts';

export const maxYamlBytes = 1024 * 1024;
const maxProblems = 50;

export type YamlPath = readonly PropertyKey[];

/** `at` tells where a key's value stands, for rules that look at several keys and so run after the schema. */
export type YamlResult<Value> =
  | { readonly kind: 'valid'; readonly value: Value; readonly at: (path: YamlPath) => Place }
  | { readonly kind: 'invalid'; readonly problems: readonly InvalidInput[] };

/** `file` is only for places. An empty text is a fault: absence is never a setting. */
export function readYaml<Schema extends z.ZodType>(
  bytes: Uint8Array,
  file: string,
  schema: Schema,
): YamlResult<z.output<Schema>> {
  const invalid = (...problems: InvalidInput[]): YamlResult<z.output<Schema>> => ({
    kind: 'invalid',
    problems,
  });
  if (bytes.length > maxYamlBytes)
    return invalid(
      new InvalidInput('too-large', `the file has ${bytes.length} bytes, at most ${maxYamlBytes} are read`, {
        file,
      }),
    );
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    return invalid(new InvalidInput('not-utf8', 'the file is not UTF-8 text', { file }, { cause }));
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    lineCounter: lines,
    prettyErrors: false,
  });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    return invalid(
      ...faults
        .slice(0, maxProblems)
        .map(
          (fault) =>
            new InvalidInput('yaml-syntax', yamlFault(fault.code, fault.message), place(fault.pos[0])),
        ),
    );
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    return invalid(
      new InvalidInput('empty', 'the file says nothing; expected a mapping of keys', { file, line: 1 }),
    );
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 20 });
  } catch (cause) {
    return invalid(
      new InvalidInput('yaml-syntax', 'too many aliases; write the values out', { file }, { cause }),
    );
  }
  const at = (path: YamlPath): Place => placeOf(document, path, file, place);
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: 'valid', value: parsed.data, at };
  const problems = parsed.error.issues.flatMap((issue) =>
    problemsOf(issue, value, schema, document, at, place),
  );
  return { kind: 'invalid', problems: problems.slice(0, maxProblems) };
}

function problemsOf(
  issue: z.core.$ZodIssue,
  value: unknown,
  schema: z.ZodType,
  document: Document,
  at: (path: YamlPath) => Place,
  place: (offset: number) => Place,
): InvalidInput[] {
  const where = dotted(issue.path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const known = keysAt(schema, issue.path);
      const near = nearest(key, known);
      const hint = near !== null ? `did you mean ${quote(near)}?` : `expected one of: ${known.join(', ')}`;
      const keyAt = keyOffset(document, issue.path, key);
      return new InvalidInput(
        'unknown-key',
        `unknown key ${quote(key)}${where === '' ? '' : ` in ${quote(where)}`}; ${hint}`,
        keyAt === null ? at(issue.path) : place(keyAt),
      );
    });
  if (issue.code === 'invalid_key') {
    const key = String(issue.path.at(-1));
    const keyAt = keyOffset(document, issue.path.slice(0, -1), key);
    const expected = issue.issues[0]?.message ?? 'another name';
    return [
      new InvalidInput(
        'invalid-value',
        `${quote(key)}: ${expected}`,
        keyAt === null ? at(issue.path) : place(keyAt),
      ),
    ];
  }
  const found = valueAt(value, issue.path);
  const message =
    found === undefined
      ? `missing key ${quote(where)}: ${issue.message}`
      : `${where === '' ? '' : `${where}: `}${issue.message}, got ${shown(found)}`;
  return [new InvalidInput(found === undefined ? 'missing-key' : 'invalid-value', message, at(issue.path))];
}

function dotted(path: YamlPath): string {
  return path.map(String).join('.');
}

/** The library's own words are for who writes parsers; these say what to look for on the line. */
const yamlFaults: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias (*name) for which there is no anchor (&name); quote a text that begins with *',
  BAD_DQ_ESCAPE: 'this \\ begins no known escape; use single quotes, or \\\\',
  BAD_INDENT: 'the line is indented less or more than its neighbours; line it up with them',
  BAD_SCALAR_START: 'a value can not begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'two keys on one line; put the second on a line of its own, or quote a value that holds ": "',
  BLOCK_IN_FLOW: 'an indented list or mapping inside { } or [ ]; write it on one line',
  DUPLICATE_KEY: 'the key stands here twice; keep one',
  MISSING_CHAR: 'something is not closed or a colon is missing: a quote, a bracket, or ": " behind a key',
  MULTILINE_IMPLICIT_KEY: 'a key without its ": " on the same line; add it',
  MULTIPLE_DOCS: 'a second document (---); one file says one thing',
  TAB_AS_INDENT: 'a tab in the indentation; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!name) that means nothing here; quote a text that begins with !',
  UNEXPECTED_TOKEN: 'this does not belong here; look for a stray bracket, quote or indentation',
};

function yamlFault(code: string, message: string): string {
  return yamlFaults[code] ?? `this is no YAML 1.2: ${message.split('\n', 1)[0] ?? message}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueAt(value: unknown, path: YamlPath): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

/** The place of the value at `path`, or of the nearest thing around it that exists. */
function placeOf(document: Document, path: YamlPath, file: string, place: (offset: number) => Place): Place {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) {
      // A mapping is best shown by the key it stands under: its own start is the first key inside it.
      const key =
        length > 0 && isMap(node) ? keyOffset(document, path.slice(0, length - 1), path[length - 1]) : null;
      return place(key ?? node.range[0]);
    }
  }
  return { file };
}

function keyOffset(document: Document, path: YamlPath, key: PropertyKey | undefined): number | null {
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(parent)) return null;
  for (const pair of parent.items) {
    if (!isPair(pair) || !isScalar(pair.key) || String(pair.key.value) !== String(key)) continue;
    return (pair.key as Node).range?.[0] ?? null;
  }
  return null;
}

/** The keys that the schema knows at a path, for the hint. */
function keysAt(schema: z.ZodType, path: YamlPath): string[] {
  let current: unknown = schema;
  for (const key of path) {
    const inner = unwrap(current);
    const shape = shapeOf(inner);
    current = shape !== null ? shape[String(key)] : (inner as { valueType?: unknown }).valueType;
  }
  return Object.keys(shapeOf(unwrap(current)) ?? {});
}

/** Through optional, default and pipe to what they wrap. */
function unwrap(schema: unknown): unknown {
  let current = schema;
  for (;;) {
    const definition = (current as { def?: { innerType?: unknown; in?: unknown } } | undefined)?.def;
    const inner = definition?.innerType ?? definition?.in;
    if (inner === undefined) return current;
    current = inner;
  }
}

function shapeOf(schema: unknown): Record<string, unknown> | null {
  const shape = (schema as { shape?: Record<string, unknown> } | undefined)?.shape;
  return shape ?? null;
}

/** The known word that was probably meant, or null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase().replaceAll('_', '-'), candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return 99;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
