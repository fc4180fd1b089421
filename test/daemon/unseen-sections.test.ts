/** A login with less rights is shown less: what it does not see is neither to be added, nor gone from git's file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildWorld } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';

const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/ppp secret
add name=user3 service=pppoe
/ip dns static
add address=192.0.2.10 name=one.example.org
/user group
add name=ops policy=ssh,read,test
`;

const narrow = '/user group add name=narrow policy=ssh,read; /user set [find name=siteward] group=narrow';
const unseen = 'nobody can tell what of /ppp secret is on the device';

test('a login that lost its rights: what it no longer sees is neither drift nor to be added', async (t) => {
  const one = await buildWorld({ devices: { gw1: { exportText, settings: { manage: 'report' } } } });
  t.onTestFinished(() => one.close());
  await one.start();
  await one.untilSettled();
  await one.device().console(narrow);
  await one.device().console('/ip dns static set [find] comment=moved');
  await one.untilDevice(
    'was read anew',
    ({ reason, drift }) => reason === 'incomplete-section' && drift === 1,
  );
  const { out } = await runCli('plan', 'gw1', '--settings', one.settingsFile);
  expect(out).toContain('comment: - -> moved');
  expect(out).not.toMatch(/user3|name=ops/);
  expect(out).toContain(unseen);
  expect(out).toContain('nobody can tell what of /user group is on the device');
  const reading = await one.api.call('reading', { device: 'gw1', sections: ['/user group'] });
  expect(reading.unseen.map(({ section }) => section)).toEqual(
    expect.arrayContaining(['/ppp secret', '/user', '/user group']),
  );
});

test('adopt says what was not seen, and adopt --onto keeps it, with and without a daemon', async (t) => {
  const one = await buildWorld({ devices: { gw1: { exportText, settings: { manage: 'report' } } } });
  t.onTestFinished(() => one.close());
  const cli = (...argv: string[]) => runCli(...argv, '--settings', one.settingsFile);
  const file = one.at('config.rsc');
  const whole = (await cli('adopt', 'gw1')).out;
  expect(whole).toContain('name=user3');
  writeFileSync(file, whole);
  expect(await cli('adopt', 'gw1', '--onto', file)).toMatchObject({ code: 0 });
  await one.device().console(narrow);
  const tries = async (): Promise<void> => {
    const adopted = await cli('adopt', 'gw1');
    expect(adopted.out).not.toContain('user3');
    expect(adopted.err).toMatch(/not seen whole: .*\/ppp secret.*\/user/);
    const onto = await cli('adopt', 'gw1', '--onto', file);
    expect(onto.code).toBe(1);
    expect(onto.err).toContain(`left: ${unseen}`);
    expect(onto.err).toContain('give its group the policy sensitive on the router');
    expect(readFileSync(file, 'utf8')).toBe(whole);
    expect((await cli('check')).out).toContain('complete but for what this login may not be shown: ');
  };
  await tries();
  await one.start();
  await tries();
});
