/** A verification must never be a reason to leave it out. Ratios of one run, with room for a busy machine. */
import { expect, test } from 'vitest';
import { measureVerify } from '../bench/sshsig.ts';
import { keyTypes } from '../support/ssh-keys.ts';

test.each(keyTypes)('with %s it is much faster than starting ssh-keygen', (keyType) => {
  const { rawUs, primaryUs, bothUs, keygenUs } = measureVerify(keyType);
  const ratios = `raw ${rawUs.toFixed(0)} µs, first ${(primaryUs / rawUs).toFixed(2)} of it`;
  console.log(
    `${keyType}: ${ratios}, both ${bothUs.toFixed(0)} µs, ssh-keygen ${keygenUs?.toFixed(0) ?? 'absent'} µs`,
  );
  // The checks around it cost the same for every kind, so the bound is for the kind that is recommended.
  if (keyType.includes('ed25519')) expect(primaryUs / rawUs).toBeLessThan(1.6);
  if (keygenUs === null) return;
  expect(keygenUs / primaryUs).toBeGreaterThan(keyType.endsWith('384') || keyType.endsWith('521') ? 3 : 30);
  expect(bothUs).toBeLessThan(keygenUs);
});
