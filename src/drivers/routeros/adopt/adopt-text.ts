/**
 * A device as a desired file: every section that its export names, canonical, one row a line, in the order of creation.
 * Secrets are left out and said so; siteward's own objects and what a device only notes are not in it. Pure.
 */
import type { Configuration, Item } from '../../../core/item.ts';
import { creationRank, isSecretProperty, menuFacts } from '../menus.ts';
import { printConfiguration } from '../print-configuration.ts';

export interface HiddenSecret {
  readonly section: string;
  readonly property: string;
  /** How many rows may have one. */
  readonly rows: number;
}

export interface AdoptedText {
  readonly text: string;
  /** What the router may have and this text does not say. */
  readonly secrets: readonly HiddenSecret[];
}

export function adoptedText(name: string, version: string, actual: Configuration): AdoptedText {
  const sections = withoutSecrets(actual)
    .sections.filter(({ items }) => items.length > 0)
    .sort((a, b) => creationRank(a.path) - creationRank(b.path));
  const secrets = hiddenSecrets(actual);
  const head = [
    `# ${name} as its router had it, RouterOS ${version}`,
    ...(secrets.length === 0
      ? []
      : [
          '#',
          '# Secrets are not in this file. A row that stays keeps the secret that the router has;',
          '# one that is made anew from this file has none, unless it says PROPERTY=${secret:NAME}. Rows may have:',
          ...secrets.map(({ section, property, rows }) => `#   ${section} ${property}: ${rows}`),
        ]),
    '',
  ];
  return { text: `${head.join('\n')}\n${printConfiguration({ sections })}`, secrets };
}

export function withoutSecrets({ sections }: Configuration): Configuration {
  const strip = (item: Item): Item => ({
    ...item,
    properties: item.properties.filter(([name]) => !isSecretProperty(item.section, name)),
  });
  return { sections: sections.map((section) => ({ ...section, items: section.items.map(strip) })) };
}

/** Properties of the rows' menus that are secrets; whether a row has one is what the export does not tell. */
export function hiddenSecrets({ sections }: Configuration): readonly HiddenSecret[] {
  return sections.flatMap(({ path, items }) =>
    [...(menuFacts(path)?.properties.keys() ?? [])]
      .filter((property) => items.length > 0 && isSecretProperty(path, property))
      .map((property) => ({ section: path, property, rows: items.length })),
  );
}
