/**
 * What the daemon logs in by on a device, a key or a password, is replaced: put before people, then done step by step, each step announced before it
 * and recorded after it. What was in flight when the daemon died is ended by what the device says.
 */
import { sha256 } from '../core/digest.ts';
import { DeviceError, OutcomeUnknown } from '../core/errors.ts';
import type { CredentialFacts } from '../core/gate/texts.ts';
import { credentialText, passwordText } from '../core/gate/texts.ts';
import type { NewLogin, RotationStep } from '../core/rollout/event-fields.ts';
import type { CredentialRotation, LoginKeysSeen } from '../core/rotation.ts';
import { kindOfLogin, nextOfRotation, rotationWaitsUntil } from '../core/rotation.ts';
import type { LoginChanges, Observation } from '../drivers/driver.ts';
import { activeHold } from './standing.ts';
import type { DeviceRoom } from './device-room.ts';
import { authorizedNow, consumption, keepPending, noCommit, signedFor, stillOpen } from './proposal.ts';
import type { Proposal } from './proposal.ts';

/** Puts what was ordered before people, and begins it once they signed. */
export async function rotateCredential(room: DeviceRoom, observation: Observation): Promise<void> {
  const { rotation, rollout } = room.folded();
  const login = rotation?.login;
  if (login === undefined || rollout !== null || room.report.current().stuck !== null) return;
  const { name } = room.device;
  const names = await listed(room, login);
  if (names === null) return;
  const proposal = proposalFor(room, observation, rotation?.emergency === true, login, names);
  const signed = signedFor(room, await keepPending(room, name, 'rotation', proposal));
  if (signed === null || observation.obstacles.some(({ code }) => code === 'held-on-device')) return;
  if (activeHold(room.ledger.state, room.folded(), room.clock.now()) !== null) return;
  const by = await authorizedNow(room, proposal, signed);
  if (by === null || !stillOpen(room, signed, name)) return;
  await room.ledger.append({
    kind: 'rotation-authorized',
    device: name,
    rotation: room.random(6).toString('hex'),
    login,
    ...consumption(signed, by, room.trust()),
  });
  await finishRotation(room);
  room.again();
}

/** Null: the device can't say it, now or ever; the order ends with that, and everything else goes on. */
async function listed(room: DeviceRoom, login: NewLogin): Promise<readonly string[] | null> {
  try {
    return await list(room, login);
  } catch (error) {
    if (!(error instanceof DeviceError) || !isNo(error)) throw error;
    const { code, message } = error;
    const none = { device: room.device.name, what: null, emergency: false };
    await keepPending(room, room.device.name, 'rotation', null);
    await room.ledger.append({ kind: 'rotation-ordered', ...none, code, message });
    return null;
  }
}

function changesOf(room: DeviceRoom, login: NewLogin): LoginChanges {
  return room.driver.logins[kindOfLogin(login)];
}

async function list(room: DeviceRoom, login: NewLogin): Promise<readonly string[]> {
  const secret = await room.files.get('credential', login.sealed);
  return await changesOf(room, login).list(login, secret, room.signal);
}

/**
 * Goes on with what is in flight, to its end, or to what failed again and is tried later. Throws `DeviceError` when the
 * device does not answer: at the next pass, then.
 */
export async function finishRotation(room: DeviceRoom): Promise<void> {
  for (let before = room.folded().credential; before !== null;) {
    room.signal.throwIfAborted();
    if (rotationWaitsUntil(before) > room.clock.now()) return;
    const next = nextOfRotation(before, await seen(room, before));
    if ('end' in next) {
      const why = next.end === 'undone' ? next.why : {};
      const ids = { device: room.device.name, rotation: before.id };
      await room.ledger.append({ kind: 'rotation-ended', ...ids, outcome: next.end, ...why });
      if (next.end === 'undone') await room.files.remove('credential', before.sealed);
      await room.driver.letGo();
      return;
    }
    await step(room, before, next.do);
    before = room.folded().credential;
  }
}

