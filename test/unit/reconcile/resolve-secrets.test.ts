/** As base, of a rollout that had changed a secret: the one that was there, exactly, or it is said that nobody knows it. */
import { expect, test } from 'vitest';
import { sha256 } from '../../../src/core/digest.ts';
import { diffConfigurations } from '../../../src/core/plan/diff.ts';
import { digestSecrets } from '../../../src/core/plan/known-secrets.ts';
import { makeDevicePlan } from '../../../src/reconcile/plan-device.ts';
import { resolveDevice } from '../../../src/reconcile/resolve-device.ts';
import { virtualDevice } from '../../support/virtual-device.ts';
import { virtualPasses } from '../../support/virtual-passes.ts';

const head = '# 2026-11-20 10:00:00 by RouterOS 7.18.2\n';
const bob = (password: string, more = ''): string =>
  `/ppp secret\nadd name=bob password="${password}"${more}\n`;
const wanted = bob('second', ' comment=new');
const never = new AbortController().signal;

/** What signers read, and the forward and back values, after a rollout from `was` to `second` left the device at `has`. */
async function asked(
  as: 'base' | 'target',
  { confirmed, was, has }: { readonly confirmed: string | null; readonly was: string; readonly has: string },
): Promise<string> {
  const device = virtualDevice({
    exportText: `${head}${bob(was)}`,
    version: '7.18.2',
    settings: { secretsOnDevice: 'allow' },
  });
  const { room, records, accept } = await virtualPasses(device);
  await accept(wanted);
  const { dialect } = device.driver;
  const parsed = (text: string) => dialect.parseDesired(Buffer.from(text), 'x.rsc', '7.18.2').configuration;
  const observation = await device.driver.observe(never);
  const found = diffConfigurations({
    confirmed: confirmed === null ? null : parsed(bob(confirmed)),
    desired: parsed(wanted),
    actual: dialect.parseActual(observation.exportText).configuration,
    owns: 'sections',
    ignore: [],
    dialect,
    secrets: { digestOf: sha256, read: digestSecrets(parsed(bob(was)), dialect, sha256), mayCarry: true },
  });
  const made = makeDevicePlan(room, observation, { ...found, desired: parsed(wanted) });
  if (made.kind !== 'plan') throw new Error(made.kind);
  const sealed = await room.files.put('rollout', Buffer.from(JSON.stringify({ plan: made.plan })));
  device.console(`/ppp secret set [find where name=bob] comment=new password="${has}"`);
  const left = await device.driver.observe(never);
  await room.ledger.append({ kind: 'resolve-ordered', device: 'gw1', as, sealed });
  await resolveDevice({ ...room, secretWord: (name, value) => `<${name} ${value}>` }, left);
  const opened = records.findLast(({ kind }) => kind === 'pending-opened');
  if (opened?.kind !== 'pending-opened') throw new Error('nothing was asked');
  return String(await room.files.get('plan', opened.plan));
}

test('the value that it had is set, and the rollback knows the one that the rollout had brought', async () => {
  const text = await asked('base', { confirmed: 'first', was: 'first', has: 'second' });
  expect(text).toMatch(/ > .* password=<password first>/);
  expect(text).toMatch(/ < .* password=<password second>/);
  expect(text).toContain('rollback: exact, on the device itself');
  expect(text).not.toContain('not brought back');
});

test('as target, the other way round', async () => {
  const text = await asked('target', { confirmed: 'first', was: 'first', has: 'first' });
  expect(text).toMatch(/ > .* password=<password second>/);
  expect(text).toMatch(/ < .* password=<password first>/);
});

test('one that nobody here ever knew is named as lost, before anybody signs', async () => {
  const text = await asked('base', { confirmed: null, was: 'by-hand', has: 'second' });
  expect(text).toContain('not brought back: /ppp secret name=bob: password; nobody here knows what it was\n');
  expect(text).toMatch(/ > .* comment=""$/m);
  expect(text).not.toMatch(/by-hand|second/);
});
