/**
 * The fold of the journal as checkpoint records, and back: whatever the state holds, without knowing its fields, so that
 * what is added to the state is in the next checkpoint by itself. Plain data and maps with text keys only. Restoring is
 * strict: what this version does not know is not dropped but refused.
 */
import { assert, JournalError } from './errors.ts';
import type { CheckpointPart, StateEntry } from './journal.ts';
import type { SiteState } from './site-state.ts';
import { deviceState } from './site-state.ts';

/** A line may have 256 KiB; a value that is larger than this stands alone in its part. */
const partBytes = 96 * 1024;

/** In the order of the state itself: the same state gives the same parts. */
export function checkpointOf(state: SiteState): readonly CheckpointPart[] {
  const filled: StateEntry[][] = [];
  let bytes = Infinity;
  for (const { at, key, value } of valuesOf(state, [])) {
    const size = Buffer.byteLength(JSON.stringify(value)) + key.length + 100;
    if (bytes + size > partBytes) {
      filled.push([]);
      bytes = 0;
    }
    bytes += size;
    const entries = filled[filled.length - 1] ?? [];
    const last = entries[entries.length - 1];
    if (last !== undefined && last.at.join('\n') === at.join('\n')) Object.assign(last.put, { [key]: value });
    else entries.push({ at, put: { [key]: value } });
  }
  return filled.map((entries, index) => ({ part: index + 1, parts: filled.length, state: entries }));
}

interface Value {
  readonly at: readonly string[];
  readonly key: string;
  readonly value: unknown;
}

function* valuesOf(container: object, at: readonly string[]): Generator<Value> {
  const inside: Iterable<[unknown, unknown]> =
    container instanceof Map ? container : Object.entries(container);
  for (const [key, value] of inside) {
    assert(typeof key === 'string', `checkpoint: ${at.join('.')} has a key that is no text`);
    if (holdsMap(value)) yield* valuesOf(value, [...at, key]);
    else {
      assert(isPlain(value), `checkpoint: ${[...at, key].join('.')} can't be kept in the journal`);
      yield { at, key, value };
    }
  }
}

function holdsMap(value: unknown): value is object {
  if (value instanceof Map) return true;
  return isRecord(value) && Object.values(value).some(holdsMap);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlain);
  // A field that is there and undefined reads the same as one that is not.
  return isRecord(value) && Object.values(value).every((one) => one === undefined || isPlain(one));
}

/** Puts a checkpoint into a state that is still empty. Throws `JournalError` for what only a newer version can know. */
export function restoreCheckpoint(state: SiteState, parts: readonly CheckpointPart[]): void {
  for (const { at, put } of parts.flatMap((part) => part.state)) {
    const container = containerAt(state, at);
    for (const [key, value] of Object.entries(put)) {
      if (container instanceof Map) container.set(key, value);
      else if (Object.hasOwn(container, key)) Object.assign(container, { [key]: value });
      else throw unknownField([...at, key]);
    }
  }
}

function containerAt(state: SiteState, at: readonly string[]): object {
  const [field, key] = at;
  let container: unknown = state;
  // The one map whose values are more than plain data.
  if (field === 'devices' && key !== undefined) container = deviceState(state, key);
  for (const name of container === state ? at : at.slice(2))
    container = container instanceof Map ? container.get(name) : fieldOf(container, name);
  if (typeof container !== 'object' || container === null) throw unknownField(at);
  return container;
}

function fieldOf(container: unknown, name: string): unknown {
  return isRecord(container) && Object.hasOwn(container, name)
    ? (container as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function unknownField(at: readonly string[]): JournalError {
  return new JournalError(
    'journal-damaged',
    `the checkpoint holds ${JSON.stringify(at.join('.').slice(0, 200))}, which this version does not know; start the version that wrote it`,
  );
}
