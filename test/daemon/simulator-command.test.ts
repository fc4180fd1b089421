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
