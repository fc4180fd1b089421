/** Objects that somebody's `git gc` has packed; siteward itself never packs. Null: it is in no pack. */
import { Packs } from '../packs/packs.ts';
import { damaged, mostBytes } from './git-object.ts';
import type { PackedObjects } from './repository.ts';

export function packedObjects(gitdir: string): PackedObjects {
  const packs = new Packs(gitdir, mostBytes);
  return async (oid) => {
    const found = await packs.find(oid);
    if (found === 'too-large') throw damaged(`object ${oid} has more than ${mostBytes} bytes`);
    if (found === 'damaged') throw damaged(`object ${oid} can't be read out of its pack`);
    return found;
  };
}
