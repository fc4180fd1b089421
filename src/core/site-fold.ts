/**
 * The fold of the journal, record by record. The running daemon changes its state only by appending a record and folding
 * it, so what a restart finds is what was there.
 */
import { JournalError } from './errors.ts';
import { pinOf } from './gate/host-key-pin.ts';
import { closeBlock, foldPending } from './gate/pending.ts';
import type { TouchedItem } from './rollout/event-fields.ts';
import { isOfEffect } from './rollout/effects.ts';
import type { SitewardRecord } from './rollout/events.ts';
import { foldRotation } from './rotation.ts';
import type { RolloutState } from './rollout/state.ts';
import { durationsOf, foldTime, keptDurations, newStopwatch } from './rollout/window.ts';
import type { Witness } from './rollout/rollout.ts';
import { foldRollout, goesBack, newRollout } from './rollout/state.ts';
import type { DeviceState, SiteState } from './site-state.ts';
import { deviceState } from './site-state.ts';

/**
 * A device restored from an older backup carries an older witness; one older than these is for a person to judge. Each
 * takes 100 bytes of every checkpoint: 256 of each of a thousand devices would be 25 MB.
 */
const keptWitnesses = 64;

/** Folds one record into the state. Throws `JournalError` for one that does not fit those before it. */
export function foldRecord(state: SiteState, record: SitewardRecord): void {
  // Most records are of these: they are not compared with every other kind first.
  if (isOfEffect(record)) {
    foldRolloutRecord(state, record);
    return;
  }
  switch (record.kind) {
    case 'daemon-created':
      state.daemon = record.daemon;
      state.site = record.site;
      return;
    case 'daemon-started':
      state.starts += 1;
      foldKrl(state, record.krl);
      interruptRollouts(state);
      return;
    case 'journal-recovered':
      interruptRollouts(state);
      return;
    case 'trust-loaded':
      foldKrl(state, record.krl);
      return;
    case 'daemon-stopped':
    case 'trust-kept':
    case 'torn-tail-set-aside':
    case 'signature-refused':
    case 'key-counter-decreased':
    case 'checkpoint':
      // What a checkpoint holds was folded already; `restoreCheckpoint` is for a reading that begins with it.
      return;
    case 'commit-accepted':
      state.accepted = { commit: record.commit, at: record.at };
      for (const author of record.authors ?? ['*']) state.authors.set(author, record.seq);
      state.refusedCommit = null;
      state.stopped = null;
      if (record.pending !== undefined) closeBlock(state.pending, record.pending, null);
      for (const { device, witness } of record.witnesses ?? [])
        deviceState(state, device).witnessAccepted = witness;
      return;
    case 'commit-refused':
      state.refusedCommit = { commit: record.commit, code: record.code, message: record.message };
      return;
    case 'read-confirmed': {
      const device = deviceState(state, record.device);
      device.hardware = record.hardware ?? device.hardware;
      device.confirmed = { commit: record.commit, desired: record.desired, at: record.at };
      if (record.commit === state.accepted?.commit) device.upToDateAt = record.seq;
      return;
    }
    case 'held': {
      const hold = { reason: record.reason, until: record.until, by: record.actor };
      if (record.device === null) state.siteHold = hold;
      else deviceState(state, record.device).hold = hold;
      return;
    }
    case 'released':
      if (record.device === null) {
        state.siteHold = null;
        state.stopped = null;
      } else deviceState(state, record.device).hold = null;
      return;
    case 'quarantined': {
      const { reason, plan, base, at } = record;
      deviceState(state, record.device).quarantine = { reason, plan, base, cause: null, at };
      return;
    }
    case 'retry': {
      const device = deviceState(state, record.device);
      device.quarantine = null;
      if (state.stopped?.device === record.device) state.stopped = null;
      return;
    }
    case 'pending-opened':
    case 'document-issued':
    case 'signature-accepted':
    case 'pending-closed':
    case 'refused':
      if (record.kind === 'pending-opened' && !state.pending.has(record.pending)) state.pendingCount += 1;
      if (record.kind === 'signature-accepted') foldCounter(state, record);
      foldPending(state.pending, record);
      return;
    case 'device-changed':
      deviceState(state, record.device).changed = record.code;
      return;
    case 'device-known': {
      const device = deviceState(state, record.device);
      device.hardware = record.hardware ?? device.hardware;
      if (record.witness !== null) foldKept(device, record.witness);
      return;
    }
    case 'resolve-ordered': {
      const { as, sealed } = record;
      deviceState(state, record.device).resolve = as === null ? null : { as, sealed };
      return;
    }
    case 'resolved':
      foldResolved(state, record);
      return;
    case 'backup-started':
      deviceState(state, record.device).backup = record.backup;
      return;
    case 'backup-finished':
      deviceState(state, record.device).backup = null;
      return;
    case 'adopt-ordered':
      deviceState(state, record.device).adopt = record.sections;
      return;
    case 'items-adopted': {
      const device = deviceState(state, record.device);
      device.adopt = null;
      for (const { section, item, digest } of record.items) device.own.set(`${section} ${item}`, digest);
      closeBlock(state.pending, record.pending, record.device);
      return;
    }
    case 'restore-ordered': {
      const { revision, text, plan, base, actor: by } = record;
      deviceState(state, record.device).restore = { revision, text, plan, base, by };
      return;
    }
    case 'restore-ended':
      deviceState(state, record.device).restore = null;
      return;
    case 'rotation-ordered':
    case 'rotation-authorized':
    case 'rotation-step-started':
    case 'rotation-step-finished':
    case 'rotation-ended':
      foldRotation(deviceState(state, record.device), record);
      if (record.kind === 'rotation-authorized') closeBlock(state.pending, record.pending, record.device);
      return;
    case 'host-key-pinned': {
      const device = deviceState(state, record.device);
      device.pin = pinOf(state.pending.get(record.pending), record);
      device.rotation = null;
      closeBlock(state.pending, record.pending, record.device);
      return;
    }
    case 'drill-planned': {
      const { rollout: id, device, sealed, at: plannedAt } = record;
      const ids = { id, device, commit: state.accepted?.commit ?? '', sealed, plannedAt };
      const rollout = newRollout({ ...ids, plan: '', base: '', desired: '', complete: false, left: 0 });
      deviceState(state, device).rollout = { ...rollout, drill: true };
      return;
    }
    case 'rollout-planned': {
      const { rollout: id, device: name, commit, plan, base, desired, complete, sealed, restores } = record;
      state.touched.set(id, record.items);
      const device = deviceState(state, name);
      device.plannedAt = commit === state.accepted?.commit ? record.seq : device.upToDateAt;
      device.hardware = record.hardware ?? device.hardware;
      const ids = { id, device: name, commit, plan, base, desired, complete, sealed, restores };
      device.rollout = newRollout({ ...ids, left: record.left ?? 0, plannedAt: record.at });
      return;
    }
    default:
      foldRolloutRecord(state, record);
  }
}

