/**
 * Whom and what the daemon believes: the trust files as they were last read well, and the clock. A reload that fails
 * changes nothing but what is said about it: the old set stays, for a set with a hole would let keys count again.
 */
import { codeOf, messageOf } from '../core/errors.ts';
import { checkNotRewound, krlVersionOf, trustDigests } from '../core/gate/trust.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { SitewardEvent } from '../core/rollout/events.ts';
import type { Ledger } from '../reconcile/ledger.ts';
import { loadTrust } from '../settings/trust-files.ts';
import type { TrustFiles } from '../settings/trust-files.ts';
import type { ClockMark } from './clock-mark.ts';

export interface TrustKeeper {
  /** As it is at this moment. */
  current(): Trust;
  /** Why the files as they are now are not in force; null: they are, as of the last reload. */
  problem(): { readonly code: string; readonly message: string } | null;
  /** Reads the files again; the old set stays when they are bad. Fails only with the journal. */
  reload(): Promise<void>;
}

/** Throws `InvalidInput` when the files can't be used: a daemon does not begin without them. */
export async function openTrustKeeper(
  files: TrustFiles,
  ledger: Ledger,
  mark: ClockMark,
  log: (event: string, facts: Record<string, unknown>) => void,
): Promise<TrustKeeper> {
  let problem: { code: string; message: string } | null = null;
  const load = async (): Promise<Trust> => {
    const trust = await loadTrust(files);
    const known = ledger.state.krlVersion;
    checkNotRewound(trust, known === null ? null : BigInt(known), files.revokedKeysFile);
    return trust;
  };
  const record = async (event: SitewardEvent): Promise<void> => {
    if (ledger.journal.broken === null) await ledger.append(event);
  };
  let trust = await load();
  return {
    current: () => ({ ...trust, distrust: mark.distrust() }),
    problem: () => problem,
    async reload() {
      await mark.reload();
      try {
        trust = await load();
        problem = null;
      } catch (error) {
        problem = { code: codeOf(error), message: messageOf(error) };
        log('trust-kept', { error: problem.message, code: problem.code });
        await record({ kind: 'trust-kept', ...problem, trust: trustDigests(trust) });
        return;
      }
      log('trust-loaded', trustDigests(trust));
      await record({ kind: 'trust-loaded', trust: trustDigests(trust), ...krlOf(trust) });
    },
  };
}

/** The version that no later list may go below. */
export function krlOf(trust: Trust): { readonly krl?: string } {
  const version = krlVersionOf(trust);
  return version === null ? {} : { krl: version.toString() };
}
