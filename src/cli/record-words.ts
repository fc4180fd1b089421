/** Journal records in words, for `log` and `--follow`. Unknown kinds are shown by name: nothing is left out silently. */
import type { JournalRecord } from '../api/answers.ts';
import type { EvidenceFacts } from '../core/rollout/event-fields.ts';
import { clockTime, count } from './terminal.ts';

/** What became of the rollout, when this record is the last of it. */
export function isOver(record: JournalRecord): string | null {
  switch (record.kind) {
    case 'settled':
      return text(record, 'outcome') || 'settled';
    case 'not-started':
    case 'diverged':
    case 'refused':
      return record.kind;
    case 'commit-accepted':
      return 'accepted';
    case 'host-key-pinned':
      return 'pinned';
    case 'items-adopted':
      return 'taken-over';
    case 'rotation-ended':
      return text(record, 'outcome') || 'rotated';
    case 'resolved':
      return record['rollout'] === null && record['next'] === null ? record.kind : null;
    default:
      return null;
  }
}

/** An announcement that its own end follows: only of use when that end never came. */
export function isAnnouncement(record: JournalRecord): boolean {
  return (
    ['rotation-step-started', 'backup-started'].includes(record.kind) ||
    (record.kind in started && text(record, 'cause') === '')
  );
}

function keepsTarget({ evidence }: JournalRecord): boolean {
  const { decision, footprint } = (evidence ?? {}) as Partial<EvidenceFacts>;
  return decision === 'confirm' && footprint === 'target';
}

export function recordWords(record: JournalRecord): string {
  return effectWords(record) ?? rolloutWords(record) ?? gateWords(record) ?? siteWords(record);
}

const started: Readonly<Record<string, string>> = {
  'lock-started': 'locking the device',
  'witness-started': 'writing the witness',
  'stage-started': 'staging the scripts',
  'arm-started': 'arming the rollback',
  'apply-started': 'applying',
  'verify-started': 'verifying over a new login',
  'confirm-started': 'asking the device to confirm',
  'roll-back-started': 'rolling back',
  'clean-started': 'taking everything off the device',
};

const finished: Readonly<Record<string, string>> = {
  'lock-finished': 'locked',
  'witness-finished': 'witness written',
  'stage-finished': 'staged, read back',
  'arm-finished': 'armed, seen alive',
  'apply-finished': 'apply started on the device',
  'verify-finished': 'new login, equals target',
  'confirm-finished': 'asked the device to confirm',
  'roll-back-finished': 'rollback done',
  'clean-finished': 'left on device: sw-witness only',
};

const changes: Readonly<Record<string, string>> = {
  'device-reset':
    'LOOK: what siteward left on the device is gone: it was reset, or another configuration was loaded',
  'device-restored': 'LOOK: an older backup was loaded on the device',
  'device-replaced': 'LOOK: the device is another one than before',
};

function effectWords(record: JournalRecord): string | null {
  const start = started[record.kind];
  if (start !== undefined) {
    const cause = text(record, 'cause');
    const found = text(record, 'found');
    return `${start}${cause === '' ? '' : `: ${cause}`}${found === '' ? '' : `: ${found}`}`;
  }
  const done = finished[record.kind];
  if (done === undefined) return null;
  switch (text(record, 'result')) {
    case 'ok':
      return `${done}${firesAt(record)}`;
    case 'unknown':
      return `${record.kind.replace('-finished', '')}: no answer; asking the device`;
    default:
      return `${record.kind.replace('-finished', '')} failed: ${[text(record, 'code'), text(record, 'message')].filter((part) => part !== '').join(': ')}`;
  }
}

/** When the device rolls back unless it confirms: its deadline is in its uptime, counted from when it was staged. */
function firesAt(record: JournalRecord): string {
  const deadline = record['deadline'] as { armedUptimeS: number; deadlineUptimeS: number } | undefined;
  if (deadline === undefined) return '';
  const ms = Date.parse(record.at) + (deadline.deadlineUptimeS - deadline.armedUptimeS) * 1000;
  return `; fires ${clockTime(new Date(ms).toISOString(), Date.parse(record.at))}`;
}

function because(record: JournalRecord): string {
  const [code, message] = [text(record, 'code'), text(record, 'message')];
  return code === '' ? '' : `: ${code}: ${message}`;
}

const rotationSteps: Readonly<Record<string, string>> = {
  add: 'giving the device the new credential',
  prove: 'logging in with the new credential',
  remove: 'taking the others off',
  undo: 'taking the new credential off again',
};

