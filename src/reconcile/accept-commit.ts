/**
 * A head that only people can accept: a branch that does not go on from the last accepted commit, or the head of a site
 * whose state was lost (I12). It is put before them through the same gate as every change; nothing is accepted half.
 */
import { sha256 } from '../core/digest.ts';
import { InvalidInput, SitewardError } from '../core/errors.ts';
import { acceptCommitText } from '../core/gate/texts.ts';
import type { TakenOver } from '../core/rollout/event-fields.ts';
import type { SitewardEvent } from '../core/rollout/events.ts';
import type { DesiredRepository } from '../desired/git-repository.ts';
import type { GateRoom, Proposal } from './proposal.ts';
import { authorizedNow, consumption, keepPending, signedFor, stillOpen } from './proposal.ts';

/** Devices carry the witness of another daemon of this site: this state is not the one that was there. */
export class StateLost extends SitewardError {
  readonly witnesses: readonly TakenOver[];
  constructor(witnesses: readonly TakenOver[]) {
    const [first] = witnesses;
    super(
      'state-lost',
      `${first?.device ?? ''} was managed by this site before, but the state folder is new; restore the state folder ` +
        'and start again, or accept the commit by signature',
    );
    this.witnesses = witnesses;
  }
}

export interface Asked {
  readonly head: string;
  /** Last accepted. */
  readonly before: string | null;
  readonly authors: readonly string[];
  /** Why it is not accepted without people. */
  readonly why: SitewardError;
}

type Accepted = Partial<Extract<SitewardEvent, { kind: 'commit-accepted' }>>;

/** What allows it, for its record. Throws the reason why not while people did not sign it, or said no. */
export async function acceptBySignature(
  room: GateRoom,
  repository: DesiredRepository,
  asked: Asked,
): Promise<Accepted> {
  const { head, why } = asked;
  const { refusedCommit } = room.ledger.state;
  if (refusedCommit?.commit === head && refusedCommit.code === rejected) {
    await keepPending(room, null, 'accept-commit', null);
    throw new InvalidInput(rejected, refusedCommit.message);
  }
  if (room.ledger.journal.broken !== null) throw why;
  const witnesses = why instanceof StateLost ? why.witnesses : [];
  const proposal = await propose(repository, asked, witnesses);
  const signed = signedFor(room, await keepPending(room, null, 'accept-commit', proposal));
  if (signed === null) throw why;
  const by = await authorizedNow(room, proposal, signed);
  if (by === null || !stillOpen(room, signed, null)) throw why;
  return { reason: 'signed', ...consumption(signed, by, room.trust()), witnesses };
}

const rejected = 'commit-rejected';

/** What keeps a rejected commit from being asked about at every look. */
export function rejectionOf(commit: string, reason: string): SitewardEvent {
  const message = `commit ${commit.slice(0, 12)} was rejected (${reason}); push a commit on top of the last accepted one`;
  return { kind: 'commit-refused', commit, code: rejected, message };
}

async function propose(
  repository: DesiredRepository,
  { head, before, authors, why }: Asked,
  witnesses: readonly TakenOver[],
): Promise<Proposal> {
  const text = acceptCommitText({
    accept: { oid: head, raw: await repository.rawCommit(head) },
    instead: before === null ? null : { oid: before, raw: await orGone(repository.rawCommit(before)) },
    leftBehind:
      before === null ? null : ((await orGone(repository.commitsSince(before, head)))?.length ?? null),
    witnesses: [...witnesses].sort((a, b) => (a.device < b.device ? -1 : 1)),
  });
  return {
    kind: 'accept-commit',
    class: 'operational',
    reason: why.code,
    commit: head,
    text,
    digest: sha256(text),
    authors,
    device: null,
  };
}

/** After a push by force the old commits may have been cleared away. */
async function orGone<T>(asked: Promise<T>): Promise<T | null> {
  return await asked.catch((error: unknown) => {
    if (error instanceof InvalidInput) return null;
    throw error;
  });
}
