/**
 * Makes a plan: actions in order, each classified and rendered, the way to the device judged, the footprint
 * digested, and all of it proved on the model. What can't be proved is refused, never sent (I7).
 */
import { classifyAction, removalsOf, strictest } from '../gate/classify.ts';
import { canonicalItem, itemIdentity, sha256, withoutSecrets } from '../digest.ts';
import type { Dialect, PlanContext, Problem, SecretWord } from '../dialect.ts';
import { sectionOf, type Configuration, type Item, type Section } from '../item.ts';
import type { ManagementPath, Policy } from '../site.ts';
import type { Action, Difference, Label, Plan, PlannedAction } from './action.ts';
import { listActions, type ActionList } from './actions.ts';
import { consoleRefusal } from './console-rules.ts';
import { danglingReference } from './dangling.ts';
import { itemCount } from './diff.ts';
import { isHidden, withoutHidden } from './hidden-secret.ts';
import { Model, ModelRefusal } from './model.ts';
import { fewer, firstSteps, mostCommands, mostScriptBytes, sizeOf, unitsOf } from './parts.ts';
import { provePlan } from './prove.ts';
import { inOldNames, renameOfDifference } from './renames.ts';

export interface PlanInput {
  readonly differences: readonly Difference[];
  readonly actual: Configuration;
  readonly desired: Configuration;
  /** Sections that differ and stay as they are, with why: what stands there goes on naming what it names. */
  readonly blocked?: readonly Problem[];
  /** Which differences to carry out: drift only when healing, so that nobody's fix by hand is swept away. */
  readonly labels: readonly Label[];
  /** What one plan may take away without a signature. */
  readonly caps: Policy['removals'];
  /** What the site's own policy adds, or takes off the middle tier; nothing when left out. */
  readonly rules?: Pick<Policy, 'sign' | 'relax'>;
  readonly management: ManagementPath;
  readonly isOwn: (item: Item) => boolean;
  readonly dialect: Dialect;
  /** How secrets are named in the lines that people read; by the property's name alone if not said. */
  readonly secretWord?: SecretWord;
  /** Staged scripts can be read on the device while a rollout is in flight. Absent: refuse. */
  readonly secretsOnDevice?: 'allow' | 'refuse';
}

const noRules = { sign: [], relax: [] };

export type PlanResult =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export function makePlan(input: PlanInput): PlanResult {
  try {
    return planOrRefuse(input);
  } catch (error) {
    // What a device would refuse is refused before it is asked: a text that calls two rows the same, for one.
    if (!(error instanceof ModelRefusal)) throw error;
    return { kind: 'refused', code: 'device-would-refuse', message: error.message };
  }
}

