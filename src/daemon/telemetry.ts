/** stand-in during integration */
import { pino } from 'pino';
import type { HttpOptions } from '../api/http.ts';
import type { RunningSite } from './running-site.ts';
import { messageOf } from '../core/errors.ts';

export interface Telemetry {
  log(event: string, facts: Record<string, unknown>): void;
  defect(error: unknown, facts: Record<string, unknown>): void;
  count(metric: string, labels: Record<string, string>): void;
  httpOptions(listen: { host: string; port: number }, site: RunningSite): HttpOptions;
}

export function startTelemetry(_version: string): Telemetry {
  const logger = pino({}, process.stdout);
  return {
    log: (event, facts) => {
      const { error, ...rest } = facts;
      logger.info({ ...rest, ...(error === undefined ? {} : { error: error instanceof Error ? error.stack : error }) }, event);
    },
    defect: (error, facts) => {
      logger.error({ ...facts, error: error instanceof Error ? error.stack : messageOf(error) }, 'defect');
    },
    count: () => undefined,
    httpOptions: (listen) => ({
      ...listen,
      metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
      obstacles: () => [],
      onFault: () => undefined,
    }),
  };
}
