/**
 * Which commit is carried out. Moves forward only (I12): the first head, then descendants of the last accepted
 * one. A head that can't be accepted is shown with its reason and changes nothing: devices go on being
 * compared with the last accepted commit.
 */
import type { Dialect } from '../core/dialect.ts';
import type { SitewardError } from '../core/errors.ts';
import { codeOf, formatPlace, InvalidInput, messageOf } from '../core/errors.ts';
import { itemsFor } from '../core/gate/pending.ts';
import type { DesiredRepository, SignedObject } from '../desired/git-repository.ts';
import type { Composed, SecretOf } from '../desired/compose.ts';
import type { DesiredDevice } from '../desired/device-files.ts';
import type { Secrets } from '../desired/secrets.ts';
import type { SiteFiles } from '../desired/site-files.ts';
import type { DesiredText } from './device-room.ts';
import { acceptBySignature } from './accept-commit.ts';
import type { Ledger } from './ledger.ts';
import type { GateRoom } from './proposal.ts';
import { keepPending } from './proposal.ts';

export interface DesiredHead {
  readonly head: string | null;
  readonly state: 'accepted' | 'held' | 'error' | 'unknown';
  readonly reason: string | null;
  readonly message: string | null;
}

export interface DesiredRoom {
  readonly site: string;
  readonly repository: DesiredRepository;
  readonly ledger: Ledger;
  /** Makes one text of a device's files. */
  readonly compose: (device: DesiredDevice, dialect: Dialect, secretOf: SecretOf) => Composed;
  /** What this machine and the commit say of secrets, read anew. */
  readonly secretsOf: (files: SiteFiles) => Promise<Secrets>;
  /** Judges the signature of a commit or of the tag that names it; null when none is demanded. Returns who signed, or the refusal. */
  readonly judgeSignature:
    | ((
        signed: SignedObject,
      ) =>
        | { readonly ok: true; readonly signer: string }
        | { readonly ok: false; readonly code: string; readonly message: string })
    | null;
  /** Why no first commit may be accepted (the devices know another state of this site), or null. */
  readonly firstStartObstacle: () => Promise<SitewardError | null>;
  /** For commits that only people can accept; null: nobody is asked. */
  readonly gate: GateRoom | null;
}

export interface DesiredState {
  readonly head: () => DesiredHead;
  /** The accepted commit's files; null before there is one. */
  readonly files: () => SiteFiles | null;
  /** Looks at the branch; true when another commit was accepted, or secrets are others. Throws only when the journal fails. */
  refresh(): Promise<boolean>;
  /** A device's part of the accepted commit; throws `InvalidInput`. */
  textFor(device: string, dialect: Dialect): Promise<DesiredText>;
  /** A device's part of any commit of the repository. */
  textAt(device: string, dialect: Dialect, rev: string): Promise<DesiredText>;
}

export function openDesiredState(room: DesiredRoom): DesiredState {
  let shown: DesiredHead = { head: null, state: 'unknown', reason: 'not-read-yet', message: null };
  let files: SiteFiles | null = null;
  let secrets: Secrets = { of: () => null, digest: '' };
  const accepted = (): string | null => room.ledger.state.accepted?.commit ?? null;

  async function refresh(): Promise<boolean> {
    const { digest } = secrets;
    const isNew = await look();
    return isNew || secrets.digest !== digest;
  }

  /** True when another commit was accepted. */
  async function look(): Promise<boolean> {
    let head: string | null = null;
    try {
      head = await room.repository.head();
      const before = accepted();
      const isNew = head !== before;
      if (isNew) await accept(room, head, before);
      const now = accepted();
      if (now !== null && files?.commit !== now) files = await readWhole(room.repository, now);
      if (files !== null) secrets = await room.secretsOf(files);
      await closeOutdated(room, null);
      shown = { head, state: 'accepted', reason: null, message: null };
      return isNew;
    } catch (error) {
      const code = codeOf(error);
      if (code.startsWith('journal-')) throw error;
      const held = heldCodes.includes(code);
      const place =
        error instanceof InvalidInput && error.place !== null ? `${formatPlace(error.place)}: ` : '';
      const message = `${place}${messageOf(error)}`;
      shown = { head, state: held ? 'held' : 'error', reason: code, message };
      if (head !== null) await closeOutdated(room, head);
      await recordRefusal(room, head, code, message);
      await loadAccepted();
      return false;
    }
  }

  /** After a restart with an unusable head, the accepted commit is still what devices are compared with. */
  async function loadAccepted(): Promise<void> {
    const commit = accepted();
    if (files === null && commit !== null)
      files = await readWhole(room.repository, commit).catch((error: unknown) => {
        if (!(error instanceof InvalidInput)) throw error;
        return null;
      });
    if (files !== null) secrets = await room.secretsOf(files);
  }

  return {
    head: () => shown,
    files: () => files,
    refresh,
    textFor(device, dialect) {
      return Promise.resolve().then(() => textOf(room, { files, secrets }, device, shown, dialect));
    },
    async textAt(device, dialect, rev) {
      const commit = await room.repository.resolve(rev);
      const other = await readWhole(room.repository, commit);
      const source = { files: other, secrets: await room.secretsOf(other) };
      return textOf(room, source, device, shown, dialect);
    },
  };
}

