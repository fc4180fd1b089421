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
import { followJournal } from '../../src/journal/follow.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { replayJournal } from '../../src/journal/replay.ts';
import { fileStorage } from '../../src/journal/storage.ts';
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
    expect(words.stderr).toContain(`next: siteward journal show --state ${state}\n`);
    const json = await runCommandLine(['journal', 'verify', '--state', state, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      v: 1,
      ok: false,
      records: 7,
      damage: { file: '00000001.jsonl', line: 8 },
    });
  });

  test('a whole chain with a record that no daemon of this version reads is damage, too', async () => {
    const [first = ''] = readFileSync(segment(), 'utf8').split('\n');
    writeFileSync(segment(), `${first.replace(/}$/, ',"mood":"good"}')}\n`);
    const { code, stderr } = await runCommandLine(['journal', 'verify', '--state', state]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^damaged: 00000001\.jsonl:1: record 1 \(daemon-created\) has a field "mood", which this version does not know; start the version that wrote it; /,
    );
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
    expect(missing.stderr).toBe(
      `error: ${join(state, 'none', 'journal')} is not there; check the name (ENOENT)\n`,
    );
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

describe('what was noted elsewhere', () => {
  const heads = (): { seq: number; prev: string }[] =>
    lines(readFileSync(segment(), 'utf8')).map((line) => JSON.parse(line) as { seq: number; prev: string });
  const expecting = (noted: string) =>
    runCommandLine(['journal', 'verify', '--state', state, '--expect', noted]);

  test('is found in the journal, by all of its hash or the digits that status shows', async () => {
    const noted = `20:${heads()[20]?.prev ?? ''}`;
    expect((await expecting(noted)).code).toBe(0);
    expect((await expecting(noted.slice(0, 16))).code).toBe(0);
    const { stdout } = await runCommandLine(['journal', 'verify', '--state', state]);
    expect((await expecting(`29:${/head ([0-9a-f]{64})/.exec(stdout)?.[1] ?? ''}`)).code).toBe(0);
  });

  test('shows that whole records were cut off the end, which the files alone can’t', async () => {
    const noted = `20:${heads()[20]?.prev ?? ''}`;
    writeFileSync(segment(), `${lines(readFileSync(segment(), 'utf8')).slice(0, 15).join('\n')}\n`);
    expect((await runCommandLine(['journal', 'verify', '--state', state])).code).toBe(0);
    const result = await expecting(noted);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^cut off: the journal ends at record 15, and record 20 was noted/);
  });

  test('shows a journal that was written anew, and takes nothing that is no head', async () => {
    const result = await expecting(`20:${'0'.repeat(64)}`);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/^changed: record 20 is another one/);
    expect((await expecting('20')).code).toBe(2);
  });
});

test('a journal that begins with a checkpoint says from where it is proved', async () => {
  copyFileSync(new URL('retained.jsonl', samples), join(state, 'journal', '00000002.jsonl'));
  rmSync(segment());
  const result = await runCommandLine(['journal', 'verify', '--state', state]);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toMatch(/^ok: 5 records from 30 on, where a checkpoint holds what was before, head /);
  const old = await runCommandLine([
    'journal',
    'verify',
    '--state',
    state,
    '--expect',
    `7:${'a'.repeat(13)}`,
  ]);
  expect(old.stderr).toMatch(/^not there any more: the journal begins at record 30/);
});

test('--until leaves out what came later', async () => {
  const argv = ['journal', 'show', '--state', state, '--until', '2026-11-21T10:00:03Z'];
  expect(lines((await runCommandLine(argv)).stdout).length).toBe(3);
});

test('--follow shows each record once as it is written, over segments, without the daemon', async () => {
  const seen: number[] = [];
  const folder = join(state, 'journal');
  const replayed = await replayJournal({
    folder,
    storage: fileStorage,
    from: 'oldest',
    onRecord: ({ seq }) => seen.push(seq),
  });
  const journal = await openJournal({ folder, clock: Date, onRecord: () => undefined, segmentBytes: 1 });
  let left = 6;
  await followJournal({
    folder,
    storage: fileStorage,
    ...replayed,
    onRecord: ({ seq }) => seen.push(seq),
    wait: async () => {
      await journal.append({ kind: 'daemon-stopped', actor: 'daemon' });
      return left-- > 0;
    },
  });
  await journal.close();
  expect(seen).toEqual(Array.from({ length: 35 }, (_, i) => i + 1));
});

test('--follow ends with an error when what it has not shown was dropped', async () => {
  const folder = join(state, 'journal');
  const replayed = await replayJournal({ folder, storage: fileStorage, from: 'oldest', onRecord: () => 0 });
  copyFileSync(new URL('retained.jsonl', samples), join(folder, '00000003.jsonl'));
  rmSync(segment());
  let waits = 0;
  const following = followJournal({
    folder,
    storage: fileStorage,
    ...replayed,
    onRecord: () => undefined,
    wait: () => Promise.resolve(waits++ < 3),
  });
  await expect(following).rejects.toThrow('behind 29 were dropped before they were shown; begin again');
});
