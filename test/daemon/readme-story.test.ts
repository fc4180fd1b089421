/**
 * The README's second story, run as it stands there: from a router that nobody manages to one that is in sync, and the
 * morning after. Commands come from the README; what it shows of their output must be in it, line for line, in order.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { startDaemon, type Daemon } from '../../src/daemon/daemon.ts';
import { loadSettings } from '../../src/settings/settings.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { until } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const story = readme.slice(readme.indexOf('## From an existing router'), readme.indexOf('## How a change'));
const blocks = [...story.matchAll(/```(\w*)\n([^]*?)```/g)].map(([, kind, text]) => ({
  kind,
  text: text ?? '',
}));

interface Step {
  readonly command: string;
  readonly shown: readonly string[];
}

function stepsOf(text: string): readonly Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...shown] = part.trimEnd().split('\n');
      return { command, shown };
    });
}

let folder: string;
let router: Simulator;
let daemon: Daemon | null = null;
let pasted = false;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-story-'));
  mkdirSync(path.join(folder, 'etc'), { mode: 0o700 });
  router = await startSimulator({ exportText: Buffer.from(demoExport, 'latin1') });
  const yaml = blocks.find(({ kind }) => kind === 'yaml')?.text ?? '';
  const places = 'state: state\nsocket: s.sock\n';
  writeFileSync(path.join(folder, 'etc/settings.yaml'), inWorld(yaml) + places, { mode: 0o600 });
});

afterAll(async () => {
  await daemon?.stop();
  await router.close();
  rmSync(folder, { recursive: true, force: true });
});

function inWorld(text: string): string {
  return text
    .replaceAll('/etc/siteward', `${folder}/etc`)
    .replaceAll('/srv/network', `${folder}/network`)
    .replaceAll('192.0.2.1', `${router.host} --port ${router.port}`);
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: folder,
  GIT_AUTHOR_NAME: 'alice',
  GIT_AUTHOR_EMAIL: 'alice@example.org',
  GIT_COMMITTER_NAME: 'alice',
  GIT_COMMITTER_EMAIL: 'alice@example.org',
});

interface Done {
  readonly code: number;
  readonly said: string;
}

/** Our own command here, all else as a shell does it. */
async function shell(typed: string): Promise<Done> {
  const command = inWorld(typed.replace(/\s+#.*$/, ''));
  const own = /^siteward (.*?)(?: > (\S+))?$/.exec(command);
  if (own === null) return await bash(command);
  const words = (own[1] ?? '').split(' ');
  const { code, out, err } = await runCli(...words, '--settings', `${folder}/etc/settings.yaml`);
  if (own[2] === undefined) return { code, said: err + out };
  writeFileSync(own[2], out);
  return { code, said: err };
}

function bash(command: string): Promise<Done> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: environment() };
    const child = execFile('bash', ['-c', command], options, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, said: err + out }),
    );
  });
}

/** Whether the lines are there, in this order; `…` stands for anything. */
function expectShown(said: string, shown: readonly string[]): void {
  const pattern = shown.map((line) =>
    inWorld(line)
      .split('…')
      .map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  );
  expect(said).toMatch(new RegExp(pattern.join('[^]*')));
}

async function run({ command, shown }: Step): Promise<void> {
  if (command.endsWith('&')) {
    process.env['SITEWARD_LOG_LEVEL'] = 'silent';
    daemon = await startDaemon(await loadSettings(`${folder}/etc/settings.yaml`), '0.0.0-test');
    return;
  }
  if (command.includes('status') || command.includes('refresh')) {
    await until(command, async () => {
      const { said } = await shell(command);
      expectShown(said, shown);
      expect(said).not.toContain('no daemon');
    });
    return;
  }
  const { code, said } = await shell(command);
  const first = command.includes('enrol') && !pasted;
  expect(code, said).toBe(first ? 1 : 0);
  expectShown(said, shown);
  if (!first) return;
  // As a person does at the router's own terminal.
  for (const line of said.split('\n').filter((one) => /^[/:]/.test(one)))
    expect(await router.console(line), line).toBe('');
  pasted = true;
}

test('from an existing router to managed, and the morning after', { timeout: 120_000 }, async () => {
  const [first, morning, burnt] = blocks.filter(({ kind }) => kind === '').map(({ text }) => stepsOf(text));
  expect(first?.length).toBeGreaterThan(8);
  for (const step of first ?? []) await run(step);
  await router.console('/ip firewall filter add chain=forward action=drop comment="last night"');
  for (const step of [...(morning ?? []), ...(burnt ?? [])]) await run(step);
});

test('a machine in the middle that takes the key does not know the word that was pasted', async () => {
  const authorizedKeys = readFileSync(`${folder}/etc/keys/gw1_ed25519.pub`, 'utf8');
  const other = await startSimulator({
    exportText: Buffer.from(demoExport, 'latin1'),
    user: 'siteward',
    authorizedKeys,
  });
  try {
    // It has seen all that the router's readers can see.
    const comment = await router.console(':put [/user get [find where name="siteward"] comment]');
    await other.console(`/user set [find where name="siteward"] comment="${comment.trim()}"`);
    const { code, said } = await shell(`siteward enrol gw1 ${other.host} --port ${other.port}`);
    expect(code).toBe(1);
    expect(said).toContain('that is not the router');
    expect(said).not.toContain('host-key:');
  } finally {
    await other.close();
  }
});
