/**
 * `siteward lint DIR [--against EXPORTS]`: everything that is wrong with a working tree, for a hook before a commit and
 * for the git host's CI; with exports of the devices also what the tree would do. 0 nothing wrong, 1 errors, 2 no
 * answer. What it would do is no error.
 */
import path from 'node:path';
import { Command } from 'commander';
import type { Problem } from '../core/dialect.ts';
import { formatPlace, InvalidInput } from '../core/errors.ts';
import type { Configuration } from '../core/item.ts';
import { strictest } from '../core/gate/classify.ts';
import { withoutSecrets } from '../drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect } from '../drivers/routeros/dialect.ts';
import { incompleteness } from '../drivers/routeros/completeness.ts';
import { toConfiguration } from '../drivers/routeros/normalize.ts';
import { findSites, folderTree, workTreeOf } from '../desired/folder-tree.ts';
import type { SourceTree } from '../desired/source-tree.ts';
import { setExit, wantsJson } from './common.ts';
import type { LintedDevice, LintedSite, LintFinding } from './lint-site.ts';
import { lintSite } from './lint-site.ts';
import { planAnswer, planBetween, printPlans, type Found } from './rsc-plan.ts';
import { statusIfThere } from './on-disk.ts';
import { problemLines, problemView, readText, type Source, type Text } from './rsc-texts.ts';
import { count, paint, printJson, printLine, safe } from './terminal.ts';

export function lintCommand(): Command {
  return new Command('lint')
    .argument('<folder>', 'a working tree, or a folder of it')
    .option('--against <exports>', 'folder of exports, NAME.rsc for each device: show what the tree would do')
    .action(async (folder: string, options: { against?: string }, command: Command) => {
      const start = path.resolve(folder);
      const root = (await workTreeOf(start)) ?? start;
      const tree = folderTree(root);
      const folders = await findSites(tree, path.relative(root, start).split(path.sep).join('/'));
      if (folders.length === 0)
        throw new InvalidInput(
          'site-file-missing',
          'no site.yaml here or below: expected a working tree with a file that says `site: NAME`',
          { file: folder },
        );
      const sites: LintedSite[] = [];
      for (const one of folders) sites.push(await lintSite(tree, one));
      const findings = sites.flatMap((site) => site.findings);
      const previews =
        options.against === undefined ? [] : await previewAll(sites, path.resolve(options.against));
      setExit(findings.some(({ severity }) => severity === 'error') ? 1 : 0);
      if (wantsJson(command)) printJson(answer(sites, previews));
      else await show(tree, sites, previews);
    });
}

interface Preview extends Found {
  readonly text: Text;
  /** How many the tree names; what is there in their place nobody knows here. */
  readonly secrets: number;
}

interface DevicePreview {
  readonly site: string;
  readonly name: string;
  /** Null: there is no export of it. */
  readonly found: Preview | null;
}

async function previewAll(sites: readonly LintedSite[], exports: string): Promise<readonly DevicePreview[]> {
  const folder = await statusIfThere(exports);
  if (folder?.isDirectory() !== true)
    throw new InvalidInput('path-missing', 'expected a folder with NAME.rsc for each device', {
      file: exports,
    });
  const previews: DevicePreview[] = [];
  for (const { site, devices } of sites)
    for (const linted of devices) {
      if (linted.wish === null) continue;
      const { name } = linted.device;
      const file = await firstThere(
        [`${site}/${name}.rsc`, `${name}.rsc`].map((one) => path.join(exports, one)),
      );
      previews.push({ site, name, found: file === null ? null : preview(await readText(file), linted) });
    }
  return previews;
}

async function firstThere(files: readonly string[]): Promise<string | null> {
  for (const file of files) if ((await statusIfThere(file))?.isFile() === true) return file;
  return null;
}

