/**
 * A rollout as three scripts for the device: `check` looks, `apply` does the plan's steps under the guard, `back`
 * decides and converges to the base. They are rendered from the same data as the proof. Texts hold
 * secrets and are sealed; `@U0@`, `@D@` and `@F@` stand for the times that are known only when the net is armed.
 */
import { AssertionFailed } from '../../core/errors.ts';
import { actionsOf, type Plan } from '../../core/plan/action.ts';
import { checksOf } from '../../core/plan/make-checks.ts';
import { convergeSteps } from '../../core/plan/converge.ts';
import type { Deadline, RolloutTimes } from '../../core/rollout/rollout.ts';
import { rolledBackNote } from '../../core/rollout/rollout.ts';
import { rowFacts } from './row-facts.ts';
import { cleanSince, objectsOf, scriptPolicies, type RolloutObjects } from './objects.ts';
import { quoteString } from './quote.ts';
import { passLines } from './script-pass.ts';
import { KnownRows, declarations, indent, type Lines } from './script-rows.ts';
import { checkScript, stepsOf, turnsOf, type StepLines } from './script-turns.ts';
import { flushSeconds, formatTime } from './times.ts';

export interface RolloutScripts {
  readonly check: string;
  readonly apply: string;
  readonly back: string;
}

export function renderRollout(rolloutId: string, plan: Plan): RolloutScripts {
  const names = objectsOf(rolloutId);
  const actions = actionsOf(plan);
  const checks = checksOf(actions, plan.base, plan.target, rowFacts);
  const known = new KnownRows([...plan.base, ...plan.target], checks);
  const turns = turnsOf(actions, checks);
  return {
    check: script(checkScript(turns, known)),
    apply: script(applyLines(names, actions.length, stepsOf(turns, known))),
    back: script(backLines(names, passLines(convergeSteps(plan, rowFacts), known))),
  };
}

/** Length of the longest of the three; a rollout's id has always the same length. */
export function scriptBytes(plan: Plan): number {
  return Math.max(...Object.values(renderRollout('0'.repeat(12), plan)).map((text: string) => text.length));
}

/** The rollback's question to the clock. No value in a script can look like it: values have their quotes escaped. */
const dueLine = ':if ($dec = "" && ($up < @U0@ || $up >= @D@)) do={';

/** The rollback's question whether what it wrote is kept by now. */
const keptLine = ':if ($now >= ($since + @F@)) do={';

/** The uptimes by which the rollback judges a reboot and its deadline, and how long the device may keep writes to itself. */
export function withTimes(
  source: string,
  { armedUptimeS, deadlineUptimeS }: Deadline,
  times: Pick<RolloutTimes, 'flushMs'>,
): string {
  const due = dueLine.replace('@U0@', formatTime(armedUptimeS)).replace('@D@', formatTime(deadlineUptimeS));
  const kept = keptLine.replace('@F@', formatTime(flushSeconds(times)));
  return source.replace(dueLine, () => due).replace(keptLine, () => kept);
}

function script(lines: Lines): string {
  const text = lines.map((line) => `${line}\n`).join('');
  if (/[^\x20-\x7e\n]/.test(text))
    throw new AssertionFailed('a rendered script holds more than printable ASCII');
  return text;
}

function count(menu: 'script' | 'scheduler', where: string): string {
  return `[:len [/system ${menu} find where ${where}]]`;
}

/** Before each step: the net is there and on, and nobody has decided. */
function guardLines(names: RolloutObjects): Lines {
  return [
    `:if (${count('scheduler', `name=${quoteString(names.tick)} disabled=no`)} != 1) do={ :error "not armed" }`,
    `:if (${count('script', `name=${quoteString(names.decision)}`)} != 0) do={ :error "decided" }`,
  ];
}

function addDecision(names: RolloutObjects): string {
  const words = `name=${quoteString(names.decision)} source="rollback" dont-require-permissions=no policy=${scriptPolicies}`;
  return `:do { /system script add ${words} } on-error={ }`;
}

function setNote(name: string, note: string): string {
  return `/system script set [/system script find where name=${quoteString(name)}] comment=${note}`;
}

