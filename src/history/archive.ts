/**
 * What each device really had: one revision for each state that differs from the one before, on a branch of the
 * device's own. So a revision costs the same however many devices there are, and no two devices wait for each other's
 * tree. One writer at a time; a failure is the caller's to report, and the next reading is kept as if nothing had been.
 */
import { SitewardError } from '../core/errors.ts';
import type { HistoryDisk } from './disk.ts';
import { damaged, gitObject, treeOf } from './git-object.ts';
import type { GitObject } from './git-object.ts';
import { readLabel, tagOf } from './label.ts';
import type { Label } from './label.ts';
import { oneWriter } from './one-writer.ts';
import { outgoing } from './outgoing.ts';
import type { OutgoingParcel } from './outgoing.ts';
import { pruneRevisions } from './prune.ts';
import { branchOf, labelRef, labelsOf, nameOfWord } from './ref-name.ts';
import { blobOf, HistoryRepository } from './repository.ts';
import type { PackedObjects } from './repository.ts';
import type { Arrived, KeepLimits } from './retention.ts';
import { file, objectsOf, secretsFile } from './revision-objects.ts';
import { requireRoom } from './room.ts';
import { changedLines, commitOf, revisionOf } from './revision.ts';
import type { Revision, Why } from './revision.ts';
import type { Changer } from '../core/who-changed.ts';

export interface Reading {
  readonly device: string;
  /** The archive's text of what the device said, byte for byte a code unit. */
  readonly text: string;
  readonly why: Why;
  /** Asked only when there is something to tell of; null: the device is not asked. */
  readonly changer: ((mark: string | null) => Promise<Changer>) | null;
  readonly rollout: string | null;
  readonly restored: string | null;
  readonly atMs: number;
  /** What the text leaves out, sealed for others; `sealed` null: as in the newest revision. Absent: it is not kept. */
  readonly secrets?: { readonly digest: string; readonly sealed: Uint8Array | null };
}

/** A new object, or the name of one that is there. */
type Sealed = GitObject | Pick<GitObject, 'kind' | 'oid'>;

export interface Kept {
  readonly revision: Revision;
  /** False: the device has what it had. */
  readonly isNew: boolean;
}

export class Archive {
  readonly #repository: HistoryRepository;
  readonly #site: string;
  readonly #grown: () => void;
  readonly #alone = oneWriter();
  /** The newest revision of each device and its text's object, as long as nobody else wrote: one writer. */
  readonly #newest = new Map<string, { readonly revision: Revision; readonly blob: string }>();

  constructor(repository: HistoryRepository, site: string, grown: () => void) {
    this.#repository = repository;
    this.#site = site;
    this.#grown = grown;
  }

