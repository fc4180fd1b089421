/**
 * Takes over what people made: rows on which git and the device agree come to count as made by siteward, once that was
 * signed. Only the record changes; the device is only read. What differs, is ignored or is not named is not taken over.
 */
import { contentDigest, itemIdentity, sha256, type SecretFacts } from '../core/digest.ts';
import { adoptText } from '../core/gate/texts.ts';
import type { Configuration, Item } from '../core/item.ts';
import type { Difference } from '../core/plan/action.ts';
import type { AdoptedItem } from '../core/rollout/event-fields.ts';
import type { Observation } from '../drivers/driver.ts';
import type { DesiredText, DeviceRoom } from './device-room.ts';
import { requireUsable } from './plan-device.ts';
import { authorizedNow, consumption, keepPending, noCommit, signedFor, stillOpen } from './proposal.ts';
import type { Proposal } from './proposal.ts';

/** What can be taken over: made by people, in both alike, not siteward's own already. */
export function adoptable(parts: {
  readonly actual: Configuration;
  readonly desired: Configuration;
  readonly differences: readonly Pick<Difference, 'section' | 'base'>[];
  readonly own: ReadonlyMap<string, string>;
  /** Only these; none: all. */
  readonly sections: readonly string[];
  readonly facts: SecretFacts;
}): readonly Item[] {
  const { actual, desired, differences, own, sections, facts } = parts;
  const keyOf = (item: Item): string => `${item.section} ${itemIdentity(item, facts)}`;
  const named = new Set(desired.sections.flatMap(({ items }) => items.map(keyOf)));
  const differs = new Set(differences.flatMap(({ base }) => (base === null ? [] : [keyOf(base)])));
  return actual.sections
    .filter(({ path }) => sections.length === 0 || sections.includes(path))
    .flatMap(({ items }) => items)
    .filter((item) => {
      const key = keyOf(item);
      return (
        item.created && named.has(key) && !differs.has(key) && own.get(key) !== contentDigest(item, facts)
      );
    });
}

/** Puts what was ordered before people, and records it once they signed. */
export async function adoptItems(
  room: DeviceRoom,
  observation: Observation,
  desired: DesiredText,
): Promise<void> {
  const { adopt: sections, own } = room.folded();
  if (sections === null || room.ledger.journal.broken !== null) return;
  const { name } = room.device;
  const { dialect } = room.driver;
  const { version } = observation.facts;
  const items = adoptable({
    actual: requireUsable(dialect.parseActual(observation.exportText, version)),
    desired: requireUsable(dialect.parseDesired(desired.text, desired.file, version)),
    differences: room.report.current().comparison?.differences ?? [],
    own,
    sections,
    facts: dialect,
  });
  const why = problemOf(name, items, dialect);
  const proposal = why === null ? proposalFor(room, observation, items) : null;
  const signed = signedFor(room, await keepPending(room, name, 'adopt', proposal));
  if (proposal === null) {
    await room.ledger.append({ kind: 'adopt-ordered', device: name, sections: null, ...why });
    return;
  }
  if (signed === null) return;
  const by = await authorizedNow(room, proposal, signed);
  if (by === null || !stillOpen(room, signed, name)) return;
  await room.ledger.append({
    kind: 'items-adopted',
    device: name,
    items: items.map((item) => adopted(item, dialect)),
    ...consumption(signed, by, room.trust()),
  });
  room.again();
}

/** A record may have 256 KiB, and what people can't read they don't sign. */
const mostBytes = 160 * 1024;

/** Why these can't be put before people; null: they can. */
function problemOf(
  device: string,
  items: readonly Item[],
  facts: SecretFacts,
): { readonly code: string; readonly message: string } | null {
  if (items.length === 0)
    return {
      code: 'nothing-to-adopt',
      message: 'no row that people made is on the device just as git names it',
    };
  if (JSON.stringify(items.map((item) => adopted(item, facts))).length <= mostBytes) return null;
  const message =
    `${items.length} items are too many to be taken over at once; ` +
    `name sections: siteward adopt ${device} --take-over --items "/ip dns static"`;
  return { code: 'too-many-items', message };
}

function proposalFor(room: DeviceRoom, { hostKey }: Observation, items: readonly Item[]): Proposal {
  const { name } = room.device;
  const records = JSON.stringify(items.map((item) => adopted(item, room.driver.dialect)));
  const paths = [...new Set(items.map(({ section }) => section))].sort();
  const text = adoptText({
    sections: paths.map((path) => ({
      path,
      items: items.filter(({ section }) => section === path).map((item) => wordsOf(room, item)),
    })),
  });
  return {
    kind: 'adopt',
    class: 'operational',
    reason: 'take-over',
    commit: room.ledger.state.accepted?.commit ?? noCommit,
    text,
    digest: sha256(text),
    sections: paths,
    device: { name, deviceKey: hostKey, base: sha256(records) },
  };
}

function wordsOf(room: DeviceRoom, item: Item): string {
  const { section, properties } = item;
  const values = properties.flatMap(([name, value]) => {
    if (value === null) return [];
    return [`${name}=${room.driver.dialect.isSecret(section, name) ? `<secret:${name}>` : value}`];
  });
  return values.join(' ');
}

function adopted(item: Item, facts: SecretFacts): AdoptedItem {
  return { section: item.section, item: itemIdentity(item, facts), digest: contentDigest(item, facts) };
}
