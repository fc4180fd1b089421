/**
 * How dear a verification is, as ratios measured in one run: the first verifier with all checks around it against
 * the bare library call, and against starting ssh-keygen; with the second opinion against ssh-keygen.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllowedSigners } from '../../src/core/sshsig/allowed-signers.ts';
import { noRevocations } from '../../src/core/sshsig/revocation.ts';
import { verifyWithNode } from '../../src/core/sshsig/verifiers.ts';
import type { Verifier } from '../../src/core/sshsig/verifiers.ts';
import { verifySignature } from '../../src/core/sshsig/verify.ts';
import { keyTypes, makeSshKey, sshSignatureBlob } from '../support/ssh-keys.ts';
import type { KeyType } from '../support/ssh-keys.ts';
import { armor } from '../support/ssh-signature.ts';

interface VerifyCost {
  readonly keyType: KeyType;
  /** Microseconds; lower quartiles, since what else the machine does only ever adds. */
  readonly rawUs: number;
  readonly primaryUs: number;
  readonly bothUs: number;
  /** Null where ssh-keygen is not installed. */
  readonly keygenUs: number | null;
}

const namespace = 'siteward-operational-v1@example.org';
const identity = 'alice';

/** The arms take turns, so that what else the machine does falls on all of them. */
function measureVerify(keyType: KeyType, rounds = 40): VerifyCost {
  const key = makeSshKey(keyType);
  const message = Buffer.alloc(2000, 'what is signed\n');
  const signature = Buffer.from(armor(sshSignatureBlob(key, namespace, message)));
  const signers = Buffer.from(`alice namespaces="${namespace}" ${key.line}\n`);
  const parsed = parseAllowedSigners(signers, 'explicit');
  if (!parsed.ok) throw new Error(parsed.reason);
  const question = {
    message,
    signature,
    namespace,
    identity,
    allowedSigners: parsed.signers,
    revoked: noRevocations,
    nowMs: Date.now(),
  };
  let asked: Parameters<Verifier> | null = null;
  const yes = (): boolean => true;
  verifySignature(question, { first: (...args) => ((asked = args), true), second: yes });
  const args = asked as Parameters<Verifier> | null;
  if (args === null) throw new Error('no verifier was asked');
  const accepted = (ok: boolean): void => {
    if (!ok) throw new Error(`${keyType}: a good signature was refused`);
  };

  const folder = mkdtempSync(join(tmpdir(), 'siteward-bench-'));
  try {
    writeFileSync(join(folder, 'sig'), signature);
    writeFileSync(join(folder, 'signers'), signers);
    const argv = ['-Y', 'verify', '-f', 'signers', '-I', identity, '-n', namespace, '-s', 'sig'];
    const start = (): void => {
      accepted(spawnSync('ssh-keygen', argv, { cwd: folder, input: message }).status === 0);
    };
    const installed = spawnSync('ssh-keygen', ['-?']).error === undefined;
    // Starting a process makes the next writes of this one dear, and tweetnacl leaves much behind: so by twos.
    const short = {
      rawUs: () => accepted(verifyWithNode(...args)),
      primaryUs: () => accepted(verifySignature(question, { first: verifyWithNode, second: yes }).ok),
    };
    const long = {
      bothUs: () => accepted(verifySignature(question).ok),
      keygenUs: installed ? start : null,
    };
    return { keyType, ...quartilesOf(short, rounds * 60), ...quartilesOf(long, rounds) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function quartilesOf<Arms extends Record<string, (() => void) | null>>(
  arms: Arms,
  rounds: number,
): { [Name in keyof Arms]: null extends Arms[Name] ? number | null : number } {
  const samples = Object.entries(arms).map(([name, run]) => ({ name, run, us: [] as number[] }));
  const warmUp = rounds >> 2;
  for (let round = -warmUp; round < rounds; round++) {
    for (const { run, us } of samples) {
      if (run === null) continue;
      const started = performance.now();
      run();
      if (round >= 0) us.push((performance.now() - started) * 1000);
    }
  }
  const quartiles = samples.map(({ name, us }) => [name, us.sort((a, b) => a - b)[us.length >> 2] ?? null]);
  return Object.fromEntries(quartiles) as ReturnType<typeof quartilesOf<Arms>>;
}

console.log('G11 a verification: first verifier / raw library call, ssh-keygen / first, both / ssh-keygen');
for (const keyType of keyTypes) {
  const { rawUs, primaryUs, bothUs, keygenUs } = measureVerify(keyType);
  const beside =
    keygenUs === null
      ? 'ssh-keygen is not installed'
      : `${(keygenUs / primaryUs).toFixed(0)}, ${(bothUs / keygenUs).toFixed(2)}`;
  console.log(`  ${keyType}: ${(primaryUs / rawUs).toFixed(2)} (raw ${rawUs.toFixed(0)} µs), ${beside}`);
}
