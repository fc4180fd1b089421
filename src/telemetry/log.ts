/**
 * The log: one JSON object a line on standard output, each with an `event` and facts. Facts are short plain values; what
 * could be a secret, a device's text or a URL is cut out here, whoever passes it (I10). Never takes a command,
 * an export or a whole error object.
 */
import pino from 'pino';
import { SitewardError } from '../core/errors.ts';

export type Facts = Readonly<Record<string, unknown>>;

export interface Log {
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
  /** An error that nobody expected: where in our code it came from, and as little of its text as is useful. */
  defect(error: unknown, facts?: Facts): void;
}

export interface LogOptions {
  /** `trace` to `fatal`, or `silent`; anything else is `info`. */
  readonly level?: string | undefined;
  /** Standard output, unless a test wants to read along. */
  readonly destination?: { write(line: string): void };
}

const maxText = 300;
const maxList = 20;
const levels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
/** Names under which nothing is ever logged, whatever it holds. */
const secretName =
  /pass(?:word|phrase)|secret|token|private|credential|cookie|authorization|signature|export|source|script|command|stdin|stdout|text|payload/i;

export function createLog(options: LogOptions = {}): Log {
  const { level = 'info' } = options;
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  const logger = pino(
    {
      level: levels.includes(level) ? level : 'info',
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    info: (event, facts = {}) => logger.info(harmless(facts), event),
    warn: (event, facts = {}) => logger.warn(harmless(facts), event),
    error: (event, facts = {}) => logger.error(harmless(facts), event),
    defect: (error, facts = {}) => logger.error({ ...harmless(facts), ...defectFacts(error) }, 'defect'),
  };
}

function defectFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: 'not an Error' };
  // Frames only: the first lines of a stack repeat the message.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const known = error instanceof SitewardError ? { code: error.code } : {};
  return {
    name: error.name,
    ...known,
    error: harmlessText(error.message),
    at: frames.slice(0, 8).map((line) => line.trim()),
  };
}

function harmless(facts: Facts): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      secretName.test(name) ? '[redacted]' : harmlessValue(value),
    ]),
  );
}

function harmlessValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return harmlessText(value);
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return null;
      if (value instanceof Error) return harmlessText(value.message);
      if (Array.isArray(value))
        return value
          .slice(0, maxList)
          .map((one) => (typeof one === 'object' ? '[object]' : harmlessValue(one)));
      return '[object]';
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined;
  }
}

/** One line, short, and without a URL: these carry names and passwords. */
function harmlessText(text: string): string {
  const line = text
    .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"<>]+/gi, '[url]')
    .replace(/-----BEGIN [\s\S]*/, '[redacted]')
    .replace(/[\0-\x1f\x7f-\x9f]/g, ' ');
  return line.length > maxText ? `${line.slice(0, maxText)}…` : line;
}
