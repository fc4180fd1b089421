/**
 * The fields of every kind of record, and the one way from a line of the journal to a record that the rest may believe.
 * The compiler refuses the table when a kind or a field of `events.ts` is missing in it, or is something else. Never
 * judges whether a record fits those before it; that is the fold.
 */
import { assert, JournalError } from '../errors.ts';
import type { RecordEnvelope, StateEntry } from '../journal.ts';
import type { FieldShapes } from '../shape.ts';
import {
  anything,
  decimal,
  fieldProblem,
  fieldsOf,
  flag,
  listOf,
  maybe,
  namesTo,
  nullOr,
  number,
  objectOf,
  oneOf,
  text,
  whole,
} from '../shape.ts';
import type { EvidenceFacts, SignedBy } from './event-fields.ts';
import type { SitewardEvent, SitewardRecord } from './events.ts';
import type { AdoptedItem, NewLogin, Superseded, TakenOver, TouchedItem } from './event-fields.ts';
import {
  deviceChanges,
  pendingKinds,
  resolutions,
  restoreEnds,
  rotated,
  rotationSteps,
} from './event-fields.ts';
import type { Deadline, Witness } from './rollout.ts';

/** A record with its place in the chain. */
export type KnownRecord = RecordEnvelope & SitewardRecord;

type OfKind<E, K> = E extends { readonly kind: infer J } ? (K extends J ? E : never) : never;
type KindTable = {
  readonly [K in SitewardEvent['kind']]: FieldShapes<Omit<OfKind<SitewardEvent, K>, 'kind'>>;
};

const trust = namesTo(text);
const signedBy = listOf(objectOf<SignedBy>({ person: text, fingerprint: text }));
const witness = objectOf<Witness>({ site: text, daemon: text, seq: whole, head: text });
const uptimes = objectOf<Deadline>({ armedUptimeS: number, deadlineUptimeS: number });
const evidence = objectOf<EvidenceFacts>({
  decision: nullOr(oneOf('confirm', 'rollback')),
  uptimeS: number,
  runCount: whole,
  net: flag,
  footprint: oneOf('base', 'target', 'mixed', 'other'),
  items: listOf(text),
  applyNote: text,
  rollbackNote: text,
  foreignChanges: whole,
});
const touched = objectOf<TouchedItem>({
  verb: oneOf('add', 'set', 'remove', 'move'),
  section: text,
  item: text,
  was: nullOr(text),
  digest: nullOr(text),
});
const cause = oneOf(
  'daemon-gone',
  'window-passed',
  'apply-failed',
  'verify-failed',
  'confirm-refused',
  'net-lost',
  'cancelled',
  'preflight-refused',
);
const problem = { code: text, message: text };
const cameIn = { way: maybe(oneOf('socket')), claimed: maybe(nullOr(text)) };
const ofDevice = { device: text };
const ofRollout = { rollout: text, device: text };
const consumed = { pending: text, challenge: text, document: text, by: signedBy, trust: maybe(trust) };
const started = {
  ...ofRollout,
  cause: maybe(cause),
  found: maybe(text),
  witness: maybe(objectOf<Pick<Witness, 'seq' | 'head'>>({ seq: whole, head: text })),
};
const finished = {
  ...ofRollout,
  result: oneOf('ok', 'failed', 'unknown'),
  code: maybe(text),
  message: maybe(text),
  deadline: maybe(uptimes),
  runCount: maybe(whole),
  notJudged: maybe(listOf(text)),
  witness: maybe(nullOr(witness)),
};

const login = objectOf<NewLogin>({ sealed: text, line: text, name: text, settingsKey: text });

