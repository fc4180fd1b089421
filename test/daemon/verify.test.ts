/** `siteward verify` as people call it, and against the real ssh-keygen: what is accepted here, it accepts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../src/core/sshsig/allowed-signers.ts';
import { noRevocations } from '../../src/core/sshsig/revocation.ts';
import { verifySignature } from '../../src/core/sshsig/verify.ts';
import { runCommandLine } from '../support/command-line.ts';
import { armor, makeKey, signMessage, signatureBlob } from '../support/ssh-signature.ts';

const namespace = 'siteward-operational-v1@example.org';
const message = 'what is signed\n';
const alice = makeKey();
const bob = makeKey();
let folder: string;
const file = (name: string, text?: string | Uint8Array): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};
let args: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-verify-'));
  const signers = file(
    'allowed_signers',
    `alice@example.org ${alice.line}\nbob@example.org namespaces="git" ${bob.line}\n`,
  );
  const signature = file('message.sig', signMessage(alice, namespace, message));
  args = ['verify', '-f', signers, '-I', 'alice@example.org', '-n', namespace, '-s', signature];
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The arguments with one flag's value replaced. */
const withFlag = (flag: string, value: string): string[] =>
  args.map((arg, at) => (args[at - 1] === flag ? value : arg));

describe('siteward verify', () => {
  test('accepts a good signature and says whose, as ssh-keygen does', async () => {
    expect(await runCommandLine(args, message)).toEqual({
      code: 0,
      stdout: `Good "${namespace}" signature for alice@example.org with ED25519 key ${alice.fingerprint}\n`,
      stderr: '',
    });
  });

  const refused: [string, () => [string[], string], string][] = [
    ['another message', () => [args, 'another\n'], 'bad-signature'],
    ['an empty message', () => [args, ''], 'empty-message'],
    ['another namespace', () => [withFlag('-n', 'git'), message], 'wrong-namespace'],
    ['another identity', () => [withFlag('-I', 'bob@example.org'), message], 'principal-mismatch'],
    ['an empty identity', () => [withFlag('-I', ''), message], 'empty-identity'],
    [
      'a key that is not listed',
      () => [withFlag('-s', file('stranger.sig', signMessage(makeKey(), namespace, message))), message],
      'unknown-key',
    ],
    [
      'a signature that is none',
      () => [withFlag('-s', file('none.sig', 'hello\n')), message],
      'malformed-signature',
    ],
    [
      'signers that can’t be read',
      () => [withFlag('-f', file('bad_signers', `nonsense\nalice@example.org ${alice.line}\n`)), message],
      'signers-unreadable',
    ],
    ['signers that are missing', () => [withFlag('-f', file('no_such_file')), message], 'unreadable'],
    ['a revoked key', () => [[...args, '-r', file('revoked', `${alice.line}\n`)], message], 'revoked-key'],
    [
      'a list of revoked keys that is missing',
      () => [[...args, '-r', file('no_such_file')], message],
      'unreadable',
    ],
    [
      'a binary list of revoked keys',
      () => [[...args, '-r', file('krl', 'SSHKRL\n\0')], message],
      'krl-unsupported',
    ],
  ];
  test.each(refused)('refuses %s with 1 and the reason', async (_, make, code) => {
    const [argv, input] = make();
    const result = await runCommandLine(argv, input);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`^refused: ${code}: [^\\n]+\\n$`));
  });

  test.each([
    ['-O', 'verify-time=20260601120000Z', 0],
    ['-O', 'verify-time=20260601', 0],
    ['-O', 'verify-time=20270101Z', 1],
  ])('judges at the time given: %s %s', async (flag, value, code) => {
    const signers = file('dated', `alice@example.org valid-before="20261231Z" ${alice.line}\n`);
    expect((await runCommandLine([...withFlag('-f', signers), flag, value], message)).code).toBe(code);
    expect((await runCommandLine([...withFlag('-f', signers), `${flag}${value}`], message)).code).toBe(code);
  });

  test.each([
    ['no flags', () => ['verify']],
    ['a flag left out', () => args.slice(0, -2)],
    ['a time that does not exist', () => [...args, '-O', 'verify-time=20260231Z']],
    ['an option that is unknown', () => [...args, '-O', 'print-pubkey']],
    ['a signature file that is missing', () => withFlag('-s', 'no_such_file')],
    ['a git object with a namespace', () => ['verify', '--git-object', 'commit', '-f', 'x', '-n', 'git']],
    ['a git object of another kind', () => ['verify', '--git-object', 'tree', '-f', 'x']],
  ])('takes %s for wrong usage: 2', async (_, make) => {
    expect((await runCommandLine(make(), message)).code).toBe(2);
  });

  test('answers as JSON', async () => {
    const good = JSON.parse((await runCommandLine([...args, '--json'], message)).stdout) as unknown;
    expect(good).toEqual({
      v: 1,
      ok: true,
      namespace,
      principal: 'alice@example.org',
      fingerprint: alice.fingerprint,
      keyType: 'ssh-ed25519',
    });
    const bad = JSON.parse((await runCommandLine(['--json', ...args], 'another\n')).stdout) as unknown;
    expect(bad).toMatchObject({ v: 1, ok: false, code: 'bad-signature' });
  });

  test('judges a signed commit by its raw bytes', async () => {
    const head =
      'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor B <bob@example.org> 1780000000 +0000\ncommitter B <bob@example.org> 1780000000 +0000\n';
    const text = '\nNew NTP server\n';
    const value = signMessage(bob, 'git', head + text)
      .trimEnd()
      .replaceAll('\n', '\n ');
    const commit = `${head}gpgsig ${value}\n${text}`;
    const argv = ['verify', '--git-object', 'commit', '-f', join(folder, 'allowed_signers')];
    expect(await runCommandLine(argv, commit)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Good "git" signature for bob@example.org') as string,
    });
    expect(await runCommandLine(argv, commit.replace('NTP', 'DNS'))).toMatchObject({ code: 1 });
    expect(await runCommandLine(argv, head + text)).toMatchObject({
      code: 1,
      stderr: 'refused: unsigned: it has no signature\n',
    });
  });
});

const keygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

describe.skipIf(!keygen)('beside the installed ssh-keygen (skipped where there is none)', () => {
  /** Whether ssh-keygen accepts it; it reads CRLF behind the header only from 9.5 on, so that is made LF for it. */
  function oracle(
    signature: Uint8Array,
    signers: string,
    text: string,
    identity = 'alice@example.org',
  ): boolean {
    const path = file('mutant.sig', Buffer.from(signature).toString('latin1').replaceAll('\r\n', '\n'));
    const argv = [
      '-Y',
      'verify',
      '-O',
      'verify-time=20260601120000Z',
      '-f',
      signers,
      '-I',
      identity,
      '-n',
      namespace,
      '-s',
      path,
    ];
    return spawnSync('ssh-keygen', argv, { input: text }).status === 0;
  }

  test('a key and a signature that it made are accepted', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file('made')]);
    execFileSync(
      'ssh-keygen',
      ['-q', '-Y', 'sign', '-n', namespace, '-f', file('made'), file('document', message)],
      { stdio: 'ignore' },
    );
    const signers = file(
      'made_signers',
      `alice@example.org namespaces="${namespace}" ${readFileSync(file('made.pub'), 'utf8')}`,
    );
    expect(
      (await runCommandLine([...withFlag('-f', signers).slice(0, -1), file('document.sig')], message)).code,
    ).toBe(0);
  });

  test('another kind of key is refused by name', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-C', '', '-f', file('ec')]);
    execFileSync(
      'ssh-keygen',
      ['-q', '-Y', 'sign', '-n', namespace, '-f', file('ec'), file('ecdoc', message)],
      { stdio: 'ignore' },
    );
    const signers = file('ec_signers', `alice@example.org ${readFileSync(file('ec.pub'), 'utf8')}`);
    const result = await runCommandLine(
      [...withFlag('-f', signers).slice(0, -1), file('ecdoc.sig')],
      message,
    );
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^refused: unsupported-key-type: /) as string,
    });
  });

  test('of a thousand changed signatures, signers and messages, what is accepted here it accepts', () => {
    const random = lcg(20261121);
    const good = Buffer.from(signMessage(alice, namespace, message));
    const blob = signatureBlob(alice, namespace, message, 'sha256');
    const line = `alice@example.org namespaces="${namespace}",valid-after="20260101Z" ${alice.line} comment\n`;
    let accepted = 0;
    let asked = 0;
    for (let i = 0; i < 1000; i++) {
      const kind = i % 4;
      const signature =
        kind === 0 ? mutate(good, random) : kind === 1 ? Buffer.from(armor(mutate(blob, random))) : good;
      const signers = kind === 2 ? mutate(Buffer.from(line), random) : Buffer.from(line);
      const text =
        kind === 3 && i % 8 === 3 ? mutate(Buffer.from(message), random).toString('latin1') : message;
      const parsed = parseAllowedSigners(signers, 'any');
      if (!parsed.ok) continue;
      const verdict = verifySignature({
        message: Buffer.from(text),
        signature,
        namespace,
        identity: 'alice@example.org',
        allowedSigners: parsed.signers,
        revoked: noRevocations,
        nowMs: Date.parse('2026-06-01T12:00:00Z'),
      });
      if (!verdict.ok) continue;
      accepted++;
      // The unchanged ones are asked about once in a while only.
      if (kind === 3 && i % 64 !== 7) continue;
      asked++;
      expect(oracle(signature, file('mutant_signers', signers), text), `mutation ${i}`).toBe(true);
    }
    expect(accepted).toBeGreaterThan(100);
    expect(asked).toBeGreaterThan(20);
  });
});

