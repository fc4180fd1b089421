/**
 * `siteward rotate host-key|credential DEVICE`: what siteward and a device know each other by is replaced, once people
 * signed it. With `--emergency` those of the recovery role: what is replaced is believed stolen.
 */
import { Command } from 'commander';
import type { Rotated } from '../core/rollout/event-fields.ts';
import { daemonOf } from './common.ts';
import { finish } from './operate.ts';

export function rotateCommand(): Command {
  return new Command('rotate')
    .addCommand(
      one('host-key', "take the device's new host key for right, once people compared and signed it"),
    )
    .addCommand(
      one(
        'credential',
        "give the daemon's own user a new key or password there, prove it, take the old ones off",
      ),
    );
}

function one(what: Rotated, summary: string): Command {
  return new Command(what)
    .description(summary)
    .argument('<device>')
    .option('--emergency', 'the old one is believed stolen: people of the recovery role sign')
    .action(async (device: string, options: { emergency?: true }, command: Command) => {
      const daemon = await daemonOf(command);
      finish(await daemon.call('rotate', { device, what, emergency: options.emergency === true }), command);
    });
}