function planOrRefuse(input: PlanInput): PlanResult {
  const { dialect, actual } = input;
  const differences = input.differences.filter(({ label }) => input.labels.includes(label));
  const renames = input.differences.flatMap((one) => renameOfDifference(one, dialect) ?? []);
  const desired = { sections: inOldNames(input.desired.sections, renames, dialect) };
  if (differences.length === 0) return { kind: 'nothing' };
  const alone: PlanContext = {
    base: actual,
    target: desired,
    management: input.management,
    path: { kind: 'undecidable', by: '' },
    isOwn: input.isOwn,
  };
  const onPath = (action: Action): boolean => dialect.managementPath([action], alone).kind !== 'untouched';
  const whole = listActions({ differences, actual, desired, dialect, onPath });
  if (whole.actions.length === 0) return { kind: 'nothing' };
  if (input.secretsOnDevice !== 'allow' && whole.actions.some(({ action }) => holdsSecret(action, dialect))) {
    const message =
      'a secret would stand in the staged scripts: say "secrets-on-device: allow" for this device if that is acceptable';
    return { kind: 'refused', code: 'secret-on-device', message };
  }
  const all = whole.actions.map(({ action }) => action);
  const dangling = danglingReference(all, withSections(actual, whole.target), { ...input, desired }, dialect);
  if (dangling !== null) return { kind: 'refused', code: 'dangling-reference', message: dangling };
  const refusal = consoleRefusal(all, actual, dialect);
  if (refusal !== null) return { kind: 'refused', ...refusal };
  // Judged by all that goes, so that a change in parts needs what the whole of it needs.
  const removals = removalsOf(all, whole.base, whole.target, itemCount(actual), input.caps);
  const units = unitsOf(differences, whole.actions, dialect);
  const fitting = (
    list: ActionList,
    left: number,
    inPieces: boolean,
  ): { plan: Plan | null; size: number } => {
    const tooMany = list.actions.length / mostCommands;
    if (tooMany > 1) return { plan: null, size: tooMany };
    const plan = { ...drawPlan(list, removals, inPieces, input), ...(left > 0 ? { left } : {}) };
    const size = sizeOf(plan, dialect);
    return { plan: size <= 1 ? plan : null, size };
  };
  let first = whole;
  for (let count = units.length; count > 0;) {
    const chosen = units.slice(0, count).flat();
    if (count < units.length) first = listActions({ differences: chosen, actual, desired, dialect, onPath });
    const { plan, size } = fitting(first, differences.length - chosen.length, false);
    if (plan !== null) return proved(plan, input);
    count = fewer(count, size);
  }
  const others = differences.length - (units[0]?.length ?? 0);
  for (let count = first.actions.length - 1; count > 0;) {
    const steps = firstSteps(first, count, dialect);
    if (steps === null) break;
    const { plan, size } = fitting(steps, others + first.actions.length - count, true);
    if (plan !== null) return proved(plan, input);
    count = fewer(count, size);
  }
  return tooLarge(units[0]?.[0]?.section ?? '');
}

function tooLarge(section: string): PlanResult {
  const message = `what changes in ${section} can't be done in parts, and is more than one rollout may hold (${mostCommands} commands, ${mostScriptBytes} bytes of script): commit the change in several steps`;
  return { kind: 'refused', code: 'plan-too-large', message };
}

/** A part must stand on its own: what it leaves for later may not be named by it, nor go on naming what it takes away. */
function proved(plan: Plan, input: PlanInput): PlanResult {
  const { actual, dialect } = input;
  if (plan.left !== undefined) {
    const target = withSections(actual, plan.target);
    const dangling = danglingReference(
      plan.actions.map(({ action }) => action),
      target,
      input,
      dialect,
    );
    if (dangling !== null) return tooLarge(plan.actions[0]?.action.section ?? '');
  }
  const proof = provePlan(plan, dialect);
  if (!proof.proved) return { kind: 'refused', code: 'proof-failed', message: proof.account };
  return { kind: 'plan', plan };
}

const nameOnly: SecretWord = (property) => `<secret:${property}>`;

function drawPlan(
  list: ActionList,
  removals: ReturnType<typeof removalsOf>,
  inPieces: boolean,
  input: PlanInput,
): Plan {
  const { actual, dialect } = input;
  const unjudged: PlanContext = {
    base: withSections(actual, list.base),
    target: withSections(actual, list.target),
    management: input.management,
    isOwn: input.isOwn,
  };
  const plain = list.actions.map(({ action }) => action);
  const path = dialect.managementPath(plain, unjudged);
  const context: PlanContext = { ...unjudged, path };
  const lines = renderActions(plain, list.base, dialect, input.secretWord ?? nameOnly);
  const actions = list.actions.map(({ label, action }, i): PlannedAction => {
    const verdict = classifyAction({
      label,
      action,
      context,
      removals,
      inPieces,
      rules: input.rules ?? noRules,
      dialect,
    });
    return {
      id: i + 1,
      label,
      class: verdict.class,
      tier: verdict.tier,
      reason: verdict.reason,
      item: itemIdentity(action.verb === 'set' ? action.from : action.item, dialect),
      action,
      ...(lines[i] ?? { forward: [], rollback: [] }),
    };
  });
  return {
    actions,
    ...strictest(actions),
    base: list.base,
    target: list.target,
    baseDigest: digestBase(list.base, plain, context, dialect),
    path,
    rollback: 'exact',
  };
}

