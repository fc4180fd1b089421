/** A folder on disk as a site's files: the work tree of somebody who edits them. Follows no links. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInput } from '../core/errors.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';

const maxFileBytes = 32 * 1024 * 1024;

export function folderTree(root: string): SourceTree {
  return {
    list: async (folder) => {
      const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => null);
      return (
        entries?.map((entry): SourceEntry => ({
          name: entry.name,
          kind: entry.isSymbolicLink()
            ? 'symlink'
            : entry.isDirectory()
              ? 'folder'
              : entry.isFile()
                ? 'file'
                : 'other',
        })) ?? null
      );
    },
    read: async (file) => {
      const { size } = await stat(path.join(root, file));
      if (size > maxFileBytes)
        throw new InvalidInput('too-large', `the file has ${size} bytes, at most ${maxFileBytes} are read`, {
          file,
        });
      return await readFile(path.join(root, file));
    },
  };
}