/** What was under way when nothing could be recorded any more is known again only from the devices. */
function interruptRollouts(state: SiteState): void {
  for (const { rollout } of state.devices.values())
    if (rollout !== null) Object.assign(rollout, { interrupted: true, resumed: false });
}

function foldKrl(state: SiteState, version: string | undefined): void {
  if (version !== undefined && (state.krlVersion === null || BigInt(version) > BigInt(state.krlVersion)))
    state.krlVersion = version;
}

function foldCounter(
  { keyCounters }: SiteState,
  { fingerprint, counter }: { readonly fingerprint: string; readonly counter?: number },
): void {
  if (counter !== undefined && counter > (keyCounters.get(fingerprint) ?? -1))
    keyCounters.set(fingerprint, counter);
}

/**
 * Another's rollout becomes one of this journal, so that taking it off the device is finished after a crash too. Where one
 * of ours was in flight as far as this journal knows, it goes: what is left of it is found on the device.
 */
function foldResolved(state: SiteState, record: Extract<SitewardRecord, { kind: 'resolved' }>): void {
  const { device: name, rollout: id, sealed, commit, at: plannedAt } = record;
  const device = deviceState(state, name);
  closeBlock(state.pending, record.pending, name);
  device.witnessAccepted = record.witness;
  // What was left on it no longer counts: it is taken as it is.
  device.witnessKept = null;
  device.changed = null;
  device.hardware = record.hardware ?? device.hardware;
  if (record.next === null) device.resolve = null;
  if (id === null) return;
  const ids = { id, device: name, commit, plan: '', base: '', desired: '', complete: false, left: 0 };
  if (device.rollout?.id !== id) {
    if (device.rollout !== null) {
      state.touched.delete(device.rollout.id);
      setAside(device, device.rollout, record.at);
    }
    device.rollout = newRollout({ ...ids, sealed: sealed ?? '', plannedAt });
  }
  foldRollout(device.rollout, record);
}

type RolloutRecord = Exclude<
  Extract<SitewardRecord, { readonly rollout: string }>,
  { kind: 'rollout-planned' | 'drill-planned' }
>;

function foldRolloutRecord(state: SiteState, record: RolloutRecord): void {
  const device = deviceState(state, record.device);
  const { rollout } = device;
  if (rollout === null || rollout.id !== record.rollout || !foldRollout(rollout, record)) {
    throw new JournalError(
      'journal-damaged',
      `record ${record.seq} (${record.kind}) does not fit rollout ${record.rollout}`,
    );
  }
  if (record.kind === 'witness-started' && record.witness !== undefined)
    foldWitness(device.witnesses, record.witness);
  if (record.kind === 'witness-finished' && record.result === 'ok') device.witnessAccepted = null;
  if (record.kind === 'clean-finished' && record.witness != null) foldKept(device, record.witness);
  if (record.kind === 'authorization-consumed') closeBlock(state.pending, record.pending, record.device);
  // What a restore comes to says nothing about the commit.
  if ((record.kind === 'diverged' && !goesBack(rollout)) || record.kind === 'wave-stopped') {
    const why = record.kind === 'diverged' ? 'diverged' : record.reason;
    state.stopped = { commit: rollout.commit, device: record.device, why };
  }
  foldTime((rollout.watch ??= newStopwatch()), record, record.at);
  if (record.kind === 'drilled')
    device.lastDrill = { at: record.at, fired: record.fired, message: record.message };
  if (record.kind === 'not-started' && rollout.drill === true && record.code !== 'daemon-gone')
    device.lastDrill = { at: record.at, fired: false, message: record.message };
  if (record.kind === 'settled') foldSettled(state, device, rollout, record.at);
}

