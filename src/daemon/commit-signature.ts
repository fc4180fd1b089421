/** Judges commits of the desired state: signed by a listed key, with the daemon's own clock (never the commit's). */
import type { Clock } from '../core/clock.ts';
import type { Trust } from '../core/gate/trust.ts';
import { verifyGitObject } from '../core/sshsig/git-object.ts';
import type { DesiredRoom } from '../reconcile/desired-state.ts';

export function commitSignatureJudge(
  trust: () => Trust,
  clock: Clock,
): NonNullable<DesiredRoom['judgeSignature']> {
  return (rawCommit) => {
    const { signers, revoked } = trust();
    const verdict = verifyGitObject({
      kind: 'commit',
      raw: rawCommit,
      identity: null,
      allowedSigners: signers,
      revoked,
      nowMs: clock.now(),
    });
    if (verdict.ok) return { ok: true, signer: verdict.principal };
    return { ok: false, code: verdict.code, message: verdict.reason };
  };
}
