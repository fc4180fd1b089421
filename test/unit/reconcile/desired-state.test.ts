/** A commit that can't be used never stops the good one, and says where it is wrong. */
import { expect, test } from 'vitest';
import { InvalidInput } from '../../../src/core/errors.ts';
import type { DesiredRepository } from '../../../src/desired/git-repository.ts';
import type { SiteFiles } from '../../../src/desired/site-files.ts';
import { openDesiredState } from '../../../src/reconcile/desired-state.ts';
import { memoryLedger } from '../../support/memory-ledger.ts';

const oid = (digit: string): string => digit.repeat(40);
const [good, bad, next] = ['a', 'b', 'c'].map(oid) as [string, string, string];
const signed = Buffer.from('author A <alice@example.org> 1 +0000\n\nx\n');

function filesAt(commit: string): SiteFiles {
  const fault = new InvalidInput('unknown-key', 'unknown key "signed"', {
    file: 'site.yaml',
    line: 2,
    column: 1,
  });
  return {
    commit,
    subject: '',
    author: '',
    site: 'bud-01',
    devices: [],
    sealed: null,
    problems: commit === bad ? [fault] : [],
  };
}

test('the fault of a commit has its file, line and column; what was accepted stays, and a good one goes on', async () => {
  const { ledger, records } = memoryLedger();
  let head = good;
  let digest = 'one';
  const repository: DesiredRepository = {
    head: () => Promise.resolve(head),
    signedObject: () => Promise.resolve({ kind: 'commit', raw: signed }),
    readSite: (commit) => Promise.resolve(filesAt(commit)),
    descends: () => Promise.resolve(true),
    commitsSince: () => Promise.resolve([signed]),
    rawCommit: () => Promise.resolve(signed),
    resolve: (rev) => Promise.resolve(rev),
  };
  const desired = openDesiredState({
    site: 'bud-01',
    repository,
    ledger,
    compose: () => ({ text: Buffer.from(''), problems: [], unused: [] }),
    secretsOf: () => Promise.resolve({ of: () => null, digest }),
    judgeSignature: null,
    firstStartObstacle: () => Promise.resolve(null),
    gate: null,
  });
  expect(await desired.refresh()).toBe(true);

  head = bad;
  expect(await desired.refresh()).toBe(false);
  const message = 'site.yaml:2:1: unknown key "signed"';
  expect(desired.head()).toEqual({ head: bad, state: 'error', reason: 'unknown-key', message });
  expect(desired.files()?.commit).toBe(good);
  await desired.refresh();
  expect(records.filter(({ kind }) => kind === 'commit-refused')).toMatchObject([{ commit: bad, message }]);

  head = next;
  expect(await desired.refresh()).toBe(true);
  expect(desired.files()?.commit).toBe(next);

  // Devices are compared anew when a secret is another, whatever becomes of the branch.
  expect(await desired.refresh()).toBe(false);
  for (const [of, now] of [
    [next, 'two'],
    [bad, 'three'],
  ] as const) {
    [head, digest] = [of, now];
    expect(await desired.refresh()).toBe(true);
    expect(await desired.refresh()).toBe(false);
  }
});
