/** Raw commits and tags with git's verdict and the strict one. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../../../src/core/sshsig/allowed-signers.ts';
import { verifyGitObject } from '../../../../src/core/sshsig/git-object.ts';
import type { GitObjectKind, GitObjectVerdict } from '../../../../src/core/sshsig/git-object.ts';
import { noRevocations } from '../../../../src/core/sshsig/revocation.ts';
import { makeKey, signMessage } from '../../../support/ssh-signature.ts';

const folder = new URL('../../../../../shared/sshsig/git/', import.meta.url);
const present = existsSync(folder);
const read = (name: string): Buffer => readFileSync(new URL(name, folder));

interface GitCase {
  file: string;
  title: string;
  allowed_signers: string;
  strict: string;
}
const commits: GitCase[] = present
  ? (JSON.parse(read('git-cases.json').toString('utf8')) as { commits: GitCase[] }).commits
  : [];

// When the cases were made; a key that had expired by then is refused whatever date a committer wrote.
const nowMs = Date.parse('2026-11-20T20:32:11Z');

function judge(kind: GitObjectKind, raw: Uint8Array, signersFile: string): GitObjectVerdict {
  const parsed = parseAllowedSigners(read(signersFile), 'any');
  if (!parsed.ok) throw new Error(parsed.reason);
  return verifyGitObject({
    kind,
    raw,
    identity: null,
    allowedSigners: parsed.signers,
    revoked: noRevocations,
    nowMs,
  });
}

describe.skipIf(!present)(
  'signed git objects with known verdicts (skipped where ../shared is absent)',
  () => {
    test.each(commits.map((one) => [one.file, one] as const))('%s', (_, one) => {
      const verdict = judge('commit', read(one.file), one.allowed_signers);
      expect(verdict.ok ? 'accept' : `reject: ${verdict.code}`).toMatch(
        one.strict === 'accept' ? /^accept$/ : /^reject/,
      );
    });

    test.each([
      ['02-unsigned.commit', 'unsigned'],
      ['04-tampered-tree.commit', 'bad-signature'],
      ['12-two-gpgsig-valid-second.commit', 'malformed-object'],
      ['14-gpgsig-sha256-junk.commit', 'malformed-object'],
      ['15-gpgsigX-header.commit', 'malformed-object'],
      ['18-dup-tree-sig-over-2nd.commit', 'malformed-object'],
      ['20-late-parent-signed.commit', 'malformed-object'],
      ['21-dup-committer-signed.commit', 'malformed-object'],
      ['24-namespace-file.commit', 'wrong-namespace'],
      ['26-two-armored-in-one-header.commit', 'malformed-signature'],
      ['31-now-expired-key.commit', 'key-expired'],
    ])('%s is refused as %s', (file, code) => {
      expect(
        judge('commit', read(file), commits.find((one) => one.file === file)?.allowed_signers ?? ''),
      ).toMatchObject({ ok: false, code });
    });

    test('a tag is accepted; text behind its signature is not', () => {
      expect(judge('tag', read('tag-ok.tag'), 'allowed_signers')).toMatchObject({
        ok: true,
        principal: 'alice@example.org',
      });
      expect(judge('tag', read('tag-text-after-sig.tag'), 'allowed_signers')).toMatchObject({ ok: false });
    });

    test('a commit is no tag and a tag no commit', () => {
      expect(judge('tag', read('01-ok.commit'), 'allowed_signers')).toMatchObject({
        code: 'malformed-object',
      });
      expect(judge('commit', read('tag-ok.tag'), 'allowed_signers')).toMatchObject({
        code: 'malformed-object',
      });
    });

    test('no single changed byte passes', () => {
      const raw = read('01-ok.commit');
      for (let at = 0; at < raw.length; at++) {
        const changed = Buffer.from(raw);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(judge('commit', changed, 'allowed_signers').ok, `byte ${at}`).toBe(false);
      }
    });

    test('no prefix passes, and none throws', () => {
      const raw = read('01-ok.commit');
      for (let size = 0; size < raw.length; size++) {
        expect(judge('commit', raw.subarray(0, size), 'allowed_signers').ok, `${size} bytes`).toBe(false);
      }
    });
  },
);

describe('a commit signed here', () => {
  const key = makeKey();
  const headers =
    'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n';

  /** The object with its payload signed as git does it. */
  function commit(payloadHeaders: string, body: string): Buffer {
    const signature = signMessage(key, 'git', Buffer.from(`${payloadHeaders}\n${body}`, 'latin1'));
    return Buffer.from(
      `${payloadHeaders}gpgsig ${signature.trimEnd().replaceAll('\n', '\n ')}\n\n${body}`,
      'latin1',
    );
  }
  const verdictOf = (raw: Uint8Array): GitObjectVerdict => {
    const parsed = parseAllowedSigners(Buffer.from(`alice namespaces="git" ${key.line}\n`), 'explicit');
    if (!parsed.ok) throw new Error(parsed.reason);
    return verifyGitObject({
      kind: 'commit',
      raw,
      identity: 'alice',
      allowedSigners: parsed.signers,
      revoked: noRevocations,
      nowMs,
    });
  };

  test('is accepted, with any bytes in its message but NUL', () => {
    expect(verdictOf(commit(headers, 'caf\xe9\r\n\xff\n'))).toMatchObject({ ok: true, principal: 'alice' });
    expect(verdictOf(commit(headers, 'seen\0unseen\n'))).toMatchObject({ code: 'malformed-object' });
  });

  test.each([
    ['a signature header that git leaves out', `${headers}gpgsigX junk\n`],
    ['a header twice', `${headers}encoding latin1\nencoding utf-8\n`],
    ['no committer', 'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 1 +0000\n'],
    ['a header without a value', `${headers}odd\n`],
    ['two trees', `tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n${headers}`],
  ])('with %s is refused although the signature fits', (_, payloadHeaders) => {
    expect(verdictOf(commit(payloadHeaders, 'text\n'))).toMatchObject({ code: 'malformed-object' });
  });
});