const casesFolder = new URL('../../../shared/sshsig/cases/', import.meta.url);
const casesPresent = existsSync(casesFolder);

describe.skipIf(!casesPresent)('with known cases (skipped where ../shared is absent)', () => {
  interface Case {
    id: string;
    op: string;
    argv: string[];
    message: string;
    siteward: string;
  }
  test('the flags of ssh-keygen give the exit code of the wanted verdict', async () => {
    const cases = JSON.parse(readFileSync(new URL('cases.json', casesFolder), 'utf8')) as { cases: Case[] };
    const read = (name: string): string => new URL(name, casesFolder).pathname;
    for (const one of cases.cases) {
      if (one.op !== 'verify') continue;
      const argv = one.argv
        .slice(3)
        .map((arg, at, all) => (['-s', '-f', '-r'].includes(all[at - 1] ?? '') ? read(arg) : arg));
      const result = await runCommandLine(['verify', ...argv], readFileSync(read(one.message)));
      if (one.siteward === 'accept' && result.code !== 0)
        expect(result.stderr, one.id).toMatch(/^refused: (unsupported-key-type|krl-unsupported): /);
      else expect(result.code, one.id).toBe(one.siteward === 'accept' ? 0 : 1);
    }
  });
});

/** Numbers from 0 up to `below`, the same ones each time. */
function lcg(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 33n) % below;
  };
}

/** One or two small changes: a byte changed, taken out, put in, doubled, or its case turned. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Buffer {
  let out = Buffer.from(bytes);
  for (let n = 1 + random(2); n > 0; n--) {
    const at = random(out.length);
    const byte = out[at] ?? 0;
    const insert = Buffer.from([[9, 10, 13, 32, 34, 44, 61, 65][random(8)] ?? 0]);
    switch (random(5)) {
      case 0:
        out[at] = byte ^ (1 << random(8));
        break;
      case 1:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1)]);
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, at), insert, out.subarray(at)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at, at + 8), out.subarray(at)]);
        break;
      case 4:
        out[at] = byte >= 65 ? byte ^ 32 : byte;
        break;
    }
  }
  return out;
}
