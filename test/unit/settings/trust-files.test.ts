/** Which files are believed: their owner, mode, kind, size, and every folder above them. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkOwnedFile, loadTrust, readOwnedFile } from '../../../src/settings/trust-files.ts';
import { operational } from '../../support/gate.ts';
import { makeKey } from '../../support/ssh-signature.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'siteward-trust-')));
  mkdirSync(join(folder, 'etc'), { mode: 0o755 });
  file = join(folder, 'etc', 'allowed_signers');
  writeFileSync(file, 'text', { mode: 0o644 });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that others can’t change', () => {
  test('is read, also when everybody may read it', async () => {
    expect((await readOwnedFile(file, 10)).toString()).toBe('text');
    await checkOwnedFile(file);
  });

  test('is believed below a sticky folder that everybody writes to', async () => {
    chmodSync(folder, 0o1777);
    await checkOwnedFile(file);
  });

  test('is believed through a linked folder whose ways are all sound', async () => {
    symlinkSync(join(folder, 'etc'), join(folder, 'link'));
    await checkOwnedFile(join(folder, 'link', 'allowed_signers'));
  });
});

describe('a file is not believed', () => {
  const refusals: [string, string, () => void][] = [
    ['when its group may write', 'writable-by-others', () => chmodSync(file, 0o664)],
    ['when everybody may write', 'writable-by-others', () => chmodSync(file, 0o646)],
    ['when its folder’s group may write', 'writable-by-others', () => chmodSync(join(folder, 'etc'), 0o775)],
    ['when a folder further up is open', 'writable-by-others', () => chmodSync(folder, 0o777)],
    ['when it is missing', 'unreadable', () => rmSync(file)],
    ['when its folder is missing', 'unreadable', () => rmSync(join(folder, 'etc'), { recursive: true })],
    ['when it is a folder', 'not-a-file', () => (rmSync(file), mkdirSync(file))],
    ['when it is a link', 'unreadable', () => (rmSync(file), symlinkSync('/etc/hostname', file))],
    ['when it is a pipe', 'not-a-file', () => (rmSync(file), execFileSync('mkfifo', ['-m', '600', file]))],
    ['when it is too large', 'too-large', () => writeFileSync(file, 'x'.repeat(101))],
  ];
  test.each(refusals)('%s: %s', async (_, code, change) => {
    change();
    await expect(readOwnedFile(file, 100)).rejects.toMatchObject({
      code,
      place: { file },
      message: expect.stringContaining(file) as string,
    });
  });

  test('when it lies behind a link in a folder that others write to', async () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    symlinkSync(join(folder, 'etc'), join(open, 'link'));
    await expect(checkOwnedFile(join(open, 'link', 'allowed_signers'))).rejects.toMatchObject({
      code: 'writable-by-others',
    });
  });

  test('when its folder is a circle of links', async () => {
    symlinkSync(join(folder, 'b'), join(folder, 'a'));
    symlinkSync(join(folder, 'a'), join(folder, 'b'));
    await expect(checkOwnedFile(join(folder, 'a', 'file'))).rejects.toMatchObject({ code: 'not-a-file' });
  });

  test.skipIf(process.getuid?.() !== 0)(
    'when it, or its folder, is another user’s (skipped without root)',
    async () => {
      chownSync(file, 12_345, 12_345);
      await expect(checkOwnedFile(file)).rejects.toMatchObject({
        code: 'wrong-owner',
        message: expect.stringContaining('chown') as string,
      });
      chownSync(file, 0, 0);
      chownSync(join(folder, 'etc'), 12_345, 12_345);
      await expect(checkOwnedFile(file)).rejects.toMatchObject({ code: 'wrong-owner' });
    },
  );
});

describe('trust', () => {
  const key = makeKey();
  const people = [{ name: 'alice', principals: ['alice@example.org'], roles: ['operational' as const] }];
  const load = (revokedKeysFile: string | null) =>
    loadTrust({ allowedSignersFile: file, revokedKeysFile, people, organization: 'example.org' });

  test('is loaded from both files', async () => {
    writeFileSync(file, `alice@example.org namespaces="${operational}" ${key.line}\n`);
    const revoked = join(folder, 'etc', 'revoked_keys');
    writeFileSync(revoked, `${makeKey().line}\n`, { mode: 0o600 });
    const trust = await load(revoked);
    expect(trust.signers.length).toBe(1);
    expect(trust.revoked.keys.size).toBe(1);
    expect((await load(null)).digests.revokedKeys).toBeNull();
  });

  test('is not loaded when revoked keys are configured but missing', async () => {
    writeFileSync(file, `alice@example.org namespaces="${operational}" ${key.line}\n`);
    await expect(load(join(folder, 'etc', 'revoked_keys'))).rejects.toMatchObject({ code: 'unreadable' });
  });

  test('is not loaded with one bad line, which is named', async () => {
    writeFileSync(file, `alice@example.org namespaces="${operational}" ${key.line}\nalice ${key.line}\n`);
    await expect(load(null)).rejects.toMatchObject({ code: 'bad-trust', place: { file, line: 2 } });
  });
});
