/**
 * What a device has of the secrets that its exports hide: asked for at each reading where the settings say so, else only
 * when git and what was last confirmed leave it open, and only of a device that may be told secrets anyway. Digests alone
 * come back.
 */
import type { Problem } from '../core/dialect.ts';
import { withoutSecrets } from '../core/digest.ts';
import { DeviceError } from '../core/errors.ts';
import type { DiffInput, DiffResult } from '../core/plan/diff.ts';
import { diffConfigurations } from '../core/plan/diff.ts';
import type { ReadSecrets, SecretKnowledge } from '../core/plan/known-secrets.ts';
import { doubtMessage } from '../core/plan/known-secrets.ts';
import type { DeviceRoom } from './device-room.ts';

/** Null: it is not asked at each reading. Throws `DeviceError` permission-denied where the login may not see secrets. */
export async function secretsAtReading({
  device,
  driver,
  secretDigest,
  signal,
}: DeviceRoom): Promise<ReadSecrets | null> {
  if (device.secrets !== 'compare' || device.manage === 'backup') return null;
  return (await driver.secrets?.(secretDigest, signal)) ?? null;
}

/** Null: it may not be asked, or does not tell. */
export async function secretsOnDemand({
  device,
  driver,
  secretDigest,
  signal,
}: DeviceRoom): Promise<ReadSecrets | null> {
  if (device.secrets !== 'compare' && device.secretsOnDevice !== 'allow') return null;
  try {
    return (await driver.secrets?.(secretDigest, signal)) ?? null;
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'permission-denied') return null;
    throw error;
  }
}

/** The difference with the device asked where it has to be; and the sections that can't be told about without. */
export async function diffWithSecrets(
  room: DeviceRoom,
  against: Omit<DiffInput, 'secrets'>,
  read: SecretKnowledge['read'],
  ask: () => Promise<ReadSecrets | null>,
): Promise<{ readonly found: DiffResult; readonly problems: readonly Problem[] }> {
  const differing = (known: SecretKnowledge['read']): DiffResult => {
    const secrets = {
      digestOf: room.secretDigest,
      read: known,
      mayCarry: room.device.secretsOnDevice === 'allow',
    };
    return diffConfigurations({ ...against, secrets });
  };
  const first = differing(read);
  const asked = first.doubts.length > 0 && read === null ? await ask() : null;
  const found = asked === null ? first : differing(asked);
  const wasAsked = asked !== null || read !== null;
  const problems = found.doubts.flatMap((doubt): Problem[] => {
    const message = doubtMessage(doubt, wasAsked);
    const { section, place } = doubt.item;
    return message === null ? [] : [{ code: 'secret-unknown', message, place, section }];
  });
  return { found, problems };
}

export interface WayToState {
  /** Whoever moved since: people chose where it goes. */
  readonly found: DiffResult;
  readonly problems: readonly Problem[];
  /** The state has secrets, and the device does not tell those that it has. */
  readonly untold: boolean;
}

/**
 * The difference to a state that is not git's. Its secrets are asked for always: that git says what was confirmed tells
 * nothing of it. `confirmed` are values that the device may have, so that a rollback can bring them back.
 */
export async function diffToState(
  room: DeviceRoom,
  against: Omit<DiffInput, 'secrets'>,
): Promise<WayToState> {
  const { dialect, desired } = against;
  const ask = (): ReturnType<typeof secretsOnDemand> => secretsOnDemand(room);
  const hasSecrets = desired.sections.some(({ items }) =>
    items.some((item) => withoutSecrets(item, dialect) !== item),
  );
  const read = hasSecrets ? await ask() : null;
  const { found, problems } = await diffWithSecrets(room, against, read, ask);
  const differences = found.differences.map((one) => ({ ...one, label: 'desired' as const }));
  return { found: { ...found, differences }, problems, untold: hasSecrets && read === null };
}

/** For people, where that is so. */
export const untoldSecrets = 'secrets of rows that stay: the device does not tell those that it has';
