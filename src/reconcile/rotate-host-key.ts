/**
 * A device that shows another host key is not talked to until people signed that it is the same device: both keys are
 * put before them through the gate, and with their signatures the new one is pinned. Nothing is sent to the device.
 */
import { sha256 } from '../core/digest.ts';
import type { HostKeyMismatch } from '../core/errors.ts';
import { hostKeyBase } from '../core/gate/host-key.ts';
import { hostKeyText } from '../core/gate/texts.ts';
import type { DeviceRoom } from './device-room.ts';
import { authorizedNow, consumption, keepPending, noCommit, signedFor, stillOpen } from './proposal.ts';
import type { Proposal } from './proposal.ts';

/** Puts the key that the device shows before people, if somebody ordered it, and pins it once they signed it. */
export async function rotateHostKey(room: DeviceRoom, { pinned, shown }: HostKeyMismatch): Promise<void> {
  const { rotation } = room.folded();
  if (rotation?.what !== 'host-key') return;
  const { name } = room.device;
  const proposal = proposalFor(room, rotation.emergency, pinned, shown);
  const signed = signedFor(room, await keepPending(room, name, 'rotation', proposal));
  if (signed === null) return;
  const by = await authorizedNow(room, proposal, signed);
  if (by === null || !stillOpen(room, signed, name)) return;
  await room.ledger.append({
    kind: 'host-key-pinned',
    device: name,
    hostKey: shown,
    settingsKey: room.settingsKey,
    text: proposal.text,
    ...consumption(signed, by, room.trust()),
  });
  room.again();
}

/** The device was read by the key that is in force: there is nothing to rotate. */
export async function keepHostKey(room: DeviceRoom): Promise<void> {
  if (room.folded().rotation?.what !== 'host-key') return;
  const { name: device } = room.device;
  await keepPending(room, device, 'rotation', null);
  const why = { code: 'nothing-to-rotate', message: 'the device shows the host key that is in force' };
  await room.ledger.append({ kind: 'rotation-ordered', device, what: null, emergency: false, ...why });
}

function proposalFor(room: DeviceRoom, emergency: boolean, inForce: string, shown: string): Proposal {
  const { device, settingsKey, driver, ledger } = room;
  const { name, address, port } = device;
  const comparison = driver.dialect.hostKeyComparison;
  const text = hostKeyText({ emergency, address, port, settingsKey, inForce, shown, comparison });
  return {
    kind: 'rotation',
    class: emergency ? 'recovery' : 'operational',
    reason: 'host-key',
    commit: ledger.state.accepted?.commit ?? noCommit,
    text,
    digest: sha256(text),
    authors: [],
    device: { name, deviceKey: shown, base: hostKeyBase(settingsKey) },
  };
}
