/** `siteward journal show` and `journal verify` on real files. */
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../support/command-line.ts';

const samples = new URL('../../journal/samples/v1/', import.meta.url);
let state: string;
const segment = (): string => join(state, 'journal', '00000001.jsonl');

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'siteward-state-'));
  mkdirSync(join(state, 'journal'));
  copyFileSync(new URL('confirmed.jsonl', samples), segment());
});

afterEach(() => rmSync(state, { recursive: true, force: true }));

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('siteward journal verify', () => {
  test('answers 0 with the count and the head', async () => {
    const result = await runCommandLine(['journal', 'verify', '--state', state]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^ok: 29 records, head [0-9a-f]{64}\n$/);
  });

  test('answers 1 and names the first bad line, as words and as JSON', async () => {
    writeFileSync(segment(), readFileSync(segment(), 'utf8').replace('"person":"alice"', '"person":"mallo"'));
    const words = await runCommandLine(['journal', 'verify', '--state', state]);
    expect(words.code).toBe(1);
    expect(words.stderr).toMatch(/^damaged: 00000001\.jsonl:8: changed/);
    const json = await runCommandLine(['journal', 'verify', '--state', state, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      v: 1,
      ok: false,
      records: 7,
      damage: { file: '00000001.jsonl', line: 8 },
    });
  });

  test('takes a torn tail for what it is and changes nothing', async () => {
    copyFileSync(new URL('torn-tail.jsonl', samples), segment());
    const before = readFileSync(segment());
    const result = await runCommandLine(['journal', 'verify', '--state', state]);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^ok: 14 records, .*\nnote: \d+ bytes /);
    expect(readFileSync(segment())).toEqual(before);
  });

  test('answers 2 where there is no journal, and for wrong usage', async () => {
    const missing = await runCommandLine(['journal', 'verify', '--state', join(state, 'none')]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(join(state, 'none'));
    expect((await runCommandLine(['journal', 'verify', '--states', state])).code).toBe(2);
    expect((await runCommandLine(['journal', 'prove'])).code).toBe(2);
  });
});

describe('siteward journal show', () => {
  const show = (...argv: string[]) => runCommandLine(['journal', 'show', '--state', state, ...argv]);

  test('prints the records one a line, as they are with --json', async () => {
    const result = await show('--json');
    expect(result).toMatchObject({ code: 0, stdout: readFileSync(segment(), 'utf8') });
  });

  test('filters by device, rollout and time', async () => {
    expect(lines((await show('--device', 'gw1')).stdout).length).toBe(25);
    expect(lines((await show('--device', 'gw2')).stdout).length).toBe(0);
    expect(lines((await show('--rollout', '3f9ac0de5511')).stdout).length).toBe(21);
    expect(lines((await show('--since', '2026-11-21T10:00:27Z')).stdout).length).toBe(2);
    expect((await show('--since', 'yesterday')).code).toBe(2);
  });

  test('says in one readable line what happened, without bytes that steer a terminal', async () => {
    const text = lines(readFileSync(segment(), 'utf8'))[0] ?? '';
    writeFileSync(segment(), `${text.replace('"site":"bud-01"', '"site":"\\u001b[2J\\u202e"')}\n`);
    const { stdout } = await show();
    expect(stdout).toMatch(
      /^2026-11-21T10:00:00\.000Z #1 daemon-created daemon=d{32} site="[\x20-\x7e]+"\n$/,
    );
  });

  test('shows what is before damage, and says that there is damage', async () => {
    appendFileSync(
      segment(),
      'x'.repeat(10) + '\n' + (lines(readFileSync(segment(), 'utf8'))[3] ?? '') + '\n',
    );
    const result = await show();
    expect(result.code).toBe(1);
    expect(lines(result.stdout).length).toBe(29);
    expect(result.stderr).toContain('damaged: 00000001.jsonl:30');
  });
});
