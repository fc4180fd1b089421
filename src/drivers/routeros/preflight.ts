/**
 * What has to be so on a device before anything is begun on it, in one table: a reason, and a sentence that says what to do.
 * Everything in it was read; nothing was changed to find out. What a device does not tell is no obstacle here: arming
 * proves it before the first change. Pure.
 */
import type { ObstacleCode } from '../../core/errors.ts';
import type { DeviceSettings } from '../../core/site.ts';
import type { Login } from '../driver.ts';
import type { Conditions, StandingFacts } from './facts.ts';
import { holdName } from './objects.ts';
import { judgeRights } from './rights.ts';

export interface Obstacle {
  readonly code: ObstacleCode;
  readonly message: string;
}

export interface Need {
  readonly user: string;
  readonly manage: DeviceSettings['manage'];
  readonly minUptimeMs: number;
  /** Of the scripts that are to be staged. */
  readonly scriptBytes: number;
}

type Found = Pick<StandingFacts, 'version' | 'uptimeS' | 'held'> & { readonly conditions: Conditions };

/** Of older ones there is no export that this was ever tried on. */
const oldestVersion: readonly [number, number] = [6, 38];
/** For the lock, the witness and what the device writes by itself. */
const spareBytes = 128 * 1024;
/** RouterOS 7 is younger; clocks that nobody set begin in 1970. */
const oldestYear = 2020;

/** In the order in which people are told; the first is what the device is held by. */
export const preflight: Readonly<Record<ObstacleCode, (found: Found, need: Need) => string | null>> = {
  'held-on-device': ({ held }) =>
    held ? `a script ${holdName} is on the device: remove it there to go on` : null,
  'user-disabled': ({ conditions: { rights } }, { user }) =>
    rights !== null && rights !== 'refused' && rights.disabled
      ? `user ${user} is disabled on the device: enable it there to go on`
      : null,
  'version-too-old': ({ version }) =>
    isOlder(version, oldestVersion)
      ? `RouterOS ${version} is older than ${oldestVersion.join('.')}, the oldest that rollouts were tried on: upgrade it`
      : null,
  'low-uptime': ({ uptimeS }, { minUptimeMs }) => {
    const least = Math.ceil(minUptimeMs / 1000);
    return uptimeS < least
      ? `up for ${uptimeS} s, a rollout needs ${least} s (min-uptime): it begins by itself then`
      : null;
  },
  'rights-missing': ({ conditions: { rights } }, { user, manage }) => {
    const { missing, remedy } = judgeRights(user, manage, rights);
    return missing === null || remedy === null
      ? null
      : `user ${user} may not ${missing.join(', ')} there; run on the router: ${remedy}`;
  },
  'device-mode': ({ conditions: { deviceMode } }) =>
    deviceMode === null || deviceMode.scheduler
      ? null
      : `its device-mode is ${deviceMode.mode} and forbids the scheduler, so nothing could roll back: run there ` +
        '/system device-mode update scheduler=yes, and confirm it with the button or by cutting the power',
  'safe-mode': ({ conditions: { floating, logins } }, { user }) =>
    floating === 0
      ? null
      : `somebody is in safe mode on it (${floating} changes would be taken back with their session${others(logins, user)}): ` +
        'let them release it or log out',
  'disk-full': ({ conditions: { freeBytes } }, { scriptBytes }) => {
    const least = spareBytes + 2 * scriptBytes;
    return freeBytes === null || freeBytes >= least
      ? null
      : `${kib(freeBytes)} are free on its disk and a rollout needs ${kib(least)}: remove files there (/file print)`;
  },
  'clock-unset': ({ conditions: { date } }) => {
    const year = /\b(\d{4})\b/.exec(date)?.[1];
    return year === undefined || Number(year) >= oldestYear
      ? null
      : `its clock was never set (it says ${date}), so its log and history tell no time: ` +
          'set it there (/system clock set date=), or let it ask a time server (/system ntp client)';
  },
};

/** Why no rollout may begin now. */
export function obstaclesOf(found: Found, need: Need): readonly Obstacle[] {
  return (Object.keys(preflight) as ObstacleCode[]).flatMap((code) => {
    const message = preflight[code](found, need);
    return message === null ? [] : [{ code, message }];
  });
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const match = /^(\d{1,4})\.(\d{1,4})/.exec(version);
  if (match === null) return false;
  const [own, less] = [Number(match[1]), Number(match[2])];
  return own < major || (own === major && less < minor);
}

function others(logins: readonly Login[], user: string): string {
  const names = logins.filter((login) => login.user !== user).map((login) => `${login.user} by ${login.via}`);
  return names.length === 0 ? '' : `; logged in: ${[...new Set(names)].slice(0, 5).join(', ')}`;
}

function kib(bytes: number): string {
  return `${Math.floor(bytes / 1024)} KiB`;
}
