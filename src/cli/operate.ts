/**
 * The commands that tell the daemon to go on, stop or look: `apply drill retry resolve hold release refresh`. Each says
 * what became of it per device; a no is exit 1, with the reason.
 */
import { Command, Option } from 'commander';
import type { OrderAnswer } from '../api/answers.ts';
import { InvalidInput } from '../core/errors.ts';
import type { Resolution } from '../core/rollout/event-fields.ts';
import { resolutions } from '../core/rollout/event-fields.ts';
import { daemonOf, durationOf, setExit, wantsJson } from './common.ts';
import { paint, printJson, printLine, safe } from './terminal.ts';

export function applyCommand(): Command {
  return new Command('apply')
    .argument('[device]', 'only this device')
    .action(async (device: string | undefined, _options: object, command: Command) => {
      const daemon = await daemonOf(command);
      finish(await daemon.call('apply', device === undefined ? {} : { device }), command);
    });
}

export function drillCommand(): Command {
  return new Command('drill')
    .argument('<device>')
    .action(async (device: string, _options: object, command: Command) => {
      const daemon = await daemonOf(command);
      finish(await daemon.call('drill', { device }), command);
    });
}

export function retryCommand(): Command {
  return new Command('retry')
    .argument('<device>')
    .action(async (device: string, _options: object, command: Command) => {
      const daemon = await daemonOf(command);
      finish(await daemon.call('retry', { device }), command);
    });
}

export function resolveCommand(): Command {
  return new Command('resolve')
    .argument('<device>')
    .addOption(
      new Option('--as <what>', 'what it had, what was planned, or what it has now')
        .choices(resolutions)
        .makeOptionMandatory(),
    )
    .action(async (device: string, options: { as: Resolution }, command: Command) => {
      const daemon = await daemonOf(command);
      finish(await daemon.call('resolve', { device, as: options.as }), command);
    });
}

export function holdCommand(): Command {
  return new Command('hold')
    .argument('[device]')
    .option('--all', 'every device of the site')
    .requiredOption('--reason <text>', 'why, for who looks at the status')
    .option('--for <duration>', 'until then, such as 2h; without it until released')
    .action(
      async (
        device: string | undefined,
        options: { all?: true; reason: string; for?: string },
        command: Command,
      ) => {
        const forMs = options.for === undefined ? null : await durationOf(options.for, '--for');
        const request = { device: deviceOrAll(device, options.all), reason: options.reason };
        const daemon = await daemonOf(command);
        finish(await daemon.call('hold', forMs === null ? request : { ...request, forMs }), command);
      },
    );
}

export function releaseCommand(): Command {
  return new Command('release')
    .argument('[device]')
    .option('--all', 'the hold on the whole site')
    .action(async (device: string | undefined, options: { all?: true }, command: Command) => {
      const request = { device: deviceOrAll(device, options.all) };
      const daemon = await daemonOf(command);
      finish(await daemon.call('release', request), command);
    });
}

export function refreshCommand(): Command {
  return new Command('refresh').action(async (_options: object, command: Command) => {
    const daemon = await daemonOf(command);
    const answer = await daemon.call('refresh', {});
    setExit(answer.state === 'accepted' ? 0 : 1);
    if (wantsJson(command)) return printJson(answer);
    const head = answer.head === null ? 'no commit' : answer.head.slice(0, 7);
    const message = answer.message === null ? '' : `: ${safe(answer.message)}`;
    printLine(`${paint(answer.state === 'accepted' ? 'good' : 'bad', answer.state)} ${head}${message}`);
  });
}

/** Null is the whole site. Naming neither or both would be a guess about what shall stop. */
function deviceOrAll(device: string | undefined, all: true | undefined): string | null {
  if ((device === undefined) === (all === undefined))
    throw new InvalidInput('usage', 'name one device, or say --all');
  return device ?? null;
}

/** Says per device what became of an order; a no is exit 1. */
export function finish(answer: OrderAnswer, command: Command): void {
  setExit(answer.results.every(({ done }) => done) ? 0 : 1);
  if (wantsJson(command)) return printJson(answer);
  if (answer.results.length === 0) printLine('nothing to do');
  for (const { device, done, message, next } of answer.results) {
    const name = device === null ? 'all' : safe(device);
    const then = next === null || next === undefined ? '' : `   next: ${safe(next)}`;
    printLine(`${name}  ${paint(done ? 'good' : 'bad', done ? 'done' : 'no')}  ${safe(message)}${then}`);
  }
}
