/**
 * What core asks of a device family: pure knowledge, no effects. Each driver folder implements one.
 */
import type { Place } from './errors.ts';
import type { Configuration, Item, Section } from './item.ts';
import type { Action, ActionClass, PathProof, Plan, Tier } from './plan/action.ts';
import type { NameFacts } from './plan/renames.ts';
import type { ManagementPath } from './site.ts';

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly place: Place | null;
  /** The section that can't be planned because of it; null: nothing can. */
  readonly section: string | null;
}

export interface ParsedText {
  readonly configuration: Configuration;
  readonly problems: readonly Problem[];
}

export interface Filled {
  /** Line for line what was given, with values in place of names. */
  readonly text: Uint8Array;
  readonly problems: readonly Problem[];
}

export interface Verdict {
  readonly class: ActionClass;
  readonly tier: Tier;
  readonly reason: string;
}

/** What classification may look at besides the action itself. */
export interface PlanContext {
  readonly base: Configuration;
  readonly target: Configuration;
  readonly management: ManagementPath;
  /** Of the whole plan, once it is judged: then an action only has to be asked whether it touches the path. */
  readonly path?: PathProof;
  /** True when the journal shows that siteward created exactly this item on this device. */
  readonly isOwn: (item: Item) => boolean;
}

/** What stands where a secret's value would: its name and enough to tell two values apart. Null: the value itself. */
export type SecretWord = (property: string, value: string) => string;

export interface Dialect extends NameFacts {
  readonly name: string;
  /**
   * Puts values where a text that a person wrote says `${name}` or `${secret:name}`. `valueOf` is asked for what stands
   * between the braces; it gives bytes, or null for an unknown name.
   */
  fill(text: Uint8Array, file: string, valueOf: (name: string) => string | null): Filled;
  /** Text that a person wrote, composed or not. `file` appears in places where the text names none; `version` is the device's, else what the text itself says. */
  parseDesired(text: Uint8Array, file: string, version?: string | null): ParsedText;
  /** Text that a device said, with its completeness proved first: throws `DeviceError` incomplete-export. */
  parseActual(text: Uint8Array, version?: string | null): ParsedText;
  /** Both texts of a device: what the two above say of them, for less. Throws as `parseActual`. */
  parseBoth(
    desired: { readonly text: Uint8Array; readonly file: string },
    actual: Uint8Array,
    version: string,
  ): { readonly desired: ParsedText; readonly actual: ParsedText };
  /** What the desired text says that this device can't take: names that nothing has, what its version lacks. */
  judgeDesired?(desired: Configuration, actual: Configuration, version: string | null): readonly Problem[];
  /** What a device said, as its history keeps it: without what changes by itself, without secrets. `parseActual` reads it. */
  archive(text: Uint8Array): string;
  /** What `archive` leaves out, as a text that puts it back by hand; `''`: nothing. Equal for equal secrets. */
  secretPart(configuration: Configuration): string;
  /** The rows with the secrets of such a text. `strange`: how many of its lines fit no row, or several. */
  withSecretPart(
    configuration: Configuration,
    part: string,
  ): { readonly configuration: Configuration; readonly strange: number };
  /** As text that a person can read: canonical, with a word in place of each secret. */
  show(configuration: Configuration, secretWord: SecretWord): string;
  /** Whether the order of this section's rows means something, and the group within which it does (a chain). */
  orderGroup(item: Item): string | null;
  /** What a row without a key is there for, where that says more than most of its properties; null: nothing does. */
  purposeOf?(item: Item): string | null;
  /** Names of the properties of a section that hold secrets. */
  isSecret(section: string, property: string): boolean;
  /** All names of properties of a section that hold secrets. */
  secretNames(section: string): readonly string[];
  /** What people call the part of a device that a section belongs to: firewall, addresses, routing … */
  category(section: string): string;
  /** The device makes the value up where nobody names it: a text that does not name it leaves it as it is. */
  isMadeUp?(section: string, property: string): boolean;
  /** What a property stands for where the row does not name it; null: nothing, or not known. */
  absentValue?(item: Item, property: string): string | null;
  /** Two spellings of one value, which the device keeps as it was typed: a text that says the other asks for nothing. */
  isSameValue?(section: string, property: string, a: string, b: string): boolean;
  /** `section + key` of items that this one names, for order of creation and the footprint. */
  references(item: Item, configuration: Configuration): readonly Item[];
  /** Rank of a section in the order of creation: lower is made first. */
  creationRank(section: string): number;
  /** Can this action be planned at all (known menu, known defaults)? */
  plannable(action: Action): Problem | null;
  /** Forms that a `set` passes through on the device when it takes several commands; none when it is atomic. */
  intermediates?(from: Item, to: Item): readonly Item[];
  classify(action: Action, context: PlanContext): Verdict;
  managementPath(actions: readonly Action[], context: PlanContext): PathProof;
  /** Length of the longest script that a rollout of this plan puts on the device. */
  scriptBytes?(plan: Plan): number;
  /** For people at the device's own console: how to see which host key it has. */
  readonly hostKeyComparison: readonly string[];
  /** How long the device may be out of reach after this plan for reasons of its own. */
  settleMs?(plan: Pick<Plan, 'actions'>): number;
  /** Console commands that do the action on a device in state `before`, with `secretWord` in place of secrets. */
  render(action: Action, before: readonly Section[], secretWord: SecretWord | null): readonly string[];
}
