/** Objects that somebody's `git gc` has packed. siteward itself never packs: a pack is read through the git library. */
import fs from 'node:fs';
import git from 'isomorphic-git';
import type { PackedObjects } from './repository.ts';

const kinds = ['commit', 'tree', 'blob', 'tag'] as const;

export function packedObjects(gitdir: string): PackedObjects {
  return async (oid) => {
    const names = await fs.promises.readdir(`${gitdir}/objects/pack`).catch(() => []);
    if (!names.some((name) => name.endsWith('.idx'))) return null;
    try {
      const { type, object } = await git.readObject({ fs, gitdir, oid, format: 'content' });
      const kind = kinds.find((one) => one === type);
      return kind === undefined || !(object instanceof Uint8Array)
        ? null
        : { kind, content: Buffer.from(object) };
    } catch (error) {
      if (error instanceof Error && error.name === 'NotFoundError') return null;
      throw error;
    }
  };
}
