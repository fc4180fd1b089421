/** Times of the console: reading all written forms, and the two forms in which RouterOS prints them. */

const UNIT_MS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** Milliseconds of `1w2d3h4m5s6ms`, `1d00:01:00`, `00:01:00`, `500ms`; undefined when it is no time. */
export function parseDuration(text: string): number | undefined {
  const match = /^(-?)((?:\d+(?:w|d|h|ms|m|s))*)(?:(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, sign, units = '', hours, minutes, seconds, fraction] = match;
  if (units === '' && hours === undefined) return undefined;
  let total = 0;
  for (const [, count = '0', unit = 's'] of units.matchAll(/(\d+)(ms|w|d|h|m|s)/g)) {
    total += Number(count) * (UNIT_MS[unit] ?? 0);
  }
  if (hours !== undefined) {
    total += Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds ?? 0) * 1000;
    if (fraction !== undefined) total += Math.floor(Number(`0.${fraction}`) * 1000);
  }
  return sign === '-' ? -total : total;
}

/** The form of `:put [get uptime]`: `1w2d03:04:05`. */
export function clockForm(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  let rest = Math.abs(Math.trunc(ms));
  const weeks = Math.floor(rest / 604_800_000);
  rest -= weeks * 604_800_000;
  const days = Math.floor(rest / 86_400_000);
  rest -= days * 86_400_000;
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(rest / 3_600_000))}:${two(Math.floor(rest / 60_000) % 60)}:${two(Math.floor(rest / 1000) % 60)}`;
  const fraction = rest % 1000 === 0 ? '' : `.${String(rest % 1000).padStart(3, '0')}`;
  return `${sign}${weeks > 0 ? `${weeks}w` : ''}${days > 0 ? `${days}d` : ''}${clock}${fraction}`;
}

/** The form of exports: `1w2d3h`, `10m`, `500ms`, `0s`. */
export function unitForm(ms: number): string {
  let rest = Math.abs(Math.trunc(ms));
  let text = ms < 0 ? '-' : '';
  for (const [unit, size] of Object.entries(UNIT_MS)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}
