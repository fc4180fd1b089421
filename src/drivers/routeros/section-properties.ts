/**
 * What the tables say about a section's properties in one version: their names there, their kind, and which values say
 * nothing. An export names the same few in row after row, so each is looked up once. Used while reading a text only.
 */
import type { Properties } from '../../core/item.ts';
import { compareVersions, defaultOf, type MenuFacts, type PropertyFacts } from './menus.ts';
import type { RowValues } from './row-values.ts';
import { canonicalValue, namesAddresses } from './values.ts';

export interface KnownProperty {
  /** That the property has in that version. */
  readonly name: string;
  readonly facts: PropertyFacts | undefined;
  /** A value in the spelling of the device. */
  readonly spell: (value: string) => string;
  /** Its values are, or hold, addresses. */
  readonly isAddress: boolean;
  /** Says which row it is, or where it stands: never left out. */
  readonly isKept: boolean;
  /** The value that means the same as not naming it; null: none is known, or rows differ in it. */
  readonly silent: string | null;
}

export class SectionProperties {
  readonly facts: MenuFacts | undefined;
  /** What not naming a property means, where versions disagree. */
  readonly implied: Properties;
  readonly #path: string;
  readonly #version: string | null;
  readonly #byWritten = new Map<string, KnownProperty>();
  readonly #byName = new Map<string, KnownProperty>();

  constructor(path: string, facts: MenuFacts | undefined, version: string | null) {
    this.#path = path;
    this.facts = facts;
    this.#version = version;
    this.implied = impliedIn(facts, version);
  }

  /** By the name that stands in the text. */
  written(written: string): KnownProperty {
    const known = this.#byWritten.get(written);
    if (known !== undefined) return known;
    const found = this.#named(nameIn(this.facts, written, this.#version));
    this.#byWritten.set(written, found);
    return found;
  }

  #named(name: string): KnownProperty {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const facts = this.facts?.properties.get(name);
    const found = {
      name,
      facts,
      spell: speller(facts),
      isAddress: namesAddresses(facts, name),
      isKept: facts === undefined || isPlace(this.facts, name),
      silent: facts === undefined ? null : this.#default(facts, name, null),
    };
    this.#byName.set(name, found);
    return found;
  }

  #default(facts: PropertyFacts, name: string, key: string | null): string | null {
    const known = defaultOf(this.#path, name, this.#version, key);
    return known === null ? null : canonicalValue(facts, known);
  }

  /** Whether leaving the property out of that row means the same. */
  isSilent(key: string | null, name: string, value: string | null, values: RowValues): boolean {
    const { facts, isKept, silent: general } = this.#named(name);
    if (facts === undefined || isKept) return false;
    if (facts.computedFrom.length > 0) return isComputed(this.#path, name, value, values);
    const silent = facts.rowDefaults === null ? general : this.#default(facts, name, key);
    if (silent !== null) return value === silent;
    // No default: absent is unset, whichever way the text says so.
    const changed = facts.defaults.length > 0;
    if (changed || facts.unset === null) return false;
    return value === null || (facts.unset.by === 'value' && value === facts.unset.value);
  }
}

/** Row after row often has the same value, which is spelled once. */
function speller(facts: PropertyFacts | undefined): KnownProperty['spell'] {
  let [last, spelled] = ['', canonicalValue(facts, '')];
  return (value) => {
    if (value !== last) [last, spelled] = [value, canonicalValue(facts, value)];
    return spelled;
  };
}

/** A property by the name that it has in that version; an unknown version leaves it as written. */
export function nameIn(facts: MenuFacts | undefined, written: string, version: string | null): string {
  if (facts === undefined || version === null) return written;
  for (const [from, old, now] of facts.renames) {
    const renamed = compareVersions(version, from) >= 0;
    if (written === (renamed ? old : now)) return renamed ? now : old;
  }
  return written;
}

function isPlace(facts: MenuFacts | undefined, name: string): boolean {
  if (name === 'chain' || name === 'action') return true;
  return facts !== undefined && (facts.key.includes(name) || facts.group === name);
}

function impliedIn(facts: MenuFacts | undefined, version: string | null): Properties {
  if (facts === undefined || facts.moved.length === 0 || version === null) return [];
  return facts.moved.flatMap((name) => {
    const value = defaultOf(facts.path, name, version);
    return value === null ? [] : [[name, value] as const];
  });
}

/** `/ip address` prints the network that follows from address and length. */
function isComputed(path: string, name: string, value: string | null, values: RowValues): boolean {
  if (path !== '/ip address' || name !== 'network') return false;
  return value === null || value === networkOf(values.get('address') ?? '');
}

export function networkOf(address: string): string | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(address);
  if (!match) return null;
  const length = Number(match[5] ?? 32);
  const octets = match.slice(1, 5).map(Number);
  if (length > 32 || octets.some((octet) => octet > 255)) return null;
  const bits = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - length);
  const network = Math.floor(bits / size) * size;
  return [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.');
}
