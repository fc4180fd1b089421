/**
 * `siteward rsc plan`: what leads a device from one text to another, two-way, for people, as one device of the plan
 * answer, or as the console commands themselves. Commands show what the files hold; all else masks secrets. What
 * can't be planned whole gives no commands.
 */
import type { ParsedText, Problem } from '../core/dialect.ts';
import { strictest } from '../core/gate/classify.ts';
import { blockFaulty } from '../core/plan/blocked.ts';
import { diffConfigurations } from '../core/plan/diff.ts';
import type { Plan, PlannedAction } from '../core/plan/action.ts';
import { planAllParts } from '../core/plan/all-parts.ts';
import { renderActions } from '../core/plan/plan.ts';
import type { IgnoreRule, Owns } from '../core/plan/scope.ts';
import { incompleteness } from '../drivers/routeros/completeness.ts';
import { routerosDialect as dialect } from '../drivers/routeros/dialect.ts';
import { toConfiguration } from '../drivers/routeros/normalize.ts';
import type { ExitCode } from './common.ts';
import {
  beforeWords,
  changeWords,
  changesOf,
  hiddenSecrets,
  nameWords,
  printLines,
  rowWords,
  totals,
} from './rsc-words.ts';
import { problemLines, problemView, refuse, type Source, type Text } from './rsc-texts.ts';
import { paint, printJson, printLine, printNote, safe } from './terminal.ts';

export type PlanForm = 'people' | 'json' | 'commands' | 'inverse';

export interface Found {
  /** One rollout after the other; none: nothing to do. */
  readonly plans: readonly Plan[];
  /** Faults that leave no plan at all. */
  readonly faults: readonly Problem[];
  /** Sections that are left as they are. */
  readonly blocked: readonly Problem[];
}

export function showPlan(texts: readonly [Text, Text], owns: Owns, form: PlanForm): ExitCode {
  const { plans, faults, blocked } = findPlan(texts, owns);
  const whole = form === 'commands' || form === 'inverse';
  if (faults.length > 0) return refuse(faults, texts, form === 'json');
  if (whole && blocked.length > 0) {
    refuse(blocked, texts, false);
    printNote('no commands: the whole of DESIRED would not be reached');
    return 2;
  }
  if (whole) {
    for (const line of allCommands(plans, form === 'inverse')) printLine(line);
    if (form === 'inverse') for (const line of lostLines(plans)) printNote(line);
  } else if (form === 'json') printJson(planAnswer(plans, blocked, texts));
  else showToPeople(plans, blocked, texts);
  return plans.length === 0 && blocked.length === 0 ? 0 : 1;
}

/** Compares two texts, which names their places in what it finds. */
export function findPlan([a, b]: readonly [Text, Text], owns: Owns): Found {
  const { version } = a.read.header;
  const reading = toConfiguration(a.read, { role: 'device' });
  const wish = toConfiguration(b.read, { role: 'desired', version });
  const unread = [...reading.problems, ...wish.problems].filter(({ section }) => section === null);
  const cut = incompleteness(a.bytes);
  const incomplete: Problem[] =
    cut === null
      ? []
      : [
          {
            code: cut.code,
            message: `this is not a whole export: ${cut.message}; ${cut.remedy}`,
            place: cut.line === null ? { file: a.name } : { file: a.name, line: cut.line, column: 1 },
            section: null,
          },
        ];
  // The same bytes mean the same, whatever is missing in both of them.
  const same = a.bytes.equals(b.bytes);
  if (same && a.read.problems.length === 0) return { plans: [], faults: [], blocked: [] };
  const faults = unique([...incomplete, ...unread]);
  if (faults.length > 0) return { plans: [], faults, blocked: [] };

  const found = planBetween(reading, wish, { version, owns, ignore: [], file: b.name });
  // What is left out of a refused plan may be all that is missing in it.
  return found.faults.length > 0
    ? { ...found, faults: [...found.faults, ...found.blocked], blocked: [] }
    : found;
}

interface Between {
  readonly version: string | null;
  readonly owns: Owns;
  readonly ignore: readonly IgnoreRule[];
  /** What is wished, for faults of the plan as a whole. */
  readonly file: string;
}

/** What leads from a reading to a wish, both without faults that leave nothing to compare. */
export function planBetween(
  reading: ParsedText,
  wish: ParsedText,
  { version, owns, ignore, file }: Between,
): Found {
  const [actual, desired] = [reading.configuration, wish.configuration];
  const found = diffConfigurations({ confirmed: null, desired, actual, owns, ignore, dialect });
  const judged = [
    ...reading.problems,
    ...wish.problems,
    ...(dialect.judgeDesired?.(desired, actual, version) ?? []),
  ];
  const trusted = blockFaulty(found, judged);
  const wrong = trusted.blocked.filter((problem) => !found.blocked.includes(problem));
  if (wrong.length > 0) return { plans: [], faults: wrong, blocked: [] };
  // Where the text ends early, what is missing behind its end can't be told from what should go.
  const end = judged.find(({ code }) => code === 'truncated-export');
  if (end !== undefined && found.differences.length + found.blocked.length > 0)
    return { plans: [], faults: [end], blocked: [] };

  const { plans, refused } = planAllParts(
    {
      differences: found.differences,
      actual,
      desired,
      blocked: found.blocked,
      labels: ['desired'],
      caps: { items: 20, share: 0.1 },
      management: { address: '', port: 22, from: '', interface: null },
      isOwn: () => false,
      secretsOnDevice: 'allow',
      dialect,
    },
    { confirmed: null, owns, ignore },
  );
  if (refused === null) return { plans, faults: [], blocked: found.blocked };
  const { code, message } = refused;
  return { plans: [], faults: [{ code, message, place: { file }, section: null }], blocked: found.blocked };
}

