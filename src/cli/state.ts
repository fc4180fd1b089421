/**
 * `siteward state export FILE` and `state import FILE`: everything that the daemon knows and can't learn again, sealed
 * with age, for the day on which its machine is gone. Read straight from the files, beside a running daemon or without
 * one; put back only where there is no state.
 */
import { Command } from 'commander';
import type { Fault } from '../daemon/state-proof.ts';
import type { Imported } from '../daemon/state-import.ts';
import type { Key, Lock } from '../daemon/state-seal.ts';
import { InvalidInput } from '../core/errors.ts';
import { setExit, settingsFileOf, wantsJson } from './common.ts';
import { statusIfThere } from './on-disk.ts';
import { count, printJson, printLine, safe } from './terminal.ts';

interface ExportOptions {
  readonly recipient?: readonly string[];
  readonly passphraseFile?: string;
}

interface ImportOptions {
  readonly identity?: string;
  readonly passphraseFile?: string;
  readonly state?: string;
}

const largestKeyBytes = 64 * 1024;

export function stateCommand(): Command {
  const state = new Command('state').description('the state of the daemon, for the day its machine is gone');
  state
    .command('export')
    .description('take all of it out into one file, sealed with age; the daemon may run')
    .argument('<file>', 'a file that is not there yet')
    .option('--recipient <age1…>', 'whose key opens it; may be said several times', collect)
    .option('--passphrase-file <file>', 'or the passphrase that opens it, in a file')
    .action(async (file: string, options: ExportOptions, command: Command) =>
      takeOut(file, options, command),
    );
  state
    .command('import')
    .description('put an exported state into an empty state folder, proved')
    .argument('<file>', 'what was exported')
    .option('--identity <file>', 'the age identity that opens it')
    .option('--passphrase-file <file>', 'or the passphrase, in a file')
    .option('--state <folder>', 'state folder; else the one in the settings')
    .action(async (file: string, options: ImportOptions, command: Command) => putIn(file, options, command));
  return state;
}

function collect(one: string, before: readonly string[] = []): readonly string[] {
  return [...before, one];
}

async function takeOut(file: string, options: ExportOptions, command: Command): Promise<void> {
  const [{ loadSettings }, { filesBeside }, { exportState }, { programVersion }] = await Promise.all([
    import('../settings/settings.ts'),
    import('../settings/files-beside.ts'),
    import('../daemon/state-file.ts'),
    import('./version.ts'),
  ]);
  const lock = await lockOf(options);
  const settings = await loadSettings(settingsFileOf(command));
  const beside = filesBeside(settings);
  const { head, bytes } = await exportState(
    { folder: settings.state, file, lock },
    { nowMs: Date.now(), version: programVersion(), beside },
  );
  if (wantsJson(command)) return printJson({ ...head, file, bytes });
  printLine(
    `exported ${head.site} to ${safe(file)}: ${count(bytes, 'byte')}, up to journal ${head.journal.seq}:${head.journal.head}`,
  );
  printLine('not in it; keep these too:');
  for (const one of beside) printLine(`  ${safe(one)}`);
}

async function putIn(file: string, options: ImportOptions, command: Command): Promise<void> {
  const [{ loadSettings }, { filesBeside }, { importFile }] = await Promise.all([
    import('../settings/settings.ts'),
    import('../settings/files-beside.ts'),
    import('../daemon/state-file.ts'),
  ]);
  const key = await keyOf(options);
  const settings = options.state === undefined ? await loadSettings(settingsFileOf(command)) : null;
  const folder = options.state ?? settings?.state ?? '';
  const imported = await importFile({ folder, file, key, site: settings?.site ?? null });
  const named = settings === null ? imported.head.beside : filesBeside(settings);
  const beside: Beside[] = [];
  for (const one of named) beside.push({ file: one, isThere: (await statusIfThere(one)) !== null });
  setExit(imported.faults.length === 0 ? 0 : 1);
  if (wantsJson(command)) {
    const { head, accepted, records, devices, revisions, faults } = imported;
    return printJson({ ...head, beside, accepted, records, devices, revisions, faults });
  }
  tell(folder, imported, beside);
}

interface Beside {
  readonly file: string;
  readonly isThere: boolean;
}

function tell(folder: string, imported: Imported, beside: readonly Beside[]): void {
  const { head, accepted, records, devices, revisions } = imported;
  const { seq, head: hash } = head.journal;
  printLine(`imported ${head.site} as it was ${head.at} into ${safe(folder)}`);
  printLine(`  journal ${seq}:${hash}, ${count(records, 'record')}, each proved`);
  printLine(`  accepted commit ${accepted?.slice(0, 12) ?? 'none'}`);
  printLine(`  history: ${count(revisions, 'revision')} of ${count(devices, 'device')}, each proved`);
  for (const fault of imported.faults) printLine(faultLine(fault));
  printLine('not in it; each must be here before the daemon starts:');
  for (const { file, isThere } of beside) printLine(`  ${isThere ? 'there  ' : 'missing'}  ${safe(file)}`);
  if (process.geteuid?.() === 0)
    printLine(`it belongs to root now; if the daemon runs as another user: chown -R USER ${safe(folder)}`);
  printLine('only one daemon may go on from it: see that the one it was taken from never starts again');
  printLine('next: siteward check');
}

function faultLine({ what, code, message }: Fault): string {
  return `  damaged, and was so when it was exported: ${safe(what)}: ${safe(message)} (${code})`;
}

async function lockOf({ recipient = [], passphraseFile }: ExportOptions): Promise<Lock> {
  if (recipient.length > 0 && passphraseFile === undefined) return { recipients: recipient };
  if (recipient.length === 0 && passphraseFile !== undefined)
    return { file: passphraseFile, passphrase: await secret(passphraseFile) };
  throw usage('--recipient age1… (its key from age-keygen is kept elsewhere) or --passphrase-file FILE');
}

async function keyOf({ identity, passphraseFile }: ImportOptions): Promise<Key> {
  if (identity !== undefined && passphraseFile === undefined)
    return { file: identity, identity: await secret(identity) };
  if (identity === undefined && passphraseFile !== undefined)
    return { file: passphraseFile, passphrase: await secret(passphraseFile) };
  throw usage('--identity FILE or --passphrase-file FILE');
}

function usage(expected: string): InvalidInput {
  return new InvalidInput('usage', `expected either ${expected}`);
}

async function secret(file: string): Promise<Uint8Array> {
  const { readSecretFile } = await import('../settings/trust-files.ts');
  return await readSecretFile(file, largestKeyBytes);
}
