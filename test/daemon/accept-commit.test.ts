/**
 * Heads that only people can accept: a branch that was rewound, and the head of a site whose state was lost. They wait
 * under the gate like every change, say in plain text what is accepted instead of what, and are accepted once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { PendingAnswerItem } from '../../src/api/answers.ts';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { startWithLostState } from '../support/lost-states.ts';

const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';

async function running(): Promise<World> {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  await one.start();
  await one.untilSettled();
  return one;
}

/** The branch goes back by one commit, and on from there. */
async function rewind(one: World): Promise<{ readonly accepted: string; readonly head: string }> {
  const accepted = one.edit((text) => text + line);
  await one.untilSettled();
  one.repository.git('reset', '-q', '--hard', 'HEAD~1');
  const head = one.edit((text) => text.replace('198.51.100.10', '198.51.100.11'));
  return { accepted, head };
}

async function asked(one: World, commit: string): Promise<PendingAnswerItem> {
  return await until('people are asked', async () => {
    const { pending } = await one.api.call('pending', {});
    const item = pending.find((each) => each.kind === 'accept-commit' && each.commit === commit);
    if (item === undefined) throw new Error(JSON.stringify([pending, (await one.status()).desired]));
    return item;
  });
}

describe.concurrent('a branch that was rewound', () => {
  test('is accepted once enough people signed exactly that head', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const { accepted, head } = await rewind(one);
    const first = await asked(one, head);
    expect(first).toMatchObject({ class: 'operational', devices: [], reason: 'history-rewound' });
    expect(first.text).toContain(`accept commit: ${head}\n`);
    expect(first.text).toContain(`instead of: ${accepted}\n`);
    expect(first.text).toContain('commits left behind: 1\n');
    const { desired } = await one.status();
    expect([desired.state, desired.next]).toEqual(['held', `siteward pending ${first.id}`]);
    const { text } = await one.api.call('document', { id: first.id });
    expect(text).toContain('\nkind: accept-commit\n');
    expect(text).toContain('\ndevices: 0\n');
    // Another head is another question; what was signed for the first is worth nothing.
    const newer = one.edit((body) => body.replace('198.51.100.11', '198.51.100.12'));
    const second = await asked(one, newer);
    expect(second.supersedes?.id).toBe(first.id);
    const stale = one.api.call('approve', { id: second.id, signatures: [one.sign(text)] });
    expect((await stale).results).toMatchObject([{ kind: 'refused', code: 'no-document' }]);
    expect((await one.status()).commit).toBe(accepted);
    expect(await one.approve(second.id)).toMatchObject({ complete: true, devices: [] });
    const record = await one.untilRecord('commit-accepted', undefined, { commit: newer });
    expect(record).toMatchObject({ reason: 'signed', previous: accepted, pending: second.id });
    expect(record).toMatchObject({ by: [{ person: 'alice' }] });
    // The record is on the disk a moment before the daemon goes by it.
    await until('it is gone by', async () => {
      const { pending } = await one.api.call('pending', {});
      expect(pending.map(({ kind }) => kind)).not.toContain('accept-commit');
      expect((await one.status()).desired).toMatchObject({ state: 'accepted', head: newer, next: null });
    });
  });

  test('is accepted by signature too where the accepted commit is no longer in the repository', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const accepted = one.edit((text) => text + line);
    await one.untilSettled();
    // The history was made anew: not one old commit is reached or kept.
    const { git } = one.repository;
    git('checkout', '-q', '--orphan', 'anew');
    git('commit', '-q', '-m', 'The network, from here on');
    git('branch', '-q', '-M', 'anew', 'main');
    git('reflog', 'expire', '--expire=now', '--all');
    git('gc', '-q', '--prune=now');
    const head = one.edit((text) => text.replace('192.0.2.20', '192.0.2.22'));
    const { id, text } = await asked(one, head);
    expect(text).toContain(`instead of: ${accepted}\n  it is no longer in the repository\n`);
    expect(text).toContain('commits left behind: not known\n');
    expect(await one.approve(id)).toMatchObject({ complete: true });
    await one.untilRecord('commit-accepted', undefined, { commit: head });
    await one.untilSettled();
  });

  test('is held for good once people said no, and a commit on top of the accepted one goes on', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const { accepted, head } = await rewind(one);
    const { id } = await asked(one, head);
    await one.api.call('reject', { id, reason: 'a mistake' });
    await until('it says so', async () => {
      const { desired } = await one.status();
      expect(desired).toMatchObject({ state: 'held', reason: 'commit-rejected' });
      expect(desired.message).toContain('a mistake');
    });
    await one.api.call('refresh', {});
    await sleep(1_500);
    expect((await one.api.call('pending', {})).pending).toEqual([]);
    // As `next:` says, by somebody whose clone still has the accepted commit.
    const { next } = (await one.status()).desired;
    const words = (next ?? '').split(' ');
    expect(words.shift()).toBe('git');
    one.repository.git('config', 'receive.denyCurrentBranch', 'ignore');
    one.repository.git(...words);
    expect(one.repository.git('rev-parse', 'main').trim()).toBe(accepted);
    one.repository.git('reset', '-q', '--hard');
    one.edit((text) => text.replace('192.0.2.20', '192.0.2.22'));
    await one.untilSettled();
  });

  test('the question goes when the branch comes back', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const { accepted, head } = await rewind(one);
    await asked(one, head);
    one.repository.git('reset', '-q', '--hard', accepted);
    await until('nothing is asked', async () => {
      expect((await one.api.call('pending', {})).pending).toEqual([]);
      expect((await one.status()).desired.state).toBe('accepted');
    });
  });
});

test('a lost state: the head is accepted by signature, and with it what the devices carry', async (t) => {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  t.onTestFinished(() => one.close());
  const head = await startWithLostState(
    one,
    (text) => text + line,
    (text) => text.replace('192.0.2.20', '192.0.2.22'),
  );
  const { id, text } = await asked(one, head);
  expect(text).toContain('instead of: what was accepted before is not known');
  expect(text).toMatch(
    /^devices whose witness is accepted as it is: 1\n {2}gw1: daemon [0-9a-f]{32} record \d+$/m,
  );
  const { next } = await one.untilDevice('waits with the site', ({ reason }) => reason === 'foreign-daemon');
  expect(next).toBe(`siteward pending ${id}`);
  await one.approve(id);
  expect(await one.untilRecord('commit-accepted')).toMatchObject({ reason: 'signed', previous: null });
  await one.untilDevice('is served again', ({ state, reason }) => state !== 'error' && reason !== 'reading');
  const { pending } = await one.api.call('pending', {});
  for (const item of pending) await one.approve(item.id);
  await one.untilDevice('goes on', (device) => device.commit === head && device.rollout === null);
  expect(await one.has('/ip dns static', 'address=192.0.2.22')).toBe(true);
});
