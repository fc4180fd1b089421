/** Uptimes as the simulated console writes and reads them, whole seconds. */

export function timeText(s: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${Math.floor(s / 86_400)}d${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Null when it is none. */
export function seconds(text: string): number | null {
  const match = /^(?:(\d+)d)?(\d\d):(\d\d):(\d\d)$/.exec(text);
  if (match === null) return null;
  const [, d = '0', h = '0', m = '0', s = '0'] = match;
  return Number(d) * 86_400 + Number(h) * 3600 + Number(m) * 60 + Number(s);
}
