/** `siteward plan [DEVICE] [--rev REV]`: what would be done, and which of it needs a signature. Changes nothing. */
import { Command } from 'commander';
import type { DevicePlan, DeviceState } from '../api/answers.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { count, paint, printJson, printLine, safe } from './terminal.ts';
import type { Tone } from './terminal.ts';

type PlannedAction = DevicePlan['actions'][number];

export function planCommand(): Command {
  return new Command('plan')
    .argument('[device]', 'only this device')
    .option('--rev <rev>', 'for this branch, tag or commit instead of the accepted one')
    .action(async (device: string | undefined, options: { rev?: string }, command: Command) => {
      const daemon = await daemonOf(command);
      const answer = await daemon.call('plan', {
        ...(device === undefined ? {} : { device }),
        ...(options.rev === undefined ? {} : { rev: options.rev }),
      });
      if (wantsJson(command)) printJson(answer);
      else
        answer.devices.forEach((plan, index) => {
          if (index > 0) printLine();
          printPlan(plan);
        });
      const unusable = answer.devices.some(({ problems }) =>
        (problems ?? []).some(({ section }) => section === null),
      );
      const differs = answer.devices.some(
        ({ actions, drift, problems }) => actions.length + (drift ?? []).length + (problems ?? []).length > 0,
      );
      setExit(unusable ? 2 : differs ? 1 : 0);
    });
}

export function printPlan(plan: DevicePlan): void {
  printLine(headLine(plan));
  for (const problem of plan.problems ?? []) {
    const place =
      problem.file === undefined
        ? ''
        : `${[problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')}: `;
    const blocked = problem.section === null ? 'no plan' : `not planned: ${problem.section}`;
    printLine(` ${paint('bad', '!')} ${safe(`${place}${problem.message}`)}  (${safe(blocked)})`);
  }
  printActions(plan);
  const verified = verifiedWords(plan);
  if (verified !== null) printLine(` ${paint('quiet', safe(verified))}`);
  for (const drift of plan.drift ?? [])
    printLine(` ${paint('warn', 'drift')} ${safe(driftWords(drift))}  left alone`);
  printLine(summary(plan));
}

/** The actions under their menus, and whether the daemon stays in. */
export function printActions(plan: Pick<DevicePlan, 'actions' | 'path' | 'rollback'>): void {
  let section = '';
  for (const action of plan.actions) {
    if (action.section !== section) printLine(` ${safe(action.section)}`);
    section = action.section;
    printLine(`  ${actionLine(action)}`);
  }
  if (plan.actions.length > 0 && plan.path !== null && plan.path !== undefined)
    printLine(` ${pathLine(plan.path, plan.rollback ?? null)}`);
}

/** As the text says it that people sign. */
function verifiedWords({ text }: DevicePlan): string | null {
  const by = /^verified by: (.+)$/m.exec(text ?? '')?.[1];
  return by === undefined ? null : `verified by ${by}`;
}

function headLine(plan: DevicePlan): string {
  const { device, facts, from, commit, drift, ignored } = plan;
  const parts = [paint('strong', safe(device ?? 'plan'))];
  if (facts !== null && facts !== undefined) parts.push(safe(`${facts.model} ${facts.version}`.trim()));
  if (commit !== null) {
    const start = from === null || from === undefined ? 'nothing confirmed yet' : from.slice(0, 7);
    parts.push(`${start}..${commit.slice(0, 7)}`);
  }
  if (drift !== undefined) parts.push(` drift: ${drift.length === 0 ? 'none' : count(drift.length, 'item')}`);
  if (ignored !== undefined) parts.push(` ignored: ${count(ignored, 'item')}`);
  return parts.join('  ');
}

const symbols: Readonly<Record<PlannedAction['verb'], readonly [string, Tone]>> = {
  add: ['+', 'good'],
  set: ['~', 'warn'],
  remove: ['-', 'bad'],
  move: ['>', 'warn'],
};

function actionLine(action: PlannedAction): string {
  const [symbol, tone] = symbols[action.verb];
  const isSaid = action.label === 'desired' || action.label === action.reason;
  const label = isSaid ? '' : ` ${paint('warn', action.label)}`;
  const words = safe(actionWords(action));
  const verdict =
    action.class === 'benign'
      ? paint('quiet', safe(action.reason))
      : `${paint('bad', 'SIGN')}  ${safe(`${action.reason}${confirmedWords(action)}`)}`;
  return `${paint(tone, symbol)} ${words}${label}   ${verdict}`;
}

function absentWords(absent: string | undefined): string {
  return absent === undefined ? '(unset)' : `(default ${absent})`;
}

/** The device and git both moved away from this; a row that one side no longer has may still be as it was. */
function confirmedWords({ confirmed }: PlannedAction): string {
  if (confirmed === undefined || confirmed.length === 0) return '';
  return `, last confirmed: ${confirmed.join(' ')}`;
}

