/** Keys as OpenSSH and devices read them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, sign } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { makeKeyPair, signingKey } from '../../../src/drivers/key-pair.ts';

test.each(['ed25519', 'rsa'] as const)('an %s pair is one to OpenSSH and to the SSH library', (kind) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-key-'));
  try {
    // Lengths of numbers and padding differ from key to key.
    for (let i = 0; i < (kind === 'rsa' ? 1 : 16); i++) {
      const { privateKey, publicKey } = makeKeyPair(kind, `siteward@gw${i}`);
      const file = path.join(folder, `key${i}`);
      writeFileSync(file, privateKey, { mode: 0o600 });
      const read = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'latin1' }).split(' ');
      expect(publicKey.split(' ').slice(0, 2)).toEqual([read[0], read[1]?.trim()]);
      const parsed = ssh2.utils.parseKey(privateKey);
      if (parsed instanceof Error) throw parsed;
      expect(parsed.getPublicSSH().toString('base64')).toBe(publicKey.split(' ')[1]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what signs for an ed25519 key says what the SSH library would; other kinds have none', () => {
  const key = ssh2.utils.parseKey(makeKeyPair('ed25519', 'x').privateKey);
  if (key instanceof Error) throw key;
  const data = Buffer.from('to be signed');
  const quick = signingKey(key.getPrivatePEM(), key.getPublicSSH());
  if (quick === null) throw new Error('no key to sign with');
  expect(sign(null, data, quick)).toEqual(key.sign(data));
  const other = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  expect(signingKey(String(other), key.getPublicSSH())).toBeNull();
  expect(signingKey('', key.getPublicSSH())).toBeNull();
});
