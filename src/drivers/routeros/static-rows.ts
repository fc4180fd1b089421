/**
 * Proof that an export left nothing out of a section: how many rows the device itself counts there that somebody made.
 * Menus vanish from the exports of a login that may not see them, without a word. Only for menus whose rows are all
 * exported but the dynamic ones; of the others, which have rows from the factory, nothing can be concluded. Pure.
 */
import type { Problem } from '../../core/dialect.ts';
import { sectionOf, type Configuration } from '../../core/item.ts';
import { linesOf } from './console.ts';

/** Each has the flag `dynamic` in RouterOS 6 and 7 (MikroTik's manual, "Flags" of each menu). */
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
  '/ipv6 address',
  '/ipv6 firewall address-list',
  '/ipv6 firewall filter',
  '/ipv6 firewall mangle',
  '/ipv6 firewall nat',
  '/ipv6 firewall raw',
  '/queue simple',
]);

/** Those of these sections that can be counted. */
export function countable(sections: readonly string[]): readonly string[] {
  return sections.filter((section) => counted.has(section));
}

/** Each stands by itself: a menu that this device lacks costs no other answer. */
export function countCommand(section: string): string {
  return `:put [:len [${section} find where !dynamic]]`;
}

/** Null: the device did not say. */
export function parseCount(text: string): number | null {
  const line = linesOf(text)[0]?.trim() ?? '';
  return /^\d{1,9}$/.test(line) ? Number(line) : null;
}

/** Sections of which the export does not hold what the device counts. */
export function missingRows(
  counts: ReadonlyMap<string, number>,
  exported: Configuration,
): readonly Problem[] {
  return [...counts].flatMap(([section, count]): readonly Problem[] => {
    const rows = sectionOf(exported, section)?.items.length ?? 0;
    if (rows === count) return [];
    const message =
      `the device counts ${count} rows in ${section} and its export holds ${rows}: somebody changed it meanwhile and it is ` +
      'read again, or the login may not see them all (siteward check)';
    return [{ code: 'incomplete-section', message, place: null, section }];
  });
}