  /** Adds a revision unless the newest one says the same. Throws `SitewardError` history-unwritable, history-damaged. */
  keep(reading: Reading): Promise<Kept> {
    return this.#alone(async () => {
      const newest = await this.newest(reading.device);
      const blob = blobOf(textIn(reading));
      const { secrets } = reading;
      // Sealing twice gives other bytes each time, so what was sealed tells nothing: their digest does.
      const isKept = secrets === undefined || secrets.digest === newest?.revision.secrets;
      if (newest !== null && newest.blob === blob.oid && isKept)
        return { revision: newest.revision, isNew: false };
      const sealed = await this.#sealedIn(secrets, newest?.revision ?? null);
      const before = newest === null ? '' : await this.#textOf(newest.blob);
      const lines = changedLines(before, blob.content.toString('latin1'));
      await this.#repository.prepare(branchOf(reading.device));
      await this.#requireRoom(blob.content.length);
      const mark = newest?.revision.logMark ?? null;
      const told = (await reading.changer?.(mark)) ?? { who: null, mark };
      // Of what came before the first revision nobody can tell what of it was whose.
      const changer = newest === null ? { ...told, who: null } : told;
      const { commit, objects } = this.#commit(
        reading,
        changer,
        { blob, sealed },
        newest?.revision ?? null,
        lines,
      );
      await this.#repository.write(objects);
      await this.#repository.setRef(branchOf(reading.device), commit.oid);
      const revision = revisionOf(commit);
      this.#newest.set(reading.device, { revision, blob: blob.oid });
      this.#grown();
      return { revision, isNew: true };
    });
  }

  /** Names a revision. Throws `SitewardError` label-taken when another has that name. */
  label(revision: Revision, label: Omit<Label, 'of'>): Promise<void> {
    return this.#alone(async () => {
      const ref = labelRef(revision.device, label.name);
      const taken = await this.#repository.ref(ref);
      if (taken !== null) {
        const { of } = await this.#label(taken, label.name);
        if (of === revision.oid) return;
        throw new SitewardError(
          'label-taken',
          `${revision.device}: ${label.name} is revision ${of.slice(0, 8)} already; choose another label`,
        );
      }
      await this.#requireRoom(0);
      // A name for what retention took since would be a name for nothing.
      await this.text(revision);
      const tag = tagOf(revision, label, this.#site);
      await this.#repository.write([tag]);
      await this.#repository.setRef(ref, tag.oid);
      this.#grown();
    });
  }

  /** Drops what the limits no longer keep. `nowMs` null: the clock is not believed. How many revisions went. */
  prune(device: string, limits: KeepLimits, nowMs: number | null, arrived: Arrived = null): Promise<number> {
    return this.#alone(async () => {
      const branch: Revision[] = [];
      for await (const revision of this.revisions(device)) branch.push(revision);
      const labelled = new Set((await this.labels(device)).map(({ of }) => of));
      const checkpoints: Revision[] = [];
      for (const oid of labelled) checkpoints.push(await this.revision(oid));
      return await pruneRevisions(this.#repository, branch, checkpoints, { limits, nowMs, arrived });
    });
  }

  /** Null: nothing was kept of this device yet. */
  async newest(device: string): Promise<{ readonly revision: Revision; readonly blob: string } | null> {
    const known = this.#newest.get(device);
    if (known !== undefined) return known;
    const oid = await this.#repository.ref(branchOf(device));
    if (oid === null) return null;
    const revision = await this.revision(oid);
    const found = { revision, blob: await this.#blobOf(revision) };
    this.#newest.set(device, found);
    return found;
  }

  async revision(oid: string): Promise<Revision> {
    return revisionOf(await this.#repository.read(oid, 'commit'));
  }

  /** The newest first, one after the other, as far as they are kept; one that goes meanwhile is where it ends. */
  async *revisions(device: string): AsyncGenerator<Revision> {
    const boundary = await this.#repository.boundary();
    let oid = await this.#repository.ref(branchOf(device));
    let newer: string | null = null;
    while (oid !== null) {
      let revision: Revision;
      try {
        revision = await this.revision(oid);
      } catch (error) {
        if (newer !== null && (await this.#repository.boundary()).has(newer)) return;
        throw error;
      }
      yield revision;
      newer = oid;
      oid = boundary.has(oid) ? null : revision.parent;
    }
  }

  /** The newest first. */
  async labels(device: string): Promise<readonly Label[]> {
    const refs = await this.#repository.refs(labelsOf(device));
    const labels = await Promise.all([...refs].map(([word, oid]) => this.#label(oid, nameOfWord(word))));
    return labels.sort((a, b) => b.atS - a.atS || (a.name < b.name ? -1 : 1));
  }

  /** Of which something is kept, those that the settings no longer name included. */
  async devices(): Promise<readonly string[]> {
    return [...(await this.#repository.refs('refs/heads')).keys()].map(nameOfWord).sort();
  }

  /** What a git server with these references lacks of the device. Throws `SitewardError` history-remote-differs. */
  outgoing(device: string, has: ReadonlyMap<string, string>): AsyncGenerator<OutgoingParcel> {
    return outgoing(this.#repository, device, has);
  }

  /** By how much it takes more than when it was opened. */
  get grownBytes(): number {
    return this.#repository.grownBytes;
  }

  /** What all of it takes on the disk. */
  bytes(): Promise<number> {
    return this.#repository.bytes();
  }

  /** What the device said then, without what changes by itself. */
  async text(revision: Revision): Promise<string> {
    return withoutName(await this.#textOf(await this.#blobOf(revision)));
  }

  /** What the text leaves out, sealed as it was written; null: it was not kept. */
  async sealedSecrets(revision: Revision): Promise<Buffer | null> {
    const [, , , oid] = await objectsOf(this.#repository, revision);
    return oid === undefined ? null : (await this.#repository.read(oid, 'blob')).content;
  }

  /** Reads all that is kept of it. Throws `SitewardError` history-damaged. */
  async prove(revision: Revision): Promise<void> {
    await this.text(revision);
    await this.sealedSecrets(revision);
  }

  /** Secrets count where they are kept of both. */
  async isSame(one: Revision, other: Revision): Promise<boolean> {
    if (one.secrets !== null && other.secrets !== null && one.secrets !== other.secrets) return false;
    return one.oid === other.oid || (await this.#blobOf(one)) === (await this.#blobOf(other));
  }

  async #label(oid: string, name: string): Promise<Label> {
    return readLabel(await this.#repository.read(oid, 'tag'), name);
  }

  async #blobOf(revision: Revision): Promise<string> {
    const [, , blob] = await objectsOf(this.#repository, revision);
    return blob;
  }

  async #textOf(blob: string): Promise<string> {
    return (await this.#repository.read(blob, 'blob')).content.toString('latin1');
  }

  /** The object of the newest revision where the secrets are the same. */
  async #sealedIn(secrets: Reading['secrets'], newest: Revision | null): Promise<Sealed | null> {
    if (secrets === undefined) return null;
    if (secrets.sealed !== null) return gitObject('blob', Buffer.from(secrets.sealed));
    const [, , , oid] = newest === null ? [] : await objectsOf(this.#repository, newest);
    return oid === undefined ? null : { kind: 'blob', oid };
  }

  #commit(
    { device, why, rollout, restored, atMs, secrets }: Reading,
    { who, mark: logMark }: Changer,
    { blob, sealed }: { readonly blob: GitObject; readonly sealed: Sealed | null },
    newest: Revision | null,
    lines: { readonly added: number; readonly removed: number },
  ): { readonly commit: GitObject; readonly objects: readonly GitObject[] } {
    const folder = treeOf([file, blob], ...(sealed === null ? [] : [[secretsFile, sealed] as const]));
    const root = treeOf([device, folder]);
    // A clock that went back must not turn the order round in which git shows them.
    const atS = Math.max(Math.floor(atMs / 1000), newest?.atS ?? 0);
    const digest = sealed === null ? null : (secrets?.digest ?? null);
    const facts = { device, why, who, logMark, rollout, restored, secrets: digest, ...lines };
    const commit = commitOf(facts, { tree: root.oid, parent: newest?.oid ?? null, atS, site: this.#site });
    const fresh = sealed !== null && 'content' in sealed ? [sealed] : [];
    return { commit, objects: [blob, ...fresh, folder, root, commit] };
  }

  async #requireRoom(bytes: number): Promise<void> {
    requireRoom(await this.#repository.freeBytes(), bytes);
  }
}

/** The device's name goes in front, so that no two devices share an object and each can be dropped on its own. */
function textIn({ device, text }: Reading): string {
  return `# device ${device}\n${text}`;
}

function withoutName(text: string): string {
  const end = text.indexOf('\n');
  if (!text.startsWith('# device ') || end < 0) throw damaged('a text is not what siteward writes');
  return text.slice(end + 1);
}

/** Touches nothing yet: the repository is made with the first revision, or with the first after the disk is well again. */
export function openArchive(options: {
  readonly folder: string;
  readonly site: string;
  readonly disk: HistoryDisk;
  readonly packed: PackedObjects;
  /** Told of each new revision and label. */
  readonly grown?: () => void;
}): Archive {
  const { folder, site, disk, packed, grown = () => undefined } = options;
  return new Archive(new HistoryRepository(folder, disk, packed), site, grown);
}
