/**
 * Every command line that the driver sends, as pure builders; `docs/routeros-scripts.md` is the list of the
 * statements they use. Space form and full names only: RouterOS 6 takes nothing else over exec.
 */
import type { Deadline, RolloutTimes } from '../../core/rollout/rollout.ts';
import { pieces } from './console.ts';
import type { RolloutObjects } from './objects.ts';
import { scriptPolicies } from './objects.ts';
import { quoteString } from './quote.ts';
import { formatTime, tickSeconds } from './times.ts';

/** Longest quoted piece of a script in one command: exec lines have a limit that differs by version. */
const pieceLimit = 16_000;

const uptime = '[/system resource get uptime]';

/** Prints, one a line, `tag=value` of what every step wants to know. Values with a line end can't be told apart. */
export function factsCommand(): string {
  return [
    `:put ("version=" . [/system resource get version])`,
    `:put ("board=" . [/system resource get board-name])`,
    `:put ("uptime=" . ${uptime})`,
    `:put ("identity=" . [/system identity get name])`,
    listScripts(),
  ].join('; ');
}

/**
 * The same, and what else a preflight asks. Each question that a version may not know, or that needs a right the login
 * may lack, stands by itself, so that it costs no other answer.
 */
export function conditionsCommand(user: string): string {
  const asked = (question: string, refused = ''): string => `:do {${question}} on-error={${refused}}`;
  const login =
    '("login=" . [/user active get $i via] . " " . [/user active get $i address] . " " . [/user active get $i name])';
  return [
    factsCommand(),
    ':put "conditions="',
    asked(rightsCommand(user), ':put "refused="'),
    ':put ("date=" . [/system clock get date])',
    ':put ("free=" . [/system resource get free-hdd-space])',
    // Flag F of the history: what is taken back when a safe mode ends (MikroTik's page on safe mode).
    asked(':put ("floating=" . [:len [/system history find where floating-undo]])'),
    asked(`:foreach i in=[/user active find] do={:put ${login}}`),
  ].join('; ');
}

/** Versions before 7.17 don't parse it, and then nothing else of that line runs. */
export function deviceModeCommand(): string {
  return ':put ([/system device-mode get scheduler] . " " . [/system device-mode get mode])';
}

/** Scripts and schedulers that are siteward's, and the sources of lock and witness. */
function listScripts(): string {
  const own = (list: string, tag: string): string =>
    `:foreach i in=[/system ${list} find] do={:local n [/system ${list} get $i name]; :if ([:pick $n 0 3] = "sw-") do={:put ("${tag}=" . $n)}}`;
  return [
    own('script', 'script'),
    own('scheduler', 'scheduler'),
    each('script', 'siteward-hold', ':put "hold=yes"'),
    each('script', 'sw-lock', ':put ("lock=" . [/system script get $i source])'),
    each('script', 'sw-witness', ':put ("witness=" . [/system script get $i source])'),
  ].join('; ');
}

function each(list: 'script' | 'scheduler', name: string, statement: string): string {
  return `:foreach i in=[/system ${list} find where name=${quoteString(name)}] do={${statement}}`;
}

/**
 * What a rollout's objects say of themselves. Jobs before notes: a job that ended in between has left its note,
 * while the other order could miss both.
 */
export function rolloutFactsCommand(names: RolloutObjects): string {
  const job = (name: string, tag: string): string =>
    `:foreach i in=[/system script job find where script=${quoteString(name)}] do={:put "job=${tag}"}`;
  return [
    `:put ("uptime=" . ${uptime})`,
    job(names.apply, 'apply'),
    job(names.back, 'back'),
    each(
      'scheduler',
      names.tick,
      ':put ("tick=" . [/system scheduler get $i run-count] . " " . [/system scheduler get $i disabled])',
    ),
    each('script', names.decision, ':put ("decision=" . [/system script get $i source])'),
    each('script', names.apply, ':put ("apply=" . [/system script get $i comment])'),
    each('script', names.back, ':put ("back=" . [/system script get $i comment])'),
    listScripts(),
  ].join('; ');
}

/** Lines of the log that name somebody, with their time, oldest first. */
export function changesCommand(): string {
  return (
    ':foreach i in=[/log find] do={:local m [/log get $i message]; ' +
    ':if ([:typeof [:find $m " by "]] = "num") do={:put ([/log get $i time] . " " . $m)}}'
  );
}

/** Group and policies of a user, one a line. */
export function rightsCommand(user: string): string {
  const policy = ':put ("policy=" . [:tostr [/user group get $i policy]])';
  return (
    `:foreach u in=[/user find where name=${quoteString(user)}] do={:local g [/user get $u group]; :put ("group=" . $g); ` +
    ':put ("disabled=" . [/user get $u disabled]); ' +
    `:foreach i in=[/user group find where name=$g] do={${policy}}}`
  );
}

/** Prints how many were answered, last. */
export function pingCommand(address: string, count: number): string {
  return `:put [/ping address=${quoteString(address)} count=${count}]`;
}

export function versionCommand(): string {
  return ':put [/system resource get version]';
}

/** Who may not see secrets is shown an export without them and told nothing. */
export function hidesInSilence(version: string): boolean {
  return /^[0-6]\./.test(version);
}

/** RouterOS 6 shows secrets unless told otherwise, 7 hides them unless told otherwise. */
export function exportCommand(version: string, secrets: 'hidden' | 'shown' = 'hidden'): string {
  const showsUnasked = hidesInSilence(version);
  if (secrets === 'shown') return showsUnasked ? '/export' : '/export show-sensitive';
  return showsUnasked ? '/export hide-sensitive' : '/export';
}

