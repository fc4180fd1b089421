/** What is sealed here the real `age` opens, and what it seals is opened here: an operator never needs siteward for it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { opened, sealed } from '../../../src/daemon/state-seal.ts';
import { readSecrets } from '../../../src/desired/secrets.ts';
import { openArchive } from '../../../src/history/archive.ts';
import { BinaryBackups } from '../../../src/history/binary-backups.ts';
import { fileDisk } from '../../../src/history/disk.ts';
import { packedObjects } from '../../../src/history/packed-objects.ts';
import { sealTo } from '../../../src/history/seal.ts';
import { unseal } from '../../../src/settings/age-identity.ts';
import { ageKey, noAge } from '../../support/age-program.ts';
import type { AgeKey } from '../../support/age-program.ts';

describe.skipIf(noAge !== '')(`with the real age${noAge}`, () => {
  let folder = '';
  let key: AgeKey;
  let other: AgeKey;
  const at = (name: string): string => path.join(folder, name);
  const forms: readonly (readonly string[])[] = [[], ['--armor']];
  // More than one of the pieces in which age seals, and bytes of every kind.
  const large = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 256));

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'siteward-age-'));
    key = ageKey(at('one.txt'));
    other = ageKey(at('other.txt'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('the secrets of a revision: by plain git, by its own reader, and back', async () => {
    const git = at('history.git');
    const archive = openArchive({ folder: git, site: 'bud-01', disk: fileDisk, packed: packedObjects(git) });
    const part = '/ppp secret set [/ppp secret find where name="bob"] password="\\$\\"\\E1"\n';
    const seal = sealTo([key.recipient, other.recipient]);
    const reading = { device: 'gw1', text: '/ppp secret\nadd name=bob\n', changer: null, rollout: null };
    const secrets = { digest: 'd'.repeat(64), sealed: await seal(Buffer.from(part, 'latin1')) };
    const { revision } = await archive.keep({ ...reading, restored: null, why: 'drift', atMs: 0, secrets });
    const shown = execFileSync('git', ['-C', git, 'show', 'gw1:gw1/secrets.age']);
    const kept = await archive.sealedSecrets(revision);
    for (const { open, identity } of [key, other]) {
      expect(open(shown).toString('latin1')).toBe(part);
      expect(Buffer.from(await unseal(kept ?? shown, identity(), '')).toString('latin1')).toBe(part);
    }
    for (const form of forms)
      expect(Buffer.from(await unseal(key.seal(part, ...form), key.identity(), '')).toString()).toBe(part);
    await expect(unseal(other.seal(part), key.identity(), 'ask them')).rejects.toThrow('ask them');
  });

  test('a binary backup, as it lies in the state', async () => {
    const backups = new BinaryBackups(at('backups'), fileDisk, sealTo([key.recipient]));
    const name = 'sw-backup-0123456789ab';
    await backups.keep({ device: 'gw1', name, revision: '1'.repeat(40), atMs: 0, bytes: large });
    expect(key.open(readFileSync(at(`backups/gw1/${name}.age`))).equals(large)).toBe(true);
  });

  test.each(forms)('the secrets file, sealed by hand (%s)', async (...form) => {
    const bytes = key.seal('bob: "caf\u00e9"\n', ...form);
    const identity = (): Promise<ReturnType<AgeKey['identity']>> => Promise.resolve(key.identity());
    const local = (): Promise<{ file: string; bytes: Buffer }> =>
      Promise.resolve({ file: 'secrets.yaml', bytes });
    const ofMachine = await readSecrets({ local, identity }, null);
    const ofCommit = await readSecrets({ local: null, identity }, { file: 'secrets.yaml.age', bytes });
    expect([ofMachine.of('gw1', 'bob'), ofCommit.of('gw1', 'bob')]).toEqual([
      'caf\u00c3\u00a9',
      'caf\u00c3\u00a9',
    ]);
  });

  test('an exported state, streamed both ways', async () => {
    const stream = await sealed(Readable.from([large, large]), { recipients: [key.recipient] });
    const bytes = await buffer(stream);
    expect(key.open(bytes).equals(Buffer.concat([large, large]))).toBe(true);
    const { file, identity } = key;
    const back = opened(Readable.from([key.seal(large)]), { file, identity: identity().bytes });
    expect((await buffer(back)).equals(large)).toBe(true);
  });
});
