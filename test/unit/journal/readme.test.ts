/** What the specification shows is what a reader gets: its commands run on the kept samples, where jq is there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const journal = new URL('../../../journal/', import.meta.url);
const noJq = spawnSync('jq', ['--version']).status === 0 ? '' : 'no jq here';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-readme-'));
  for (const [index, name] of ['confirmed', 'retained'].entries())
    copyFileSync(new URL(`samples/v1/${name}.jsonl`, journal), join(folder, `0000000${index + 1}.jsonl`));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function examples(): string[] {
  const text = readFileSync(new URL('README.md', journal), 'utf8');
  const block = /## Reading it with other tools[\s\S]*?```sh\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  return block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const run = (command: string): string =>
  execFileSync('sh', ['-ec', command], { cwd: folder, encoding: 'utf8' }).trim();

describe.skipIf(noJq !== '')(`the examples of the specification (${noJq})`, () => {
  test('each of them runs and answers something', () => {
    expect(examples().length).toBe(6);
    for (const command of examples()) expect(run(command), command).not.toBe('');
  });

  test('they say what is in the samples', () => {
    const [settled = '', allowed = '', effects = '', own = '', prev = '', sum = ''] = examples().map(run);
    expect(settled).toMatch(/\tgw1\t3f9ac0de5511\tconfirmed$/);
    expect(allowed).toMatch(/\tgw1\t3f9ac0de5511\talice$/);
    expect(effects.split('\n')).toContain('apply-started');
    expect(own).toContain('/ip firewall filter #0011223344556677');
    expect(sum.split(' ')[0]).toBe(prev);
  });
});

test('every command of siteward in it is one that exists', async () => {
  const text = readFileSync(new URL('README.md', journal), 'utf8');
  const { runCommandLine } = await import('../../support/command-line.ts');
  for (const [, words = ''] of text.matchAll(/`siteward ([a-z]+(?: [a-z]+)?)/g)) {
    const { code, stderr } = await runCommandLine([...words.split(' '), '--help']);
    expect([code, stderr], words).toEqual([0, '']);
  }
});
