/**
 * The daemon's own key on a device is replaced: put before people, then done step by step, each step announced before it
 * and recorded after it. What was in flight when the daemon died is ended by what the device says.
 */
import { sha256 } from '../core/digest.ts';
import { DeviceError, OutcomeUnknown } from '../core/errors.ts';
import { credentialText } from '../core/gate/texts.ts';
import type { NewLogin, RotationStep } from '../core/rollout/event-fields.ts';
import type { CredentialRotation, LoginKeysSeen } from '../core/rotation.ts';
import { nextOfRotation } from '../core/rotation.ts';
import type { Observation } from '../drivers/driver.ts';
import { activeHold } from './device-status.ts';
import type { DeviceRoom } from './device-room.ts';
import { authorizedNow, consumption, keepPending, noCommit, signedFor, stillOpen } from './proposal.ts';
import type { Proposal } from './proposal.ts';

/** Puts what was ordered before people, and begins it once they signed. */
export async function rotateCredential(room: DeviceRoom, observation: Observation): Promise<void> {
  const { rotation, rollout } = room.folded();
  const login = rotation?.login;
  if (login === undefined || rollout !== null || room.report.current().stuck !== null) return;
  const { name } = room.device;
  const names = await listed(room);
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
async function listed(room: DeviceRoom): Promise<readonly string[] | null> {
  try {
    return await room.driver.loginKeys.list(room.signal);
  } catch (error) {
    if (!(error instanceof DeviceError) || !isNo(error)) throw error;
    const { code, message } = error;
    const none = { device: room.device.name, what: null, emergency: false };
    await keepPending(room, room.device.name, 'rotation', null);
    await room.ledger.append({ kind: 'rotation-ordered', ...none, code, message });
    return null;
  }
}

/** Goes on with what is in flight, to its end. Throws `DeviceError` when the device does not answer: later, then. */
export async function finishRotation(room: DeviceRoom): Promise<void> {
  for (let before = room.folded().credential; before !== null;) {
    room.signal.throwIfAborted();
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
 * By the key that counts. If that one is refused before the new one was proved, the old one is gone from the device: the
 * new one is the only way that is left, so it is tried.
 */
async function seen(room: DeviceRoom, { name, proven, refused }: CredentialRotation): Promise<LoginKeysSeen> {
  try {
    const names = await room.driver.loginKeys.list(room.signal);
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
    // What adding or proving said decides what comes next; a device that can't be asked is asked at the next pass.
    if (result === 'failed' && (what === 'add' || what === 'prove')) return;
    throw error;
  }
  await room.ledger.append({ kind: 'rotation-step-finished', ...ids, result: 'ok' });
}

/** The device itself said no; anything else says nothing about the key. */
function isNo(error: DeviceError | OutcomeUnknown): boolean {
  return (
    error instanceof DeviceError &&
    ['key-refused', 'rejected', 'unsupported', 'permission-denied'].includes(error.code)
  );
}

async function doStep(room: DeviceRoom, rotation: CredentialRotation, what: RotationStep): Promise<void> {
  const { driver, signal, files } = room;
  switch (what) {
    case 'add':
      return await driver.loginKeys.add(rotation, signal);
    case 'prove': {
      const privateKey = await files.get('credential', rotation.sealed);
      if (privateKey === null)
        throw new DeviceError('key-refused', `the new key of ${room.device.name} is gone from the state`);
      return await driver.loginKeys.prove(privateKey, signal);
    }
    case 'remove':
      return await driver.loginKeys.removeOthers(rotation.name, signal);
    case 'undo':
      return await driver.loginKeys.remove(rotation.name, signal);
  }
}

function proposalFor(
  room: DeviceRoom,
  { hostKey }: Observation,
  emergency: boolean,
  { line, name }: NewLogin,
  names: readonly string[],
): Proposal {
  const { user, name: device } = room.device;
  const [kind = '', blob = ''] = line.split(' ');
  const digest = Buffer.from(sha256(Buffer.from(blob, 'base64')), 'hex')
    .toString('base64')
    .replace(/=+$/, '');
  const others = names.filter((one) => one !== name).sort();
  const text = credentialText({ emergency, user, key: `${kind} SHA256:${digest}`, name, others });
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
