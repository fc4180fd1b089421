/** What is typed about a fault goes to the very device, file or commit, and is not the look that told of it. */
import { describe, expect, test } from 'vitest';
import { enrolFor, nextOnBranch, nextOnDevice } from '../../../src/reconcile/next-command.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const device = {
  ...deviceSettings({ port: 2222, hostKey: 'SHA256:x' }),
  name: 'gw1',
  address: '192.0.2.1',
  user: 'siteward',
  identityFile: '/etc/siteward/keys/gw1',
};
const commit = '9f8e7d6c5b4a39281706f5e4d3c2b1a098765432';
const inGit = { file: 'sites/bud-01/devices/gw1/config.rsc', line: 3 };

const followed = {
  url: 'ssh://git@git.example.org/network.git',
  branch: 'main',
  tags: null,
  path: 'sites/bud-01',
};
const listed = "git ls-remote --tags ssh://git@git.example.org/network.git 'deploy-*'";

describe('a fault of one device', () => {
  test.each([
    [
      'unreadable-export',
      null,
      'ssh -p 2222 -i /etc/siteward/keys/gw1 siteward@192.0.2.1 /export hide-sensitive > gw1.rsc && siteward rsc check gw1.rsc',
    ],
    ['desired-missing', null, 'mkdir -p devices/gw1 && siteward adopt gw1 > devices/gw1/config.rsc'],
    ['syntax', inGit, 'git revert --no-edit 9f8e7d6c5b4a && git push'],
    ['unreadable', { file: '/etc/siteward/keys/gw1' }, 'siteward check gw1'],
    ['unknown-secret', inGit, 'siteward check gw1'],
    ['secrets-not-set', inGit, 'siteward check gw1'],
    ['internal', null, 'journalctl -u siteward -n 50'],
  ])('%s', (code, place, next) => {
    expect(nextOnDevice(device, { code, place }, commit, followed)).toBe(next);
  });

  test('a device with a password, and a text of which no commit was accepted', () => {
    const other = { ...device, identityFile: null };
    expect(nextOnDevice(other, { code: 'incomplete-export', place: null }, commit, followed)).toMatch(
      /^ssh -p 2222 siteward@192\.0\.2\.1 /,
    );
    expect(nextOnDevice(device, { code: 'syntax', place: inGit }, null, followed)).toBe('siteward check gw1');
  });

  test.each([
    [{ port: 22, user: 'siteward' }, 'siteward enrol gw1 192.0.2.1 --manage rollout'],
    [{ port: 2222, user: 'sw' }, 'siteward enrol gw1 192.0.2.1 --port 2222 --user sw --manage rollout'],
  ])('more rights for the login: %o', (login, next) => {
    expect(enrolFor({ ...device, ...login }, 'rollout')).toBe(next);
  });

  test('where tags are followed, a text that can not be used is taken back by a tag, not on the branch', () => {
    const byTags = { ...followed, tags: 'deploy-*' };
    expect(nextOnDevice(device, { code: 'syntax', place: inGit }, commit, byTags)).toBe(listed);
  });
});

describe('a branch that can not be followed', () => {
  const accepted = 'a'.repeat(40);
  test.each([
    ['no-such-branch', null, accepted, 'git push ssh://git@git.example.org/network.git HEAD:refs/heads/main'],
    ['repository-unreachable', null, accepted, 'git ls-remote ssh://git@git.example.org/network.git'],
    ['wrong-site', commit, accepted, 'git revert --no-edit 9f8e7d6c5b4a && git push'],
    [
      'history-too-long',
      commit,
      accepted,
      `git push --force-with-lease=main:${commit} ssh://git@git.example.org/network.git ${accepted}:refs/heads/main`,
    ],
    ['wrong-site', commit, null, 'git ls-tree -r --name-only 9f8e7d6c5b4a sites/bud-01'],
    [
      'commit-signature-refused',
      commit,
      accepted,
      'git commit --amend --no-edit -S && git push --force-with-lease',
    ],
  ])('%s', (reason, head, before, next) => {
    expect(nextOnBranch({ reason, head, accepted: before }, followed)).toBe(next);
  });

  test.each([
    'no-such-tag',
    'tag-refused',
    'commit-signature-refused',
    'wrong-site',
    'invalid-value',
    'commit-rejected',
    'history-too-long',
  ])('where tags are followed, %s is about a tag and never about the branch', (reason) => {
    expect(nextOnBranch({ reason, head: commit, accepted }, { ...followed, tags: 'deploy-*' })).toBe(listed);
  });

  test('the first tagged commit of all can not be used: it is looked at, whatever the branch is', () => {
    const first = { reason: 'wrong-site', head: commit, accepted: null };
    expect(nextOnBranch(first, { ...followed, tags: 'deploy-*' })).toBe(
      'git ls-tree -r --name-only 9f8e7d6c5b4a sites/bud-01',
    );
  });

  test('a repository that is not well is looked at where it is', () => {
    const here = { ...followed, url: '/srv/git/network.git' };
    const damaged = { reason: 'object-damaged', head: commit, accepted };
    expect(nextOnBranch(damaged, here)).toBe('git -C /srv/git/network.git fsck --no-dangling');
    expect(nextOnBranch(damaged, followed)).toBe('git ls-remote ssh://git@git.example.org/network.git');
    expect(nextOnBranch({ reason: 'copy-unwritable', head: null, accepted }, followed)).toBe(
      'siteward check --offline',
    );
  });
});
