/** `siteward render DEVICE [--rev REV]`: what the device's files come to, with variables filled in. Changes nothing. */
import { Command } from 'commander';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { printJson, printLine, printNote, safe } from './terminal.ts';

export function renderCommand(): Command {
  return new Command('render')
    .argument('<device>')
    .option('--rev <rev>', 'of this branch, tag or commit instead of the accepted one')
    .action(async (device: string, options: { rev?: string }, command: Command) => {
      const daemon = await daemonOf(command);
      // `options` also holds what every command takes (--settings, --json), which is none of the daemon's business.
      const { rev } = options;
      const answer = await daemon.call('render', { device, ...(rev === undefined ? {} : { rev }) });
      setExit(answer.problems.length === 0 ? 0 : 1);
      if (wantsJson(command)) {
        printJson(answer);
        return;
      }
      // On standard output is the text alone, so that it can be compared with another.
      printNote(safe(`${device} at ${answer.commit.slice(0, 12)}: ${answer.files.join(', ')}`));
      for (const line of answer.text.split('\n').slice(0, -1)) printLine(safe(line));
      for (const { file, line, column, message } of answer.problems) {
        const place = [file, line, column].filter((part) => part !== undefined).join(':');
        printNote(safe(place === '' ? message : `${place}: ${message}`));
      }
    });
}
