/** `siteward run`: the daemon, until SIGTERM or SIGINT. SIGHUP reads the trust files again. */
import { Command } from 'commander';

export function runCommand(): Command {
  return new Command('run')
    .description('the daemon: reads, plans, and rolls out what may be rolled out, until it is told to end')
    .action(async (_options: unknown, command: Command) => {
      const { settings: file } = command.optsWithGlobals<{ settings: string }>();
      const [{ loadSettings }, { startDaemon }, { notify }, { programVersion }] = await Promise.all([
        import('../settings/settings.ts'),
        import('../daemon/daemon.ts'),
        import('../daemon/notify.ts'),
        import('./version.ts'),
      ]);
      const settings = await loadSettings(file);
      const daemon = await startDaemon(settings, programVersion());
      const notifier = notify();
      const ended = new Promise<void>((resolve) => {
        let ending = false;
        const end = (): void => {
          // A second signal ends at once: the journal holds what is in flight.
          if (ending) process.exit(1);
          ending = true;
          notifier.stopping();
          const limit = setTimeout(() => process.exit(0), 9_000);
          void daemon.stop().finally(() => {
            clearTimeout(limit);
            resolve();
          });
        };
        process.on('SIGTERM', end);
        process.on('SIGINT', end);
      });
      process.on('SIGHUP', () => void daemon.reload());
      notifier.ready();
      await ended;
      notifier.close();
    });
}
