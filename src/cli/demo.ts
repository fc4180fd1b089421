/** `siteward demo`: the whole story on this machine, on a simulated router; 1 when anything did not happen as told. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { InvalidInput, fileProblem, messageOf } from '../core/errors.ts';
import { setExit } from './common.ts';
import { demoExport } from './demo/export.ts';
import { terminalNarrator } from './demo/narrator.ts';
import { tellStory } from './demo/story.ts';
import { buildWorld } from './demo/world.ts';
import { paint, printLine, printNote } from './terminal.ts';

interface DemoOptions {
  readonly export?: string;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'the whole story on this machine in about a minute: a simulated router, git, real keys, the daemon',
    )
    .option('--export <file>', 'tell it on this export of a real router')
    .action(async (options: DemoOptions) => {
      const exportText =
        options.export === undefined ? Buffer.from(demoExport, 'latin1') : await readExport(options.export);
      const tell = terminalNarrator();
      const started = performance.now();
      const world = await buildWorld(exportText, fileURLToPath(new URL('../main.js', import.meta.url)));
      const interrupted = (): void => void world.close().finally(() => process.exit(2));
      process.once('SIGINT', interrupted);
      try {
        await tellStory(world, tell);
        const seconds = Math.round((performance.now() - started) / 1000);
        printLine();
        printLine(
          paint(
            'good',
            `All ${tell.checks()} checks held, in ${seconds} s. Nothing is left on this machine.`,
          ),
        );
      } catch (error) {
        printNote(`demo: ${messageOf(error)}`);
        for (const line of await world.lastLogLines(30)) printNote(`  ${line}`);
        setExit(1);
      } finally {
        process.off('SIGINT', interrupted);
        await world.close();
      }
    });
}

async function readExport(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new InvalidInput('unreadable', `${file} ${fileProblem(error)}`, { file }, { cause: error });
  }
}
