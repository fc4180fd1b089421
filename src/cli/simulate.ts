/**
 * `siteward simulate routeros`: a RouterOS device to practise on, over real SSH. One JSON line on standard
 * output when it is ready; everything else goes to standard error.
 */
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { profile, profileNames } from '../simulator/profiles.ts';

interface SimulateOptions {
  readonly export: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly version?: string;
  readonly user: string;
  readonly password?: string;
  readonly authorizedKeys?: string;
  readonly profile: string;
  readonly uptime: number;
  readonly seed?: number;
}

export function simulateCommand(): Command {
  const routeros = new Command('routeros')
    .description('a RouterOS device made from an export')
    .requiredOption('--export <file>', 'what /export printed on a real device, version 6 or 7')
    .addOption(
      new Option('--listen <host:port>', 'where to take SSH connections; port 0 picks a free one')
        .argParser(parseListen)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
    .option('--version <version>', 'instead of the version that the export names')
    .option('--user <name>', 'who may log in', 'admin')
    .addOption(new Option('--password <password>', 'for that user').conflicts('authorizedKeys'))
    .option('--authorized-keys <file>', 'public keys for that user; passwords are then refused')
    .addOption(
      new Option('--profile <name>', 'how it behaves where real devices differ')
        .choices(profileNames)
        .default('usual'),
    )
    .option('--uptime <duration>', 'how long it has been up already', parseUptime, 86_400)
    .option('--seed <number>', 'makes the order of jobs and the losses of a power cut repeatable', parseSeed)
    .action(run);
  return new Command('simulate').description('a device to practise on').addCommand(routeros);
}

async function run(options: SimulateOptions): Promise<void> {
  const { startSimulator } = await import('../simulator/simulator.ts');
  const exportText = await read(options.export);
  const keysFile = options.authorizedKeys === undefined ? undefined : await read(options.authorizedKeys);
  if (exportText === undefined || (options.authorizedKeys !== undefined && keysFile === undefined)) return;
  if (options.password === undefined && keysFile === undefined) {
    process.stderr.write('note: neither --password nor --authorized-keys: the password is empty\n');
  }
  let simulator;
  try {
    simulator = await startSimulator({
      exportText,
      listen: options.listen,
      user: options.user,
      uptimeSeconds: options.uptime,
      behaviour: profile(options.profile),
      ...(options.version === undefined ? {} : { version: options.version }),
      ...(options.password === undefined ? {} : { password: options.password }),
      ...(keysFile === undefined ? {} : { authorizedKeys: keysFile.toString('latin1') }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    });
  } catch (error) {
    fail(`cannot start: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  for (const note of simulator.machine.device.notes) process.stderr.write(`${options.export}: ${note}\n`);
  const { host, port, hostKey } = simulator;
  process.stdout.write(`${JSON.stringify({ host, port, hostKey })}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await simulator.close();
}

async function read(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    fail(`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function fail(message: string): void {
  process.stderr.write(`siteward: ${message}\n`);
  process.exitCode = 2;
}

function parseListen(text: string): SimulateOptions['listen'] {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) throw new InvalidArgumentError('expected HOST:PORT');
  return { host, port };
}

function parseUptime(text: string): number {
  const units: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };
  if (!/^(\d{1,7}[wdhms])+$/.test(text))
    throw new InvalidArgumentError('expected a duration such as 1d or 90s');
  return [...text.matchAll(/(\d+)([wdhms])/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  );
}

function parseSeed(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}
