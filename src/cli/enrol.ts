/**
 * `siteward enrol NAME ADDRESS`: from a router that nobody manages to one that `check` finds ready. Run once it makes a
 * key and prints the block for the router's terminal; run again after the paste it proves that it talks to the router
 * that got the block, judges the login's rights, and prints the settings. Standard output holds the settings and nothing
 * else, so that it can go into their file; what is to be pasted is said beside it. Writes nothing but the key; changes
 * nothing on the router.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, Option } from 'commander';
import { DeviceError, InvalidInput, fileProblem } from '../core/errors.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { Answered } from '../daemon/enrol-device.ts';
import { devicesSchema, type RawDevice } from '../settings/device-schema.ts';
import { daemonOf, setExit, settingsFileOf, wantsJson } from './common.ts';
import { commandLine, settingsBlock, settingsWords, type EnrolOptions } from './enrol-text.ts';
import { statusIfThere } from './on-disk.ts';
import { paint, printJson, printLine, printNote, safe } from './terminal.ts';

type State = 'to-paste' | 'enrolled' | 'unproved' | 'rights-missing';

interface Outcome {
  readonly state: State;
  readonly hostKey: string;
  readonly identity: string;
  /** For the router's own terminal. */
  readonly paste: readonly string[];
  readonly settings: readonly string[];
  readonly notes: readonly string[];
  readonly next: string;
}

export function enrolCommand(): Command {
  return new Command('enrol')
    .argument('<name>', 'what the router is called here')
    .argument('<address>')
    .option('--port <port>', 'of its SSH service', '22')
    .option('--user <user>', 'whom the daemon logs in as', 'siteward')
    .addOption(
      new Option('--manage <level>', 'how far siteward goes, which its rights follow')
        .choices(['backup', 'report', 'rollout'])
        .default('report'),
    )
    .option(
      '--from <address>',
      'where the router sees this machine come from, if that is not what this machine sees',
    )
    .option('--rsa', 'an RSA key, for RouterOS that takes no ed25519 keys of users: 6, and 7 before 7.12')
    .action(async (name: string, address: string, options: EnrolOptions, command: Command) => {
      const outcome = await enrol(name, address, options, command);
      setExit(outcome.state === 'enrolled' ? 0 : 1);
      if (wantsJson(command)) return printJson({ v: 1, name, ...outcome });
      for (const note of outcome.notes) printNote(safe(note));
      for (const line of outcome.paste) printNote(safe(line));
      for (const line of outcome.settings) printLine(safe(line));
      printNote(`${paint('strong', 'next:', process.stderr)} ${safe(outcome.next)}`);
    });
}

async function enrol(
  name: string,
  address: string,
  options: EnrolOptions,
  command: Command,
): Promise<Outcome> {
  const folder = path.dirname(path.resolve(settingsFileOf(command)));
  const { lookAt, keepKeyPair } = await import('../daemon/enrol-device.ts');
  const known = await knownDevice(settingsFileOf(command), name);
  const usual = `keys/${name}_${options.rsa === true ? 'rsa' : 'ed25519'}`;
  const file = known?.identityFile ?? path.join(folder, usual);
  const raw = rawDevice(name, address, path.relative(folder, file), options);
  const shown = await lookAt(raw.address, raw.port ?? 22);
  const isNew = (await statusIfThere(file)) === null;
  if (isNew) {
    const { makeKeyPair } = await import('../drivers/key-pair.ts');
    await keepKeyPair(file, makeKeyPair(options.rsa === true ? 'rsa' : 'ed25519', `siteward@${name}`));
  }
  const parts = {
    name,
    file,
    known,
    shown,
    options,
    command,
    again: commandLine(name, address, options, command),
    withRsa: commandLine(name, address, { ...options, rsa: true }, command),
  };
  const device = { ...raw, 'host-key': shown.hostKey };
  const answered = isNew ? null : await answerOf(name, device, folder);
  if (answered === null) return await toPaste(parts);
  return await judge(parts, device, answered);
}

interface Parts {
  readonly name: string;
  readonly file: string;
  readonly shown: { readonly hostKey: string; readonly from: string };
  readonly options: EnrolOptions;
  /** As the settings have it already. */
  readonly known: DeviceSettings | null;
  readonly command: Command;
  /** This very command. */
  readonly again: string;
  /** The same with a key that older versions take. */
  readonly withRsa: string;
}

/** The device where the settings name it already; a file that can't be used yet is no reason not to begin. */
async function knownDevice(file: string, name: string): Promise<DeviceSettings | null> {
  const { loadSettings } = await import('../settings/settings.ts');
  const settings = await loadSettings(file).catch((error: unknown) => {
    if (error instanceof InvalidInput) return null;
    throw error;
  });
  return settings?.devices.find((device) => device.name === name) ?? null;
}

