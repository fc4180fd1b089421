/**
 * What a router was, as a script for a new one: every row of its export in the order in which the console itself would
 * write it, each on its own, so that what new hardware refuses is named and the rest goes on. And what no script can
 * bring back. Pure.
 */
import type { Configuration, Item } from '../../../core/item.ts';
import { creationRank } from '../menus.ts';
import { printItem } from '../print-configuration.ts';
import { quoteString } from '../quote.ts';
import { hiddenSecrets, withoutSecrets, type HiddenSecret } from './adopt-text.ts';

export interface Rebuilding {
  /** Lines for `/import`, or for the router's own terminal. */
  readonly script: readonly string[];
  readonly secrets: readonly HiddenSecret[];
  /** Ports and other hardware that rows are about. */
  readonly hardware: readonly string[];
  /** Certificates by the names that rows use. */
  readonly certificates: readonly string[];
}

export function rebuilding(was: Configuration): Rebuilding {
  const sections = [...withoutSecrets(was).sections].sort(
    (a, b) => creationRank(a.path) - creationRank(b.path),
  );
  const items = sections.flatMap((section) => section.items);
  return {
    script: items.map((item) => guarded(item)),
    secrets: hiddenSecrets(was),
    hardware: unique(items.flatMap(({ key }) => /^default-name=(.*)$/s.exec(key ?? '')?.[1] ?? [])),
    certificates: unique(items.flatMap(certificatesOf)),
  };
}

/**
 * A script stops at the first error: a line that asks for a port that is not there must not end it. Setting what is not
 * found is no error to the console, so that is asked first.
 */
function guarded(item: Item): string {
  const { section, key, created } = item;
  const found = created || key === null ? null : /^([a-z-]+)=(.*)$/s.exec(key);
  const isThere =
    found === null || found[1] === 'number' || found[1] === 'id'
      ? ''
      : `:if ([:len [${section} find where ${found[1]}=${quoteString(found[2] ?? '')}]] = 0) do={:error "none"}; `;
  const what = `refused: ${section}${key === null || key === '' ? '' : ` ${key}`}`;
  return `:do {${isThere}${section} ${printItem(item)}} on-error={:put ${quoteString(what)}}`;
}

function certificatesOf({ properties }: Item): readonly string[] {
  return properties.flatMap(([name, value]) =>
    /(^|[-.])certificate$/.test(name) && value !== null && !['', 'none'].includes(value) ? [value] : [],
  );
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}
