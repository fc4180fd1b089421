/**
 * What the commands share: where the settings and the daemon are, exit codes, and errors as one line that says what,
 * where, and what to do. Never a stack trace.
 */
import type { Command } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { InvalidInput, SitewardError, formatPlace, messageOf } from '../core/errors.ts';
import type { Place } from '../core/errors.ts';
import { paint, printJson, printNote, safe } from './terminal.ts';

export const defaultSettingsFile = '/etc/siteward/settings.yaml';

/** Done, or no difference; differences, or the answer is no; an error, usage included. */
export type ExitCode = 0 | 1 | 2;

export function setExit(code: ExitCode): void {
  process.exitCode = code;
}

/** `--settings` and `--json` stand before or after the subcommand: the one nearest to the action counts. */
export function optionOf(command: Command, name: 'settings' | 'json'): unknown {
  for (let current: Command | null = command; current !== null; current = current.parent) {
    const value: unknown = current.getOptionValue(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

export function settingsFileOf(command: Command): string {
  const file = optionOf(command, 'settings');
  return typeof file === 'string' ? file : defaultSettingsFile;
}

export function wantsJson(command: Command): boolean {
  return optionOf(command, 'json') === true;
}

/** The daemon that serves the settings' site. */
export async function daemonOf(command: Command): Promise<ApiClient> {
  const { loadSettings } = await import('../settings/settings.ts');
  const { connectTo } = await import('../api/client.ts');
  const settings = await loadSettings(settingsFileOf(command));
  return connectTo(settings.socket);
}

const mostNames = 10;

/** Throws `InvalidInput` unknown-device, which says what the devices are called. */
export function requireDevice(
  devices: readonly { readonly name: string }[],
  wanted: string,
  also = '',
): void {
  if (devices.some(({ name }) => name === wanted)) return;
  const names = devices.slice(0, mostNames).map(({ name }) => name);
  const more = devices.length > mostNames ? ` and ${devices.length - mostNames} more` : '';
  throw new InvalidInput(
    'unknown-device',
    `the settings name no device ${JSON.stringify(wanted)}${also === '' ? '' : `, ${also}`}; they name ${names.join(', ')}${more}`,
  );
}

interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly place: Place | null;
  readonly device: string | null;
}

function viewOf(error: unknown): ErrorView {
  if (!(error instanceof SitewardError))
    return { code: 'internal', message: `unexpected error: ${messageOf(error)}`, place: null, device: null };
  // `RemoteError` is not imported for this: a bare start stays fast.
  const { place, device } = error as { place?: Place | null; device?: string | null };
  return { code: error.code, message: error.message, place: place ?? null, device: device ?? null };
}

/** Several faults of one reading are all shown; `--json` has the first. */
function faultsOf(error: unknown): readonly unknown[] {
  const { problems } = (error instanceof InvalidInput ? error : {}) as { problems?: readonly unknown[] };
  return problems !== undefined && problems.length > 0 ? problems : [error];
}

export function printError(error: unknown, json: boolean): void {
  if (json) {
    const { code, message, place, device } = viewOf(faultsOf(error)[0]);
    printJson({ error: { code, message, ...(device === null ? {} : { device }), ...place } });
    return;
  }
  for (const fault of faultsOf(error)) printNote(errorLine(viewOf(fault)));
}

function errorLine({ message, place, device }: ErrorView): string {
  const where = device ?? (place === null ? null : formatPlace(place));
  // Some messages begin with the file they are about.
  const said = where === null || message.startsWith(place?.file ?? where) ? message : `${where}: ${message}`;
  return `${paint('bad', 'error:', process.stderr)} ${safe(said.replaceAll('\n', ' '))}`;
}

/** A duration as the settings take it. Throws `InvalidInput` usage. */
export async function durationOf(text: string, option: string): Promise<number> {
  const { parseDuration } = await import('../settings/schema-values.ts');
  const ms = parseDuration(text);
  if (ms === null || ms === 0)
    throw new InvalidInput('usage', `${option}: expected a duration such as 90s, 30m, 2h or 7d, got ${text}`);
  return ms;
}
