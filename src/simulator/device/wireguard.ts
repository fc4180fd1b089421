/** The key that a device makes for a WireGuard interface that is given none, and the public one of it. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Random } from '../random.ts';

/** From the device's own seeded randomness, so that a run can be repeated; good for practice only. */
export function wireguardKey(random: Random): string {
  return Buffer.from(Array.from({ length: 32 }, () => random.below(256))).toString('base64');
}

const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** undefined: what is given is no such key. */
export function wireguardPublicKey(privateKey: string): string | undefined {
  const bytes = Buffer.from(privateKey, 'base64');
  if (bytes.length !== 32) return undefined;
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, bytes]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}
