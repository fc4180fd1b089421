/** What a person does with `rsc plan`: types its commands, one a line, over OpenSSH; and its inverse, to come back. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/simulator/random.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { runCommandLine } from '../support/command-line.ts';
import { mutatedExport } from '../support/mutated-export.ts';
import { noRealExports, realExports, whyNoRealExports } from '../support/real-exports.ts';

const noSsh = spawnSync('ssh', ['-V']).status !== 0;
const why = noSsh ? ' (skipped: there is no ssh)' : whyNoRealExports;

let folder = '';
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-rsc-ssh-'));
  if (!noSsh) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'key')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(bytes: Uint8Array): string {
  const name = path.join(folder, `${++files}.rsc`);
  writeFileSync(name, bytes);
  return name;
}

const controlPath = (port: number): string => path.join(folder, String(port));

function hangUp(port: number): void {
  spawnSync('ssh', ['-F', '/dev/null', '-o', `ControlPath=${controlPath(port)}`, '-O', 'exit', '127.0.0.1']);
}

/** One console line by the client's own words; what the device printed, as bytes. */
function ssh(port: number, line: string): Promise<Buffer> {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'LogLevel=ERROR',
    // All lines go over one connection, as in one terminal: each is a channel of its own all the same.
    'ControlMaster=auto',
    'ControlPersist=yes',
    `ControlPath=${controlPath(port)}`,
  ];
  const words = [
    ...options.flatMap((one) => ['-o', one]),
    '-i',
    path.join(folder, 'key'),
    '-p',
    String(port),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', ['-F', '/dev/null', ...words, 'admin@127.0.0.1', line], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

const letsUsIn = (text: string): boolean => !/^(\/ip service )?set ssh .*(disabled=yes|address=)/m.test(text);
const usable = realExports().filter(({ pure, bytes }) => {
  const text = Buffer.from(bytes).toString('latin1');
  return pure && text.endsWith('\n') && !text.includes('#error') && letsUsIn(text) && bytes.length < 40_000;
});

describe.skipIf(noRealExports || noSsh)(`real exports, edited${why}`, () => {
  test.each(usable)('$file ($version) becomes what is wanted, and comes back', async ({ bytes }) => {
    const actual = file(bytes);
    const { commands, inverse, desired } = await planOfSomeEdit(bytes, actual);
    expect(commands.length).toBeGreaterThan(0);
    const authorizedKeys = readFileSync(path.join(folder, 'key.pub'), 'latin1');
    const device = await startSimulator({ exportText: bytes, authorizedKeys });
    try {
      const read = async (): Promise<string> => file(await ssh(device.port, '/export'));
      const before = await read();
      for (const line of commands) expect([line, String(await ssh(device.port, line))]).toEqual([line, '']);
      expect(await runCommandLine(['rsc', 'plan', await read(), desired])).toMatchObject({ code: 0 });
      for (const line of inverse) expect([line, String(await ssh(device.port, line))]).toEqual([line, '']);
      const end = await runCommandLine(['rsc', 'diff', await read(), before]);
      expect(end).toEqual({ code: 0, stdout: 'no difference\n', stderr: '' });
    } finally {
      hangUp(device.port);
      await device.close();
    }
  });
});

/** The first edit, of many, of which the tables know how to do and undo all. */
async function planOfSomeEdit(
  bytes: Uint8Array,
  actual: string,
): Promise<{ commands: readonly string[]; inverse: readonly string[]; desired: string }> {
  for (let seed = 1; seed < 40; seed++) {
    const random = seededRandom(seed);
    const desired = file(mutatedExport(bytes, (limit) => random.below(limit)));
    const forward = await runCommandLine(['rsc', 'plan', actual, desired, '--commands']);
    if (forward.code !== 1) continue;
    const back = await runCommandLine(['rsc', 'plan', actual, desired, '--inverse']);
    const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
    return { commands: lines(forward.stdout), inverse: lines(back.stdout), desired };
  }
  return { commands: [], inverse: [], desired: actual };
}