/** Rows that would come back with less than they have. */
function lostLines(plans: readonly Plan[]): readonly string[] {
  return plans.flatMap(({ actions }) =>
    actions.flatMap(({ action }) => {
      const lost = hiddenSecrets(action);
      if (lost.length === 0 || action.verb !== 'remove') return [];
      const row = `${action.section} ${nameWords(action.item)}`;
      return [
        safe(
          `${row}: what the export hides (${lost.join(', ')}) does not come back: set it by hand afterwards`,
        ),
      ];
    }),
  );
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map(problems.map((problem) => [JSON.stringify([problem.place, problem.code]), problem]));
  return [...seen.values()];
}

/** Of all parts in turn; back from the last to the first. */
export function allCommands(plans: readonly Plan[], inverse: boolean): readonly string[] {
  return (inverse ? plans.toReversed() : plans).flatMap((plan) => commandsOf(plan, inverse));
}

/** As they are to be typed, one after the other, secrets in the clear. */
function commandsOf({ actions, base }: Plan, inverse: boolean): readonly string[] {
  const plain = actions.map(({ action }) => action);
  const rendered = renderActions(plain, base, dialect, null);
  return inverse
    ? rendered.toReversed().flatMap(({ rollback }) => rollback)
    : rendered.flatMap(({ forward }) => forward);
}

export function planAnswer(
  plans: readonly Plan[],
  blocked: readonly Problem[],
  texts: readonly Source[],
): object {
  const actions = plans.flatMap((plan) => plan.actions);
  const strictness = strictest(plans);
  return {
    device: null,
    commit: null,
    base: null,
    actions: actions.map((action, i) => ({ ...actionView(action), id: i + 1 })),
    class: plans.length === 0 ? 'benign' : strictness.class,
    reason: plans.length === 0 ? null : strictness.reason,
    // How many of the actions each rollout takes, in their order.
    parts: plans.map((plan) => plan.actions.length),
    problems: blocked.map((problem) =>
      problemView(
        problem,
        texts.find(({ name }) => name === problem.place?.file),
      ),
    ),
  };
}

function actionView({ action, item, ...planned }: PlannedAction): object {
  const { section, verb } = action;
  const changes = verb === 'set' ? { changes: changesOf(action.from, action.to) } : {};
  const lost = hiddenSecrets(action);
  return { ...planned, section, verb, item, ...changes, ...(lost.length > 0 ? { lost } : {}) };
}

function showToPeople(
  plans: readonly Plan[],
  blocked: readonly Problem[],
  texts: readonly [Text, Text],
): void {
  const [a, b] = texts;
  const { version } = a.read.header;
  printLine(
    `${paint('strong', safe(`${a.name} → ${b.name}`))}  RouterOS ${safe(version ?? 'of unknown version')}`,
  );
  printPlans(plans, blocked, texts);
}

/** What is to be done, what is left as it is, and the totals. */
export function printPlans(
  plans: readonly Plan[],
  blocked: readonly Problem[],
  texts: readonly Source[],
): void {
  plans.forEach(({ actions: part }, i) => {
    if (plans.length > 1) printLine(paint('strong', `part ${i + 1} of ${plans.length}`));
    printLines(
      part.map(({ action }) => ({ verb: action.verb, section: action.section, words: actionWords(action) })),
    );
  });
  const actions = plans.flatMap((plan) => plan.actions);
  for (const problem of blocked) {
    printLine(` ${paint('bad', '!')} ${safe(problem.section ?? '')} is left as it is:`);
    for (const line of problemLines(problem, texts)) printLine(`   ${line}`);
  }
  for (const line of lostLines(plans)) printLine(` ${paint('warn', 'rollback is not exact:')} ${line}`);
  if (actions.length > 0) printLine(totals(actions.map(({ action }) => action.verb)));
  else printLine(blocked.length > 0 ? 'nothing that can be planned' : 'no difference');
}

function actionWords(action: PlannedAction['action']): string {
  switch (action.verb) {
    case 'set':
      return changeWords(action.from, action.to);
    case 'move':
      return `${nameWords(action.item)}  ${beforeWords(action.before)}`;
    case 'add':
      return action.before === null
        ? rowWords(action.item)
        : `${rowWords(action.item)}  ${beforeWords(action.before)}`;
    case 'remove':
      return rowWords(action.item);
  }
}
