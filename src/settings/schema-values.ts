/** Kinds of values in the settings: each says in words what is expected where a value is none. */
import * as z from 'zod';

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `15m`, `1h30m`, `7d` in milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  if (!durationPattern.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhd])/g))
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  return total;
}
const durationPattern = /^(?:\d{1,9}d)?(?:\d{1,9}h)?(?:\d{1,9}m(?!s))?(?:\d{1,9}s)?(?:\d{1,9}ms)?$(?<!^)/;

interface Bounds {
  readonly least?: string;
  readonly most?: string;
}

export function duration(about: string, bounds: Bounds = {}) {
  const least = bounds.least === undefined ? 0 : (parseDuration(bounds.least) ?? 0);
  const most = bounds.most === undefined ? 52 * 7 * unitMs['d']! : (parseDuration(bounds.most) ?? 0);
  const words = [
    'expected a duration such as 90s, 15m, 1h or 7d',
    bounds.least === undefined ? '' : `, at least ${bounds.least}`,
    bounds.most === undefined ? '' : `, at most ${bounds.most}`,
  ].join('');
  return z
    .string({ error: words })
    .regex(durationPattern, { error: words })
    .transform((text, context): number => {
      const ms = parseDuration(text);
      if (ms !== null && ms >= least && ms <= most) return ms;
      context.issues.push({ code: 'custom', message: words, input: text });
      return z.NEVER;
    })
    .describe(about);
}

export function text(expected: string, about: string, pattern = /^[^\0-\x1f\x7f]{1,1000}$/) {
  const error = `expected ${expected}`;
  return z.string({ error }).regex(pattern, { error }).describe(about);
}

export function whole(about: string, least: number, most: number) {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error }).describe(about);
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values, about: string) {
  return z.enum(values, { error: `expected ${values.join(' | ')}` }).describe(about);
}

const unitBytes: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const sizePattern = /^(\d{1,6})([KMGT]iB)$/;

export function size(about: string, leastBytes: number) {
  const words = `expected a size such as 512KiB, 16MiB or 2GiB, at least ${leastBytes / 1024}KiB`;
  return z
    .string({ error: words })
    .regex(sizePattern, { error: words })
    .transform((text, context): number => {
      const [, amount, unit] = sizePattern.exec(text) ?? [];
      const bytes = Number(amount) * (unitBytes[unit ?? ''] ?? 0);
      if (bytes >= leastBytes) return bytes;
      context.issues.push({ code: 'custom', message: words, input: text });
      return z.NEVER;
    })
    .describe(about);
}
