/**
 * `siteward simulate routeros`: RouterOS devices to practise on, over real SSH. One JSON line on standard output for
 * each when it is ready; everything else goes to standard error. Lines on standard input are faults.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError, Option } from 'commander';
import { faultList, parseFault } from '../simulator/fault-table.ts';
import { profile, profileNamed, profileNames, profileVersion } from '../simulator/profiles.ts';
import type { Fault } from '../simulator/fault-table.ts';
import type { Simulator } from '../simulator/simulator.ts';

interface SimulateOptions {
  readonly export: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly version?: string;
  readonly user: string;
  readonly password?: string;
  readonly authorizedKeys?: string;
  readonly profile: readonly string[];
  readonly fault: readonly Fault[];
  readonly devices: number;
  readonly uptime: number;
  readonly seed?: number;
}

const DEVICES_LIMIT = 2000;

export function simulateCommand(): Command {
  const routeros = new Command('routeros')
    .description('a RouterOS device made from an export')
    .requiredOption('--export <file>', 'what /export printed on a real device, version 6 or 7')
    .addOption(
      new Option('--listen <host:port>', 'where to take SSH connections; port 0 picks a free one')
        .argParser(parseListen)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
    .option('--version <version>', 'instead of the version that the export or the profile names')
    .option('--user <name>', 'who may log in', 'admin')
    .addOption(new Option('--password <password>', 'for that user').conflicts('authorizedKeys'))
    .option('--authorized-keys <file>', 'public keys for that user; passwords are then refused')
    .addOption(
      new Option('--profile <name>', 'how it behaves where real devices differ; may be given several times')
        .argParser(addProfile)
        .default([], 'usual'),
    )
    .addOption(
      new Option(
        '--fault <name[=value][@when]>',
        'what goes wrong, at once or when; may be given several times',
      )
        .argParser(addFault)
        .default([], 'none'),
    )
    .option('--devices <number>', 'so many alike, on consecutive ports', parseDevices, 1)
    .addOption(
      new Option('--uptime <duration>', 'how long it has been up already')
        .argParser(parseUptime)
        .default(86_400, '1d'),
    )
    .option('--seed <number>', 'makes the order of jobs and the losses of a power cut repeatable', parseSeed)
    .addHelpText('after', lists)
    .action(run);
  return new Command('simulate').description('a device to practise on').addCommand(routeros);
}

function lists(): string {
  const rows = (title: string, entries: readonly (readonly [string, string])[]): string =>
    `\n${title}:\n${entries.map(([name, says]) => `  ${name.padEnd(23)} ${says}\n`).join('')}`;
  return [
    rows(
      'Profiles',
      profileNames.map((name) => [name, profileNamed(name)?.says ?? '']),
    ),
    rows(
      'Faults, also taken as lines on standard input while it runs',
      faultList.map(({ name, says }) => [name, says]),
    ),
    '\nExample: siteward simulate routeros --export gw1.rsc --profile v7.18 --profile hardware \\\n' +
      '    --password secret --fault power-cut@30s\n',
  ].join('');
}

async function run(options: SimulateOptions): Promise<void> {
  const exportText = await read(options.export);
  const keysFile = options.authorizedKeys === undefined ? undefined : await read(options.authorizedKeys);
  if (exportText === undefined || (options.authorizedKeys !== undefined && keysFile === undefined)) return;
  if (options.password === undefined && keysFile === undefined) {
    process.stderr.write('note: neither --password nor --authorized-keys: the password is empty\n');
  }
  const devices = await start(options, exportText, keysFile);
  if (devices === undefined) return;
  for (const note of devices[0]?.device.notes ?? []) process.stderr.write(`${options.export}: ${note}\n`);
  const refusal = devices[0]?.refusal();
  if (refusal !== undefined)
    process.stderr.write(
      `note: every connection is dropped (${refusal}), as on the device of this export; change its /ip service line for ssh to log in\n`,
    );
  for (const { host, port, hostKey } of devices)
    process.stdout.write(`${JSON.stringify({ host, port, hostKey })}\n`);
  const cancels = options.fault.flatMap((fault) => devices.map((device) => arm(device, fault)));
  const commands = createInterface({ input: process.stdin });
  commands.on('line', (line) => {
    const fault = parseFault(line);
    if (typeof fault === 'string') process.stderr.write(`siteward: ${fault}\n`);
    else cancels.push(...devices.map((device) => arm(device, fault)));
  });
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  commands.close();
  for (const cancel of cancels) cancel();
  await Promise.all(devices.map((device) => device.close()));
}

async function start(
  options: SimulateOptions,
  exportText: Uint8Array,
  keysFile: Buffer | undefined,
): Promise<readonly Simulator[] | undefined> {
  const { startFleet } = await import('../simulator/fleet.ts');
  const version = options.version ?? profileVersion(options.profile);
  try {
    return await startFleet({
      exportText,
      devices: options.devices,
      listen: options.listen,
      user: options.user,
      uptimeSeconds: options.uptime,
      behaviour: profile(...options.profile),
      ...(version === undefined ? {} : { version }),
      ...(options.password === undefined ? {} : { password: options.password }),
      ...(keysFile === undefined ? {} : { authorizedKeys: keysFile.toString('latin1') }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    });
  } catch (error) {
    fail(`cannot start: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function arm(device: Simulator, fault: Fault): () => void {
  return device.machine.clock.after(fault.afterMs, () => fault.apply(device));
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

function addProfile(name: string, before: readonly string[]): readonly string[] {
  if (profileNamed(name) === undefined)
    throw new InvalidArgumentError(`there are ${profileNames.join(', ')}`);
  return [...before, name];
}

function addFault(text: string, before: readonly Fault[]): readonly Fault[] {
  const fault = parseFault(text);
  if (typeof fault === 'string') throw new InvalidArgumentError(fault);
  return [...before, fault];
}

function parseListen(text: string): SimulateOptions['listen'] {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) throw new InvalidArgumentError('expected HOST:PORT');
  return { host, port };
}

function parseDevices(text: string): number {
  const count = Number(text);
  if (!/^\d{1,4}$/.test(text) || count < 1 || count > DEVICES_LIMIT)
    throw new InvalidArgumentError(`expected a number from 1 to ${DEVICES_LIMIT}`);
  return count;
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
