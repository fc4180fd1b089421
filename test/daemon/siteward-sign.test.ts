/**
 * `contrib/siteward-sign` as a signer uses it: a real sshd, the real daemon behind its socket, `sh` being dash. And
 * against a site that is hostile: nothing that it says runs on the signer's machine or reaches the terminal as more than
 * text.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildProgram } from '../support/built-program.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildWorld } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { hasSshd, startSshd } from '../support/real-sshd.ts';
import type { RealSshd } from '../support/real-sshd.ts';

const script = fileURLToPath(new URL('../../contrib/siteward-sign', import.meta.url));
const rule =
  '/ip firewall filter\nadd action=drop chain=forward comment="no telnet" dst-port=23 protocol=tcp\n';

describe.skipIf(!hasSshd)('siteward-sign (skipped without /usr/sbin/sshd)', () => {
  let sshd: RealSshd;
  let program: BuiltProgram;
  let world: World;
  let siteward = '';

  beforeAll(async () => {
    sshd = await startSshd();
    program = buildProgram();
    world = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    siteward = `${process.execPath} ${program.main} --settings ${world.settingsFile}`;
    // The script calls ssh by its name, with options of its own; how the host is reached is the user's configuration.
    const options = [
      ['-F', '/dev/null'],
      ['-p', String(sshd.port)],
      ['-i', sshd.identity],
      ['-o', `UserKnownHostsFile=${sshd.knownHosts}`],
      ['-o', 'BatchMode=yes'],
    ];
    const wrapper = `#!/bin/sh\nexec ${path.join(sshBin(), 'ssh')} ${options.flat().join(' ')} "$@"\n`;
    mkdirSync(world.at('tmp'));
    writeFileSync(world.at('ssh'), wrapper, { mode: 0o755 });
    await world.start();
    await world.untilSettled();
  });
  afterAll(async () => {
    await world.close();
    program.remove();
    await sshd.close();
  });

  interface Ended {
    readonly code: number | null;
    readonly out: string;
    readonly err: string;
  }

  async function run(args: readonly string[], answer = ''): Promise<Ended> {
    const child = spawn('dash', [script, ...args], {
      env: { PATH: `${path.dirname(world.at('ssh'))}:${process.env['PATH'] ?? ''}`, TMPDIR: world.at('tmp') },
      stdio: 'pipe',
    });
    const texts = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString('latin1')));
    // It may end without having asked.
    child.stdin.on('error', () => undefined).end(answer);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, ...texts };
  }

  const signing = (id: string, command: string, ...more: readonly string[]): string[] => [
    ...['-k', world.at('keys/alice'), '-o', 'example.org', '-c', command, ...more, '127.0.0.1'],
    ...(id === '' ? [] : [id]),
  ];

  test('shows what waits, shows the document, signs on a yes, submits and follows to the end', async () => {
    world.edit((text) => text + rule);
    const { id } = await world.untilPending();
    const listed = await run(signing('', siteward));
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining(id) as string });

    const declined = await run(signing(id, siteward), 'no\n');
    expect(declined).toMatchObject({ code: 1, err: expect.stringContaining('not signed') as string });
    const wrongRole = await run(signing(id, siteward, '-r'), 'yes\n');
    expect(wrongRole.err).toContain('its class is operational, and you sign as recovery');
    expect(world.records().map(({ kind }) => kind)).not.toContain('signature-accepted');

    const signed = await run(signing(id, siteward), 'yes\n');
    expect(signed.err).toContain('sign this as siteward-operational-v1@example.org?');
    expect(signed.out).toContain('siteward-authorization-v1\nkind: rollout\n');
    expect(signed.out).toContain('accepted alice');
    expect(signed.out).toContain('CONFIRMED');
    expect(signed.code).toBe(0);
    await world.untilSettled();
    expect(await world.has('/ip firewall filter', 'comment="no telnet"')).toBe(true);
    expect(readdirSync(world.at('tmp'))).toEqual([]);
  });

  test('what a hostile site answers runs nothing and reaches no terminal', async () => {
    const canary = world.at('canary');
    const evil = world.at('evil');
    const good = 'siteward-authorization-v1\nkind: rollout\nclass: operational\nsite: x\n\nplan\n';
    const answers: readonly [string, string][] = [
      ['escape sequences', `${good}\u001b]0;owned\u0007\u001b[2J`],
      ['bytes beyond ASCII', `${good}\u009b2J`],
      ['a carriage return', `${good}harmless\rhostile\n`],
      ['NUL', `${good}\0`],
      ['another first line', `x\n${good}`],
      ['an option as its class', good.replace('operational', '-f /etc/passwd')],
      ['no class', good.replace('class: operational\n', '')],
    ];
    for (const [what, text] of answers) {
      writeFileSync(world.at('answer'), text, 'latin1');
      writeFileSync(evil, `#!/bin/sh\ncat ${world.at('answer')}\n`, { mode: 0o755 });
      const { code, out, err } = await run(signing('bud-01-gw1-1', evil), 'yes\n');
      expect([what, code, out]).toEqual([what, 1, '']);
      expect(err).toMatch(/^siteward-sign: [ -~]+\n$/);
    }
    // Text that a shell would run is text; what approve answers is cut down to text too.
    writeFileSync(world.at('answer'), `${good}$(touch ${canary}) \`touch ${canary}\` '; touch ${canary} #\n`);
    writeFileSync(
      evil,
      `#!/bin/sh\ncase $1 in pending) cat ${world.at('answer')} ;; *) printf 'accepted \\033[2J\\033]52;c;eA==\\007' ; exit 1 ;; esac\n`,
      { mode: 0o755 },
    );
    const { code, out } = await run(signing('bud-01-gw1-1', evil), 'yes\n');
    expect(code).toBe(1);
    expect(out).toMatch(/^[\n -~]*$/);
    expect(out).toContain('accepted [2J');
    expect(existsSync(canary)).toBe(false);

    // More than a document can be ends the transfer, not the disk.
    writeFileSync(evil, '#!/bin/sh\nyes\n', { mode: 0o755 });
    expect((await run(signing('bud-01-gw1-1', evil), 'yes\n')).code).toBe(1);
    expect(readdirSync(world.at('tmp'))).toEqual([]);
  });

  test.each([
    ['an ID that would be more than a word', ['host', 'x; touch /tmp/x']],
    ['an ID that would be an option', ['host', '--all']],
    ['a host that would be an option', ['--', '-oProxyCommand=touch', 'x']],
    ['an organization that is none', ['-k', 'k', '-o', 'a b', 'host', 'x']],
    ['no host', []],
  ])('%s is refused before anything is asked', async (_, args) => {
    const { code, out } = await run(args);
    expect([code, out]).toEqual([2, '']);
  });
});

function sshBin(): string {
  return (
    (process.env['PATH'] ?? '').split(':').find((folder) => existsSync(path.join(folder, 'ssh'))) ??
    '/usr/bin'
  );
}