function preview(text: Text, { device, wish }: LintedDevice): Preview {
  const reading = toConfiguration(text.read, { role: 'device' });
  const cut = incompleteness(text.bytes);
  const unread: readonly Problem[] = [
    ...(cut === null
      ? []
      : [
          {
            code: cut.code,
            message: `${cut.message}; ${cut.remedy}`,
            place: { file: text.name },
            section: null,
          },
        ]),
    ...reading.problems.filter(({ section }) => section === null),
  ];
  if (wish === null || unread.length > 0) return { plans: [], faults: unread, blocked: [], text, secrets: 0 };
  const { owns, ignore, file } = device;
  // What secrets are is not known here, so that one that an export shows can't be another.
  const hidden = { ...reading, configuration: withoutSecrets(reading.configuration) };
  const found = planBetween(hidden, wish, { version: text.read.header.version, owns, ignore, file });
  return { ...found, text, secrets: secretsIn(wish.configuration) };
}

function secretsIn({ sections }: Configuration): number {
  const items = sections.flatMap((section) => section.items);
  return items.reduce(
    (sum, { section, properties }) =>
      sum + properties.filter(([name, value]) => value && routerosDialect.isSecret(section, name)).length,
    0,
  );
}

async function show(
  tree: SourceTree,
  sites: readonly LintedSite[],
  previews: readonly DevicePreview[],
): Promise<void> {
  const findings = sites.flatMap((site) => site.findings);
  for (const finding of findings) for (const line of await findingLines(tree, finding)) printLine(line);
  for (const { site, name, found } of previews)
    showPreview(sites.length > 1 ? `${site}/${name}` : name, found);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const devices = sites.reduce((sum, site) => sum + site.devices.length, 0);
  const what = `${sites.map(({ site }) => site).join(', ')}: ${count(devices, 'device')}`;
  const warnings = findings.length - errors;
  const told = `${errors === 0 ? 'nothing is wrong' : count(errors, 'error')}${warnings === 0 ? '' : `, ${count(warnings, 'warning')}`}`;
  printLine(`${safe(what)}, ${paint(errors === 0 ? 'good' : 'bad', told)}`);
}

async function findingLines(tree: SourceTree, finding: LintFinding): Promise<readonly string[]> {
  const { place, severity } = finding;
  const source: Source[] =
    place?.line === undefined ? [] : [{ name: place.file, bytes: await tree.read(place.file) }];
  return problemLines(finding, source, severity);
}

function showPreview(name: string, found: DevicePreview['found']): void {
  if (found === null) {
    printLine(`${paint('strong', safe(name))}  ${paint('warn', 'no export of it: nothing to compare with')}`);
    return;
  }
  const { plans, faults, blocked, text, secrets } = found;
  const { version } = text.read.header;
  printLine(`${paint('strong', safe(name))}  RouterOS ${safe(version ?? 'of unknown version')}`);
  for (const fault of faults)
    printLine(
      ` ${paint('bad', 'no plan:')} ${safe(`${fault.place === null ? '' : `${formatPlace(fault.place)}: `}${fault.message} (${fault.code})`)}`,
    );
  if (faults.length > 0) return;
  printPlans(plans, blocked, [text]);
  if (secrets > 0)
    printLine(
      ` ${paint('quiet', `${count(secrets, 'secret')} named, hidden on the device: the daemon compares them`)}`,
    );
  if (plans.length === 0) return;
  const { class: needs, reason } = strictest(plans);
  if (needs !== 'benign') printLine(` ${paint('warn', 'needs a signature:')} ${safe(reason)}`);
}

function answer(sites: readonly LintedSite[], previews: readonly DevicePreview[]): object {
  return {
    v: 1,
    sites: sites.map(({ site, devices, findings }) => ({
      site,
      devices: devices.map(({ device }) => device.name),
      findings: findings.map(({ severity, ...problem }) => ({
        severity,
        ...problemView(problem, undefined),
      })),
    })),
    plans: previews.map(({ site, name, found }) => ({
      site,
      ...(found === null
        ? { device: name, missing: true }
        : {
            ...planAnswer(found.plans, found.blocked, [found.text]),
            device: name,
            faults: found.faults.map((fault) => problemView(fault, undefined)),
          }),
    })),
  };
}
