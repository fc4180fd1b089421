/** `siteward status [DEVICE]`: where everything stands, one line a device, worst first, each with what comes next. */
import { Command } from 'commander';
import type { DeviceState, DeviceStatus, StatusAnswer } from '../api/answers.ts';
import { daemonOf, wantsJson } from './common.ts';
import { ago, clockTime, count, paint, printJson, printLine, printTable, safe } from './terminal.ts';
import type { Cell, Tone } from './terminal.ts';

/** Worst first: what may be broken, what waits for a person, what goes on by itself, what is well. */
const order: readonly DeviceState[] = [
  'diverged',
  'error',
  'quarantined',
  'unreachable',
  'unknown',
  'pending-signature',
  'held',
  'drifted',
  'rolling-out',
  'behind',
  'backed-up',
  'in-sync',
];

export function statusCommand(): Command {
  return new Command('status')
    .argument('[device]', 'only this device')
    .action(async (device: string | undefined, _options: object, command: Command) => {
      const daemon = await daemonOf(command);
      const answer = await daemon.call('status', device === undefined ? {} : { device });
      if (wantsJson(command)) printJson(answer);
      else printStatus(answer, Date.now());
    });
}

export function printStatus(answer: StatusAnswer, nowMs: number): void {
  const { site, commit, desired, devices, journal, readOnly, hold } = answer;
  const said = [
    paint('strong', safe(site)),
    commit === null ? 'no commit accepted yet' : commitWords(commit, desired, nowMs),
    ` ${tally(devices)}`,
    // To be compared with one noted elsewhere: what is cut off the journal's end shows nowhere else.
    ` ${paint('quiet', `journal ${journal.seq}:${journal.head.slice(0, 13)}`)}`,
  ];
  printLine(said.join('  '));
  if (readOnly !== null && readOnly !== undefined) printLine(paint('bad', readOnlyWords(readOnly)));
  for (const { code, message, next } of answer.warnings ?? [])
    printLine(paint('bad', `${code}: ${safe(message)}${next === null ? '' : `   next: ${safe(next)}`}`));
  if (hold !== null && hold !== undefined) {
    const until = hold.until === null ? '' : `, until ${clockTime(hold.until, nowMs)}`;
    printLine(
      paint(
        'warn',
        `all held: "${safe(hold.reason)}" by ${safe(hold.by)}${until}   next: siteward release --all`,
      ),
    );
  }
  if (desired.state !== 'accepted' && desired.state !== 'unknown') {
    const what = desired.head === null ? 'desired state' : `head ${desired.head.slice(0, 7)}`;
    const why = safe(desired.message ?? desired.reason ?? '');
    printLine(
      paint(
        'bad',
        `${what} ${desired.state}: ${why}${desired.next === null ? '' : `   next: ${safe(desired.next)}`}`,
      ),
    );
  }
  const sorted = [...devices].sort(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.name < b.name ? -1 : 1),
  );
  printTable(sorted.map((device) => deviceRow(device, nowMs)));
}

function readOnlyWords({ code, message, next }: NonNullable<StatusAnswer['readOnly']>): string {
  const typed = next === undefined ? '' : `   next: ${safe(next)}`;
  return `nothing is changed: ${code}: ${safe(message)}${typed}`;
}

function commitWords(commit: string, desired: StatusAnswer['desired'], nowMs: number): string {
  const subject = desired.subject ?? null;
  const parts = [
    commit.slice(0, 7) + (subject === null ? '' : ` "${safe(subject)}"`),
    ...(desired.author === null || desired.author === undefined
      ? []
      : [safe(desired.author.replace(/ <[^>]*>$/, ''))]),
    ...(desired.acceptedAt === null || desired.acceptedAt === undefined
      ? []
      : [ago(desired.acceptedAt, nowMs)]),
  ];
  return parts.join(', ').replace('", ', '" ');
}

function tally(devices: readonly DeviceStatus[]): string {
  const counts = order.toReversed().flatMap((state) => {
    const amount = devices.filter((device) => device.state === state).length;
    return amount === 0 ? [] : [`${amount} ${state}`];
  });
  return `${count(devices.length, 'device')}: ${counts.join(', ')}`;
}

function toneOf(state: DeviceState): Tone {
  switch (state) {
    case 'in-sync':
    case 'backed-up':
      return 'good';
    case 'behind':
    case 'rolling-out':
    case 'drifted':
    case 'pending-signature':
    case 'held':
    case 'unknown':
      return 'warn';
    case 'diverged':
    case 'error':
    case 'quarantined':
    case 'unreachable':
      return 'bad';
  }
}

function deviceRow(device: DeviceStatus, nowMs: number): Cell[] {
  return [
    { text: safe(device.name) },
    { text: device.state, tone: toneOf(device.state) },
    { text: safe(whyWords(device, nowMs)) },
    device.next === null ? { text: '' } : { text: `next: ${safe(device.next)}`, tone: 'strong' },
  ];
}

function whyWords(device: DeviceStatus, nowMs: number): string {
  const parts: string[] = [];
  // Of a rollout that diverged the message says which it was.
  if (device.rollout !== null && device.state !== 'diverged') {
    parts.push(`rollout ${device.rollout.id} ${device.rollout.state}`);
    if (device.deadline !== null && device.deadline !== undefined)
      parts.push(`rolls back by itself at ${clockTime(device.deadline, nowMs)}`);
  }
  const { message, reason } = device;
  const { hold } = device;
  if (hold !== null && hold !== undefined && device.rollout !== null) {
    const until = hold.until === null ? '' : `, until ${clockTime(hold.until, nowMs)}`;
    parts.push(`then held: "${hold.reason}" by ${hold.by}${until}`);
  }
  const isDrift = reason === 'drift' && device.drift > 0;
  if (message !== null && message !== undefined) parts.push(message);
  else if (reason !== null && reason !== device.rollout?.state && !isDrift) parts.push(reason);
  if (device.drift > 0 && device.rollout === null)
    parts.push(`${count(device.drift, 'item')} drifted, left alone`);
  if (device.state === 'unreachable' && device.lastRead !== null)
    parts.push(`last read ${ago(device.lastRead, nowMs)}`);
  const drill = device.drill ?? null;
  if (parts.length === 0) {
    parts.push(`read ${ago(device.lastRead, nowMs)}`);
    if (drill?.fired === true) parts.push(`drill ${ago(drill.at, nowMs)}`);
  }
  if (drill?.fired === false) parts.push(`drill failed ${ago(drill.at, nowMs)}: ${drill.message}`);
  return parts.join(', ');
}