function rotationResult(record: JournalRecord): string {
  if (text(record, 'result') === 'ok') return 'done';
  const words = [text(record, 'code'), text(record, 'message')].filter((part) => part !== '').join(': ');
  return text(record, 'result') === 'unknown'
    ? `no answer (${words}); asking the device`
    : `failed: ${words}`;
}

function rolloutWords(record: JournalRecord): string | null {
  switch (record.kind) {
    case 'rollout-planned':
      return `rollout ${text(record, 'rollout')} of commit ${short(record, 'commit')}, ${text(record, 'class')}, ${count(list(record, 'items').length, 'item')}`;
    case 'authorized':
      return `authorized: ${text(record, 'reason')}`;
    case 'authorization-consumed':
      return `authorized by ${list(record, 'by').map(personOf).join(', ')}${overWhat(record)}`;
    case 'applied':
      return 'applied, seen on the device';
    case 'confirmed':
      return 'CONFIRMED';
    case 'rolled-back':
      return `ROLLED BACK: ${text(record, 'cause')}`;
    case 'drill-planned':
      return `drill ${text(record, 'rollout')}: armed with no change`;
    case 'drilled':
      return record['fired'] === true
        ? `DRILL WENT WELL: ${text(record, 'message')}`
        : `DRILL FAILED: ${text(record, 'message')}`;
    case 'not-started':
      return `not started: ${text(record, 'code')}: ${text(record, 'message')}`;
    case 'diverged':
      return `DIVERGED: the device ${keepsTarget(record) ? 'keeps what was planned, and its timer stands still' : 'has neither what it had nor what was planned'}`;
    case 'wave-stopped':
      return `${text(record, 'reason')}: what became of commit ${short(record, 'commit')} here is not known; it is stopped for the site`;
    case 'settled':
      return `settled: ${text(record, 'outcome')}`;
    case 'quarantined':
      return `quarantined: ${text(record, 'reason')}`;
    case 'refused':
      return `refused: ${text(record, 'code')}: ${text(record, 'message')}${signers(record)}${overWhat(record)}`;
    case 'read-confirmed':
      return `nothing to roll out for commit ${short(record, 'commit')}`;
    case 'device-changed':
      return changes[text(record, 'code')] ?? 'the device is again what it was';
    case 'device-known':
      return `known from now on by ${[text(record, 'hardware'), record['witness'] === null ? '' : 'its witness'].filter((word) => word !== '').join(' and ')}`;
    case 'retry':
      return 'may be tried again';
    case 'resolve-ordered':
      return text(record, 'as') === ''
        ? 'nothing is to be resolved any more'
        : `to be resolved as ${text(record, 'as')}`;
    case 'adopt-ordered':
      return record['sections'] === null
        ? `nothing is to be taken over any more${because(record)}`
        : 'to be taken over';
    case 'items-adopted':
      return `TAKEN OVER: ${count(list(record, 'items').length, 'item')}, by ${list(record, 'by').map(personOf).join(', ')}`;
    case 'backup-started':
      return 'binary backup';
    case 'backup-finished':
      return text(record, 'result') === 'ok'
        ? `binary backup kept, ${text(record, 'bytes')} bytes, with revision ${text(record, 'revision').slice(0, 12)}`
        : `NO binary backup: ${text(record, 'code')}: ${text(record, 'message')}`;
    case 'rotation-authorized':
      return `new credential ${text(record, 'rotation')} for the daemon's login, by ${list(record, 'by').map(personOf).join(', ')}`;
    case 'rotation-step-started':
      return `${rotationSteps[text(record, 'step')] ?? text(record, 'step')}`;
    case 'rotation-step-finished':
      return `${rotationSteps[text(record, 'step')] ?? text(record, 'step')}: ${rotationResult(record)}`;
    case 'rotation-ended':
      return text(record, 'outcome') === 'rotated'
        ? 'ROTATED: the new credential is the only one'
        : `NOT ROTATED, the old credential counts: ${text(record, 'code')}: ${text(record, 'message')}`;
    case 'restore-ordered':
      return `is to go back to revision ${text(record, 'revision').slice(0, 12)} of its history`;
    case 'restore-ended':
      return `does not go back to revision ${text(record, 'revision').slice(0, 12)}: ${text(record, 'reason')}`;
    case 'rotation-ordered':
      return text(record, 'what') === ''
        ? `nothing is to be rotated any more${because(record)}`
        : `${text(record, 'what')} to be rotated${record['emergency'] === true ? ', an emergency' : ''}`;
    case 'host-key-pinned':
      return `HOST KEY ${text(record, 'hostKey')} pinned by ${list(record, 'by').map(personOf).join(', ')}`;
    case 'resolved':
      return `RESOLVED as ${text(record, 'as')} by ${list(record, 'by').map(personOf).join(', ')}`;
    default:
      return null;
  }
}

