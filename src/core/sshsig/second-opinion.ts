/**
 * A second verifier that shares no code of ours with the first: tweetnacl for Ed25519, sshpk for RSA and ECDSA.
 * Both are lenient in ways that `signature.ts` closes before it asks, and sshpk would choose a hash by itself:
 * here the hash is always said. May throw; nothing but `true` is a yes.
 */
import sshpk from 'sshpk';
import nacl from 'tweetnacl';
import type { Algorithm } from './key-kinds.ts';
import type { PreparedSignature } from './verifiers.ts';
import { wireString, wireUnsigned } from './wire.ts';

export function verifyWithOthers(algorithm: Algorithm, { hash, data, raw }: PreparedSignature): boolean {
  if (algorithm.kind === 'ed25519') return nacl.sign.detached.verify(data, raw, algorithm.point);
  if (hash === null) return false;
  const { key, signature } =
    algorithm.kind === 'rsa' ? rsaForm(algorithm, hash, raw) : ecdsaForm(algorithm, raw);
  const verifier = sshpk.parseKey(key, 'rfc4253').createVerify(hash);
  verifier.update(data);
  return (verifier.verify(sshpk.parseSignature(signature, algorithm.kind, 'ssh')) as unknown) === true;
}

interface WireForm {
  readonly key: Buffer;
  readonly signature: Buffer;
}

function rsaForm(key: Algorithm & { kind: 'rsa' }, hash: string, raw: Buffer): WireForm {
  return {
    key: Buffer.concat([wireString('ssh-rsa'), wireUnsigned(key.exponent), wireUnsigned(key.modulus)]),
    signature: Buffer.concat([wireString(`rsa-sha2-${hash.slice(3)}`), wireString(raw)]),
  };
}

/** A security key's point is given as the plain key that it is on the curve. */
function ecdsaForm({ curve, point }: Algorithm & { kind: 'ecdsa' }, raw: Buffer): WireForm {
  const type = wireString(`ecdsa-sha2-${curve.name}`);
  const numbers = [raw.subarray(0, curve.size), raw.subarray(curve.size)];
  const body = Buffer.concat(numbers.map((number) => wireUnsigned(withoutZeros(number))));
  return {
    key: Buffer.concat([type, wireString(curve.name), wireString(point)]),
    signature: Buffer.concat([type, wireString(body)]),
  };
}

function withoutZeros(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? bytes.subarray(bytes.length) : bytes.subarray(start);
}
