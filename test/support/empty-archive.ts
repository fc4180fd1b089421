/** A history that takes every reading and keeps none: for tests that are about something else. */
import type { Archive, Kept, Reading } from '../../src/history/archive.ts';

export const emptyArchive: Pick<Archive, 'newest' | 'keep'> = {
  newest: () => Promise.resolve(null),
  keep: ({ device, why, rollout, restored, atMs }: Reading): Promise<Kept> => {
    const empty = '0'.repeat(40);
    const lines = { added: 0, removed: 0 };
    const at = { oid: empty, tree: empty, parent: null, atS: Math.floor(atMs / 1000) };
    return Promise.resolve({
      revision: { device, why, who: null, logMark: null, rollout, restored, secrets: null, ...lines, ...at },
      isNew: false,
    });
  },
};
