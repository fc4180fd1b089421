/** What core may know about RouterOS, all of it pure: texts, order, references, classification, commands. */
import type { Dialect, Problem } from '../../core/dialect.ts';
import type { Configuration, Item } from '../../core/item.ts';
import { changesBetween } from '../../core/plan/model.ts';
import type { Action } from '../../core/plan/action.ts';
import { archiveText } from './archive-text.ts';
import { categoryOf } from './categories.ts';
import { judgeDesired } from './judge-desired.ts';
import { judgeManagementPath } from './management-path.ts';
import {
  isMadeUp,
  isReferenceTarget,
  menuFacts,
  propertyFacts,
  referencesOf,
  secretNames,
  type MenuFacts,
} from './menus.ts';
import { fillValues } from './fill-values.ts';
import { parseActual, parseBoth, parseDesired } from './parse-texts.ts';
import { printConfiguration } from './print-configuration.ts';
import { renderAction } from './render.ts';
import { purposeOf, rowFacts } from './row-facts.ts';
import { settleMs } from './radios.ts';
import { scriptBytes } from './scripts.ts';
import { secretPart, withSecretPart } from './secret-part.ts';
import { isResettable, resetValue } from './script-forms.ts';
import { classifyByTable } from './tiers.ts';
import { isSameValue } from './values.ts';

/** No version prints the fingerprint itself; of the files that it writes instead, one is the private key. */
const hostKeyComparison: readonly string[] = [
  'on its own console (serial or WinBox): /ip ssh export-host-key key-file-prefix=look',
  'fetch look_rsa.pub or look_ed25519.pub by WinBox, and on your machine: ssh-keygen -lf look_rsa.pub',
  'then on the router again: /file remove [find where name~"^look_"]',
];

export const routerosDialect: Dialect = {
  name: 'routeros',
  fill: fillValues,
  parseDesired: (text, file, version = null) => parseDesired(text, file, version),
  parseActual: (text, version = null) => parseActual(text, version),
  parseBoth,
  archive: archiveText,
  secretPart,
  withSecretPart,
  show: printConfiguration,
  judgeDesired,
  ...rowFacts,
  purposeOf,
  secretNames,
  category: categoryOf,
  isMadeUp,
  absentValue: (item, property) => resetValue(item, property),
  isSameValue: (section, property, a, b) => isSameValue(propertyFacts(section, property), a, b),
  references,
  plannable,
  classify: classifyByTable,
  managementPath: judgeManagementPath,
  hostKeyComparison,
  render: renderAction,
  settleMs,
  scriptBytes,
};

/** Items that this one names in a property, where the configuration holds them. */
function references(item: Item, configuration: Configuration): readonly Item[] {
  return item.properties.flatMap(([name, value]) => {
    if (value === null || value === '') return [];
    const named = new Set(value.split(',').map((part) => part.replace(/^!/, '')));
    return referencesOf(item.section, name).flatMap((reference) =>
      configuration.sections
        .filter((section) => isReferenceTarget(reference.target, section.path))
        .flatMap((section) =>
          section.items.filter((other) => other !== item && isNamed(other, reference.key, named)),
        ),
    );
  });
}

function isNamed(item: Item, key: string, names: ReadonlySet<string>): boolean {
  const own = item.properties.find(([name]) => name === key)?.[1] ?? null;
  if (own !== null) return names.has(own);
  // A port that nobody renamed is called by its default name.
  const called = key === 'name' ? [key, 'default-name'] : [key];
  return [...names].some((name) => called.some((word) => item.key === `${word}=${name}`));
}

/**
 * What a row lacks that none can be made without: what it named is gone from the device. And what names a row that is
 * new: the device would make a name up, which no text has. Menus whose rows got names later are left out.
 */
function missingWord(verb: 'add' | 'remove', { created, properties }: Item, facts: MenuFacts): string | null {
  if (!created) return null;
  const named = new Set(properties.flatMap(([name, value]) => (value === null ? [] : [name])));
  const [key] = facts.kind === 'keyed' && verb === 'add' ? facts.key : [];
  if (key !== undefined && !named.has(key) && facts.properties.get(key)?.since === null) return key;
  for (const [name, { required }] of facts.properties) if (required && !named.has(name)) return name;
  return null;
}

function plannable(action: Action): Problem | null {
  const item = action.verb === 'set' ? action.to : action.item;
  const problem = (code: string, message: string): Problem => ({
    code,
    message,
    place: item.place,
    section: item.section,
  });
  const facts = menuFacts(item.section);
  if (facts === undefined || facts.kind === 'unknown') {
    return problem(
      'unknown-section',
      `${item.section} differs, but nothing is known about this menu: change it by hand or leave it out of the file`,
    );
  }
  if (action.verb === 'move') return null;
  const needed = action.verb === 'set' ? null : missingWord(action.verb, item, facts);
  if (needed !== null) {
    return action.verb === 'add'
      ? problem(
          'missing-property',
          `${item.section}: a row can't be made without "${needed}": name it in the file`,
        )
      : problem(
          'no-way-back',
          `${item.section}: a row without "${needed}" is to go, and none can be made without: remove it by hand or keep it in the file`,
        );
  }
  const none = { ...item, properties: [] };
  const changes = action.verb === 'set' ? changesBetween(action.from, action.to) : changesBetween(none, item);
  for (const [name, value] of action.verb === 'remove' ? [] : changes) {
    const known = propertyFacts(item.section, name);
    if (known === undefined) {
      return problem(
        'unknown-property',
        `${item.section}: "${name}" differs, but nothing is known about it: change it by hand or leave it out of the file`,
      );
    }
    if (action.verb !== 'set' || isResettable(item, name)) continue;
    if (value === null) {
      return problem(
        'unknown-default',
        `${item.section}: the file does not name "${name}", and what the device would use without it is not known: name it in the file`,
      );
    }
    if (!action.from.properties.some(([own]) => own === name)) {
      return problem(
        'no-way-back',
        `${item.section}: "${name}" is not set on the device, and what would take it away again is not known: set it by hand once`,
      );
    }
  }
  return null;
}
