/**
 * What is wrong with a site's files in a working tree, found without daemon, device or settings by the code that the
 * daemon reads a commit with. Secrets are not known here: something is put in their place, and a sensitive property that
 * says its value in the text is an error, since everybody with the repository can read it.
 */
import type { ParsedText, Problem } from '../core/dialect.ts';
import { InvalidInput } from '../core/errors.ts';
import { composeDevice, secretsOutside } from '../desired/compose.ts';
import type { DesiredDevice } from '../desired/device-files.ts';
import { readSiteFiles } from '../desired/site-files.ts';
import type { SourceTree } from '../desired/source-tree.ts';
import { routerosDialect as dialect } from '../drivers/routeros/dialect.ts';
import { unknownNames } from '../drivers/routeros/unknown-names.ts';

export interface LintFinding extends Problem {
  /** Errors stop the device or the site; a warning is told. */
  readonly severity: 'error' | 'warning';
}

export interface LintedDevice {
  readonly device: DesiredDevice;
  /** Null: the files can't be used. */
  readonly wish: ParsedText | null;
}

export interface LintedSite {
  readonly site: string;
  readonly devices: readonly LintedDevice[];
  /** Each once, however many devices share the file. */
  readonly findings: readonly LintFinding[];
}

/** Whether a value is right can't be told without it; only that one is named. */
const placeholder = 'a-secret';

const workingTree = { commit: 'working tree', subject: '', author: '' };

export async function lintSite(tree: SourceTree, folder: string): Promise<LintedSite> {
  const files = await readSiteFiles(tree, workingTree, folder, null);
  const linted = files.devices.map((device) => lintDevice(device));
  const findings = [...files.problems.map(asError), ...linted.flatMap(({ findings }) => findings)];
  const unique = new Map(
    findings.map((one) => [
      JSON.stringify([one.code, one.place, one.place?.line === undefined && one.message]),
      one,
    ]),
  );
  return {
    site: files.site ?? (folder === '' ? '.' : folder),
    devices: linted,
    findings: [...unique.values()],
  };
}

function lintDevice(device: DesiredDevice): LintedDevice & { readonly findings: readonly LintFinding[] } {
  try {
    const { problems, unused } = composeDevice(device, dialect, () => placeholder);
    const { parsed: wish, literal } = secretsOutside(device, dialect);
    // Where a name has no value it is still in the text, which is no second fault.
    const told = new Set(problems.map(({ place }) => JSON.stringify(place)));
    const others = wish.problems.filter(({ place }) => place === null || !told.has(JSON.stringify(place)));
    const errors = [...problems, ...others, ...literal];
    const findings: LintFinding[] = errors.map((problem) => ({ ...problem, severity: 'error' }));
    return { device, wish, findings: [...findings, ...doubts(device, wish, unused)] };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { device, wish: null, findings: [asError(error)] };
  }
}

function asError({ code, message, place }: InvalidInput): LintFinding {
  return { code, message, place, section: null, severity: 'error' };
}

function doubts(device: DesiredDevice, wish: ParsedText, unused: readonly string[]): readonly LintFinding[] {
  const deviceFile = `${device.file.slice(0, device.file.lastIndexOf('/'))}/device.yaml`;
  const warn = (code: string, message: string, place: Problem['place']): LintFinding => {
    return { code, message, place, section: null, severity: 'warning' };
  };
  return [
    ...unused.map((name) =>
      warn('unused-variable', `no value uses "${name}": take it out of \`vars\``, { file: deviceFile }),
    ),
    ...unknownNames(wish.configuration).map(({ section, property, place }) =>
      warn(
        'unknown-name',
        `${property === null ? `menu ${section}` : `"${property}" of ${section}`} is not known: carried as it is, a difference in it is shown and never planned`,
        place,
      ),
    ),
  ];
}
