/** `siteward run`: the daemon, until SIGTERM or SIGINT. SIGHUP reads the trust files again. */
import { Command } from 'commander';
import { settingsFileOf } from './common.ts';
import { programVersion } from './version.ts';

/** What is left of ten seconds when the parts have been told to end. */
const limitMs = 9_000;

export function runCommand(): Command {
  return new Command('run')
    .description('the daemon: reads, plans, and rolls out what may be rolled out, until it is told to end')
    .action(async (_options: unknown, command: Command) => {
      const [{ loadSettings }, { startDaemon }, { notify }, { letHeapGrow }] = await Promise.all([
        import('../settings/settings.ts'),
        import('../daemon/daemon.ts'),
        import('../daemon/notify.ts'),
        import('../daemon/heap-growth.ts'),
      ]);
      letHeapGrow();
      // A file that may not grow further (`ulimit -f`) then fails with EFBIG, as a full disk does, and ends nothing.
      process.on('SIGXFSZ', () => undefined);
      const ending = new Promise<void>((resolve) => {
        const end = (): void => {
          // What is in flight is in the journal: better gone in time than killed by whoever waits.
          setTimeout(() => process.exit(0), limitMs).unref();
          resolve();
        };
        process.once('SIGTERM', end);
        process.once('SIGINT', end);
      });
      const daemon = await startDaemon(await loadSettings(settingsFileOf(command)), programVersion());
      const notifier = notify();
      process.on('SIGHUP', () => void daemon.reload());
      notifier.ready();
      await ending;
      notifier.stopping();
      await daemon.stop();
    });
}
