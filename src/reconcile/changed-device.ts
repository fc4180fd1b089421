/**
 * Whether a device is still the one that was left: its hardware, and the witness that was read on it when its last
 * rollout was over, or in two readings with longer between them than the device keeps writes to itself. A device whose
 * witness may never have been kept is never called changed. What is found is recorded once; nothing is begun on the
 * device until people have decided.
 */
import { SitewardError } from '../core/errors.ts';
import type { DeviceChange } from '../core/rollout/event-fields.ts';
import type { DeviceState } from '../core/site-state.ts';
import type { Observation } from '../drivers/driver.ts';
import type { DeviceRoom } from './device-room.ts';

type Seen = Pick<Observation, 'witness' | 'hardware'>;
type Reading = Seen & { readonly facts: Pick<Observation['facts'], 'uptimeS'> };

/** Throws the reason why people have to decide, once it is recorded. */
export async function requireUnchanged(room: DeviceRoom, seen: Reading): Promise<void> {
  const { name } = room.device;
  const folded = room.folded();
  const code = changeOf(folded, seen);
  if (code !== folded.changed && room.ledger.journal.broken === null) {
    const { witness, hardware } = seen;
    await room.ledger.append({ kind: 'device-changed', device: name, code, witness, hardware });
  }
  if (code !== null)
    throw new SitewardError(code, `${words(code, folded, seen)}; nothing is changed on it. ${ways}`);
  const known = learnt(room, seen);
  if (known !== null && room.ledger.journal.broken === null)
    await room.ledger.append({ kind: 'device-known', device: name, ...known });
}

/** What this reading and the one before it agree on, and the journal has no measure of; null: nothing new. */
function learnt({ report, device, daemon, folded }: DeviceRoom, now: Reading): Seen | null {
  const before = report.current().observation;
  if (before === null) return null;
  const { hardware: known, witnessKept } = folded();
  const hardware = known === null && before.hardware === now.hardware ? now.hardware : null;
  const isKept = (now.facts.uptimeS - before.facts.uptimeS) * 1000 >= device.flushMs;
  const isSame = before.witness?.seq === now.witness?.seq && now.witness?.daemon === daemon;
  const witness = witnessKept === null && isKept && isSame ? now.witness : null;
  return hardware === null && witness === null ? null : { witness, hardware };
}

export function changeOf(
  { witnessKept, hardware: known }: Pick<DeviceState, 'witnessKept' | 'hardware'>,
  { witness, hardware }: Seen,
): DeviceChange | null {
  if (known !== null && hardware !== null && hardware !== known) return 'device-replaced';
  if (witnessKept === null) return null;
  if (witness === null) return 'device-reset';
  const isOlder = witness.daemon === witnessKept.daemon && witness.seq < witnessKept.seq;
  return isOlder ? 'device-restored' : null;
}

const ways =
  'Resolve it as target: what git wants is written; as base: what was last confirmed; as actual: what it has is kept';

function words(code: DeviceChange, { witnessKept, hardware: known }: DeviceState, seen: Seen): string {
  switch (code) {
    case 'device-replaced':
      return `it says ${seen.hardware ?? ''} and was ${known ?? ''}: it is another device, or its license has changed`;
    case 'device-reset':
      return 'what siteward left on it (sw-witness) is gone: it was reset, or another configuration was loaded';
    case 'device-restored':
      return `its witness names record ${seen.witness?.seq ?? ''}, and ${witnessKept?.seq ?? ''} was on it: an older backup was loaded`;
  }
}
