/** `siteward verify` as people call it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../support/command-line.ts';
import { certify, makeSshKey, sshSignatureBlob } from '../support/ssh-keys.ts';
import { armor, makeKey, signMessage } from '../support/ssh-signature.ts';

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
    ['a revoked key', () => [[...args, '-r', file('revoked', `${alice.line}\n`)], message], 'revoked-key'],
    [
      'a binary list of revoked keys that is cut off',
      () => [[...args, '-r', file('krl', 'SSHKRL\n\0')], message],
      'revocation-unreadable',
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
    const { code } = await runCommandLine(make(), message);
    expect(code).toBe(2);
  });

  test.each([
    ['signers that are missing', () => withFlag('-f', 'no_such_file')],
    ['a list of revoked keys that is missing', () => [...args, '-r', 'no_such_file']],
  ])('refuses everybody with %s: 1', async (_, make) => {
    const { code, stderr } = await runCommandLine(make(), message);
    expect(code).toBe(1);
    expect(stderr).toContain('no_such_file is not there; check the name (ENOENT)');
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
      certificate: null,
      securityKey: null,
    });
    const bad = JSON.parse((await runCommandLine(['--json', ...args], 'another\n')).stdout) as unknown;
    expect(bad).toMatchObject({ v: 1, ok: false, code: 'bad-signature' });
  });

  describe('with other kinds of keys', () => {
    const token = makeSshKey('sk-ssh-ed25519@openssh.com');
    const authority = makeSshKey('ssh-ed25519');
    const sign = (choices: Parameters<typeof sshSignatureBlob>[3]): string =>
      armor(sshSignatureBlob(token, namespace, message, choices));
    const argv = (signature: string, line: string): string[] => [
      ...['verify', '-I', 'alice@example.org', '-n', namespace],
      ...['-f', file('token_signers', `alice@example.org ${line}\n`), '-s', file('token.sig', signature)],
    ];

    test('names a security key, and a certificate, as ssh-keygen does', async () => {
      expect(await runCommandLine(argv(sign({}), token.line), message)).toMatchObject({
        code: 0,
        stdout: `Good "${namespace}" signature for alice@example.org with ED25519-SK key ${token.fingerprint}\n`,
      });
      const certificate = certify(authority, token, { principals: ['alice@example.org'] });
      const certified = argv(sign({ certificate }), `cert-authority ${authority.line}`);
      const at = ['-O', 'verify-time=20260601120000Z'];
      expect(await runCommandLine([...certified, ...at], message)).toMatchObject({
        code: 0,
        stdout: `Good "${namespace}" signature for alice@example.org with ED25519-SK-CERT key ${token.fingerprint}\n`,
      });
      expect(
        JSON.parse((await runCommandLine([...certified, ...at, '--json'], message)).stdout),
      ).toMatchObject({
        keyType: 'sk-ssh-ed25519-cert-v01@openssh.com',
        certificate: { keyId: 'id', serial: '7', authority: authority.fingerprint },
        securityKey: { userPresent: true, userVerified: false, counter: 7 },
      });
      const later = ['-O', 'verify-time=20270601120000Z'];
      expect(await runCommandLine([...certified, ...later], message)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^refused: key-expired: /) as string,
      });
    });

    test('wants a touch, and on request to know who touched', async () => {
      expect(await runCommandLine(argv(sign({ flags: 0 }), token.line), message)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^refused: user-presence-missing: /) as string,
      });
      const required = ['-O', 'verify-required', '-O', 'verify-time=20260601120000Z'];
      expect(await runCommandLine([...argv(sign({}), token.line), ...required], message)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^refused: user-verification-missing: /) as string,
      });
      expect(
        await runCommandLine([...argv(sign({ flags: 5 }), token.line), ...required], message),
      ).toMatchObject({
        code: 0,
      });
    });
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

const casesFolder = new URL('../../../shared/sshsig/cases/', import.meta.url);
const casesPresent = existsSync(casesFolder);

describe.skipIf(!casesPresent)('with known cases (skipped where ../shared is absent)', () => {
  interface Case {
    id: string;
    op: string;
    argv: string[];
    message: string;
    allowed_signers: string;
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
      expect(result.code, one.id).toBe(one.siteward === 'accept' ? 0 : 1);
    }
  });
});
