/** `siteward backup [DEVICE|--all]` and `siteward checkpoint DEVICE --label L`: what a device has now, kept and named. */
import { Command } from 'commander';
import { InvalidInput } from '../core/errors.ts';
import { daemonOf } from './common.ts';
import { finish } from './operate.ts';

export function backupCommand(): Command {
  return new Command('backup')
    .argument('[device]', 'only this device')
    .option('--all', 'every device, as without a name')
    .action(async (device: string | undefined, { all }: { all?: true }, command: Command) => {
      if (all === true && device !== undefined)
        throw new InvalidInput('usage', `--all: expected no device beside it, got ${device}`);
      const daemon = await daemonOf(command);
      finish(await daemon.call('backup', device === undefined ? {} : { device }), command);
    });
}

export function checkpointCommand(): Command {
  return new Command('checkpoint')
    .argument('<device>')
    .requiredOption('--label <label>', 'what it is called from now on, such as before-upgrade')
    .action(async (device: string, { label }: { label: string }, command: Command) => {
      const daemon = await daemonOf(command);
      finish(await daemon.call('backup', { device, label }), command);
    });
}
