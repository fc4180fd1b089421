/**
 * Throws texts at the reader that are nearly exports: pieces of the grammar in any order, real lines with bytes changed,
 * cut, doubled. Whatever comes: no crash, no hang, no byte lost, every problem typed and placed, and what was
 * understood means the same after printing. The seed and the number of an input give it again.
 */
import { formatExport } from '../../src/drivers/routeros/format-export.ts';
import { excerpt } from '../../src/drivers/routeros/excerpt.ts';
import { printExport, readExport } from '../../src/drivers/routeros/export-syntax.ts';
import { toConfiguration } from '../../src/drivers/routeros/normalize.ts';
import { seededRandom, type Random } from '../../src/simulator/random.ts';

export interface Fuzzed {
  readonly inputs: number;
  readonly understood: number;
  readonly slowestMs: number;
}

const mostMs = 2000;

/** Throws at the first input that breaks a promise, with what gives it again. */
export function fuzzExportReader(seed: number, inputs: number, corpus: readonly Uint8Array[] = []): Fuzzed {
  let understood = 0;
  let slowestMs = 0;
  for (let i = 0; i < inputs; i++) {
    const bytes = inputOf(seededRandom(seed + i), corpus);
    const start = performance.now();
    try {
      if (check(bytes)) understood++;
    } catch (error) {
      const text = JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 2000));
      throw new Error(`seed ${seed + i}: ${String(error)} on ${text}`, { cause: error });
    }
    const took = performance.now() - start;
    slowestMs = Math.max(slowestMs, took);
    if (took > mostMs) throw new Error(`seed ${seed + i}: ${took} ms for ${bytes.length} bytes`);
  }
  return { inputs, understood, slowestMs };
}

/** Whether all of it was understood. */
function check(bytes: Uint8Array): boolean {
  const text = readExport(bytes, 'x');
  require(Buffer.compare(printExport(text), bytes) === 0, 'a byte was lost');
  const parsed = toConfiguration(text, { role: 'text', version: '7.18.2' });
  for (const role of ['desired', 'device'] as const) toConfiguration(text, { role });
  for (const { code, place } of parsed.problems) {
    require(/^[a-z-]+$/.test(code) &&
      (place?.line ?? 0) > 0 &&
      (place?.column ?? 0) > 0, 'a problem has no place');
    if (place !== null) excerpt(bytes, place);
  }
  if (parsed.problems.length > 0) return false;
  const canonical = formatExport(text, toConfiguration(text, { role: 'text' }));
  const again = readExport(Buffer.from(canonical, 'latin1'), 'x');
  require(formatExport(again, toConfiguration(again, { role: 'text' })) ===
    canonical, 'the canonical form is not its own');
  return true;
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const shards: readonly string[] = [
  ...[
    '/ip address',
    '/ip firewall filter',
    '/interface ethernet',
    '/system identity',
    '/ip/pool',
    '/',
    '/x y',
  ],
  ...[
    'add',
    'set',
    'remove',
    ' ',
    ' ',
    ' ',
    '\n',
    '\n',
    '\r\n',
    '\\\n    ',
    '\\\r\n    ',
    '\\',
    '"',
    '=',
    '!',
    '.',
  ],
  ...[
    '$',
    '[ find ',
    '[ find default-name=ether1 ]',
    ' ]',
    '# ',
    '#error exporting',
    '# x by RouterOS 7.1\n',
    ':if',
  ],
  ...[
    '{',
    '}',
    ';',
    '*1F',
    '*FFFFFFFE',
    '0',
    '12',
    '\\_',
    '\\D0',
    '\\0a',
    '\\?',
    ',',
    'a',
    'name',
    'name=x',
    'chain=input',
  ],
  ...[
    'disabled=yes',
    'comment="',
    'comment="a b"',
    'address=192.0.2.1/24',
    'passive',
    '!keepalive',
    '.mode=ap',
  ],
  ...[
    '\xff',
    '\0',
    '\t',
    '\v',
    '\xa0',
    '\xef\xbb\xbf',
    'source="\\r\\\n    \\n"',
    'password=x',
    'place-before=0',
  ],
];

const lines: readonly string[] = [
  '# 2026-01-30 10:00:00 by RouterOS 7.18.2\n',
  '# software id = \n',
  '/interface ethernet\nset [ find default-name=ether1 ] comment="a\\\n    b" name=wan\n',
  '/ip firewall filter\nadd action=accept chain=input comment="\\"x\\" \\$ \\\\ \\D0" in-interface=!wan\n',
  '/ip service\nset telnet disabled=yes\n',
  '/interface wifi\nset [ find ] configuration.country=X .mode=ap .ssid=y\n',
  '/system script\nadd name=s source=":if (true) do={\\r\\\n    \\n:put \\"x\\"}\\r\\\n    \\n"\n',
  '/ip address add address=192.0.2.1/24 interface=wan/ip address\n# not ready\n',
  '/routing ospf area\nadd name=a no-summaries !x\n',
];

function inputOf(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const kind = random.below(corpus.length === 0 ? 3 : 4);
  if (kind === 0) return Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)));
  const pick = (from: readonly string[]): string => from[random.below(from.length)] ?? '';
  if (kind === 1) return latin1(Array.from({ length: random.below(40) }, () => pick(shards)).join(''));
  if (kind === 2)
    return mutated(latin1(Array.from({ length: 1 + random.below(5) }, () => pick(lines)).join('')), random);
  return mutated(windowOf(corpus[random.below(corpus.length)] ?? new Uint8Array(), random), random);
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function windowOf(bytes: Uint8Array, random: Random): Uint8Array {
  const start = random.below(bytes.length);
  return bytes.subarray(start, start + random.below(1500));
}

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let result = Buffer.from(bytes);
  for (let times = random.below(5); times > 0; times--) {
    const at = random.below(result.length + 1);
    const end = at + (random.below(3) === 0 ? random.below(20) : 0);
    const put =
      random.below(2) === 0
        ? latin1(shards[random.below(shards.length)] ?? '')
        : result.subarray(at, at + random.below(10));
    result = Buffer.concat([result.subarray(0, at), put, result.subarray(end)]);
  }
  return result;
}
