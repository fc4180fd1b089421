/** Raw commits and tags with git's verdict and the strict one. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../../../src/core/sshsig/allowed-signers.ts';
import { verifyGitObject } from '../../../../src/core/sshsig/git-object.ts';
import type { GitObjectKind, GitObjectVerdict } from '../../../../src/core/sshsig/git-object.ts';
import { noRevocations } from '../../../../src/core/sshsig/revocation.ts';

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
