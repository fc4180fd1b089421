/**
 * Objects that somebody's `git gc` has packed; siteward itself never packs. What our own reader of packs does not find
 * is asked of the git library, which knows odd ones too and says what is wrong with a damaged one.
 */
import fs from 'node:fs';
import git from 'isomorphic-git';
import { Packs } from '../packs/packs.ts';
import { damaged, mostBytes } from './git-object.ts';
import type { PackedObjects } from './repository.ts';

const kinds = ['commit', 'tree', 'blob', 'tag'] as const;

export function packedObjects(gitdir: string): PackedObjects {
  const packs = new Packs(gitdir, mostBytes);
  return async (oid) => {
    const packed = await packs.find(oid);
    if (packed === 'too-large') throw damaged(`object ${oid} has more than ${mostBytes} bytes`);
    if (packed !== null) return packed;
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
