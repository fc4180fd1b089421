/** What a login may do, against what its level needs, and the one command that a person runs. */
import { describe, expect, test } from 'vitest';
import { judgeRights, parseRights } from '../../../../src/drivers/routeros/rights.ts';

const all = ['ssh', 'read', 'write', 'test', 'policy', 'sensitive', 'password'];

describe('what the device says', () => {
  test.each([
    ['with commas', 'group=ops\r\ndisabled=false\r\npolicy=ssh,read,!write\r\n'],
    ['with semicolons', 'group=ops\r\ndisabled=no\r\npolicy=ssh;read;!write\r\n'],
  ])('is read %s', (_, text) => {
    expect(parseRights(text)).toEqual({ group: 'ops', policies: ['ssh', 'read'], disabled: false });
  });

  test('a user that is not on the device has no group there', () => {
    expect(parseRights('')).toBeNull();
    expect(judgeRights('siteward', 'rollout', null)).toMatchObject({ missing: null, remedy: null });
  });

  test.each([
    'policy=read\n',
    'group=ops\n',
    'group=ops\ndisabled=no\npolicy=read write\n',
    'group=ops\ndisabled=perhaps\npolicy=read\n',
    'group=a\ndisabled=no\npolicy=read\ngroup=b\n',
  ])('what is not understood is no answer: %j', (text) =>
    expect(() => parseRights(text)).toThrow("the user's group can't be read"),
  );
});

describe('the verdict', () => {
  test('to report takes reading, to roll out what the scripts are made with', () => {
    const rights = { group: 'ops', policies: ['ssh', 'read'], disabled: false };
    expect(judgeRights('siteward', 'report', rights)).toMatchObject({ missing: [], remedy: null });
    const { missing } = judgeRights('siteward', 'rollout', rights);
    expect(missing).toEqual(all.slice(2));
    expect(
      judgeRights('siteward', 'rollout', { group: 'full', policies: all, disabled: false }),
    ).toMatchObject({
      missing: [],
      remedy: null,
    });
  });

  test('a group of its own is widened, and keeps what it has', () => {
    const rights = { group: 'ops', policies: ['ssh', 'ftp', 'read', 'write', 'test'], disabled: false };
    expect(judgeRights('siteward', 'rollout', rights).remedy).toBe(
      '/user group set [find name="ops"] policy=ssh,ftp,read,write,test,policy,sensitive,password',
    );
  });

  test('a group that every router has is left as it is', () => {
    expect(
      judgeRights('siteward', 'rollout', { group: 'write', policies: ['ssh', 'read'], disabled: false })
        .remedy,
    ).toBe(
      `/user group add name=siteward-rollout policy=${all.join(',')}; ` +
        '/user set [find name="siteward"] group=siteward-rollout',
    );
  });

  test('a login that may not even ask lacks the right to read', () => {
    const { missing, remedy } = judgeRights('siteward', 'report', 'refused');
    expect(missing).toEqual(['read']);
    expect(remedy).toContain('/user group add name=siteward-report policy=ssh,read; ');
  });
});
