/**
 * The secrets that go with a text of a device's history, which has none: those that its revision has sealed, where who
 * orders the restore has opened them; else those last confirmed, as far as they are known to be right. They travel behind
 * the text, so that an order is for both. What was opened counts only if it is, by keyed digest, what was sealed.
 */
import type { SecretFacts } from '../core/digest.ts';
import { withoutSecrets, canonicalItem } from '../core/digest.ts';
import { InvalidInput } from '../core/errors.ts';
import { propertyOf, type Configuration, type Item, type Section } from '../core/item.ts';
import { overlay } from '../core/plan/scope.ts';
import type { Observation } from '../drivers/driver.ts';
import type { DeviceRoom } from './device-room.ts';
import { confirmedConfiguration, requireUsable } from './plan-device.ts';

/** `sealed`: opened by who ordered it; `confirmed`: all of the revision; `last`: of rows that are made again. */
const sources = ['sealed', 'confirmed', 'last'] as const;

export interface PastSecrets {
  readonly source: (typeof sources)[number];
  /** As the dialect writes them. */
  readonly part: string;
}

export interface PastQuestion {
  readonly observation: Observation;
  readonly revision: { readonly oid: string; readonly secrets: string | null };
  /** Keyed digest of what the device has now; null: it is not kept. */
  readonly now: string | null;
  /** Of the revision. */
  readonly text: Uint8Array;
  /** What was sealed with it, opened; null: nobody has. */
  readonly given: string | null;
}

export interface ChosenSecrets {
  /** Null: none. */
  readonly chosen: PastSecrets | null;
  /** What more could be had, and how; for who orders it. */
  readonly hints: readonly string[];
}

/** Throws `InvalidInput` for what is given and can't be used. */
export async function chooseSecrets(room: DeviceRoom, question: PastQuestion): Promise<ChosenSecrets> {
  const { given } = question;
  if (given !== null) return { chosen: opened(room, question, given), hints: [] };
  const kept = await keptSecrets(room, question);
  const mayCarry = room.device.secretsOnDevice === 'allow';
  const chosen = mayCarry ? kept : null;
  const { oid, secrets } = question.revision;
  const isSealed =
    secrets !== null && chosen?.source !== 'confirmed' && (secrets !== question.now || kept !== null);
  if (!isSealed) return { chosen, hints: [] };
  const way = mayCarry
    ? `siteward restore ${room.device.name} ${oid.slice(0, 12)} --identity FILE`
    : byHand(room, oid);
  return {
    chosen,
    hints: [`those that it had then are sealed in the revision; with your age identity: ${way}`],
  };
}

function opened(room: DeviceRoom, { revision: { oid, secrets } }: PastQuestion, part: string): PastSecrets {
  const { device, secretDigest } = room;
  const which = `${device.name}: revision ${oid.slice(0, 12)}`;
  if (secrets === null)
    throw new InvalidInput('no-sealed-secrets', `${which} has no sealed secrets; leave out --identity`);
  if (secretDigest(part) !== secrets)
    throw new InvalidInput(
      'other-secrets',
      `${which} was kept with other secrets than these, or under another state key; by hand: ${byHand(room, oid)}`,
    );
  if (device.secretsOnDevice !== 'allow')
    throw new InvalidInput(
      'secret-on-device',
      `${device.name}: a secret would stand in the staged scripts: say "secrets-on-device: allow" for it if that is acceptable; by hand: ${byHand(room, oid)}`,
    );
  return { source: 'sealed', part };
}

/** Prints the commands that put them back. */
function byHand({ device }: DeviceRoom, oid: string): string {
  return `siteward show ${device.name} ${oid.slice(0, 12)} --secrets | age -d -i FILE`;
}

