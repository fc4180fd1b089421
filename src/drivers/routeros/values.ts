/**
 * One spelling for values that mean the same. Only where the type of the property is known; what does not
 * look like a value of that type stays as it is, since a wrong guess would hide a difference.
 */
import type { PropertyFacts } from './menus.ts';

/** In the spelling that the device itself prints, as far as it is known: what is read back compares as text. */
export function canonicalValue(
  facts: Pick<PropertyFacts, 'type' | 'order'> | undefined,
  value: string,
): string {
  const type = facts?.type ?? null;
  switch (type) {
    case 'bool':
      return value === 'true' ? 'yes' : value === 'false' ? 'no' : value;
    case 'time':
      return each(value, '/', canonicalTime);
    case 'mac':
      return negatable(value, canonicalMac);
    case 'ip':
    case 'prefix':
      return negatable(value, lowerIpv6);
    case 'host':
      return negatable(value, withoutLength);
    case 'hosts':
      return each(value, ',', withLength);
    case 'number':
      return /^0x[0-9a-f]{1,12}$/i.test(value) ? String(Number.parseInt(value, 16)) : value;
    case 'hex':
      return canonicalHex(value);
    case 'bits':
      return each(value, '/', canonicalBits);
    case 'set':
      return canonicalSet(value, facts?.order ?? []);
    case 'matched-set':
      return negatable(value, (list) => (list.includes('!') ? list : canonicalSet(list, facts?.order ?? [])));
    case 'members':
    case 'bytes':
    case 'enum':
    case 'string':
    case 'flag':
    case null:
      return value;
  }
}

/** Lists whose order means nothing and is kept as it was typed; others are equal only as text. */
export function isSameValue(facts: Pick<PropertyFacts, 'type'> | undefined, a: string, b: string): boolean {
  if (a === b) return true;
  if (facts?.type !== 'members' && facts?.type !== 'hosts') return false;
  const [left, right] = [a, b].map((value) => [...new Set(value.split(','))].sort().join(','));
  return left === right;
}

function each(value: string, separator: string, canonical: (part: string) => string): string {
  return value.includes(separator) ? value.split(separator).map(canonical).join(separator) : canonical(value);
}

/** `!` in front negates the whole value. */
function negatable(value: string, canonical: (value: string) => string): string {
  return value.startsWith('!') ? `!${canonical(value.slice(1))}` : canonical(value);
}

const units = {
  w: 604_800_000_000,
  d: 86_400_000_000,
  h: 3_600_000_000,
  m: 60_000_000,
  s: 1_000_000,
  ms: 1000,
  us: 1,
};
const worded =
  /^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?(?:(\d{1,6})ms)?(?:(\d{1,6})us)?$/;
const clock = /^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(\d{1,4}):(\d\d):(\d\d)(?:\.(\d{1,3}))?$/;

