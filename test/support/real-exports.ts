/** Real exports beside the project, read from there and never copied. Absent: the tests that need them skip visibly. */
import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../shared/routeros/exports/', import.meta.url);

export interface RealExport {
  readonly file: string;
  readonly version: string;
  /** No hand-made lines in it. */
  readonly pure: boolean;
  readonly bytes: Uint8Array;
}

export const noRealExports = !existsSync(folder);
export const whyNoRealExports = noRealExports ? ' (skipped: ../shared/routeros/exports is not there)' : '';

export function realExports(): readonly RealExport[] {
  if (noRealExports) return [];
  const index = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as {
    files: { file: string; version: string; pure: boolean }[];
  };
  return index.files.map(({ file, version, pure }) => ({
    file,
    version,
    pure,
    bytes: readFileSync(new URL(file, folder)),
  }));
}
