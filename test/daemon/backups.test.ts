/** Devices' own backups, scheduled and ordered, end to end: fetched, sealed, taken off, shown; and what is in the way. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { codeOf } from '../../src/core/errors.ts';
import { connect } from '../../src/drivers/ssh-session.ts';
import { runCommandLine } from '../support/command-line.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

let one: World;
let identity: string;
let metricsAt: string;

beforeAll(async () => {
  identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  one = await buildWorld({
    devices: {
      gw1: {
        exportText: demoExport,
        settings: { backup: '{ every: 24h, binary: true }' },
        simulator: { behaviour: { disk: 'flash-and-memory', backupPlace: 'flash' } },
      },
      cpe: {
        exportText: demoExport,
        desired: null,
        settings: { manage: 'backup', backup: '{ at: "02:30", binary: true }' },
      },
    },
  });
  one.changeSettings((text) => `${text}history: { recipients: [${recipient}] }\n`);
  await one.device('cpe').console('/user group add name=reader policy=ssh,read');
  await one.device('cpe').console('/user set [find name=siteward] group=reader');
  const { http } = await one.start();
  metricsAt = `http://127.0.0.1:${http?.port ?? 0}/metrics`;
});
afterAll(() => one.close());

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(metricsAt)).text();
  const line = text.split('\n').find((each) => each.startsWith(`siteward_${name} `));
  return Number(line?.split(' ')[1]);
};
const command = (...words: string[]): ReturnType<typeof runCommandLine> =>
  runCommandLine(['--settings', one.settingsFile, ...words]);
const backups = (device: string): number =>
  one.records().filter((record) => record.kind === 'backup-finished' && record.device === device).length;
const filesOn = async (device = 'gw1'): Promise<string> =>
  (await one.device(device).console(':put [:len [/file find where name~"sw-backup"]]')).trim();

test('the first backup is made at once, announced, sealed, and off the device again', async () => {
  const finished = await one.untilRecord('backup-finished', 'gw1');
  expect(finished).toMatchObject({ result: 'ok' });
  expect(await filesOn()).toBe('0');
  const kinds = one.records().flatMap(({ kind }) => (kind.startsWith('backup-') ? [kind] : []));
  expect(kinds).toEqual(['backup-started', 'backup-finished']);
  const [revision] = (await one.api.call('history', { device: 'gw1', limit: 10 })).revisions;
  expect(revision?.binary).toMatch(/^20\d\d-/);
  expect(await metric('binary_backup_last_success_timestamp_seconds{device="gw1"}')).toBeGreaterThan(1e9);
});

test('what is shown opens with the identity of an operator to what the device made', async () => {
  const { content, sha256, bytes } = await one.api.call('binary', { device: 'gw1', rev: '~0' });
  const sealed = Buffer.from(content, 'base64');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const opened = Buffer.from(await decrypter.decrypt(sealed));
  expect(opened.length).toBe(bytes);
  expect(opened.subarray(0, 26).toString('latin1')).toBe('siteward-simulator-backup ');
  expect(sealed.includes(opened.subarray(0, 26))).toBe(false);
  writeFileSync(one.at('made'), opened);
  expect(execFileSync('sha256sum', [one.at('made')], { encoding: 'utf8' })).toContain(sha256);
  const shown = await command('show', 'gw1', '~0', '--binary', '--json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ v: 1, device: 'gw1', sha256, content });
  const plain = await command('show', 'gw1', '~0', '--binary');
  expect(plain.stdout.startsWith('age-encryption.org/v1\n')).toBe(true);
  expect(plain.stderr).toContain(`age -d -i IDENTITY gw1-`);
  expect((await command('backup', '--all', 'gw1')).code).toBe(2);
  expect((await command('history', 'gw1')).stdout).toMatch(/binary \d{4}-/);
});

test('an ordered one follows at once, and a disk without room is told of', async () => {
  const ordered = await command('backup', 'gw1');
  expect(ordered.stdout).toContain('its binary backup follows');
  await expect.poll(() => backups('gw1')).toBe(2);
  one.device().machine.files.full = true;
  await command('backup', 'gw1');
  const { warnings = [] } = await until('told', async () => {
    const status = await one.status();
    expect(status.warnings?.some(({ message }) => message.startsWith('gw1'))).toBe(true);
    return status;
  });
  expect(warnings.find(({ message }) => message.startsWith('gw1'))).toMatchObject({
    code: 'backup-failed',
    next: 'siteward backup gw1',
  });
  expect(await filesOn()).toBe('0');
});

test('a login without the right is told which, and nothing is written on its device', async () => {
  const { warnings = [] } = await until('told', async () => {
    const status = await one.status();
    expect(status.warnings?.some(({ message }) => message.startsWith('cpe'))).toBe(true);
    return status;
  });
  expect(warnings.find(({ message }) => message.startsWith('cpe'))?.message).toMatch(/may not ftp there/);
  expect(backups('cpe')).toBe(0);
  const checked = await command('check', '--json');
  const { checks } = JSON.parse(checked.stdout) as {
    checks: { code: string; device?: string; message: string }[];
  };
  const told =
    checks.find(({ code, device }) => code === 'rights-missing' && device === 'cpe')?.message ?? '';
  await one.device('cpe').console(told.slice(told.indexOf('/user')));
  await command('backup', 'cpe');
  await until('kept', async () => {
    const [newest] = (await one.api.call('history', { device: 'cpe', limit: 1 })).revisions;
    expect(newest?.binary).toMatch(/^20/);
  });
  expect(await metric('history_size_bytes{part="binary"}')).toBeGreaterThan(1000);
  expect(await metric('history_size_bytes{part="revisions"}')).toBeGreaterThan(1000);
});

test('a file comes whole or not at all', async () => {
  const device = one.device('cpe');
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
  device.machine.files.write('large.bin', bytes);
  const signal = new AbortController().signal;
  const session = await connect(
    {
      ...{
        host: device.host,
        port: device.port,
        user: 'siteward',
        hostKey: device.hostKey,
        timeoutMs: 5_000,
      },
      privateKey: readFileSync(one.at('keys/device')),
    },
    signal,
  );
  try {
    const read = (name: string, maxBytes = bytes.length): Promise<Buffer> =>
      session.readFile(name, { timeoutMs: 5_000, maxBytes }, signal);
    expect((await read('large.bin')).equals(bytes)).toBe(true);
    await expect(read('large.bin', 99_999)).rejects.toMatchObject({ code: 'rejected' });
    await expect(read('none.bin')).rejects.toMatchObject({ code: 'rejected' });
    const late = session.readFile('large.bin', { timeoutMs: 0, maxBytes: bytes.length }, signal);
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    const reading = read('large.bin').then(
      (whole) => whole.length,
      (error: unknown) => codeOf(error),
    );
    await session.close();
    expect(['unreachable', 'permission-denied']).toContain(await reading);
  } finally {
    await session.close();
  }
});
