/**
 * Judges commits of the desired state, or the tags that name them: signed by a listed key, with the daemon's own clock (never the commit's). A clock
 * that can't be believed brings no expired key back: keys are then judged by the latest time that was seen.
 */
import type { Trust } from '../core/gate/trust.ts';
import { verifyGitObject } from '../core/sshsig/git-object.ts';
import type { DesiredRoom } from '../reconcile/desired-state.ts';
import type { ClockMark } from './clock-mark.ts';

export function commitSignatureJudge(
  trust: () => Trust,
  mark: Pick<ClockMark, 'latest'>,
): NonNullable<DesiredRoom['judgeSignature']> {
  return ({ kind, raw }) => {
    const { signers, revoked } = trust();
    const verdict = verifyGitObject({
      kind,
      raw,
      identity: null,
      allowedSigners: signers,
      revoked,
      nowMs: mark.latest(),
    });
    if (verdict.ok) return { ok: true, signer: verdict.principal };
    return { ok: false, code: verdict.code, message: verdict.reason };
  };
}
