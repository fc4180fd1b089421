/** The block for a router's terminal, and the word in it that proves who got it. */
import { expect, test } from 'vitest';
import { enrolmentBlock, enrolmentProof, rightsBlock } from '../../../../src/drivers/routeros/enrolment.ts';

const key = Buffer.from('a private key');
const enrolment = {
  user: 'site"ward',
  manage: 'report' as const,
  from: '192.0.2.10',
  publicKey: 'ssh-ed25519 AAAA siteward@gw1',
  proof: enrolmentProof(key, 'SHA256:one'),
  password: 'x$y',
};

test('the word follows from the private key and from the host key that was seen', () => {
  expect(enrolmentProof(key, 'SHA256:one')).toMatch(/^siteward [0-9a-f]{32}$/);
  expect(enrolmentProof(key, 'SHA256:one')).not.toBe(enrolmentProof(key, 'SHA256:two'));
  expect(enrolmentProof(key, 'SHA256:one')).not.toBe(enrolmentProof(Buffer.from('b'), 'SHA256:one'));
});

test('the block gives the least rights of the level, one address, and nothing that the console would expand', () => {
  expect(enrolmentBlock(enrolment)).toEqual([
    '/user group add name=siteward-report policy=ssh,read',
    '/user add name="site\\"ward" group=siteward-report password="x\\$y"',
    `/user set [find name="site\\"ward"] group=siteward-report address="192.0.2.10" comment="${enrolment.proof}"`,
    '/user ssh-keys add user="site\\"ward" key="ssh-ed25519 AAAA siteward@gw1"',
  ]);
});

test('more rights are a group of their own, made or corrected, and the user is moved into it', () => {
  const [add = '', set = '', move = ''] = rightsBlock({ user: 'site"ward', manage: 'rollout' });
  expect(add).toMatch(/^\/user group add name=siteward-rollout policy=[a-z,]*\bwrite\b/);
  expect(set).toBe(add.replace(' add name=siteward-rollout ', ' set [find name=siteward-rollout] '));
  expect(move).toBe('/user set [find name="site\\"ward"] group=siteward-rollout');
});

test('an RSA key goes by a file: what takes no other takes keys from files alone', () => {
  const lines = enrolmentBlock({ ...enrolment, publicKey: 'ssh-rsa AAAA siteward@gw1' });
  expect(lines.slice(3)).toEqual([
    '/file print file=siteward-key',
    ':delay 2s',
    '/file set siteward-key.txt contents="ssh-rsa AAAA siteward@gw1"',
    '/user ssh-keys import user="site\\"ward" public-key-file=siteward-key.txt',
  ]);
});
