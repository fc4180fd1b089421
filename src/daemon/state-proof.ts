/**
 * Whether a state is whole: the journal's chain from its oldest line, the files that its fold refers to by digest, and
 * every revision of the history. Reads beside a running daemon or without one, and changes nothing.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, JournalError, messageOf } from '../core/errors.ts';
import { replayInto } from '../core/site-replay.ts';
import type { SiteState } from '../core/site-state.ts';
import { emptySiteState } from '../core/site-state.ts';
import { openArchive } from '../history/archive.ts';
import { fileDisk } from '../history/disk.ts';
import { packedObjects } from '../history/packed-objects.ts';
import { verifyHistory } from '../history/verify.ts';
import type { Replayed } from '../journal/replay.ts';
import { replayJournal } from '../journal/replay.ts';
import { fileStorage } from '../journal/storage.ts';
import { digestsInUse } from '../reconcile/state-files.ts';
import type { StateFileKind } from '../reconcile/state-files.ts';
import { isSealed, openStateFiles, stateFilePath } from './state-files.ts';
import { credentialsFolder, existingStateKey, stateKeyName } from './state-key.ts';

export interface ProvedJournal {
  readonly state: SiteState;
  readonly replayed: Replayed;
}

export interface Fault {
  readonly what: string;
  readonly code: string;
  readonly message: string;
}

/** Throws `JournalError` journal-damaged when it is not one whole chain. */
export async function proveJournal(folder: string): Promise<ProvedJournal> {
  const state = emptySiteState();
  const replayed = await replayJournal({
    folder: join(folder, 'journal'),
    storage: fileStorage,
    from: 'oldest',
    ...replayInto(state),
  });
  const { damage } = replayed;
  if (damage === null) return { state, replayed };
  throw new JournalError(
    'journal-damaged',
    `journal: ${damage.file} line ${damage.line}: ${damage.reason}; run: siteward journal verify`,
  );
}

/** Where the files lie that the journal refers to, relative to the state. */
export function filesInUse(state: SiteState): readonly string[] {
  const inUse = Object.entries(digestsInUse(state)) as [StateFileKind, ReadonlySet<string>][];
  return inUse.flatMap(([kind, digests]) => [...digests].map((digest) => stateFilePath('', kind, digest)));
}

const noKey: Parameters<typeof openStateFiles>[1] = {
  nameOf: () => '',
  seal: () => Buffer.alloc(0),
  open: () => null,
};

const keyMissing: Fault = {
  what: stateKeyName,
  code: 'state-key-missing',
  message:
    'is neither in the state nor among the credentials of this command, so that texts with secrets were not proved; ' +
    'give the daemon the credential that it had, or devices are read anew and people decide',
};

/** What is missing or no longer has its digest. */
export async function proveFiles(folder: string, state: SiteState): Promise<readonly Fault[]> {
  const key = await existingStateKey(folder, credentialsFolder());
  const files = await openStateFiles(folder, key ?? noKey);
  const faults: Fault[] = [];
  for (const [kind, digests] of Object.entries(digestsInUse(state)) as [StateFileKind, Set<string>][])
    for (const digest of digests) {
      if (key === null && isSealed(kind)) {
        if (!faults.some(({ what }) => what === stateKeyName)) faults.push(keyMissing);
        continue;
      }
      if ((await files.get(kind, digest)) !== null) continue;
      const what = stateFilePath('', kind, digest);
      faults.push({
        what,
        code: 'state-damaged',
        message: 'is missing or changed; what needs it is read anew, or waits for a person',
      });
    }
  return faults;
}

/** Every branch is a device's. */
export async function proveHistory(
  folder: string,
  site: string,
): Promise<{ readonly devices: number; readonly revisions: number; readonly faults: readonly Fault[] }> {
  const history = join(folder, 'history.git');
  const archive = openArchive({ folder: history, site, disk: fileDisk, packed: packedObjects(history) });
  const devices = await archive.devices();
  const faults: Fault[] = [];
  let revisions = 0;
  for (const device of devices)
    await verifyHistory(archive, device).then(
      (many) => (revisions += many),
      (error: unknown) =>
        faults.push({ what: `history of ${device}`, code: codeOf(error), message: messageOf(error) }),
    );
  return { devices: devices.length, revisions, faults };
}

/** None when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
