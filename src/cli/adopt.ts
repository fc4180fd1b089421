/**
 * `siteward adopt DEVICE`: what the device has as a desired file on standard output, to begin with. With `--onto FILE`
 * the least edit of that file that takes over what the device has now, such as a fix made by hand at night. Changes
 * nothing on the device, and nothing in git: the file is for a person to look at and commit.
 */
import { rename, stat, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Problem } from '../core/dialect.ts';
import { InvalidInput, formatPlace } from '../core/errors.ts';
import type { Owns } from '../core/plan/scope.ts';
import type { TakenOver } from '../drivers/routeros/adopt/adopt-onto.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { finish } from './operate.ts';
import { readDeviceNow } from './device-reading.ts';
import { count, paint, printExactly, printJson, printLine, printNote, safe } from './terminal.ts';
import { workFiles } from './work-tree.ts';

export function adoptCommand(): Command {
  return new Command('adopt')
    .argument('<device>')
    .option('--onto <file>', 'edit this desired file instead of printing a new one')
    .option('--all-sections', 'with --onto: also sections that the file does not name yet')
    .option(
      '--take-over',
      'let what git and the device agree on count as made by siteward, once people signed it',
    )
    .option('--items <section...>', 'with --take-over: only these, such as "/ip dns static"')
    .action(async (device: string, options: AdoptOptions, command: Command) => {
      if (options.takeOver === true) return await takeOver(device, options, command);
      if (options.items !== undefined) throw new InvalidInput('usage', '--items goes with --take-over');
      if (options.allSections === true && options.onto === undefined)
        throw new InvalidInput('usage', '--all-sections goes with --onto');
      if (options.onto === undefined) return await printAdopted(device, command);
      const onto = { named: options.onto, allSections: options.allSections === true };
      await editOnto(device, onto, command);
    });
}

interface AdoptOptions {
  readonly onto?: string;
  readonly allSections?: true;
  readonly takeOver?: true;
  readonly items?: readonly string[];
}

/** Nothing is read here: the daemon asks people about what it reads, and the gate decides. */
async function takeOver(device: string, { onto, items = [] }: AdoptOptions, command: Command): Promise<void> {
  if (onto !== undefined) throw new InvalidInput('usage', 'either --onto or --take-over');
  const daemon = await daemonOf(command);
  finish(await daemon.call('adopt', { device, sections: [...items] }), command);
}

async function printAdopted(device: string, command: Command): Promise<void> {
  const { text, version, unseen } = await readDeviceNow(device, command);
  const [{ routerosDialect }, { adoptedText }] = await Promise.all([
    import('../drivers/routeros/dialect.ts'),
    import('../drivers/routeros/adopt/adopt-text.ts'),
  ]);
  const { configuration, problems } = routerosDialect.parseActual(text, version);
  requireReadable(problems);
  const adopted = adoptedText(device, safe(version), configuration);
  setExit(0);
  if (wantsJson(command)) return printJson({ v: 1, device, version, ...adopted, unseen });
  printExactly(adopted.text);
  if (unseen.length > 0)
    printNote(
      safe(
        `not seen whole: ${unseen.map(({ section }) => section).join(', ')}: the login may not be shown all of them; ` +
          `what they hold is not in the file. What it lacks for each: siteward adopt ${device} --json`,
      ),
    );
  if (adopted.secrets.length > 0)
    printNote(
      'secrets are not in it: the router keeps those of the rows that stay; the head of the file lists them',
    );
  printNote(safe(`next: save it as devices/${device}/config.rsc beside site.yaml and commit`));
}

async function editOnto(
  device: string,
  { named, allSections }: { readonly named: string; readonly allSections: boolean },
  command: Command,
): Promise<void> {
  const files = await workFiles(named, device);
  const [{ routerosDialect }, { adoptOnto, desiredOf }] = await Promise.all([
    import('../drivers/routeros/dialect.ts'),
    import('../drivers/routeros/adopt/adopt-onto.ts'),
  ]);
  const { fragments, file, ignore, vars } = files;
  // Of a section that comes into the file all rows are the file's from then on.
  const owns = allSections && files.owns === 'sections' ? 'everything' : files.owns;
  // No secret is compared, so none is opened for this.
  const valueOf = (name: string): string | null =>
    name.startsWith('secret:') ? 'x' : (vars.get(name) ?? null);
  // What the files name and the device does not show has to be proved gone.
  const { sections } = desiredOf({ fragments, valueOf, version: null }).configuration;
  const paths = sections.map(({ path }) => path);
  const { text, version, unseen } = await readDeviceNow(device, command, paths);
  const { configuration: actual, problems } = routerosDialect.parseActual(text, version);
  requireReadable(problems);
  requireReadable(desiredOf({ fragments, valueOf, version }).problems);
  const taken = adoptOnto({ fragments, file, valueOf, owns, ignore, actual, version, unseen });
  const edited = taken.added + taken.changed + taken.removed + taken.moved > 0;
  if (edited) await replaceFile(files.onDisk, taken.text);
  setExit(taken.left.length === 0 ? 0 : 1);
  if (wantsJson(command)) return printJson(answerOf(device, named, taken));
  for (const { message, place } of taken.left)
    printNote(
      `${paint('bad', 'left:', process.stderr)} ${safe(place === null ? message : `${formatPlace(place)}: ${message}`)}`,
    );
  if (taken.unnamed.length > 0)
    printNote(
      `${paint('warn', 'left:', process.stderr)} ${safe(unnamedWords(device, named, files.owns, taken))}`,
    );
  for (const { section, row, properties } of taken.secrets)
    printNote(
      safe(
        `${section} ${row}: the router hides whether it has a ${properties.join(', ')}; where it is not named in the file, the row keeps its own, and one made anew has none`,
      ),
    );
  const allIsNamed = owns === 'everything' || (owns === 'sections' && taken.unnamed.length === 0);
  if (!edited)
    return printLine(
      safe(
        taken.left.length > 0
          ? `${named} is as it was`
          : `${named} says what ${device} has${allIsNamed ? '' : ' of what it names'}`,
      ),
    );
  const { added, changed, removed, moved } = taken;
  printLine(
    safe(`${named}: ${count(added, 'line')} added, ${changed} changed, ${removed} removed, ${moved} moved`),
  );
  printLine(safe(`next: git diff ${named}`));
}

/** What is on the device and stays out of the file. */
function unnamedWords(device: string, named: string, owns: Owns, { unnamed }: TakenOver): string {
  const sections = unnamed.map(({ section, rows }) => `${section} (${count(rows, 'row')})`).join(', ');
  const how =
    owns === 'sections'
      ? `write the lines of those that you want into it and run this again, or take over all: siteward adopt ${device} --onto ${named} --all-sections`
      : 'write into it what you want of them';
  return `${sections}: ${named} does not name them; ${how}`;
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
