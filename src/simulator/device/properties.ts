/** Values of properties after their type: canonical text, typed values, defaults, equality. */
import { defaultOf, propertyFacts } from '../../drivers/routeros/menus.ts';
import { parseDuration, unitForm } from '../language/duration.ts';
import { ConsoleError } from '../language/syntax.ts';
import { bool, num, str, time, wordValue, NOTHING } from '../language/values.ts';
import type { Value } from '../language/values.ts';

type Kind = 'bool' | 'flag' | 'time' | 'number' | 'mac' | 'bits' | 'set' | 'host' | 'hosts' | 'text';

/** Types of the facts table that need more than text; the others are compared letter by letter. */
const KINDS: Readonly<Record<string, Kind>> = {
  bool: 'bool',
  flag: 'flag',
  time: 'time',
  number: 'number',
  mac: 'mac',
  bits: 'bits',
  set: 'set',
  'matched-set': 'set',
  host: 'host',
  hosts: 'hosts',
};
/** Properties that every menu has and no table lists. */
const COMMON: Readonly<Record<string, Kind>> = {
  disabled: 'bool',
  dynamic: 'bool',
  invalid: 'bool',
  default: 'bool',
  builtin: 'bool',
  running: 'bool',
  'run-count': 'number',
};

function kindOf(path: string, name: string): Kind {
  return KINDS[propertyFacts(path, name)?.type ?? ''] ?? COMMON[name] ?? 'text';
}

/** Properties that stand as a bare word in an export and are there or not. */
export function isFlag(path: string, name: string): boolean {
  return kindOf(path, name) === 'flag';
}

function boolText(text: string): string | undefined {
  if (text === 'yes' || text === 'true') return 'yes';
  return text === 'no' || text === 'false' ? 'no' : undefined;
}

/** As a device would print it back. `input` tells that a person gave it: then nonsense is refused. */
export function canonical(path: string, name: string, text: string, input: boolean): string {
  switch (kindOf(path, name)) {
    case 'bool': {
      const truth = boolText(text);
      if (truth === undefined && input) throw new ConsoleError(`input does not match any value of ${name}`);
      return truth ?? text;
    }
    case 'time': {
      const ms = milliseconds(name, text);
      return ms === undefined ? text : unitForm(ms);
    }
    case 'mac':
      return text.toUpperCase();
    case 'flag':
      return boolText(text) === 'yes' ? '' : text;
    case 'host':
      return text.replace(/^([\d.]+)\/32$|^([\da-fA-F:]+)\/128$/, '$1$2');
    case 'hosts':
      return text.split(',').map(withLength).join(',');
    case 'number':
    case 'bits':
    case 'set':
    case 'text':
      return text;
  }
}

/** A single host with the length of its family. */
function withLength(part: string): string {
  if (/^!?\d{1,3}(\.\d{1,3}){3}$/.test(part)) return `${part}/32`;
  return /^!?[\da-fA-F]*:[\da-fA-F:]+$/.test(part) ? `${part}/128` : part;
}

export function sameProperty(path: string, name: string, left: string, right: string): boolean {
  const a = canonical(path, name, left, false);
  const b = canonical(path, name, right, false);
  if (a === b) return true;
  switch (kindOf(path, name)) {
    case 'set':
      return a.split(',').sort().join() === b.split(',').sort().join();
    case 'bits':
    case 'number':
      return magnitude(a) !== undefined && magnitude(a) === magnitude(b);
    case 'bool':
    case 'flag':
    case 'time':
    case 'mac':
    case 'host':
    case 'hosts':
    case 'text':
      return false;
  }
}

function magnitude(text: string): number | undefined {
  const match = /^(\d+)([kMG]?)$/.exec(text);
  if (match === null) return undefined;
  const factor = { k: 1000, M: 1_000_000, G: 1_000_000_000 }[match[2] ?? ''] ?? 1;
  return Number(match[1]) * factor;
}

/** Plain digits are seconds; `start-time` is a time of day and stays as it is. */
function milliseconds(name: string, text: string): number | undefined {
  if (name === 'start-time') return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) * 1000 : parseDuration(text);
}

/** What `get` gives. */
export function typed(path: string, name: string, text: string | undefined): Value {
  if (text === undefined) return NOTHING;
  switch (kindOf(path, name)) {
    case 'flag':
      return bool(text === '' || boolText(text) === 'yes');
    case 'bool': {
      const truth = boolText(text);
      return truth === undefined ? str(text) : bool(truth === 'yes');
    }
    case 'time': {
      const ms = milliseconds(name, text);
      return ms === undefined ? str(text) : time(ms);
    }
    case 'number':
      return /^\d{1,15}$/.test(text) ? num(Number(text)) : str(text);
    case 'mac':
    case 'bits':
    case 'set':
    case 'host':
    case 'hosts':
    case 'text':
      return str(text);
  }
}

/** As `typed`, but a property of which no table says what it is has the type that its value looks like. */
export function ownValue(path: string, name: string, text: string): Value {
  const isKnown = name in COMMON || (propertyFacts(path, name)?.type ?? null) !== null;
  return isKnown ? typed(path, name, text) : wordValue(text);
}

/** The default the device is known to have, in its own spelling. */
export function knownDefault(path: string, name: string, version: string): string | undefined {
  if (name === 'disabled') return defaultOf(path, name, version) ?? 'no';
  if (name === 'comment') return '';
  if (path === '/system identity' && name === 'name') return 'MikroTik';
  const found = defaultOf(path, name, version);
  return found === null ? undefined : canonical(path, name, found, false);
}