/** Refusals that a person or a later commit resolves; all else is an error of the repository. */
export const heldCodes: readonly string[] = [
  'history-rewound',
  'wrong-site',
  'commit-unsigned',
  'tag-refused',
  'commit-signature-refused',
  'state-lost',
  'commit-rejected',
  'first-start-unsure',
];

async function accept(room: DesiredRoom, head: string, before: string | null): Promise<void> {
  let signer: string | null = null;
  if (room.judgeSignature !== null) {
    const signed = await room.repository.signedObject(head);
    const verdict = room.judgeSignature(signed);
    if (!verdict.ok)
      throw new InvalidInput(
        'commit-signature-refused',
        `${signed.kind === 'tag' ? 'the tag of ' : ''}commit ${head.slice(0, 12)}: ${verdict.message}`,
      );
    signer = verdict.signer;
  }
  const why = before === null ? await room.firstStartObstacle() : await rewound(room, head, before);
  const { gate } = room;
  if (why !== null && (gate === null || !forPeople.includes(why.code))) throw why;
  // Reading the whole site first: a commit of another site or with broken files is never accepted half.
  await readWhole(room.repository, head);
  const authors = await authorsSince(room, head, before);
  const signed =
    why === null || gate === null
      ? {}
      : await acceptBySignature(gate, room.repository, { head, before, authors, why });
  await room.ledger.append({
    kind: 'commit-accepted',
    commit: head,
    previous: before,
    reason: before === null ? 'first' : 'descendant',
    signer,
    authors,
    ...signed,
  });
}

const forPeople: readonly string[] = ['state-lost', 'history-rewound'];

async function rewound(room: DesiredRoom, head: string, before: string): Promise<SitewardError | null> {
  if (await room.repository.descends(head, before)) return null;
  return new InvalidInput(
    'history-rewound',
    `commit ${head.slice(0, 12)} does not descend from ${before.slice(0, 12)}, the last accepted one; ` +
      'push a commit on top of that one (git revert, not reset), or accept this one by signature',
  );
}

/** People are asked about the head as it is, or not at all. */
async function closeOutdated(room: DesiredRoom, head: string | null): Promise<void> {
  const { state, journal } = room.ledger;
  const outdated = itemsFor(state.pending, null).some(
    ({ kind, commit }) => kind === 'accept-commit' && commit !== head,
  );
  if (!outdated || journal.broken !== null || room.gate === null) return;
  await keepPending(room.gate, null, 'accept-commit', null);
}

/** Addresses as the commits have them, and who signed them where that can be told. */
async function authorsSince(room: DesiredRoom, head: string, before: string | null): Promise<string[]> {
  const commits = await room.repository.commitsSince(head, before).catch((error: unknown) => {
    // After a push by force the last accepted commit may be cleared away: nobody can tell what came since.
    if (error instanceof InvalidInput && error.code === 'object-missing') return null;
    throw error;
  });
  if (commits === null) return ['*'];
  const authors = new Set<string>();
  for (const raw of commits) {
    const [header = ''] = Buffer.from(raw).toString('latin1').split('\n\n', 1);
    for (const [, address = ''] of header.matchAll(/^(?:author|committer) [^\n]*<([^<>\n]{1,250})>/gm))
      authors.add(address.toLowerCase());
    const verdict = room.judgeSignature?.({ kind: 'commit', raw });
    if (verdict?.ok === true) authors.add(verdict.signer);
  }
  return [...authors];
}

/** Throws the first fault of the commit as a whole; a fault of one device's files is that device's alone. */
async function readWhole(repository: DesiredRepository, commit: string): Promise<SiteFiles> {
  const files = await repository.readSite(commit);
  const fault = files.problems[0];
  if (fault !== undefined) throw fault;
  return files;
}

async function recordRefusal(
  room: DesiredRoom,
  head: string | null,
  code: string,
  message: string,
): Promise<void> {
  const known = room.ledger.state.refusedCommit;
  if (head === null || (known?.commit === head && known.code === code)) return;
  if (room.ledger.journal.broken !== null) return;
  await room.ledger.append({ kind: 'commit-refused', commit: head, code, message });
}

function textOf(
  room: DesiredRoom,
  { files, secrets }: { readonly files: SiteFiles | null; readonly secrets: Secrets },
  name: string,
  head: DesiredHead,
  dialect: Dialect,
): DesiredText {
  if (files === null)
    throw new InvalidInput(head.reason ?? 'desired-missing', head.message ?? 'no commit was accepted yet');
  const device = files.devices.find((candidate) => candidate.name === name);
  if (device === undefined) {
    throw new InvalidInput(
      'desired-missing',
      `commit ${files.commit.slice(0, 12)} has no folder devices/${name}; put its config.rsc there, or take the device out of the settings`,
    );
  }
  const { text, problems } = room.compose(device, dialect, secrets.of);
  const [fault] = problems;
  if (fault !== undefined) throw new InvalidInput(fault.code, fault.message, fault.place);
  return {
    commit: files.commit,
    file: device.file,
    text,
    owns: device.owns,
    ignore: device.ignore,
  };
}
