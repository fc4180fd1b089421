/**
 * The canonical text of a plan: what people read and sign. Same input, same bytes; it names no device and no base,
 * so that equal plans of several devices read the same. Printable ASCII and LF, at most 1 MiB.
 */
import { sha256 } from '../digest.ts';
import { InvalidInput } from '../errors.ts';
import { lostSecretsIn } from './hidden-secret.ts';
import type { Action, Plan, PlannedAction, Tier } from './action.ts';

export interface PlanTimes {
  readonly windowMs: number;
  readonly tickMs: number;
  readonly flushMs: number;
  /** What the rollout is verified by, in words. */
  readonly verifiedBy: string;
}

const mostBytes = 1 << 20;

export function planText(plan: Plan, times: PlanTimes): string {
  const blocks = plan.actions.map(actionText);
  const footer = [
    `window: ${duration(times.windowMs)}`,
    `tick: ${duration(times.tickMs)}`,
    `flush: ${duration(times.flushMs)}`,
    `rollback: ${plan.rollback}${lostWords(plan)}, on the device itself, no reboot`,
    `verified by: ${times.verifiedBy}`,
    `management path: ${plan.path.kind}${plan.path.by === '' ? '' : ` (${plan.path.by})`}`,
    `total: ${totals(plan.actions)}`,
    ...(plan.left === undefined
      ? []
      : [`first part: ${plan.left} more differences are planned after this rollout`]),
  ];
  const lines = [...blocks.flatMap((block) => [...block, '']), ...footer].map(printable);
  const text = lines.map((line) => `${line}\n`).join('');
  if (text.length > mostBytes) {
    const message = `the plan is ${text.length} bytes long and a signed text may have ${mostBytes}: commit the change in several parts`;
    throw new InvalidInput('plan-too-large', message);
  }
  return text;
}

function lostWords(plan: Plan): string {
  const lost = lostSecretsIn(plan);
  return lost === 0 ? '' : ` but for ${lost} ${lost === 1 ? 'secret' : 'secrets'} that nobody here knows`;
}

export function planDigest(text: string): string {
  return sha256(text);
}

const signed: Readonly<Record<Tier, string>> = {
  floor: ', always signed',
  middle: ', signed by default',
  benign: '',
};

const signs: Readonly<Record<Action['verb'], string>> = { add: '+', set: '~', remove: '-', move: '>' };

function actionText({
  id,
  label,
  class: kind,
  tier,
  reason,
  item,
  action,
  forward,
  rollback,
}: PlannedAction): readonly string[] {
  return [
    `${id}. ${signs[action.verb]} ${action.section} ${`${item}${nthWord(action)}`.trim()}`,
    `   ${label}, ${kind}${signed[tier]}: ${reason}`,
    ...forward.map((line) => ` > ${line}`),
    ...rollback.map((line) => ` < ${line}`),
  ];
}

/** Which of several equal rows. */
function nthWord({ nth }: Action): string {
  return nth === undefined || nth === 0 ? '' : `~${nth + 1}`;
}

function totals(actions: readonly PlannedAction[]): string {
  const count = (verb: Action['verb']): number => actions.filter(({ action }) => action.verb === verb).length;
  return `${count('add')} to add, ${count('set')} to change, ${count('remove')} to remove, ${count('move')} to move`;
}

/** Whole seconds where they are; the text holds what was set, never what was measured. */
function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** One line: whatever a name holds, it can't end the line or look like another. */
export function printable(line: string): string {
  return line
    .replace(
      /[^\x20-\x7e]/g,
      (c) => `\\${(c.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .trimEnd();
}
