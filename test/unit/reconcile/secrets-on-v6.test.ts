/** RouterOS 6 shows secrets unless told otherwise, and hides them without a word from a login that may not see them. */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/core/digest.ts';
import { planDevice } from '../../../src/reconcile/plan-device.ts';
import { secretsOnDemand } from '../../../src/reconcile/ask-secrets.ts';
import type { RunProbe } from '../../../src/reconcile/probes.ts';
import { profileNamed } from '../../../src/simulator/profiles.ts';
import { virtualDevice } from '../../support/virtual-device.ts';
import type { VirtualDevice } from '../../support/virtual-device.ts';
import { virtualPasses } from '../../support/virtual-passes.ts';
import { virtualRolloutOf } from '../../support/virtual-rollout.ts';

const never = new AbortController().signal;
const bob = (password: string): string => `/ppp secret\nadd name=bob password="${password}" service=pppoe\n`;

function oldDevice(): VirtualDevice {
  const { version = '', behaviour = {} } = profileNamed('v6.49') ?? {};
  return virtualDevice({
    exportText: `# nov/20/2026 10:00:00 by RouterOS ${version}\n${bob('first')}`,
    version,
    behaviour,
    settings: { secrets: 'compare', secretsOnDevice: 'allow', windowMs: 60_000, tickMs: 5_000 },
  });
}

const passwordOn = (device: VirtualDevice): string =>
  device.console(':put [/ppp secret get [find where name=bob] password]').trim();

describe('a device with RouterOS 6 that is asked at each reading', () => {
  test('reads the same as git, then as drift once somebody changed the secret there, and shows none', async () => {
    const device = oldDevice();
    const { room, accept, pass } = await virtualPasses(device);
    await accept(bob('first'));
    await pass();
    expect(room.report.current().comparison).toMatchObject({ differences: [], problems: [], planned: null });
    device.console('/ppp secret set [find where name=bob] password=by-hand');
    await pass();
    expect(room.report.current().comparison?.differences).toMatchObject([{ label: 'drift' }]);
    const exports = device.sent.filter(({ line }) => line.startsWith('/export'));
    expect(new Set(exports.map(({ line }) => line))).toEqual(new Set(['/export hide-sensitive', '/export']));
    const seen = JSON.stringify(room.report.current(), (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    );
    expect(seen).not.toMatch(/by-hand|password=first/);
  });

  test.each([
    ['confirmed', 'second'],
    ['rolled-back', 'first'],
  ])('a rollout of another is verified by it: %s', async (outcome, password) => {
    const device = oldDevice();
    const { room, accept, pass } = await virtualPasses(device);
    await accept(bob('first'));
    await pass();
    await accept(bob('second'));
    const planned = await planDevice(room, await device.driver.observe(never), await room.desired());
    if (planned === null) throw new Error('nothing is planned');
    const question = { kind: 'tcp', host: '192.0.2.1', port: 80 } as const;
    const probes = [{ name: 'web', question, withinMs: 1000, redBefore: 'refuse' }] as const;
    const rolling = await virtualRolloutOf(device, planned.plan, { probes });
    const isRed = (): boolean => outcome === 'rolled-back' && passwordOn(device) === 'second';
    const probe: RunProbe = () => Promise.resolve(isRed() ? { well: false, said: 'no' } : { well: true });
    const state = await rolling.toItsEnd({ probe });
    expect([state.outcome, state.phase, passwordOn(device)]).toEqual([outcome, 'settled', password]);
  });

  test('what is kept for the operator is what a hidden export leaves out', async () => {
    const device = oldDevice();
    const seal = (bytes: Uint8Array): Promise<Uint8Array> => Promise.resolve(bytes);
    const sealed = await device.driver.sealedSecrets?.({ digestOf: sha256, seal, known: null }, never);
    expect(Buffer.from(sealed?.sealed ?? []).toString('latin1')).toBe(
      '/ppp secret set [/ppp secret find where name="bob"] password=first\n',
    );
  });
});

test('a login without the policy is told no secret, which is not that there is none', async () => {
  const device = oldDevice();
  device.console('/user group add name=blind policy=ssh,read,write,test,policy');
  device.console('/user set [find where name=siteward] group=blind');
  await expect(device.driver.secrets?.(sha256, never)).rejects.toMatchObject({
    code: 'permission-denied',
    message: 'user siteward may see no secrets (its group is blind): it needs the policy sensitive',
  });
  const { room } = await virtualPasses(device);
  expect(await secretsOnDemand(room)).toBe(null);
});
