/** The journal's record envelope and the contract of its writer. The kinds are in `rollout/events.ts`. */

export interface RecordEnvelope {
  readonly v: 1;
  /** From 1, no gaps. */
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** SHA-256 (hex) of the previous line without its LF; 64 zeros at the very start. */
  readonly prev: string;
  readonly kind: string;
  /** `daemon`, or `uid:1000` as the client claims. */
  readonly actor: string;
  readonly [field: string]: unknown;
}

export interface NewRecord {
  readonly kind: string;
  readonly actor: string;
  readonly [field: string]: unknown;
}

export interface JournalHead {
  readonly seq: number;
  /** SHA-256 of the last line; 64 zeros when there is none. */
  readonly hash: string;
}

/** Why nothing can be written. */
export interface JournalBreak {
  readonly code: string;
  readonly message: string;
}

export interface JournalWriter {
  /** Resolves once the record is durable; rejects with `JournalError` when it is not, and never counts then. */
  append(record: NewRecord): Promise<RecordEnvelope>;
  readonly head: JournalHead;
  /** Null while records can be written; else why not. */
  readonly broken: JournalBreak | null;
}

/** Values of one container of the state: the path of field names and keys that leads to it, and what it holds. */
export interface StateEntry {
  readonly at: readonly string[];
  readonly put: Readonly<Record<string, unknown>>;
}

/** What one checkpoint record holds; all `parts` of them together are the state. */
export interface CheckpointPart {
  readonly part: number;
  readonly parts: number;
  readonly state: readonly StateEntry[];
}
