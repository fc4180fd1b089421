/**
 * Every fetch leaves a pack, and each one makes every later reading slower: many of them become one. The new pack is
 * whole before the old ones go, so that a process killed in between leaves objects twice and never too few.
 */
import fs from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import git from 'isomorphic-git';

/** True when it merged something. */
export async function mergePacks(gitdir: string, tooMany: number): Promise<boolean> {
  const folder = path.join(gitdir, 'objects/pack');
  const names = await readdir(folder).catch(() => []);
  const old = names.filter((name) => name.endsWith('.pack')).map((name) => name.slice(0, -'.pack'.length));
  if (old.length < tooMany) return false;
  const oids = new Set<string>();
  for (const name of old)
    for (const oid of objectNames(await readFile(path.join(folder, `${name}.idx`)))) oids.add(oid);
  const { filename } = await git.packObjects({ fs, gitdir, oids: [...oids].sort(), write: true, cache: {} });
  await git.indexPack({ fs, dir: gitdir, gitdir, filepath: `objects/pack/${filename}`, cache: {} });
  const merged = filename.slice(0, -'.pack'.length);
  // An index without its pack is nothing; a pack without its index would be in the way.
  for (const name of old) {
    if (name === merged) continue;
    await rm(path.join(folder, `${name}.pack`), { force: true });
    await rm(path.join(folder, `${name}.idx`), { force: true });
  }
  return true;
}

/** Of an index of version 2: magic, version, 256 counts, then the names in order (gitformat-pack). */
export function objectNames(index: Uint8Array): readonly string[] {
  const bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength);
  const start = 8 + 256 * 4;
  if (bytes.length < start || bytes.readUInt32BE(0) !== 0xff744f63 || bytes.readUInt32BE(4) !== 2)
    throw new Error('not a pack index of version 2');
  const count = bytes.readUInt32BE(start - 4);
  if (bytes.length < start + count * 20) throw new Error('the pack index ends early');
  return Array.from({ length: count }, (_, i) => bytes.toString('hex', start + i * 20, start + i * 20 + 20));
}
