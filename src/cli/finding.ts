/** One line of `siteward check`: what was looked at, and whether it is right. */
import { codeOf, InvalidInput, messageOf } from '../core/errors.ts';
import type { Place } from '../core/errors.ts';

export interface Finding {
  readonly what: string;
  readonly result: 'ok' | 'warning' | 'failed';
  readonly code: string;
  readonly message: string;
  readonly device?: string;
  readonly place?: Place | null;
}

export function failure(what: string, error: unknown, device?: string): Finding {
  const place = error instanceof InvalidInput ? error.place : null;
  const named = device === undefined ? {} : { device };
  return { what, result: 'failed', code: codeOf(error), message: messageOf(error), place, ...named };
}
