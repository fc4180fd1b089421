import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { simulateCommand } from '../../src/cli/simulate.ts';
import { SMALL_EXPORT } from '../unit/simulator/started-machine.ts';

let folder = '';
const written = { out: '', err: '' };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-simulate-'));
  writeFileSync(join(folder, 'small.rsc'), `${SMALL_EXPORT}[erased]\n`, 'latin1');
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  written.out = '';
  written.err = '';
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command in this process; ends it as the signal would, without sending one to the tests. */
function simulate(...words: string[]): { readonly ended: Promise<unknown>; stop(): void } {
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.err += String(text);
    return true;
  });
  const before = new Set(process.listeners('SIGTERM'));
  const ended = simulateCommand()
    .exitOverride()
    .parseAsync(['routeros', ...words], { from: 'user' });
  return {
    ended,
    stop() {
      for (const listener of process.listeners('SIGTERM')) if (!before.has(listener)) listener('SIGTERM');
    },
  };
}

describe('siteward simulate routeros', () => {
  it('prints one JSON line when it is ready, notes elsewhere, and ends on SIGTERM', async () => {
    const running = simulate(
      '--export',
      join(folder, 'small.rsc'),
      '--password',
      'planted',
      '--uptime',
      '1h',
      '--seed',
      '7',
    );
    await expect.poll(() => written.out, { timeout: 10_000 }).toContain('\n');
    expect(written.out.match(/\n/g)).toHaveLength(1);
    const ready = JSON.parse(written.out) as { host: string; port: number; hostKey: string };
    expect(Object.keys(ready)).toEqual(['host', 'port', 'hostKey']);
    expect(ready.hostKey).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(written.err).toContain('not a line of an export, left out');
    expect(written.err + written.out).not.toContain('planted');
    running.stop();
    await running.ended;
    await expect(
      new Promise((resolve, reject) => {
        const socket = connect(ready.port, ready.host);
        socket.once('connect', () => resolve(socket.destroy()));
        socket.once('error', reject);
      }),
    ).rejects.toThrow('ECONNREFUSED');
  });

  it('says so at once where the export leaves no way in', async () => {
    const closed = SMALL_EXPORT.replace('set telnet disabled=yes', 'set ssh disabled=yes');
    writeFileSync(join(folder, 'closed.rsc'), closed, 'latin1');
    const running = simulate('--export', join(folder, 'closed.rsc'), '--password', 'planted');
    await expect.poll(() => written.out, { timeout: 10_000 }).toContain('\n');
    expect(written.err).toBe(
      'note: every connection is dropped (service disabled), as on the device of this export; ' +
        'change its /ip service line for ssh to log in\n',
    );
    running.stop();
    await running.ended;
  });

  it('starts many devices of one export, by profiles, each with a line and a key of its own', async () => {
    const running = simulate(
      '--export',
      join(folder, 'small.rsc'),
      '--devices',
      '3',
      '--profile',
      'v7.21',
      '--profile',
      'strict',
      '--fault',
      'refuse-connections@0s',
    );
    await expect.poll(() => written.out.split('\n').length, { timeout: 10_000 }).toBe(4);
    const lines = written.out.trim().split('\n');
    const ready = lines.map((line) => JSON.parse(line) as { port: number; hostKey: string });
    expect(new Set(ready.map(({ port }) => port)).size).toBe(3);
    expect(new Set(ready.map(({ hostKey }) => hostKey)).size).toBe(3);
    running.stop();
    await running.ended;
  });

  it.each([
    [['--profile', 'nonsense'], 'there are usual, v6.49'],
    [['--fault', 'nonsense'], 'no such fault; there are cut, stall'],
    [['--fault', 'cut=many'], 'expected cut=BYTES, as in cut=20000'],
    [['--fault', 'reboot=5'], 'reboot: takes no value'],
    [['--fault', 'reboot@soon'], 'after @ a duration such as 30s is expected'],
    [['--devices', '0'], 'expected a number from 1'],
  ])('says what is wrong with %j', async (words, message) => {
    await expect(simulate('--export', join(folder, 'small.rsc'), ...words).ended).rejects.toThrow();
    expect(written.err).toContain(message);
  });

  it('lists profiles and faults in its help', async () => {
    await expect(simulate('--help').ended).rejects.toThrow();
    expect(written.out).toMatch(/--uptime <duration> [^-]*\(default: 1d\)/);
    for (const part of [
      'startup-by-wall-clock',
      'find-own-type',
      'v6.49',
      'few-permissions',
      'power-cut',
      'clock-jump=DURATION',
      'standard input',
    ])
      expect(written.out).toContain(part);
  });

  it.each([
    ['a file that is not there', ['--export', '/nonexistent.rsc']],
    ['a file that is no export', ['--export', '/dev/null']],
  ])('says what is wrong with %s and exits 2', async (_what, words) => {
    await simulate(...words).ended;
    expect(process.exitCode).toBe(2);
    expect(written.out).toBe('');
    expect(written.err).toMatch(/siteward: .+\n$/);
  });
});