function foldWitness(
  witnesses: DeviceState['witnesses'],
  { seq, head }: Pick<Witness, 'seq' | 'head'>,
): void {
  witnesses.push({ seq, head });
  // A checkpoint of an older version may say more of them.
  if (witnesses.length > keptWitnesses) witnesses.splice(0, witnesses.length - keptWitnesses);
}

/** People ended it, by its own name or with another's: its plan is not tried again before they say so (I8). */
function setAside(device: DeviceState, rollout: RolloutState, at: string): void {
  const { plan, base } = rollout;
  if (plan !== '' && !goesBack(rollout))
    device.quarantine = { reason: 'diverged', plan, base, cause: null, at };
}

/** One that is older than what was there came with a backup: it is no measure. */
function foldKept(device: DeviceState, seen: Witness): void {
  const { witnessKept: kept } = device;
  if (kept === null || kept.daemon !== seen.daemon || kept.seq <= seen.seq) device.witnessKept = seen;
}

function foldSettled(state: SiteState, device: DeviceState, rollout: RolloutState, at: string): void {
  const { id, outcome, cause, plan, base, commit, desired, complete } = rollout;
  device.rollout = null;
  // It says nothing of any plan.
  if (rollout.drill === true) return;
  const items = state.touched.get(id) ?? [];
  state.touched.delete(id);
  const left = items.map(({ section, item }) => `${section} ${item}`);
  device.lastRollout = {
    id,
    outcome: outcome ?? 'not-started',
    plan,
    base,
    items: left,
    restores: goesBack(rollout) ? rollout.restores : null,
  };
  if (goesBack(rollout)) foldRestored(device, rollout, at);
  if (outcome === 'confirmed') {
    const took = durationsOf(rollout.watch ?? newStopwatch());
    if (took !== null && device.measured.push(took) > keptDurations) device.measured.shift();
    // A part of the text is no state that anybody meant: what was confirmed before stays the measure for the rest.
    if (complete) {
      device.confirmed = { commit, desired, at };
      device.upToDateAt = device.plannedAt;
    }
    if (!rollout.resolving) {
      if (!goesBack(rollout)) device.quarantine = null;
    }
    // What one plan could not hold is asked again; a checkpoint of an older version does not say how much that is.
    else if (!(rollout.left > 0)) device.resolve = null;
    device.retriedAlone = null;
    for (const item of items) foldProvenance(device.own, item);
    return;
  }
  if (outcome === 'resolved') setAside(device, rollout, at);
  // What people ordered is asked of them again; what was stopped or set aside before stays so.
  if (outcome === 'rolled-back' && !rollout.resolving && !goesBack(rollout)) {
    const key = `${plan} ${base}`;
    // Once more by itself when nothing but the daemon's absence was the reason, and only once.
    if (cause === 'daemon-gone' && device.retriedAlone !== key) {
      device.retriedAlone = key;
      return;
    }
    device.quarantine = { reason: 'rolled-back', plan, base, cause, found: rollout.found, at };
    state.stopped = { commit, device: rollout.device, why: 'rolled-back' };
  }
}

/** What people ordered is done or given up, and git says otherwise: nothing else begins until they let it go. */
function foldRestored(device: DeviceState, { outcome, restores, cause }: RolloutState, at: string): void {
  const { restore } = device;
  if (restore === null || outcome === 'not-started') return;
  device.restore = null;
  const revision = (restores ?? '').slice(0, 12);
  const what =
    outcome === 'confirmed'
      ? `went back to revision ${revision} at ${at.slice(0, 19)}Z; where git says otherwise, commit what it has first; then let it go`
      : `going back to revision ${revision} ended as ${outcome ?? 'unknown'}${cause === null ? '' : ` (${cause})`}`;
  device.hold = { reason: what, until: null, by: restore.by, restored: true };
}

function foldProvenance(own: Map<string, string>, item: TouchedItem): void {
  const key = `${item.section} ${item.item}`;
  const wasKey = item.was === null ? key : `${item.section} ${item.was}`;
  const isOwn = item.digest !== null && (item.verb === 'add' || own.has(wasKey));
  // One that stays is not taken out and put back: a long journal would leave that much more to be collected.
  if (!isOwn || wasKey !== key) own.delete(wasKey);
  if (isOwn) own.set(key, item.digest);
}
