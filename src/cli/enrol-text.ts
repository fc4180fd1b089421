/** What `siteward enrol` prints that people run again or save: its own command line, and the settings of the device. Pure. */
import type { Command } from 'commander';
import type { DeviceSettings } from '../core/site.ts';
import type { RawDevice } from '../settings/device-schema.ts';
import { defaultSettingsFile, settingsFileOf } from './common.ts';

export interface EnrolOptions {
  readonly port: string;
  readonly user: string;
  readonly manage: DeviceSettings['manage'];
  readonly from?: string;
  readonly rsa?: true;
}

export function settingsBlock(name: string, raw: RawDevice): readonly string[] {
  const { driver, address, port, user, identity, manage, 'host-key': hostKey } = raw;
  const said = { driver, address, port, user, identity, 'host-key': hostKey, manage };
  return [
    `${name}:`,
    ...Object.entries(said).flatMap(([key, value]) => (value === undefined ? [] : [`  ${key}: ${value}`])),
  ];
}

/** As it was typed, so that it can be run again. */
export function commandLine(name: string, address: string, options: EnrolOptions, command: Command): string {
  const given = Object.entries({
    '--port': options.port === '22' ? null : options.port,
    '--user': options.user === 'siteward' ? null : options.user,
    '--manage': options.manage === 'report' ? null : options.manage,
    '--from': options.from ?? null,
  }).flatMap(([option, value]) => (value === null ? [] : [option, value]));
  const rsa = options.rsa === true ? ' --rsa' : '';
  return `${['siteward enrol', name, address, ...given].join(' ')}${rsa}${settingsWords(command)}`;
}

export function settingsWords(command: Command): string {
  const file = settingsFileOf(command);
  return file === defaultSettingsFile ? '' : ` --settings ${file}`;
}