const kinds: KindTable = {
  'daemon-created': { daemon: text, site: text },
  'daemon-started': { nonce: text, version: text, trust, krl: maybe(decimal) },
  'daemon-stopped': {},
  'trust-loaded': { trust, krl: maybe(decimal) },
  'trust-kept': { ...problem, trust },
  'torn-tail-set-aside': { bytes: whole, file: text },
  'journal-recovered': { ...problem, bytes: whole, file: nullOr(text) },
  checkpoint: {
    part: whole,
    parts: whole,
    state: listOf(objectOf<StateEntry>({ at: listOf(text), put: namesTo(anything) })),
  },
  'commit-accepted': {
    commit: text,
    previous: nullOr(text),
    reason: oneOf('first', 'descendant', 'signed'),
    signer: nullOr(text),
    authors: maybe(listOf(text)),
    pending: maybe(text),
    challenge: maybe(text),
    document: maybe(text),
    by: maybe(signedBy),
    trust: maybe(trust),
    witnesses: maybe(listOf(objectOf<TakenOver>({ device: text, witness }))),
  },
  'commit-refused': { commit: text, ...problem },
  'read-confirmed': { ...ofDevice, commit: text, desired: text, hardware: maybe(text) },
  'pending-opened': {
    pending: text,
    asks: oneOf(...pendingKinds),
    device: nullOr(text),
    deviceKey: nullOr(text),
    base: nullOr(text),
    commit: text,
    class: oneOf('operational', 'recovery'),
    reason: text,
    plan: text,
    authors: maybe(listOf(text)),
    sections: maybe(listOf(text)),
    supersedes: nullOr(objectOf<Superseded>({ pending: text, plan: text, base: text })),
  },
  'document-issued': { pending: text, document: text, challenge: text, notBefore: text, expires: text },
  'signature-accepted': {
    ...cameIn,
    pending: text,
    document: text,
    person: text,
    principal: text,
    fingerprint: text,
    signature: text,
    counter: maybe(whole),
    trust: maybe(trust),
  },
  'key-counter-decreased': { pending: text, person: text, fingerprint: text, counter: whole, known: whole },
  'signature-refused': {
    ...cameIn,
    ...problem,
    pending: text,
    document: maybe(nullOr(text)),
    fingerprint: maybe(nullOr(text)),
    trust: maybe(trust),
  },
  'pending-closed': { ...cameIn, pending: text, reason: text, device: maybe(text) },
  'rollout-planned': {
    ...ofRollout,
    commit: text,
    plan: text,
    base: text,
    class: oneOf('benign', 'operational', 'recovery'),
    items: listOf(touched),
    desired: text,
    complete: flag,
    sealed: text,
    left: maybe(whole),
    hardware: maybe(text),
    restores: maybe(text),
  },
  authorized: { ...ofRollout, reason: oneOf('benign', 'resolved') },
  'authorization-consumed': { ...ofRollout, ...consumed },
  'lock-started': started,
  'lock-finished': finished,
  'witness-started': started,
  'witness-finished': finished,
  'stage-started': started,
  'stage-finished': finished,
  'arm-started': started,
  'arm-finished': finished,
  'apply-started': started,
  'apply-finished': finished,
  'verify-started': started,
  'verify-finished': finished,
  'confirm-started': started,
  'confirm-finished': finished,
  'roll-back-started': started,
  'roll-back-finished': finished,
  'clean-started': started,
  'clean-finished': finished,
  applied: { ...ofRollout, evidence },
  confirmed: { ...ofRollout, evidence },
  'rolled-back': { ...ofRollout, cause, evidence },
  'drill-planned': { ...ofRollout, sealed: text },
  drilled: { ...ofRollout, fired: flag, message: text, evidence },
  'not-started': { ...ofRollout, ...problem },
  diverged: { ...ofRollout, evidence },
  'wave-stopped': { ...ofRollout, commit: text, reason: oneOf('unknown') },
  settled: { ...ofRollout, outcome: oneOf('confirmed', 'rolled-back', 'not-started', 'resolved', 'drilled') },
  quarantined: {
    ...ofDevice,
    reason: oneOf('rolled-back', 'not-converging', 'rejected'),
    plan: text,
    base: text,
  },
  retry: ofDevice,
  'device-changed': {
    ...ofDevice,
    code: nullOr(oneOf(...deviceChanges)),
    witness: nullOr(witness),
    hardware: nullOr(text),
  },
  'device-known': { ...ofDevice, witness: nullOr(witness), hardware: nullOr(text) },
  'resolve-ordered': { ...ofDevice, as: nullOr(oneOf(...resolutions)), sealed: nullOr(text) },
  resolved: {
    ...ofDevice,
    ...consumed,
    as: oneOf(...resolutions),
    rollout: nullOr(text),
    sealed: nullOr(text),
    witness: nullOr(witness),
    hardware: maybe(text),
    next: nullOr(text),
    commit: text,
  },
  'adopt-ordered': { ...ofDevice, sections: nullOr(listOf(text)), code: maybe(text), message: maybe(text) },
  'items-adopted': {
    ...{ ...ofDevice, ...consumed },
    items: listOf(objectOf<AdoptedItem>({ section: text, item: text, digest: text })),
  },
  'backup-started': { ...ofDevice, backup: text },
  'backup-finished': {
    ...{ ...ofDevice, backup: text },
    result: oneOf('ok', 'failed', 'unknown'),
    revision: maybe(text),
    bytes: maybe(whole),
    sha256: maybe(text),
    code: maybe(text),
    message: maybe(text),
  },
  'rotation-ordered': {
    ...ofDevice,
    what: nullOr(oneOf(...rotated)),
    emergency: flag,
    login: maybe(login),
    code: maybe(text),
    message: maybe(text),
  },
  'rotation-authorized': { ...ofDevice, ...consumed, rotation: text, login },
  'rotation-step-started': { ...ofDevice, rotation: text, step: oneOf(...rotationSteps) },
  'rotation-step-finished': {
    ...{ ...ofDevice, rotation: text, step: oneOf(...rotationSteps) },
    result: oneOf('ok', 'failed', 'unknown'),
    code: maybe(text),
    message: maybe(text),
  },
  'rotation-ended': {
    ...{ ...ofDevice, rotation: text, outcome: oneOf('rotated', 'undone') },
    code: maybe(text),
    message: maybe(text),
  },
  'host-key-pinned': { ...ofDevice, ...consumed, hostKey: text, settingsKey: text, text },
  refused: {
    ...problem,
    device: maybe(text),
    pending: maybe(text),
    document: maybe(text),
    by: maybe(signedBy),
    trust: maybe(trust),
  },
  'restore-ordered': { ...ofDevice, revision: text, text, plan: text, base: text },
  'restore-ended': { ...ofDevice, revision: text, reason: oneOf(...restoreEnds) },
  held: { device: nullOr(text), reason: text, until: nullOr(text) },
  released: { device: nullOr(text) },
};

