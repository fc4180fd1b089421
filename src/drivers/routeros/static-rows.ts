/**
 * Proof that an export left nothing out of a section. Menus vanish from the exports of a login that may not see them,
 * without a word, so that absence alone proves nothing: it is the login's rights that do, or the rows that the device
 * itself counts. What can be proved by neither is a problem of that section. Pure.
 */
import type { Problem } from '../../core/dialect.ts';
import { sectionOf } from '../../core/item.ts';
import type { Shown } from '../driver.ts';
import { linesOf } from './console.ts';
import { menuFacts } from './menus.ts';

/**
 * Menus whose rows are all exported but the dynamic ones, so that a count is compared with what the export holds. Each has
 * the flag `dynamic` in RouterOS 6 and 7 (MikroTik's manual, "Flags" of each menu).
 */
const counted: ReadonlySet<string> = new Set([
  '/interface bridge port',
  '/interface bridge vlan',
  '/interface list member',
  '/ip address',
  '/ip arp',
  '/ip dhcp-server lease',
  '/ip dns static',
  '/ip firewall address-list',
  '/ip firewall filter',
  '/ip firewall mangle',
  '/ip firewall nat',
  '/ip firewall raw',
  '/ip ipsec identity',
  '/ipv6 address',
  '/ipv6 firewall address-list',
  '/ipv6 firewall filter',
  '/ipv6 firewall mangle',
  '/ipv6 firewall nat',
  '/ipv6 firewall raw',
  '/queue simple',
]);

/** The same of menus that know no dynamic rows: `where !dynamic` may mean nothing there. */
const countedWhole: ReadonlySet<string> = new Set(['/interface wifi security', '/ppp secret', '/radius']);

/** What a login needs to be shown these menus and those below them. */
const needs: ReadonlyMap<string, string> = new Map([
  ['/interface wifi security', 'sensitive'],
  ['/interface wireless security-profiles', 'sensitive'],
  ['/ip ipsec identity', 'sensitive'],
  ['/ppp secret', 'sensitive'],
  ['/radius', 'sensitive'],
  ['/snmp community', 'sensitive'],
  ['/user', 'policy'],
]);

export const mayVanish: readonly string[] = [...needs.keys()];

function needOf(section: string): string | null {
  const menu = mayVanish.find((path) => section === path || section.startsWith(`${path} `));
  return menu === undefined ? null : (needs.get(menu) ?? null);
}

interface Doubts {
  /** Sections whose rows the device is asked to count. */
  readonly asked: readonly string[];
  /** What no count could prove. */
  readonly unseen: readonly Problem[];
}

/** What has to be asked about these sections before their absence, or the absence of a row of theirs, is believed. */
export function doubtsOf(sections: readonly string[], shown: Shown): Doubts {
  const asked: string[] = [];
  const unseen: Problem[] = [];
  for (const section of sections) {
    const doubt = doubtOf(section, shown);
    if (doubt === 'count') asked.push(section);
    else if (doubt !== null) unseen.push(doubt);
  }
  return { asked, unseen };
}

function doubtOf(section: string, { exported, policies }: Shown): 'count' | Problem | null {
  const need = needOf(section);
  const isShown = rowsOf(section, exported) > 0;
  if (!isShown && need !== null && policies?.includes(need) === false)
    return notProved(section, 'the login may not see it and its export shows nothing of it', policies);
  if (counted.has(section) || countedWhole.has(section)) return 'count';
  // What hides from a login is known by the rights, where these are known.
  if (isShown || policies !== null) return null;
  const kind = menuFacts(section)?.kind;
  // No path that a text made up becomes part of a command.
  if (kind === undefined) return notProved(section, 'its export shows nothing of it', policies);
  if (kind !== 'singleton' && kind !== 'fixed') return 'count';
  // All of its rows are the device's own: there is nothing to count, and one that is as it came is in no export.
  return need === null ? null : notProved(section, 'its export shows nothing of it', policies);
}

function rowsOf(section: string, exported: Shown['exported']): number {
  return sectionOf(exported, section)?.items.length ?? 0;
}

/** Each stands by itself: a menu that this device lacks costs no other answer. */
export function countCommand(section: string): string {
  return `:put [:len [${section} find${counted.has(section) ? ' where !dynamic' : ''}]]`;
}

/** Null: the device did not say. */
export function parseCount(text: string): number | null {
  const line = linesOf(text)[0]?.trim() ?? '';
  return /^\d{1,9}$/.test(line) ? Number(line) : null;
}

/** Sections of which the export does not hold what the device counts; null: it did not say how many. */
export function missingRows(
  counts: ReadonlyMap<string, number | null>,
  { exported, policies }: Shown,
): readonly Problem[] {
  return [...counts].flatMap(([section, count]): readonly Problem[] => {
    const rows = rowsOf(section, exported);
    if (rows === count) return [];
    if (count === null)
      return [notProved(section, 'it does not let the login count the rows there', policies)];
    const found = `it counts ${count} rows there and its export holds ${rows}`;
    const isComparable = counted.has(section) || countedWhole.has(section);
    // Of other menus some rows may be the device's own, which it does not export.
    if (!isComparable) return [notProved(section, found, policies)];
    const message =
      `the device counts ${count} rows in ${section} and its export holds ${rows}: somebody changed it meanwhile and it is ` +
      'read again, or the login may not see them all (siteward check)';
    return [{ code: 'incomplete-section', message, place: null, section }];
  });
}

function notProved(section: string, why: string, policies: Shown['policies']): Problem {
  const need = needOf(section);
  const rights =
    need === null
      ? 'give its group the policies to see it (siteward check)'
      : `give its group the policy ${need} on the router (/user group)`;
  const remedy =
    policies === null
      ? 'let siteward log in as a user that the router itself knows (/user), so that its rights can be read'
      : rights;
  const message = `nobody can tell what of ${section} is on the device: ${why}; ${remedy}, or keep ${section} by hand`;
  return { code: 'incomplete-section', message, place: null, section };
}
