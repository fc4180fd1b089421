/** Devices composed of shared files and values, on the running daemon: what they come to, and where faults are said to be. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

async function running(): Promise<World> {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  await one.start();
  await one.untilSettled();
  return one;
}

const names = async (one: World): Promise<string> =>
  (await one.device().console('/ip dns static export')).replace(/^#.*\n/gm, '');

const composition = {
  'groups/dns.rsc': '/ip dns static\nadd address=${net}.53 name=printer.example.org comment="${note}"\n',
  'devices/gw1/device.yaml':
    'include: [config.rsc, groups/dns.rsc]\nvars: { net: 192.0.2, note: "the \\"old\\" one" }\n',
};

test('a shared file with values is rolled out, confirmed, and shown by render', async () => {
  const one = await running();
  try {
    one.repository.commit(composition);
    const { commit } = await one.untilSettled();
    expect(await one.device().console('/ip dns static export')).toContain(
      'add address=192.0.2.53 comment="the \\"old\\" one" name=printer.example.org',
    );
    const rendered = await one.api.call('render', { device: 'gw1' });
    expect(rendered).toMatchObject({
      commit,
      files: ['devices/gw1/config.rsc', 'groups/dns.rsc'],
      problems: [],
    });
    expect(rendered.text).toContain('comment="the \\"old\\" one"');
    await one.restart();
    expect(await one.untilSettled()).toMatchObject({ commit });
  } finally {
    await one.close();
  }
});

test.each([
  [
    'a value that is missing',
    { 'devices/gw1/device.yaml': 'include: [config.rsc, groups/dns.rsc]\nvars: { net: 192.0.2 }\n' },
    'unknown-variable',
    'groups/dns.rsc:2:57',
  ],
  [
    'a file that contradicts another',
    { 'groups/dns.rsc': '/system identity\nset name=other\n' },
    'contradiction',
    'groups/dns.rsc:2:1',
  ],
  ['a file that is emptied', { 'groups/dns.rsc': '# nothing\n' }, 'config-empty', 'groups/dns.rsc:1'],
  ['a file that is gone', { 'groups/dns.rsc': null }, 'include-missing', 'devices/gw1/device.yaml:1:23'],
])('%s stops the device with the place, and nothing is deleted', async (_, change, code, place) => {
  const one = await running();
  try {
    one.repository.commit(composition);
    await one.untilSettled();
    const before = await names(one);
    one.repository.commit(change);
    const status = await one.untilDevice('an error', ({ state }) => state === 'error');
    expect(status).toMatchObject({ reason: code, message: expect.stringContaining(place) as string });
    expect(await names(one)).toBe(before);
  } finally {
    await one.close();
  }
});

test('a secret of this machine reaches the device, and nobody who reads plans, documents, answers or the journal', async () => {
  const one = await running();
  try {
    const file = one.at('secrets.yaml');
    writeFileSync(file, 'ppp-bob: "correct horse"\ngw1/ppp-eve: 1\n', { mode: 0o600 });
    one.changeSettings((text) =>
      `${text}secrets: { file: ${file} }\n`.replace('defaults: {', 'defaults: { secrets-on-device: allow,'),
    );
    await one.restart();
    one.edit((text) => `${text}/ppp secret\nadd name=bob password="\${secret:ppp-bob}"\n`);
    const pending = await one.untilPending();
    const { text } = await one.api.call('document', { id: pending.id });
    expect(text).toMatch(/password=<secret:password [0-9a-f]{4}>/);
    expect(text).not.toContain('correct horse');
    await one.approve(pending.id);
    await one.untilSettled();
    expect(await one.has('/ppp secret', 'name=bob password="correct horse"')).toBe(true);
    expect(JSON.stringify(one.records())).not.toContain('correct horse');
    const rendered = await one.api.call('render', { device: 'gw1' });
    expect(rendered.text).not.toContain('correct horse');
    expect(rendered.text).toMatch(/name=bob password=<secret:password [0-9a-f]{4}>/);
    one.edit((before) => `${before}/ppp secret\nadd name=al password="\${secret:nobody}"\n`);
    expect(await one.untilDevice('an error', ({ state }) => state === 'error')).toMatchObject({
      reason: 'unknown-secret',
    });
  } finally {
    await one.close();
  }
});