/** `1d00:10:00`, `24h10m` and `87000` are `1d10m`. Microseconds stay exact in a double for 285 years. */
function canonicalTime(value: string): string {
  const total = microseconds(value);
  if (total === null) return value;
  if (total === 0) return '0s';
  let rest = total;
  let text = '';
  for (const [unit, size] of Object.entries(units)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

function microseconds(value: string): number | null {
  if (/^\d{1,9}$/.test(value)) return Number(value) * units.s;
  const c = clock.exec(value);
  if (c) {
    const milliseconds = Number((c[6] ?? '').padEnd(3, '0'));
    const counts = [c[1], c[2], c[3], c[4], c[5]].map((n) => Number(n ?? 0));
    const sizes = [units.w, units.d, units.h, units.m, units.s];
    return counts.reduce((sum, n, i) => sum + n * (sizes[i] ?? 0), milliseconds * units.ms);
  }
  const w = value === '' ? null : worded.exec(value);
  if (!w) return null;
  return Object.values(units).reduce((sum, size, i) => sum + Number(w[i + 1] ?? 0) * size, 0);
}

function canonicalMac(value: string): string {
  if (/^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/.test(value)) return value;
  return /^[0-9a-f]{2}([:.-][0-9a-f]{2}){5}(\/[0-9a-f]{2}([:.-][0-9a-f]{2}){5})?$/i.test(value)
    ? value.toUpperCase().replace(/[.-]/g, ':')
    : value;
}

function lowerIpv6(value: string): string {
  return value.includes(':') && isIpv6(value.replace(/\/\d{1,3}$/, '')) ? value.toLowerCase() : value;
}

/** Not a MAC address and not an interface's name with a colon in it. */
function isIpv6(value: string): boolean {
  if (!value.includes(':') || value.length > 45) return false;
  const halves = value.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const plain = groups.every((group, i) => /^[0-9a-f]{1,4}$/i.test(group) || (i > 0 && isIpv4(group)));
  return plain && (halves.length === 2 ? groups.length < 8 : halves.length === 1 && groups.length === 8);
}

function isIpv4(value: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(value);
}

const addressTypes: ReadonlySet<string | null> = new Set(['ip', 'prefix', 'host', 'hosts']);
/** Where no table knows the type, the name says whether addresses are meant. */
const addressName = /(^|[.-])(address|addresses|gateway|network|ranges|pref-src|dns-server|servers)$/;

/** Whether addresses are meant, by the type or, where that is not known, by the name. */
export function namesAddresses(facts: Pick<PropertyFacts, 'type'> | undefined, name: string): boolean {
  const type = facts?.type ?? null;
  return addressTypes.has(type) || ((type === null || type === 'enum') && addressName.test(name));
}

const octet = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const goodAddress = new RegExp(`^${octet}(?:\\.${octet}){3}(?:/(?:3[0-2]|[12]?\\d))?$`);

/** Whether some part of the value looks like an IPv4 address and can be none: `1.2.3.400`, `10.0.0.0/40`. */
export function isImpossibleAddress(value: string): boolean {
  // Most are a single good one.
  if (!value.includes('.') || goodAddress.test(value)) return false;
  return value.split(/[,-]/).some((part) => {
    const match = /^!?(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?(?:[:%@].*)?$/.exec(part);
    if (match === null) return false;
    return match.slice(1, 5).some((octet) => Number(octet) > 255) || Number(match[5] ?? 0) > 32;
  });
}

/** A single host may be written with or without its length. */
function withoutLength(value: string): string {
  if (value.endsWith('/32') && isIpv4(value.slice(0, -3))) return value.slice(0, -3);
  if (value.endsWith('/128') && isIpv6(value.slice(0, -4))) return value.slice(0, -4).toLowerCase();
  return lowerIpv6(value);
}

function withLength(value: string): string {
  if (value.startsWith('!')) return `!${withLength(value.slice(1))}`;
  if (isIpv4(value)) return `${value}/32`;
  return isIpv6(value) ? `${value.toLowerCase()}/128` : lowerIpv6(value);
}

function canonicalHex(value: string): string {
  const number = /^0x[0-9a-f]{1,8}$/i.test(value) || /^\d{1,9}$/.test(value) ? Number(value) : null;
  return number === null ? value : `0x${number.toString(16).toUpperCase()}`;
}

const bitUnits = [
  ['G', 1_000_000_000],
  ['M', 1_000_000],
  ['k', 1000],
] as const;

function canonicalBits(value: string): string {
  const match = /^(\d{1,12})([kMG]?)$/.exec(value);
  if (!match) return value;
  const bits = Number(match[1]) * (bitUnits.find(([unit]) => unit === match[2])?.[1] ?? 1);
  const fits = bitUnits.find(([, size]) => bits > 0 && bits % size === 0);
  return fits ? `${bits / fits[1]}${fits[0]}` : String(bits);
}

/** Members in the device's order, unknown ones last; what is denied (`!x`) after what is named. */
function canonicalSet(value: string, order: readonly string[]): string {
  if (!value.includes(',')) return value;
  const rank = (member: string): number => {
    const at = order.indexOf(member.replace('!', ''));
    return (at < 0 ? order.length : at) + (member.startsWith('!') ? 1000 : 0);
  };
  const members = value.split(',');
  const ranks = members.map(rank);
  // As devices print them: each stands behind the one before it.
  if (ranks.every((own, i) => i === 0 || (ranks[i - 1] ?? 0) < own)) return value;
  return [...new Set(members)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).join(',');
}