/** What the codec of lines has looked at already. */
const seen = maybe(anything);
const envelope = { v: seen, seq: seen, at: seen, prev: seen, kind: seen, actor: seen };
const fieldsByKind = new Map(
  Object.entries(kinds).map(([kind, shapes]) => [kind, fieldsOf<unknown>({ ...envelope, ...shapes })]),
);

/** Throws `JournalError` for a kind or a field that this version does not know, and for a field that is wrong. */
export function knownRecord(record: RecordEnvelope): KnownRecord {
  requireKnown(record);
  return record;
}

function requireKnown(record: RecordEnvelope): asserts record is KnownRecord {
  const problem = problemOf(record);
  if (problem !== null) throw new JournalError('journal-damaged', `record ${record.seq} ${problem}`);
}

/** What could not be read again is never written: a defect. */
export function assertReadable(event: SitewardEvent): void {
  const problem = problemOf({ ...event });
  assert(problem === null, `journal: a record ${problem ?? ''}`);
}

function problemOf(record: Readonly<Record<string, unknown>> & { readonly kind: string }): string | null {
  const fields = fieldsByKind.get(record.kind);
  if (fields === undefined)
    return `is of kind "${record.kind}", which this version does not know; start the version that wrote it`;
  const problem = fieldProblem(fields, record);
  return problem === null ? null : `(${record.kind}) ${problem}`;
}
