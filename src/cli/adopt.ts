/**
 * `siteward adopt DEVICE`: what the device has as a desired file on standard output, to begin with. With `--onto FILE`
 * the least edit of that file that takes over what the device has now, such as a fix made by hand at night. Changes
 * nothing on the device, and nothing in git: the file is for a person to look at and commit.
 */
import { rename, stat, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Problem } from '../core/dialect.ts';
import { InvalidInput, formatPlace } from '../core/errors.ts';
import type { TakenOver } from '../drivers/routeros/adopt/adopt-onto.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { finish } from './operate.ts';
import { readDeviceNow, type Reading } from './device-reading.ts';
import { count, paint, printExactly, printJson, printLine, printNote, safe } from './terminal.ts';
import { workFiles } from './work-tree.ts';

export function adoptCommand(): Command {
  return new Command('adopt')
    .argument('<device>')
    .option('--onto <file>', 'edit this desired file instead of printing a new one')
    .option(
      '--take-over',
      'let what git and the device agree on count as made by siteward, once people signed it',
    )
    .option('--items <section...>', 'with --take-over: only these, such as "/ip dns static"')
    .action(async (device: string, options: AdoptOptions, command: Command) => {
      if (options.takeOver === true) return await takeOver(device, options, command);
      if (options.items !== undefined) throw new InvalidInput('usage', '--items goes with --take-over');
      const reading = await readDeviceNow(device, command);
      if (options.onto === undefined) await printAdopted(device, reading, wantsJson(command));
      else await editOnto(device, reading, options.onto, wantsJson(command));
    });
}

interface AdoptOptions {
  readonly onto?: string;
  readonly takeOver?: true;
  readonly items?: readonly string[];
}

/** Nothing is read here: the daemon asks people about what it reads, and the gate decides. */
async function takeOver(device: string, { onto, items = [] }: AdoptOptions, command: Command): Promise<void> {
  if (onto !== undefined) throw new InvalidInput('usage', 'either --onto or --take-over');
  const daemon = await daemonOf(command);
  finish(await daemon.call('adopt', { device, sections: [...items] }), command);
}

async function printAdopted(device: string, { text, version }: Reading, json: boolean): Promise<void> {
  const [{ routerosDialect }, { adoptedText }] = await Promise.all([
    import('../drivers/routeros/dialect.ts'),
    import('../drivers/routeros/adopt/adopt-text.ts'),
  ]);
  const { configuration, problems } = routerosDialect.parseActual(text, version);
  requireReadable(problems);
  const adopted = adoptedText(device, safe(version), configuration);
  setExit(0);
  if (json) return printJson({ v: 1, device, version, ...adopted });
  printExactly(adopted.text);
  if (adopted.secrets.length > 0)
    printNote(
      'secrets are not in it: the router keeps those of the rows that stay; the head of the file lists them',
    );
  printNote(safe(`next: save it as devices/${device}/config.rsc beside site.yaml and commit`));
}

async function editOnto(
  device: string,
  { text, version }: Reading,
  named: string,
  json: boolean,
): Promise<void> {
  const files = await workFiles(named, device);
  const [{ routerosDialect }, { adoptOnto, desiredOf }] = await Promise.all([
    import('../drivers/routeros/dialect.ts'),
    import('../drivers/routeros/adopt/adopt-onto.ts'),
  ]);
  const { configuration: actual, problems } = routerosDialect.parseActual(text, version);
  requireReadable(problems);
  const { fragments, file, owns, ignore, vars } = files;
  // No secret is compared, so none is opened for this.
  const valueOf = (name: string): string | null =>
    name.startsWith('secret:') ? 'x' : (vars.get(name) ?? null);
  requireReadable(desiredOf({ fragments, valueOf, version }).problems);
  const taken = adoptOnto({ fragments, file, valueOf, owns, ignore, actual, version });
  const edited = taken.added + taken.changed + taken.removed + taken.moved > 0;
  if (edited) await replaceFile(files.onDisk, taken.text);
  setExit(taken.left.length === 0 ? 0 : 1);
  if (json) return printJson(answerOf(device, named, taken));
  for (const { message, place } of taken.left)
    printNote(
      `${paint('bad', 'left:', process.stderr)} ${safe(place === null ? message : `${formatPlace(place)}: ${message}`)}`,
    );
  for (const { section, row, properties } of taken.secrets)
    printNote(
      safe(
        `${section} ${row}: the router hides whether it has a ${properties.join(', ')}; where it is not named in the file, the row keeps its own, and one made anew has none`,
      ),
    );
  if (!edited)
    return printLine(
      taken.left.length === 0 ? safe(`${named} says what ${device} has`) : safe(`${named} is as it was`),
    );
  const { added, changed, removed, moved } = taken;
  printLine(
    safe(`${named}: ${count(added, 'line')} added, ${changed} changed, ${removed} removed, ${moved} moved`),
  );
  printLine(safe(`next: git diff ${named}`));
}

function answerOf(device: string, file: string, { text: _text, ...taken }: TakenOver): object {
  return { v: 1, device, file, ...taken };
}

/** A fault of one section matters only where it differs, and then it shows. */
function requireReadable(problems: readonly Problem[]): void {
  const fatal = problems.find(({ section }) => section === null);
  if (fatal !== undefined) throw new InvalidInput(fatal.code, fatal.message, fatal.place);
}

/** All of it or nothing, with the rights that it had. */
async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const { mode } = await stat(file);
  await writeFile(`${file}.siteward`, bytes, { mode: mode & 0o777 });
  await rename(`${file}.siteward`, file);
}