/**
 * By the one that counts. If that key is refused before the new one was proved, the old one is gone from the device: the
 * new one is the only way that is left, so it is tried.
 */
async function seen(room: DeviceRoom, rotation: CredentialRotation): Promise<LoginKeysSeen> {
  const { name, proven, refused } = rotation;
  // A user has one password: there is none beside the one that was proved.
  if (proven && kindOfLogin(rotation) === 'password') return { listed: true, others: 0 };
  try {
    const names = await list(room, rotation);
    return { listed: names.includes(name), others: names.filter((one) => one !== name).length };
  } catch (error) {
    if (proven || refused !== null || !(error instanceof DeviceError) || error.code !== 'key-refused')
      throw error;
    return { listed: true, others: 0 };
  }
}

async function step(room: DeviceRoom, rotation: CredentialRotation, what: RotationStep): Promise<void> {
  const ids = { device: room.device.name, rotation: rotation.id, step: what };
  await room.ledger.append({ kind: 'rotation-step-started', ...ids });
  try {
    await doStep(room, rotation, what);
  } catch (error) {
    room.signal.throwIfAborted();
    if (!(error instanceof DeviceError) && !(error instanceof OutcomeUnknown)) throw error;
    const { code, message } = error;
    const result = isNo(error) ? 'failed' : 'unknown';
    await room.ledger.append({ kind: 'rotation-step-finished', ...ids, result, code, message });
    // What the device said decides what comes next; one that can't be asked is asked at the next pass.
    if (result === 'failed') return;
    throw error;
  }
  await room.ledger.append({ kind: 'rotation-step-finished', ...ids, result: 'ok' });
}

/** The device itself said no; anything else says nothing about the credential. */
function isNo(error: DeviceError | OutcomeUnknown): boolean {
  return (
    error instanceof DeviceError &&
    ['key-refused', 'password-refused', 'rejected', 'unsupported', 'permission-denied'].includes(error.code)
  );
}

async function doStep(room: DeviceRoom, rotation: CredentialRotation, what: RotationStep): Promise<void> {
  const { signal, files } = room;
  const changes = changesOf(room, rotation);
  if (what === 'remove') return await changes.removeOthers(rotation, signal);
  const secret = await files.get('credential', rotation.sealed);
  if (what === 'undo') return await changes.undo(rotation, secret, signal);
  if (secret === null) {
    const kind = kindOfLogin(rotation);
    throw new DeviceError(`${kind}-refused`, `the new ${kind} of ${room.device.name} is gone from the state`);
  }
  return await (what === 'add' ? changes.add(rotation, secret, signal) : changes.prove(secret, signal));
}

function proposalFor(
  room: DeviceRoom,
  { hostKey }: Observation,
  emergency: boolean,
  login: NewLogin,
  names: readonly string[],
): Proposal {
  const { user, name: device } = room.device;
  const others = names.filter((one) => one !== login.name).sort();
  const text =
    kindOfLogin(login) === 'password'
      ? passwordText({ emergency, user, name: login.name })
      : keyText({ emergency, user, others }, login);
  return {
    kind: 'rotation',
    class: emergency ? 'recovery' : 'operational',
    reason: 'credential',
    commit: room.ledger.state.accepted?.commit ?? noCommit,
    text,
    digest: sha256(text),
    authors: [],
    device: { name: device, deviceKey: hostKey, base: sha256(JSON.stringify([user, others])) },
  };
}

function keyText(facts: Omit<CredentialFacts, 'key' | 'name'>, { line, name }: NewLogin): string {
  const [kind = '', blob = ''] = line.split(' ');
  const digest = Buffer.from(sha256(Buffer.from(blob, 'base64')), 'hex')
    .toString('base64')
    .replace(/=+$/, '');
  return credentialText({ ...facts, key: `${kind} SHA256:${digest}`, name });
}
