import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { notify } from '../../src/daemon/notify.ts';

const unit = fileURLToPath(new URL('../../systemd/siteward.service', import.meta.url));
const present = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-unit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!present('systemd-analyze'))(
  'systemd reads the unit without a word (skipped without systemd-analyze)',
  () => {
    const copy = path.join(folder, 'siteward.service');
    // Any program that is there stands in for the installed one.
    writeFileSync(copy, readFileSync(unit, 'utf8').replace('/usr/bin/siteward', process.execPath));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' });
    const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('siteward'));
    expect(ours).toEqual([]);
    expect(status).toBe(0);
  },
);

test.skipIf(!present('systemd-analyze'))(
  'the exposure of the unit stays in the green (skipped without systemd-analyze)',
  () => {
    const { stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', unit],
      { encoding: 'utf8' },
    );
    const exposure = /Overall exposure level.*: ([\d.]+)/.exec(stdout)?.[1];
    expect(exposure, stderr).toBeDefined();
    expect(Number(exposure)).toBeLessThanOrEqual(2.5);
  },
);

test('the unit has what the daemon relies on, and no root', () => {
  const lines = readFileSync(unit, 'utf8').split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'Type=notify',
      'NotifyAccess=all',
      'WatchdogSec=60s',
      'User=siteward',
      'CapabilityBoundingSet=',
      'StateDirectory=siteward',
    ]),
  );
  expect(lines.some((line) => line.startsWith('MemoryDenyWriteExecute'))).toBe(false);
});

/** Stands in for systemd-notify: writes down what it was asked to say. */
function recorder(): { command: string; said: () => string[] } {
  const command = path.join(folder, 'systemd-notify');
  const file = path.join(folder, 'said');
  writeFileSync(file, '');
  writeFileSync(command, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${file}\n`);
  chmodSync(command, 0o755);
  return { command, said: () => readFileSync(file, 'utf8').split('\n').filter(Boolean) };
}

test('under systemd it says ready, alive as long as it is, and stopping', async () => {
  const { command, said } = recorder();
  let alive = true;
  const environment = {
    NOTIFY_SOCKET: '/run/x',
    WATCHDOG_USEC: '60000',
    WATCHDOG_PID: String(process.pid),
    PATH: process.env['PATH'] ?? '',
  };
  const notifier = notify({ environment, command, alive: () => alive });
  notifier.ready();
  await expect.poll(() => said().filter((line) => line.endsWith('WATCHDOG=1')).length).toBeGreaterThan(1);
  expect(said()).toContain(`/run/x --pid=${process.pid} --ready`);
  alive = false;
  notifier.stopping();
  await expect.poll(() => said().some((line) => line.endsWith('--stopping'))).toBe(true);
});

test('outside of systemd, or without systemd-notify, nothing happens', async () => {
  const { command, said } = recorder();
  const outside = notify({ environment: {}, command });
  outside.ready();
  outside.stopping();
  const without = notify({
    environment: { NOTIFY_SOCKET: '/run/x', PATH: '' },
    command: path.join(folder, 'none'),
  });
  without.ready();
  without.stopping();
  const after = notify({
    environment: { NOTIFY_SOCKET: '/run/x', PATH: process.env['PATH'] ?? '' },
    command,
  });
  after.stopping();
  await expect.poll(said).toHaveLength(1);
  expect(said()[0]).toContain('--stopping');
});
