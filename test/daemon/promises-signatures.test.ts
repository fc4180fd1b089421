/**
 * I2 on the running daemon: nothing that needs a signature runs without one that is valid for exactly this plan at the
 * moment of execution. The rules one by one are in test/unit/core/gate; here they meet the socket, the journal, real
 * `ssh-keygen` signatures and a device on which nothing may have happened.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { buildWorld } from '../support/daemon-world.ts';
import type { World, WorldOptions } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';

const rule =
  '/ip firewall filter\nadd action=drop chain=forward comment="no telnet" dst-port=23 protocol=tcp\n';
const otherRule =
  '/ip firewall filter\nadd action=drop chain=forward comment="no smb" dst-port=445 protocol=tcp\n';

async function worldThatWaits(
  options: Partial<WorldOptions> = {},
): Promise<{ world: World; daemon: Daemon; id: string }> {
  const world = await buildWorld({ devices: { gw1: { exportText: demoExport } }, ...options });
  const daemon = await world.start();
  await world.untilSettled();
  world.edit((text) => text + rule);
  const { id } = await world.untilPending();
  return { world, daemon, id };
}

/** Nothing of a rollout was ever announced, and the device has nothing of it. */
async function expectUntouched(world: World): Promise<void> {
  // Longer than several passes take: what could run by itself would have begun.
  await sleep(2_500);
  expect(world.records().map((record) => record.kind)).not.toContain('rollout-planned');
  expect(await world.has('/ip firewall filter', 'comment="no telnet"')).toBe(false);
  expect(await world.traces()).toEqual([]);
}