function gateWords(record: JournalRecord): string | null {
  switch (record.kind) {
    case 'pending-opened':
      return `${text(record, 'pending')} waits for ${text(record, 'class') === 'recovery' ? 'a recovery' : 'an operational'} signature: ${text(record, 'reason')}`;
    case 'document-issued':
      return `document of ${text(record, 'pending')} issued, until ${text(record, 'expires')}`;
    case 'signature-accepted':
      return `${text(record, 'pending')} signed by ${text(record, 'person')} (${text(record, 'fingerprint')})${overWhat(record)}`;
    case 'signature-refused':
      return `signature for ${text(record, 'pending')} refused: ${text(record, 'code')}: ${text(record, 'message')}${byKey(record)}${overWhat(record)}`;
    case 'key-counter-decreased':
      return `LOOK: the security key of ${text(record, 'person')} (${text(record, 'fingerprint')}) counts ${text(record, 'counter')} after ${text(record, 'known')}: it may have been copied`;
    case 'pending-closed':
      return `${text(record, 'pending')} closed: ${text(record, 'reason')}`;
    default:
      return null;
  }
}

function siteWords(record: JournalRecord): string {
  switch (record.kind) {
    case 'daemon-created':
      return `first start of daemon ${short(record, 'daemon')} for ${text(record, 'site')}`;
    case 'daemon-started':
      return `daemon started, version ${text(record, 'version')}, ${digests(record)}`;
    case 'daemon-stopped':
      return 'daemon stopped';
    case 'commit-accepted':
      return `commit ${short(record, 'commit')} accepted: ${text(record, 'reason')}`;
    case 'commit-refused':
      return `commit ${short(record, 'commit')} refused: ${text(record, 'code')}: ${text(record, 'message')}`;
    case 'held':
      return `held: "${text(record, 'reason')}"${text(record, 'until') === '' ? '' : `, until ${text(record, 'until')}`}`;
    case 'released':
      return 'hold ended';
    case 'trust-loaded':
      return `trust files read again: ${digests(record)}`;
    case 'trust-kept':
      return `trust files NOT read again, older ones stay in force: ${text(record, 'message')}`;
    case 'torn-tail-set-aside':
      return `journal: a torn end of ${text(record, 'bytes')} bytes set aside, every device is asked again`;
    case 'journal-recovered':
      return `journal can be written again after ${text(record, 'code')}: ${text(record, 'message')}`;
    case 'checkpoint':
      return `journal: checkpoint, part ${text(record, 'part')} of ${text(record, 'parts')}`;
    default:
      return record.kind;
  }
}

function text(record: JournalRecord, field: string): string {
  const value = record[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The document that was signed, and the trust files by which it was judged. */
function overWhat(record: JournalRecord): string {
  const document = text(record, 'document') === '' ? '' : `, document ${short(record, 'document')}`;
  const files = digests(record);
  return `${document}${files === '' ? '' : `, ${files}`}`;
}

function byKey(record: JournalRecord): string {
  const fingerprint = text(record, 'fingerprint');
  return fingerprint === '' ? '' : `, key ${fingerprint}`;
}

function signers(record: JournalRecord): string {
  const by = list(record, 'by').map(personOf).join(', ');
  return by === '' ? '' : `, signed by ${by}`;
}

/** Trust files by the first digits of their SHA-256. */
function digests(record: JournalRecord): string {
  const files = Object.entries((record['trust'] ?? {}) as Record<string, unknown>);
  return files.map(([name, digest]) => `${name} ${String(digest).slice(0, 7)}`).join(', ');
}

function short(record: JournalRecord, field: string): string {
  return text(record, field).slice(0, 7);
}

function list(record: JournalRecord, field: string): readonly unknown[] {
  const value = record[field];
  return Array.isArray(value) ? value : [];
}

function personOf(value: unknown): string {
  const { person, fingerprint } = (value ?? {}) as { person?: unknown; fingerprint?: unknown };
  return `${String(person)} (${String(fingerprint)})`;
}
