/**
 * One spelling for values that mean the same. Only where the type of the property is known; what does not
 * look like a value of that type stays as it is, since a wrong guess would hide a difference.
 */
import type { ValueType } from './menus.ts';

export function canonicalValue(type: ValueType | null, value: string): string {
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
      return negatable(value, canonicalHost);
    case 'hosts':
      return each(value, ',', canonicalHost);
    case 'number':
      return /^0x[0-9a-f]{1,12}$/i.test(value) ? String(Number.parseInt(value, 16)) : value;
    case 'hex':
      return canonicalHex(value);
    case 'bits':
      return each(value, '/', canonicalBits);
    case 'set':
      return canonicalSet(value);
    case 'matched-set':
      return negatable(value, (list) => (list.includes('!') ? list : canonicalSet(list)));
    case 'bytes':
    case 'enum':
    case 'string':
    case 'flag':
    case null:
      return value;
  }
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
  return /^[0-9a-f]{2}([:.-][0-9a-f]{2}){5}(\/[0-9a-f]{2}([:.-][0-9a-f]{2}){5})?$/i.test(value)
    ? value.toUpperCase().replace(/[.-]/g, ':')
    : value;
}

function lowerIpv6(value: string): string {
  return /^[0-9a-f:.]*:[0-9a-f:.]*(\/\d+)?$/i.test(value) ? value.toLowerCase() : value;
}

/** A single host is written with or without its length, by version and property. */
function canonicalHost(value: string): string {
  if (/^\d+\.\d+\.\d+\.\d+\/32$/.test(value)) return value.slice(0, -3);
  const lower = lowerIpv6(value);
  return lower.includes(':') && lower.endsWith('/128') ? lower.slice(0, -4) : lower;
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

function canonicalSet(value: string): string {
  return value.includes(',') ? [...new Set(value.split(','))].sort().join(',') : value;
}