describe.concurrent('I2 no destructive action without an authorization', () => {
  test('unsigned, or signed over anything else, it never runs; signed, it runs once', async (t) => {
    const { world, id } = await worldThatWaits();
    t.onTestFinished(() => world.close());
    const { text } = await world.api.call('document', { id });
    const stranger = await buildWorld({ devices: {} });
    t.onTestFinished(() => stranger.close());
    const signatures = [
      world.sign(`${text}\n`),
      world.sign(text, 'alice', 'siteward-recovery-v1@example.org'),
      world.sign(text, 'alice', 'siteward-operational-v1@example.com'),
      stranger.sign(text),
      'not a signature',
    ];
    const refused = await world.api.call('approve', { id, signatures });
    expect(refused.results.map((one) => [one.kind, one.code])).toEqual([
      ['refused', 'signature-invalid'],
      ['refused', 'wrong-namespace'],
      ['refused', 'wrong-namespace'],
      ['refused', 'unknown-key'],
      ['refused', 'signature-invalid'],
    ]);
    expect(refused).toMatchObject({ have: 0, complete: false });
    // Every no is on record with all that an auditor asks for.
    const { document } = (await world.untilRecord('document-issued', undefined, { pending: id })) as {
      document?: string;
    };
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    const audited = {
      pending: id,
      document,
      way: 'socket',
      trust: { 'allowed-signers': digest, 'revoked-keys': digest },
    };
    const noes = world.records().filter((record) => record.kind === 'signature-refused');
    expect(noes).toHaveLength(5);
    for (const no of noes)
      expect(no).toMatchObject({ ...audited, actor: noes[0]?.actor, claimed: noes[0]?.actor });
    expect(noes[0]).toMatchObject({ code: 'signature-invalid', fingerprint: world.fingerprint('alice') });
    expect(noes[4]).toMatchObject({ fingerprint: null });
    await expectUntouched(world);

    const signature = world.sign(text);
    expect(await world.api.call('approve', { id, signatures: [signature] })).toMatchObject({
      complete: true,
    });
    await world.untilSettled();
    expect(await world.has('/ip firewall filter', 'comment="no telnet"')).toBe(true);

    // The same document and signature once more: consumed, so nothing is pending under that name.
    await expect(world.api.call('approve', { id, signatures: [signature] })).rejects.toMatchObject({
      code: 'no-such-pending',
    });
    // Even when the very same change is wanted again, it is another item with another challenge.
    await world.device().console('/ip firewall filter remove [find where comment="no telnet"]');
    world.edit((file) => file.replace(rule, ''));
    await world.untilSettled();
    world.edit((file) => file + rule);
    const again = await world.untilPending();
    expect(again.id).not.toBe(id);
    await world.api.call('document', { id: again.id });
    const replayed = await world.api.call('approve', { id: again.id, signatures: [signature] });
    expect(replayed.results).toMatchObject([{ kind: 'refused', code: 'signature-invalid' }]);
    const consumed = world.records().filter((record) => record.kind === 'authorization-consumed');
    expect(consumed).toMatchObject([
      { document, trust: audited.trust, by: [{ person: 'alice', fingerprint: world.fingerprint('alice') }] },
    ]);
    const yes = world.records().find((record) => record.kind === 'signature-accepted');
    expect(yes).toMatchObject({ document, way: 'socket', trust: audited.trust, person: 'alice' });
    const { out } = await runCli('log', 'gw1', '--settings', world.settingsFile);
    expect(out).toMatch(
      /signed by alice \(SHA256:\S+\), document [0-9a-f]{7}, allowed-signers [0-9a-f]{7}, revoked-keys [0-9a-f]{7} {3}by uid:\d+, as it claims/,
    );
    expect(out).toMatch(/refused: unknown-key: .*, key SHA256:\S+, document [0-9a-f]{7}/);
  });

  test('a signature for one plan does not carry another', async (t) => {
    const { world, id } = await worldThatWaits();
    t.onTestFinished(() => world.close());
    const { text } = await world.api.call('document', { id });
    const signature = world.sign(text);
    world.edit((file) => file.replace(rule, otherRule));
    await world.untilRecord('pending-closed', undefined, { pending: id });
    const other = await world.untilPending();
    await world.api.call('document', { id: other.id });
    const answer = await world.api.call('approve', { id: other.id, signatures: [signature] });
    expect(answer.results).toMatchObject([{ kind: 'refused', code: 'signature-invalid' }]);
    await expect(world.api.call('approve', { id, signatures: [signature] })).rejects.toMatchObject({
      code: 'no-such-pending',
    });
    await expectUntouched(world);
  });

  test('a base that moved on the device drops the approval', async (t) => {
    const { world, id } = await worldThatWaits({ policy: '{ approvals: { operational: 2 } }' });
    t.onTestFinished(() => world.close());
    expect(await world.approve(id)).toMatchObject({ have: 1, need: 2, complete: false });
    await world.device().console('/ip firewall filter set [find where comment="from outside"] action=reject');
    await world.untilRecord('pending-closed', undefined, { pending: id });
    await expectUntouched(world);
  });

  test('two persons means two persons', async (t) => {
    const { world, id } = await worldThatWaits({ policy: '{ approvals: { operational: 2 } }' });
    t.onTestFinished(() => world.close());
    await world.approve(id);
    expect((await world.approve(id)).results).toMatchObject([{ kind: 'refused', code: 'same-person' }]);
    await expectUntouched(world);
    expect(await world.approve(id, 'bob')).toMatchObject({ have: 2, complete: true });
    await world.untilSettled();
    const consumed = world.records().find((record) => record.kind === 'authorization-consumed');
    expect(consumed).toMatchObject({ by: [{ person: 'alice' }, { person: 'bob' }] });
  });

  test('a document issued before a restart is signed and approved right after it, and each signature counts once', async (t) => {
    const { world, id } = await worldThatWaits({ policy: '{ approvals: { operational: 2 } }' });
    t.onTestFinished(() => world.close());
    const { text } = await world.api.call('document', { id });
    const approve = (person: string) =>
      world.api.call('approve', { id, signatures: [world.sign(text, person)] });
    await world.restart();
    expect((await world.api.call('document', { id })).text).toBe(text);
    expect(await approve('alice')).toMatchObject({ have: 1, need: 2, results: [{ kind: 'counted' }] });
    expect(await approve('alice')).toMatchObject({ have: 1, results: [{ code: 'same-person' }] });
    await world.restart();
    expect(await approve('alice')).toMatchObject({ have: 1, results: [{ code: 'same-person' }] });
    expect(await approve('bob')).toMatchObject({ have: 2, complete: true });
    await world.untilSettled();
    const records = world.records();
    const accepted = records.filter((record) => record.kind === 'signature-accepted');
    expect(accepted.map(({ person }) => person)).toEqual(['alice', 'bob']);
    expect(records.filter((record) => record.kind === 'document-issued')).toHaveLength(1);
    expect(records.filter((record) => record.kind === 'authorization-consumed')).toHaveLength(1);
    expect(await world.has('/ip firewall filter', 'comment="no telnet"')).toBe(true);
  });

  test('who wrote a commit since the device was confirmed signs nothing of it, where four eyes are asked for', async (t) => {
    const { world, id } = await worldThatWaits({ policy: '{ four-eyes: required }' });
    t.onTestFinished(() => world.close());
    // Somebody else’s commit on top does not make it somebody else’s change.
    world.repository.git('commit', '-q', '--allow-empty', '--author=Bob <bob@example.org>', '-m', 'more');
    const top = world.repository.git('rev-parse', 'HEAD');
    await world.untilRecord('commit-accepted', undefined, { commit: top });
    for (const person of ['alice', 'bob'])
      expect((await world.approve(id, person)).results).toMatchObject([
        { kind: 'refused', code: 'own-change' },
      ]);
    await expectUntouched(world);
  });

  test('an expired document is refused, and signatures that waited too long no longer count', async (t) => {
    const { world, id } = await worldThatWaits({ policy: '{ expires: 3s }' });
    t.onTestFinished(() => world.close());
    const { text } = await world.api.call('document', { id });
    const late = world.sign(text);
    // Held, so that the signed plan can't start before its document ends.
    await world.api.call('hold', { device: 'gw1', reason: 'freeze' });
    const counted = await world.api.call('approve', { id, signatures: [late] });
    expect(counted).toMatchObject({ complete: true });
    await sleep(3_200);
    await world.api.call('release', { device: 'gw1' });
    await expectUntouched(world);
    const answer = await world.api.call('approve', { id, signatures: [world.sign(text, 'bob')] });
    expect(answer.results).toMatchObject([{ kind: 'refused', code: 'expired' }]);
    const next = await world.api.call('document', { id });
    expect(next.text).not.toBe(text);
  });

  test('a key revoked between signing and execution no longer counts', async (t) => {
    const { world, daemon, id } = await worldThatWaits();
    t.onTestFinished(() => world.close());
    await world.api.call('hold', { device: 'gw1', reason: 'freeze' });
    expect(await world.approve(id)).toMatchObject({ complete: true });
    writeFileSync(world.at('revoked_keys'), readFileSync(world.at('keys/alice.pub')));
    await daemon.reload();
    await world.api.call('release', { device: 'gw1' });
    const no = await world.untilRecord('refused', 'gw1', { code: 'quorum-missing', pending: id });
    expect(no).toMatchObject({ by: [{ person: 'alice' }], document: expect.any(String) as string });
    await expectUntouched(world);
    // Said once, and shown as long as it holds.
    expect(world.records().filter((record) => record.kind === 'refused')).toHaveLength(1);
    expect((await world.status()).devices).toMatchObject([
      { state: 'pending-signature', reason: 'quorum-missing', next: `siteward pending ${id}` },
    ]);
    expect((await world.approve(id, 'bob')).results).toMatchObject([{ kind: 'counted', person: 'bob' }]);
    await world.untilSettled();
  });

  test('with commits that must be signed, an unsigned one is held and a signed one goes through', async (t) => {
    const world = await buildWorld({ devices: { gw1: { exportText: demoExport } }, signed: 'required' });
    t.onTestFinished(() => world.close());
    await world.start();
    const held = await world.status();
    expect(held.desired).toMatchObject({ state: 'held', reason: 'commit-signature-refused' });
    expect(held.commit).toBeNull();
    const { git } = world.repository;
    git('config', 'gpg.format', 'ssh');
    git('config', 'user.signingkey', world.at('keys/bob'));
    git('commit', '-q', '-S', '--allow-empty', '-m', 'signed');
    await world.untilSettled();
    world.edit((text) => `${text}/ip dns static\nadd address=192.0.2.5 name=unsigned.example.org\n`);
    await world.untilRecord('commit-refused', undefined, { commit: git('rev-parse', 'HEAD') });
    await expectUntouched(world);
  });

  test('where tags are followed, a signed tag deploys what unsigned commits on the branch only preview', async (t) => {
    const world = await buildWorld({ devices: { gw1: { exportText: demoExport } }, signed: 'required' });
    t.onTestFinished(() => world.close());
    world.changeSettings((text) => text.replace('branch: main', 'branch: main, track: tag deploy-*'));
    const { git } = world.repository;
    git('config', 'gpg.format', 'ssh');
    git('config', 'user.signingkey', world.at('keys/bob'));
    git('tag', '-s', 'deploy-1', '-m', 'first');
    await world.start();
    await world.untilSettled();
    const merged = world.edit(
      (text) => `${text}/ip dns static\nadd address=192.0.2.5 name=tagged.example.org\n`,
    );
    git('tag', '-a', 'deploy-2', '-m', 'nobody signed this');
    await world.untilRecord('commit-refused', undefined, { commit: merged });
    expect((await world.status()).desired.message).toContain('the tag of commit');
    await expectUntouched(world);
    const preview = await world.api.call('plan', { device: 'gw1', rev: 'main' });
    expect(JSON.stringify(preview)).toContain('tagged.example.org');
    git('tag', '-s', 'deploy-10', '-m', 'go');
    expect(await world.untilSettled()).toMatchObject({ commit: merged });
    expect(await world.has('/ip dns static', 'name=tagged.example.org')).toBe(true);
  });
});
