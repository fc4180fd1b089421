/**
 * What the daemon's login may do on a router, and what it has to. Rights are the policies of the user's group; they bind at
 * the next login. Says the one command that a person with more rights runs on the router. Pure.
 */
import { DeviceError } from '../../core/errors.ts';
import type { DeviceSettings } from '../../core/site.ts';
import type { DeviceRights } from '../driver.ts';
import { linesOf } from './console.ts';
import { scriptPolicies } from './objects.ts';
import { quoteString } from './quote.ts';

/** Null: there is no such user on the device itself, as with RADIUS. */
export type UserRights = {
  readonly group: string;
  readonly policies: readonly string[];
  readonly disabled: boolean;
} | null;

const reading = ['ssh', 'read'];
const needed: Readonly<Record<DeviceSettings['manage'], readonly string[]>> = {
  backup: reading,
  report: reading,
  // Scripts are made with these policies, and a device gives none that one does not have.
  rollout: [...new Set([...reading, ...scriptPolicies.split(',')])],
};

/** What making a file and fetching it needs; some versions may want `write` or more, and say so. */
export const backupPolicies: readonly string[] = ['ftp'];
/** What seeing secrets needs. */
export const secretPolicies: readonly string[] = ['sensitive'];

/** The least that a login needs. */
export function policiesFor(manage: DeviceSettings['manage']): readonly string[] {
  return needed[manage];
}

/** What these get, people get who were never meant to. */
const builtInGroups = ['read', 'write', 'full'];

/** The answer to `rightsCommand`, strictly. */
export function parseRights(text: string): UserRights {
  const [first, ...more] = linesOf(text);
  if (first === undefined) return null;
  const group = /^group=(.+)$/.exec(first)?.[1];
  const disabled = /^disabled=(true|yes|false|no)$/.exec(more[0] ?? '')?.[1];
  const list = /^policy=([a-z0-9!;,-]*)$/.exec(more[1] ?? '');
  if (group === undefined || disabled === undefined || list === null || more.length > 2)
    throw new DeviceError('unsupported', "the device answered, but the user's group can't be read");
  const words = (list[1] ?? '').split(/[;,]/);
  return {
    group,
    policies: words.filter((word) => word !== '' && !word.startsWith('!')),
    disabled: disabled === 'true' || disabled === 'yes',
  };
}

/** `refused`: the device does not let the user read even that. */
export function judgeRights(
  user: string,
  manage: DeviceSettings['manage'],
  rights: UserRights | 'refused',
  /** Beyond what the level needs. */
  more: readonly string[] = [],
): DeviceRights {
  const need = [...new Set([...needed[manage], ...more])];
  if (rights === null) return { missing: null, of: `user ${user}`, remedy: null };
  const own = `siteward-${manage}`;
  const groupOfItsOwn =
    `/user group add name=${own} policy=${need.join(',')}; ` +
    `/user set [find name=${quoteString(user)}] group=${own}`;
  if (rights === 'refused') return { missing: ['read'], of: `user ${user}`, remedy: groupOfItsOwn };
  const { group, policies } = rights;
  const missing = need.filter((one) => !policies.includes(one));
  const of = `user ${user}, group ${group}`;
  if (missing.length === 0) return { missing, of, remedy: null };
  // What it has is named as well: versions differ in what becomes of policies that are not.
  const widened = `/user group set [find name=${quoteString(group)}] policy=${[...policies, ...missing].join(',')}`;
  return { missing, of, remedy: builtInGroups.includes(group) ? groupOfItsOwn : widened };
}
