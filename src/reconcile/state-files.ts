/** The contract of the texts that the journal refers to by digest; the files are in `daemon/state-files.ts`. */

export type StateFileKind = 'desired' | 'document' | 'rollout';

export interface StateFiles {
  /** Durable when it resolves. Returns the SHA-256 of the bytes. */
  put(kind: StateFileKind, bytes: Uint8Array): Promise<string>;
  /** Null when it is missing or no longer has that digest. */
  get(kind: StateFileKind, digest: string): Promise<Buffer | null>;
  /** Removes all others of that kind. */
  keepOnly(kind: StateFileKind, digests: ReadonlySet<string>): Promise<void>;
}
