/** `siteward check` on devices whose login may do little: what is missing, and a command that really gives it. */
import { describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';

interface Check {
  readonly what: string;
  readonly device?: string;
  readonly result: string;
  readonly code: string;
  readonly message: string;
}

async function checksOf(one: World): Promise<{ readonly code: number; readonly rights: readonly Check[] }> {
  const { code, out } = await runCli('check', '--json', '--settings', one.settingsFile);
  const { checks } = JSON.parse(out) as { checks: readonly Check[] };
  return { code, rights: checks.filter(({ what }) => what === 'rights') };
}

const remedyIn = (message: string): string => /run on the router: (.*)$/.exec(message)?.[1] ?? 'no command';

describe('the rights of a device’s login', () => {
  test('are said for each device, with a command that gives what is missing', async (t) => {
    const one = await buildWorld({
      devices: {
        gw1: { exportText: demoExport },
        gw2: { exportText: demoExport },
        gw3: { exportText: demoExport, settings: { manage: 'report' } },
      },
    });
    t.onTestFinished(() => one.close());
    const narrow = '/user group add name=ops policy=ssh,read; /user set [find name=siteward] group=ops';
    await one.device('gw2').console(narrow);
    await one.device('gw3').console(narrow);
    const { code, rights } = await checksOf(one);
    expect(code).toBe(1);
    expect(rights).toMatchObject([
      { device: 'gw1', result: 'ok', code: 'rights-sufficient' },
      { device: 'gw2', result: 'failed', code: 'rights-missing' },
      { device: 'gw3', result: 'ok', code: 'rights-sufficient' },
    ]);
    const message = rights[1]?.message ?? '';
    expect(message).toContain(
      'user siteward, group ops: manage: rollout needs write, test, policy, sensitive, password too; run on the router: ',
    );
    await one.device('gw2').console(remedyIn(message));
    expect(await checksOf(one)).toMatchObject({
      code: 0,
      rights: [{ result: 'ok' }, { result: 'ok' }, { result: 'ok' }],
    });
  });

  test('are said, too, where the login may not read, and where its group is one that every router has', async (t) => {
    const one = await buildWorld({
      devices: { gw1: { exportText: demoExport }, gw2: { exportText: demoExport } },
    });
    t.onTestFinished(() => one.close());
    await one
      .device('gw1')
      .console('/user group add name=blind policy=ssh; /user set [find name=siteward] group=blind');
    await one.device('gw2').console('/user set [find name=siteward] group=read');
    const { code, rights } = await checksOf(one);
    expect(code).toBe(1);
    expect(rights.map(({ code: one }) => one)).toEqual(['rights-missing', 'rights-missing']);
    expect(rights[0]?.message).toContain('needs read too');
    for (const { device, message } of rights) await one.device(device).console(remedyIn(message));
    expect(await checksOf(one)).toMatchObject({ code: 0, rights: [{ result: 'ok' }, { result: 'ok' }] });
    expect(await one.has('/user group', 'name=siteward-rollout', 'gw2')).toBe(true);
  });
});