/** All of the revision, where they are proved to be; else of rows that the device no longer has. Null: there are none. */
async function keptSecrets(
  room: DeviceRoom,
  { observation, revision, text }: PastQuestion,
): Promise<PastSecrets | null> {
  const { dialect } = room.driver;
  const { version } = observation.facts;
  const confirmed = await confirmedConfiguration(room, version);
  if (confirmed === null || confirmed === 'lost') return null;
  const then = requireUsable(dialect.parseActual(text));
  const said = withSecretsOf(then, confirmed, dialect, () => true);
  // Of a row of its own that has a secret and nothing else, the text says nothing.
  for (const candidate of [{ sections: [...said.sections, ...unsaidRows(then, confirmed, dialect)] }, said]) {
    const all = dialect.secretPart(candidate);
    if (all !== '' && room.secretDigest(all) === revision.secrets) return { source: 'confirmed', part: all };
  }
  const now = rowsOf(requireUsable(dialect.parseActual(observation.exportText, version)), dialect);
  const isGone = (item: Item): boolean => item.created && !now.has(rowOf(item, dialect));
  const some = dialect.secretPart(withSecretsOf(then, confirmed, dialect, isGone));
  return some === '' ? null : { source: 'last', part: some };
}

/** Rows for which nothing is wanted have no secret at all. */
function withSecretsOf(
  { sections }: Configuration,
  from: Configuration,
  facts: SecretFacts,
  isWanted: (item: Item) => boolean,
): Configuration {
  const known = rowsOf(from, facts);
  const filled = (item: Item): Item => {
    const secrets = isWanted(item) ? (known.get(rowOf(item, facts))?.properties ?? []) : [];
    const more = secrets.filter(
      ([name, value]) =>
        value !== null && facts.isSecret(item.section, name) && propertyOf(item, name) === undefined,
    );
    return more.length === 0 ? item : { ...item, properties: overlay(item.properties, more) };
  };
  return { sections: sections.map((section) => ({ ...section, items: section.items.map(filled) })) };
}

function unsaidRows(then: Configuration, from: Configuration, facts: SecretFacts): readonly Section[] {
  const said = new Set(then.sections.flatMap(({ items }) => items.map((item) => rowOf(item, facts))));
  return from.sections.map((section) => ({
    ...section,
    items: section.items.filter((item) => !item.created && !said.has(rowOf(item, facts))),
  }));
}

/** Rows that can't be told apart count as none. */
function rowsOf({ sections }: Configuration, facts: SecretFacts): ReadonlyMap<string, Item> {
  const rows = new Map<string, Item | null>();
  for (const item of sections.flatMap(({ items }) => items)) {
    const row = rowOf(item, facts);
    rows.set(row, rows.has(row) ? null : item);
  }
  return new Map([...rows].flatMap(([row, item]) => (item === null ? [] : [[row, item] as const])));
}

/** By its name, or by all that it says but its secrets. */
function rowOf(item: Item, facts: SecretFacts): string {
  return item.key === null ? canonicalItem(withoutSecrets(item, facts)) : `${item.section} ${item.key}`;
}

const mark = '\n# secrets: ';

/** One text of both. A device's own lines may look like the mark: the last one is ours. */
export function withSecrets(text: Uint8Array, secrets: PastSecrets | null): Buffer {
  const { source, part } = secrets ?? { source: 'none', part: '' };
  return Buffer.concat([text, Buffer.from(`${mark}${source}\n${part}`, 'latin1')]);
}

export function splitSecrets(bytes: Uint8Array): {
  readonly text: Uint8Array;
  readonly secrets: PastSecrets | null;
} {
  const all = Buffer.from(bytes);
  const at = all.lastIndexOf(mark, undefined, 'latin1');
  if (at < 0) return { text: bytes, secrets: null };
  const [named = '', ...lines] = all
    .subarray(at + mark.length)
    .toString('latin1')
    .split('\n');
  const source = sources.find((one) => one === named);
  return {
    text: all.subarray(0, at),
    secrets: source === undefined ? null : { source, part: lines.join('\n') },
  };
}

/** For whoever orders it, and for who signs it. */
export const sourceWords: Readonly<Record<PastSecrets['source'], string>> = {
  sealed: 'as they were, opened by who ordered it',
  confirmed: 'those last confirmed, which are the ones of the revision',
  last: 'rows that are made again get the one last confirmed; whether they had it then is not known',
};
