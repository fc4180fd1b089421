/** Which secrets come back with a state of the past: those that are known to be the right ones, and what is said of the others. */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/core/digest.ts';
import { planRestore } from '../../../src/reconcile/restore-device.ts';
import type { RestorePlan } from '../../../src/reconcile/restore-device.ts';
import { chooseSecrets, withSecrets } from '../../../src/reconcile/past-secrets.ts';
import { virtualDevice } from '../../support/virtual-device.ts';
import type { VirtualDevice } from '../../support/virtual-device.ts';
import { virtualPasses } from '../../support/virtual-passes.ts';
import type { VirtualPasses } from '../../support/virtual-passes.ts';

const head = '# 2026-11-20 10:00:00 by RouterOS 7.18.2\n';
const bob = (password: string): string => `/ppp secret\nadd name=bob password="${password}"\n`;
const mail = (password: string): string => `/tool e-mail\nset password=${password}\n`;
const rest = `/system identity\nset name=gw1\n${mail('mailed')}`;
const never = new AbortController().signal;
const set = (what: string): string => `/ppp secret set [find where name=bob] ${what}`;
const part = (password: string): string =>
  `/ppp secret set [/ppp secret find where name="bob"] password=${password}\n/tool e-mail set password=mailed\n`;

interface Past {
  readonly device: VirtualDevice;
  readonly passes: VirtualPasses;
  readonly text: string;
}

/** A device that had `first`, was kept with it, and got what git wanted after that. */
async function past(secretsOnDevice: 'allow' | 'refuse' = 'allow', confirmed = 'first'): Promise<Past> {
  const device = virtualDevice({
    exportText: `${head}${bob('first')}${rest}`,
    version: '7.18.2',
    settings: { secretsOnDevice },
  });
  const passes = await virtualPasses(device);
  const { exportText } = await device.driver.observe(never);
  const text = device.driver.dialect.archive(exportText);
  expect(text).not.toContain('first');
  await passes.accept(`${bob(confirmed)}${rest}`);
  await passes.pass();
  return { device, passes, text };
}

async function wayBack(
  { device, passes, text }: Past,
  sealed: { readonly digest: string | null; readonly given?: string },
): Promise<RestorePlan & { readonly hints: readonly string[] }> {
  const observation = await device.driver.observe(never);
  const revision = { oid: 'a'.repeat(40), secrets: sealed.digest };
  const { chosen, hints } = await chooseSecrets(passes.room, {
    observation,
    revision,
    now: null,
    text: Buffer.from(text, 'latin1'),
    given: sealed.given ?? null,
  });
  const plan = await planRestore(
    passes.room,
    observation,
    revision.oid,
    withSecrets(Buffer.from(text, 'latin1'), chosen),
  );
  return { ...plan, hints };
}

const rollbackOf = ({ planned }: RestorePlan): string =>
  planned?.plan.actions
    .flatMap(({ action }) => (action.verb === 'set' ? action.from.properties : []))
    .map((property) => property.join('='))
    .join(' ') ?? '';
const forwardOf = ({ planned }: RestorePlan): string =>
  planned?.plan.actions
    .flatMap(({ action }) => (action.verb === 'set' ? action.to.properties : action.item.properties))
    .map((property) => property.join('='))
    .join(' ') ?? '';

describe('without the operator’s key', () => {
  test('a row that went by hand comes back with the very secret that is sealed in the revision', async () => {
    const one = await past();
    one.device.console('/ppp secret remove [find where name=bob]');
    const way = await wayBack(one, { digest: sha256(part('first')) });
    expect(forwardOf(way)).toContain('password=first');
    expect(way.notRestored).toEqual([]);
    expect(way.planned?.text).toContain(
      'secrets: those last confirmed, which are the ones of the revision\n',
    );
    expect(way.planned?.text).not.toContain('first\n');
    expect(way.planned?.text).toContain('password=<secret:password>');
  });

  test('nor is another one on a row that stayed left, when what was confirmed is what is sealed', async () => {
    const one = await past();
    one.device.console(set('password=by-hand'));
    const way = await wayBack(one, { digest: sha256(part('first')) });
    expect(forwardOf(way)).toContain('password=first');
    expect(way.planned?.text).toContain("is not known here and can't be brought back");
  });

  test('where nobody knows what it was, a row that is made again gets the last confirmed, and that is said', async () => {
    const one = await past();
    one.device.console('/ppp secret remove [find where name=bob]');
    for (const digest of [null, sha256('another')]) {
      const way = await wayBack(one, { digest });
      expect(forwardOf(way)).toContain('password=first');
      expect(way.planned?.text).toContain(
        'secrets: rows that are made again get the one last confirmed; whether they had it then is not known\n',
      );
      const hint = `siteward restore gw1 ${'a'.repeat(12)} --identity FILE`;
      expect(way.hints.join('\n').includes(hint)).toBe(digest !== null);
    }
  });

  test('where no rollout may carry one, the row is made without, and how to set it by hand is said', async () => {
    const one = await past('refuse');
    one.device.console('/ppp secret remove [find where name=bob]');
    const way = await wayBack(one, { digest: sha256(part('first')) });
    expect(forwardOf(way)).not.toContain('password');
    expect(way.notRestored.join()).toContain('name=bob: made without password');
    expect(way.hints.join()).toContain(`siteward show gw1 ${'a'.repeat(12)} --secrets | age -d -i FILE`);
  });
});

describe('with what the operator opened', () => {
  test('all are those of then, and the rollback brings back the confirmed ones', async () => {
    const one = await past('allow');
    one.device.console(set('password=later'));
    await one.passes.accept(`${bob('later')}${rest}`);
    await one.passes.pass();
    const way = await wayBack(one, { digest: sha256(part('first')), given: part('first') });
    expect(forwardOf(way)).toContain('password=first');
    expect(rollbackOf(way)).toContain('password=later');
    expect(way.planned?.text).toContain('secrets: as they were, opened by who ordered it\n');
    expect(way.planned?.plan).toMatchObject({ class: 'operational', rollback: 'exact' });
    expect(way.hints).toEqual([]);
  });

  test('nothing is to do where the device has them', async () => {
    const one = await past();
    const way = await wayBack(one, { digest: sha256(part('first')), given: part('first') });
    expect(way.planned).toBe(null);
  });

  test.each([
    ['other values than were sealed', sha256(part('first')), part('evil'), 'other-secrets'],
    ['a revision that has none', null, part('first'), 'no-sealed-secrets'],
  ])('%s: refused', async (_what, digest, given, code) => {
    await expect(wayBack(await past(), { digest, given })).rejects.toMatchObject({ code });
  });

  test('a device on which no rollout may carry one: refused, with the way by hand', async () => {
    await expect(
      wayBack(await past('refuse'), { digest: sha256(part('first')), given: part('first') }),
    ).rejects.toThrow(/secrets-on-device: allow.* age -d -i FILE/);
  });
});

test('a device can’t put secrets into the text of its past', () => {
  const text = Buffer.from('# by RouterOS 7\n# secrets: sealed\n/ppp secret set x password=evil\n');
  const bytes = withSecrets(text, null);
  expect(Buffer.from(bytes).toString('latin1').endsWith('# secrets: none\n')).toBe(true);
});