function holdsSecret(action: Action, dialect: Dialect): boolean {
  const items = action.verb === 'set' ? [action.from, action.to] : [action.item];
  return items.some((item) =>
    item.properties.some(
      ([name, value]) => value && !isHidden(value) && dialect.isSecret(item.section, name),
    ),
  );
}

/** The configuration with some of its sections replaced, new ones at the end. */
export function withSections(configuration: Configuration, sections: readonly Section[]): Configuration {
  const by = new Map(sections.map((section) => [section.path, section]));
  const kept = configuration.sections.map((section) => by.get(section.path) ?? section);
  const known = new Set(configuration.sections.map((section) => section.path));
  return { sections: [...kept, ...sections.filter((section) => !known.has(section.path))] };
}

/** What is typed forward and back for each action, in the state in which it happens. */
export function renderActions(
  actions: readonly Action[],
  base: readonly Section[],
  dialect: Dialect,
  secretWord: SecretWord | null,
): readonly Pick<PlannedAction, 'forward' | 'rollback'>[] {
  const model = new Model(base, dialect);
  return actions.map((action) => {
    const forward = dialect.render(action, [model.section(action.section)], secretWord);
    model.apply(action);
    const back = dialect.render(inverseOf(action), [model.section(action.section)], secretWord);
    return { forward, rollback: [...back, ...lostLines(action, secretWord ?? nameOnly)] };
  });
}

function lostLines(action: Action, secretWord: SecretWord): readonly string[] {
  if (action.verb !== 'set') return [];
  return action.from.properties.flatMap(([name, value]) =>
    isHidden(value)
      ? [`# ${name}=${secretWord(name, value ?? '')} is not known here and can't be brought back`]
      : [],
  );
}

/** For showing what the rollback does; what runs on the device is the converging pass. */
export function inverseOf(action: Action): Action {
  const { section } = action;
  switch (action.verb) {
    case 'add':
      return { verb: 'remove', section, item: action.item, before: action.before };
    case 'set': {
      const lost = new Set(
        action.from.properties.flatMap(([name, value]) => (isHidden(value) ? [name] : [])),
      );
      const properties = action.to.properties.filter(([name]) => !lost.has(name));
      return { verb: 'set', section, from: { ...action.to, properties }, to: withoutHidden(action.from) };
    }
    case 'remove':
      return { verb: 'add', section, item: action.item, before: action.before };
    case 'move':
      return { verb: 'move', section, item: action.item, before: action.wasBefore, wasBefore: action.before };
  }
}

/** Items changed, removed, referenced or used as anchor, as they are before the plan; secrets left out. */
function digestBase(
  base: readonly Section[],
  actions: readonly Action[],
  context: PlanContext,
  dialect: Dialect,
): string {
  const footprint = new Set<string>();
  const add = (item: Item | null): void => {
    if (item === null) return;
    footprint.add(canonicalItem(withoutSecrets(item, dialect)));
  };
  for (const action of actions) {
    add(
      action.verb === 'set' ? wholeOf(action.from, context.base) : action.verb === 'add' ? null : action.item,
    );
    if (action.verb !== 'set') add(action.before);
    if (action.verb === 'move') add(action.wasBefore);
    const item = action.verb === 'set' ? action.to : action.item;
    for (const named of dialect.references(item, context.base)) add(named);
  }
  for (const { path } of base)
    footprint.add(canonicalItem({ section: path, key: null, created: false, properties: [], place: null }));
  return sha256([...footprint].sort().join('\n'));
}

/** A rename says no more of its row than which one it is. */
function wholeOf(item: Item, base: Configuration): Item {
  if (item.key === null) return item;
  return sectionOf(base, item.section)?.items.find(({ key }) => key === item.key) ?? item;
}