/** The same, and nothing from a device that went back to version 6 meanwhile, whose plain export would show secrets. */
export function guardedExportCommand(version: string): string {
  const command = exportCommand(version);
  if (command !== '/export') return command;
  return `:if ([:pick [/system resource get version] 0 2] != "6.") do={${command}}`;
}

export function addScriptCommand(name: string, source: string): string {
  return `/system script add name=${quoteString(name)} source=${quoteString(source)} dont-require-permissions=no policy=${scriptPolicies}`;
}

/** The same, where a refusal is expected and is no error in the device's log. */
export function tryAddScriptCommand(name: string, source: string): string {
  return `:do {${addScriptCommand(name, source)}} on-error={}`;
}

/** Each piece is a command of its own: the first makes the script, the others append. */
export function stageCommands(name: string, source: string): readonly string[] {
  const [first = '', ...rest] = pieces(source, pieceLimit);
  const find = `[find name=${quoteString(name)}]`;
  const append = (piece: string): string =>
    `/system script set ${find} source=([/system script get ${find} source] . ${quoteString(piece)})`;
  return [addScriptCommand(name, first), ...rest.map(append)];
}

export function setSourceCommand(name: string, source: string): string {
  return `/system script set [find name=${quoteString(name)}] source=${quoteString(source)}`;
}

/** Looks and writes in one command: another's may have taken its place since it was read. */
export function setSourceIfCommand(name: string, was: string, source: string): string {
  const isStill = `[/system script get $i source] = ${quoteString(was)}`;
  return each('script', name, `:if (${isStill}) do={/system script set $i source=${quoteString(source)}}`);
}

export function readSourceCommand(name: string): string {
  return `:put [/system script get [find name=${quoteString(name)}] source]`;
}

export function countScriptsCommand(name: string): string {
  return `:put [:len [/system script find where name=${quoteString(name)}]]`;
}

export function removeScriptCommand(name: string): string {
  return `/system script remove [find name=${quoteString(name)}]`;
}

/** Removes a script only while it still says what was read: another's may have taken its place. */
export function removeScriptIfCommand(name: string, source: string): string {
  return each(
    'script',
    name,
    `:if ([/system script get $i source] = ${quoteString(source)}) do={/system script remove $i}`,
  );
}

export function runScriptCommand(name: string): string {
  return `/system script run ${name}`;
}

/** A job of the device's own, which no broken session can end. */
export function executeCommand(name: string): string {
  return `:execute ${quoteString(runScriptCommand(name))}`;
}

export function stopJobsCommand(name: string): string {
  return `:foreach i in=[/system script job find where script=${quoteString(name)}] do={/system script job remove $i}`;
}

/**
 * A tick, not an alarm: deadline and reboot are judged by uptime inside the rollback script, since wall time jumps
 * and `startup` is the start of the console.
 */
export function addTickCommand(names: RolloutObjects, times: RolloutTimes): string {
  const interval = formatTime(tickSeconds(times));
  return (
    `/system scheduler add name=${quoteString(names.tick)} start-time=startup interval=${interval} ` +
    `on-event=${quoteString(runScriptCommand(names.back))} policy=${scriptPolicies}`
  );
}

export function readTickCommand(name: string): string {
  const get = (property: string): string =>
    `[/system scheduler get [find name=${quoteString(name)}] ${property}]`;
  return `:put (${get('interval')} . " " . ${get('run-count')} . " " . ${get('disabled')} . " " . ${get('on-event')})`;
}

export function removeTickCommand(name: string): string {
  return `/system scheduler remove [find name=${quoteString(name)}]`;
}

/** The guard before apply: the net is armed and nobody has decided. Fails otherwise. */
export function applyCommand(names: RolloutObjects): string {
  const count = (list: string, where: string): string => `[:len [/system ${list} find where ${where}]]`;
  const armed = `(${count('scheduler', `name=${quoteString(names.tick)} disabled=no`)} = 1)`;
  const undecided = `(${count('script', `name=${quoteString(names.decision)}`)} = 0)`;
  return `:if (${armed} && ${undecided}) do={${executeCommand(names.apply)}} else={:error "sw-not-armed"}`;
}

/**
 * Asks for `confirm` while no tick can have begun to roll back: same boot, and two ticks left. The name is unique,
 * so whoever adds the decision first has decided.
 */
export function confirmCommand(names: RolloutObjects, deadline: Deadline, times: RolloutTimes): string {
  const last = Math.max(deadline.armedUptimeS, deadline.deadlineUptimeS - 2 * tickSeconds(times));
  const inTime = `(${formatTime(deadline.armedUptimeS)} <= ${uptime}) && (${uptime} < ${formatTime(last)})`;
  return `:if (${inTime}) do={${tryAddScriptCommand(names.decision, 'confirm')}}`;
}

export function decideRollbackCommand(names: RolloutObjects): string {
  return tryAddScriptCommand(names.decision, 'rollback');
}

/**
 * Everything the device has, as a file. Not encrypted by the device: what lies there for seconds the device holds anyway, and
 * a password on its command line would be in its log.
 */
export function saveBackupCommand(name: string): string {
  return `/system backup save name=${quoteString(name)} dont-encrypt=yes`;
}

/** Where the file is: versions and boards differ in whether it gets into the folder that outlives a reboot. */
export function findBackupCommand(name: string): string {
  return eachBackup(name, ':put ("file=" . [/file get $i name])');
}

export function removeBackupCommand(name: string): string {
  return eachBackup(name, '/file remove $i');
}

function eachBackup(name: string, statement: string): string {
  return [`${name}.backup`, `flash/${name}.backup`]
    .map((file) => `:foreach i in=[/file find where name=${quoteString(file)}] do={${statement}}`)
    .join('; ');
}
