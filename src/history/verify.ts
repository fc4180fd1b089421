/** Reads everything that is kept of a device and proves that each object is what its name says. */
import type { Archive } from './archive.ts';

/** How many revisions there are. Throws `SitewardError` history-damaged at the first object that is missing or another. */
export async function verifyHistory(archive: Archive, device: string): Promise<number> {
  let many = 0;
  for await (const revision of archive.revisions(device)) {
    await archive.prove(revision);
    many += 1;
  }
  for (const { of } of await archive.labels(device)) await archive.prove(await archive.revision(of));
  return many;
}