/** A row is called by its name; one that has none, by what it says. */
function driftWords({ section, verb, item, forward, row }: NonNullable<DevicePlan['drift']>[number]): string {
  const words =
    verb === 'set'
      ? [section, row ?? item, ...forward]
      : [section, verb, ...(isDigest(item) && forward.length > 0 ? forward : [item])];
  return words.filter((word) => word !== '').join(' ');
}

function isDigest(item: string): boolean {
  return /^#[0-9a-f]{16}(~\d+)?$/.test(item);
}

/** Old → new where it is known; else the command's arguments, which say more than the item's name. */
function actionWords(action: PlannedAction): string {
  if (action.changes !== undefined && action.changes.length > 0) {
    const changes = action.changes.map(
      ({ property, from, to, absent }) =>
        `${property}=${from ?? absentWords(absent)} -> ${to ?? absentWords(absent)}`,
    );
    const name = action.row ?? action.item;
    return `${name === '' ? '' : `${name} `}${changes.join(' ')}`;
  }
  const prefix = `${action.section} ${action.verb} `;
  const [line] = action.forward;
  if (action.verb === 'add' && line !== undefined && line.startsWith(prefix))
    return line.slice(prefix.length);
  if (action.verb === 'set' && line !== undefined)
    return line.startsWith(prefix) ? line.slice(prefix.length) : line;
  return action.row ?? action.item;
}

function pathLine(
  path: NonNullable<DevicePlan['path']>,
  rollback: (DevicePlan['rollback'] & {}) | null,
): string {
  const way = {
    untouched: 'you stay in: nothing that the management path needs is touched',
    open: `you stay in: a new login matches ${path.by}`,
    closed: `the management path is cut by ${path.by}`,
    undecidable: `not provable that the management path stays open: ${path.by}`,
  }[path.kind];
  const afterMs = rollback === null ? 0 : (rollback.effectiveMs ?? rollback.windowMs);
  const why =
    afterMs === rollback?.windowMs ? 'window' : 'by what it took before, soak, flush, probes and radios';
  const lost = rollback?.lostSecrets ?? 0;
  const but = lost === 0 ? '' : ` but for ${count(lost, 'secret')} that nobody here knows`;
  const back =
    rollback === null
      ? ''
      : `   rollback: ${rollback.kind}${but}, after ${Math.ceil(afterMs / 1000)} s (${why})`;
  return paint(path.kind === 'untouched' || path.kind === 'open' ? 'quiet' : 'bad', safe(`${way}${back}`));
}

/** What a plan could be made of is not known, or nothing is begun on the device whatever it is. */
const unplanned: readonly DeviceState[] = ['error', 'diverged', 'unreachable', 'unknown', 'rolling-out'];

function standingWords({ state, reason, message, next }: NonNullable<DevicePlan['standing']>): string {
  return safe(`${state}: ${message ?? reason ?? ''}${next === null ? '' : `   next: ${next}`}`);
}

const driftOnly =
  'nothing to do; git did not move: keep what the device has with siteward adopt DEVICE --onto FILE, or change it back there';

function summary(plan: DevicePlan): string {
  const of = (verb: PlannedAction['verb']): number =>
    plan.actions.filter((action) => action.verb === verb).length;
  if (plan.actions.length === 0) {
    if ((plan.problems ?? []).length > 0) return 'no plan';
    const { standing } = plan;
    if (standing !== undefined && unplanned.includes(standing.state))
      return `no plan: ${standingWords(standing)}`;
    return (plan.drift ?? []).length > 0 ? driftOnly : 'no difference';
  }
  const moved = of('move');
  const amounts = `${of('add')} to add, ${of('set')} to change, ${of('remove')} to remove${moved === 0 ? '' : `, ${moved} to move`}`;
  return `${amounts}${waitWords(plan)}`;
}

/** Why nothing happens at once, in the words of `status`: a plan that a person stopped waits for no signature. */
function waitWords({ actions, standing }: DevicePlan): string {
  const role = actions.some((action) => action.class === 'recovery') ? 'a recovery' : 'an operational';
  const signed = actions.some((action) => action.class !== 'benign');
  if (standing === undefined) return signed ? `; needs ${role} signature` : '';
  const next = standing.next === null ? '' : `   next: ${standing.next}`;
  const { state, reason, message } = standing;
  if (state === 'pending-signature') return safe(`; waits whole for ${role} signature${next}`);
  if (reason === 'rollout-due') return signed ? `; needs ${role} signature` : '; is rolled out';
  // Reading the plan is what is being done.
  const other = next.includes('siteward plan') ? '' : next;
  return safe(`; ${state}: ${message ?? reasons[reason ?? ''] ?? reason ?? state}${other}`);
}

const reasons: Readonly<Record<string, string>> = {
  'report-only': 'only reported, the settings say manage: report',
  manual: 'starts when somebody says so',
  reading: 'being read again',
};
