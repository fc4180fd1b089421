/** Differences, actions and plans as plain data (they survive JSON). */
import type { Item, Section } from '../item.ts';

export type Label = 'desired' | 'drift' | 'conflict';
export type ActionClass = 'benign' | 'operational' | 'recovery';
export type Tier = 'floor' | 'middle' | 'benign';

/** One item that differs; `base` is what the device has, `target` what it should have. */
export interface Difference {
  readonly label: Label;
  readonly section: string;
  readonly base: Item | null;
  readonly target: Item | null;
  /** What was last confirmed on the device, for showing a conflict. */
  readonly confirmed: Item | null;
}

/** Which of several rows with equal content is meant, counted from 0 in the order of the device; absent: the first. */
export interface Nth {
  /** Of the item itself. */
  readonly nth?: number;
  /** Of `before`. */
  readonly beforeNth?: number;
}

/** One step on one item. `before` is the item it stands in front of (null: the end); only ordered sections use it. */
export type Action =
  | ({
      readonly verb: 'add';
      readonly section: string;
      readonly item: Item;
      readonly before: Item | null;
    } & Nth)
  | ({ readonly verb: 'set'; readonly section: string; readonly from: Item; readonly to: Item } & Nth)
  | ({
      readonly verb: 'remove';
      readonly section: string;
      readonly item: Item;
      readonly before: Item | null;
    } & Nth)
  | ({
      readonly verb: 'move';
      readonly section: string;
      readonly item: Item;
      readonly before: Item | null;
      /** Where it stood in the base. */
      readonly wasBefore: Item | null;
    } & Nth);

export interface PlannedAction {
  /** From 1, in the order of execution. */
  readonly id: number;
  readonly label: Label;
  readonly class: ActionClass;
  /** `floor`: always signed, whatever local policy says; `middle`: signed by default. */
  readonly tier: Tier;
  /** Four words or so: why this class. Kebab-case codes where one exists (`management-path`). */
  readonly reason: string;
  /** Which row it is on, for people: natural key, else a digest of what the row says. */
  readonly item: string;
  readonly action: Action;
  /** Console commands, one a line, printable ASCII, secrets masked. */
  readonly forward: readonly string[];
  readonly rollback: readonly string[];
}

/** Whether the daemon's own way to the device stays open, and which item decides it. */
export interface PathProof {
  readonly kind: 'untouched' | 'open' | 'closed' | 'undecidable';
  /** Section and identity of the deciding item; '' when untouched. */
  readonly by: string;
}

export interface Plan {
  readonly actions: readonly PlannedAction[];
  /** Strictest class of all actions. */
  readonly class: ActionClass;
  /** Reason of the first action of that class. */
  readonly reason: string;
  /** Every section an action touches, whole, before and after. */
  readonly base: readonly Section[];
  readonly target: readonly Section[];
  /** SHA-256 of the canonical form of the footprint (items changed, removed, referenced, anchors). */
  readonly baseDigest: string;
  readonly path: PathProof;
  readonly rollback: 'exact';
  /** How many differences are left for the rollouts after this one; absent: none. */
  readonly left?: number;
}

/** Where an actual configuration stands against a plan's footprint. */
export interface FootprintState {
  readonly kind: 'base' | 'target' | 'mixed' | 'other';
  /** For each action, in order: what its item looks like. */
  readonly items: readonly ('base' | 'plan' | 'target' | 'other')[];
}

export function actionsOf(plan: { readonly actions: readonly PlannedAction[] }): readonly Action[] {
  return plan.actions.map((planned) => planned.action);
}

/** What its actions are in, each once. */
export function sectionsOf({ actions }: Pick<Plan, 'actions'>): readonly string[] {
  return [...new Set(actions.map(({ action }) => action.section))].sort();
}