/**
 * Two rounds over the same list: the first looks at every item and does nothing unless all are as in the base, the
 * second looks again and does the step. So each check stands in the script once, and the guard once for all.
 */
function applyLines(names: RolloutObjects, count: number, { found, steps }: StepLines): Lines {
  return [
    ...declarations,
    ':local at ""',
    ':local go false',
    ':do {',
    ...indent([
      ...found,
      ':foreach round in={"check";"step"} do={',
      ...indent([
        ':set go ($round = "step")',
        `:for k from=1 to=${count} do={`,
        ...indent([
          ':set at ($round . " " . $k)',
          ':if ($go) do={',
          ...indent(guardLines(names)),
          '}',
          ':set s "other"',
          ':set x ""',
          ...steps,
          ':if ($go) do={',
          ' :if ($s != "target") do={ :error "not base" }',
          '} else={',
          ' :if ($s != "base") do={ :error "not base" }',
          '}',
        ]),
        '}',
      ]),
      '}',
      ':set at "end"',
      ...guardLines(names),
      setNote(names.apply, '"applied"'),
    ]),
    '} on-error={',
    ...indent([addDecision(names), setNote(names.apply, '("failed at " . $at)')]),
    '}',
  ];
}

/** No `:error` leaves this script: it runs at every tick and would fill the log. */
function backLines(names: RolloutObjects, pass: Lines): Lines {
  const decision = `[/system script find where name=${quoteString(names.decision)}]`;
  const read = [`:foreach i in=${decision} do={ :set dec [/system script get $i source] }`];
  const jobs = `[/system script job find where script=${quoteString(names.apply)}]`;
  const passes = `[/system script job find where script=${quoteString(names.back)}]`;
  return [
    ...declarations,
    ':local dec ""',
    ':local go false',
    ':local up [/system resource get uptime]',
    ':local changed 0',
    ':local failed 0',
    ...read,
    ':if ($dec = "rollback") do={ :set go true }',
    dueLine,
    ...indent([addDecision(names), ...read, ':if ($dec = "rollback") do={ :set go true }']),
    '}',
    ':if ($go) do={',
    ...indent([
      `:foreach i in=${jobs} do={ :do { /system script job remove $i } on-error={ } }`,
      `:if ([:len ${jobs}] > 0) do={ :set go false }`,
      // One pass at a time: the list holds jobs that run and no others (they end with a crash or a reboot), so a pass
      // that died keeps nobody waiting; a device that does not list this job itself never counts two.
      `:if ([:len ${passes}] > 1) do={ :set go false }`,
    ]),
    '}',
    ':if ($go) do={',
    ...indent([
      ...pass,
      ':if ($changed = 0 && $failed = 0) do={',
      ...indent(endLines(names)),
      '} else={',
      ...indent([setNote(names.back, '("changed " . $changed . " failed " . $failed)')]),
      '}',
    ]),
    '}',
  ];
}

/**
 * After a clean pass: the timer goes once a pass was clean for as long as the device may lose writes, so that no power
 * cut takes back what the rollback wrote and keeps that its timer is gone. The note outlives the pass, and a reboot
 * shows in it as an uptime that is still to come.
 */
function endLines(names: RolloutObjects): Lines {
  const note = `("" . [/system script get [/system script find where name=${quoteString(names.back)}] comment])`;
  return [
    ':local now [:totime ("" . $up)]',
    ':local since $now',
    `:local note ${note}`,
    `:if ([:pick $note 0 ${cleanSince.length}] = ${quoteString(cleanSince)}) do={`,
    ...indent([
      `:local noted [:totime [:pick $note ${cleanSince.length} [:len $note]]]`,
      ':if ([:typeof $noted] = "time") do={ :if ($noted <= $now) do={ :set since $noted } }',
    ]),
    '}',
    keptLine,
    ...indent([
      setNote(names.back, quoteString(rolledBackNote)),
      `/system scheduler remove [/system scheduler find where name=${quoteString(names.tick)}]`,
    ]),
    '} else={',
    ...indent([`:if ($since = $now) do={ ${setNote(names.back, `(${quoteString(cleanSince)} . $now)`)} }`]),
    '}',
  ];
}
