/** The contract of the texts that the journal refers to by digest; the files are in `daemon/state-files.ts`. */
import type { SiteState } from '../core/site-state.ts';

export type StateFileKind = 'desired' | 'document' | 'plan' | 'rollout' | 'credential';

export interface StateFiles {
  /** What the journal calls these bytes: their SHA-256, keyed where they may hold secrets. */
  digestOf(kind: StateFileKind, bytes: Uint8Array): string;
  /** Durable when it resolves. Returns what `digestOf` says. */
  put(kind: StateFileKind, bytes: Uint8Array): Promise<string>;
  /** Null when it is missing, no longer has that digest, or was sealed by a key that is gone. Throws `SitewardError` state-unreadable for all else. */
  get(kind: StateFileKind, digest: string): Promise<Buffer | null>;
  /** What it held may be a secret, and nobody needs it any more. */
  remove(kind: StateFileKind, digest: string): Promise<void>;
  /** Removes all others of that kind. Only while nobody writes: a file comes before the record that names it. */
  keepOnly(kind: StateFileKind, digests: ReadonlySet<string>): Promise<void>;
}

/** Digests that the journal's fold still refers to. */
export function digestsInUse(state: SiteState): Readonly<Record<StateFileKind, ReadonlySet<string>>> {
  const devices = [...state.devices.values()];
  const rollouts = devices.flatMap(({ rollout }) => rollout ?? []);
  const pending = [...state.pending.values()];
  const plans = pending.flatMap(({ plan, supersedes }) => [
    plan,
    ...(supersedes === null ? [] : [supersedes.plan]),
  ]);
  const confirmed = devices.flatMap((device) => device.confirmed ?? []);
  return {
    rollout: new Set([
      ...rollouts.map(({ sealed }) => sealed),
      ...devices.flatMap(({ resolve }) => resolve?.sealed ?? []),
    ]),
    credential: new Set(
      devices.flatMap(({ rotation, credential, login }) =>
        [rotation?.login, credential, login].flatMap((one) => one?.sealed ?? []),
      ),
    ),
    document: new Set(pending.flatMap(({ document }) => document?.digest ?? [])),
    plan: new Set(plans),
    desired: new Set([
      ...[...rollouts, ...confirmed].map(({ desired }) => desired),
      ...devices.flatMap(({ restore }) => restore?.text ?? []),
    ]),
  };
}