/** By the form of the settings, so that what is printed can be read there. Throws `InvalidInput` usage. */
function rawDevice(
  name: string,
  address: string,
  identity: string,
  { port, user, manage }: EnrolOptions,
): RawDevice {
  const device = {
    driver: 'routeros',
    address,
    ...(port === '22' ? {} : { port: Number(port) }),
    user,
    identity,
    'host-key': `SHA256:${'A'.repeat(43)}`,
    manage,
  };
  const read = devicesSchema.safeParse({ [name]: device });
  const raw = read.data?.[name];
  if (raw !== undefined) return raw;
  const [issue] = read.error?.issues ?? [];
  throw new InvalidInput(
    'usage',
    `${issue?.path.slice(1).join('.') || name}: ${issue?.message ?? 'not usable'}`,
  );
}

/** Null: the router does not take the key, or not yet. */
async function answerOf(name: string, raw: RawDevice, folder: string): Promise<Answered | null> {
  const [{ askEnrolled }, { deviceFrom }] = await Promise.all([
    import('../daemon/enrol-device.ts'),
    import('../settings/device-settings.ts'),
  ]);
  try {
    return await askEnrolled(deviceFrom(name, raw, folder));
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'key-refused') return null;
    throw error;
  }
}

async function toPaste({ name, file, known, shown, options, again, withRsa }: Parts): Promise<Outcome> {
  const { enrolmentBlock, enrolmentProof } = await import('../drivers/routeros/enrolment.ts');
  const [privateKey, publicKey] = await Promise.all([readFile(file), readPublicKey(file)]);
  const paste = enrolmentBlock({
    user: options.user,
    manage: options.manage,
    from: options.from ?? shown.from,
    publicKey,
    proof: enrolmentProof(privateKey, shown.hostKey),
    password: randomBytes(18).toString('base64url'),
  });
  // A key that the settings name is used as it is.
  const mayNeedRsa = known === null && !publicKey.startsWith('ssh-rsa ');
  return {
    state: 'to-paste',
    hostKey: shown.hostKey,
    identity: file,
    paste,
    settings: [],
    notes: [
      `${name} shows host key ${shown.hostKey}; whether that is its own is proved after the paste, the key is not taken yet.`,
      ...(mayNeedRsa
        ? [`If the router says "bad command name add", it takes RSA keys of users only: ${withRsa}`]
        : []),
      'Paste these lines at a terminal of the router that you trust (WinBox, serial, an SSH session you know), then go on:',
    ],
    next: again,
  };
}

async function readPublicKey(file: string): Promise<string> {
  try {
    return (await readFile(`${file}.pub`, 'latin1')).trim();
  } catch (cause) {
    const message = `${fileProblem(cause)}; make it: ssh-keygen -y -f ${file} > ${file}.pub`;
    throw new InvalidInput('unreadable', message, { file: `${file}.pub` }, { cause });
  }
}

async function judge(parts: Parts, raw: RawDevice, { rights, note, version }: Answered): Promise<Outcome> {
  const { name, file, known, shown, options, command, again } = parts;
  const { enrolmentProof, rightsBlock } = await import('../drivers/routeros/enrolment.ts');
  const outcome = { hostKey: shown.hostKey, identity: file };
  if (note !== enrolmentProof(await readFile(file), shown.hostKey)) {
    const block = await toPaste(parts);
    return {
      ...block,
      state: 'unproved',
      notes: [
        `something at this address takes the key, and does not know what was pasted: either these lines were not pasted`,
        `since the router's host key became ${shown.hostKey}, or that is not the router. Paste them at a terminal you trust:`,
      ],
    };
  }
  const about = `${name}: RouterOS ${version}, ${rights.of}, host key ${shown.hostKey} proved by the router itself`;
  if (rights.remedy !== null)
    return {
      ...outcome,
      state: 'rights-missing',
      paste: rightsBlock(options),
      settings: [],
      notes: [
        about,
        `manage: ${options.manage} needs ${rights.missing?.join(', ') ?? ''} too; paste this on the router:`,
      ],
      next: again,
    };
  return {
    ...outcome,
    state: 'enrolled',
    paste: [],
    settings: settingsBlock(name, raw),
    notes: [about, `for the settings: devices.d/${name}.yaml beside them, or under \`devices:\``],
    next:
      known === null || known.hostKey === shown.hostKey
        ? `${(await isServed(command)) ? 'systemctl restart siteward && ' : ''}siteward check${settingsWords(command)}`
        : `siteward rotate host-key ${name}${settingsWords(command)}`,
  };
}

/** A daemon that runs has the settings of its start. */
async function isServed(command: Command): Promise<boolean> {
  try {
    await (await daemonOf(command)).call('status', {});
    return true;
  } catch {
    // Settings that can't be used yet, or nobody there: whoever starts it starts it with what was saved.
    return false;
  }
}
