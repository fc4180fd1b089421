/** More than one router: settings that are newer than the daemon, older versions, and rights that grow with the level. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test, type TestContext } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { buildWorld, type World } from '../support/daemon-world.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';

interface Site {
  readonly one: World;
  readonly home: Simulator;
  readonly cli: (...words: string[]) => Promise<CliResult>;
  readonly enrol: (...more: string[]) => Promise<CliResult>;
}

/** One router that is served, and one that nobody knows yet. */
async function siteWithNewRouter(t: TestContext): Promise<Site> {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  t.onTestFinished(() => one.close());
  const home = await startSimulator({ exportText: Buffer.from(demoExport, 'latin1') });
  t.onTestFinished(() => home.close());
  const cli = (...words: string[]) => runCli(...words, '--settings', one.settingsFile);
  const enrol = (...more: string[]) => cli('enrol', 'home', home.host, '--port', `${home.port}`, ...more);
  return { one, home, cli, enrol };
}

async function paste(home: Simulator, { err }: CliResult): Promise<readonly string[]> {
  const lines = err.split('\n').filter((line) => /^[/:]/.test(line));
  for (const line of lines) await home.console(line);
  return lines;
}

function nameInSettings(one: World, block: string): void {
  const lines = block.replace(/^/gm, '  ').trimEnd();
  one.changeSettings((text) => text.replace(/^devices:\n/m, `devices:\n${lines}\n`));
}

test('a second router beside a running daemon: each step says what the next one needs', async (t) => {
  const { one, home, cli, enrol } = await siteWithNewRouter(t);
  await one.start();
  await one.untilSettled();
  await paste(home, await enrol());
  const enrolled = await enrol();
  expect(enrolled).toMatchObject({ code: 0 });
  expect(enrolled.err).toContain('next: systemctl restart siteward && siteward check');
  nameInSettings(one, enrolled.out);
  const tooEarly = await cli('adopt', 'home');
  expect(tooEarly).toMatchObject({ code: 2, out: '' });
  expect(tooEarly.err).toContain('this daemon knows no device "home"');
  expect(tooEarly.err).toContain('it was started before: systemctl restart siteward');
  await one.restart();
  expect(await cli('adopt', 'home')).toMatchObject({ code: 0 });
});

test('a router that takes RSA keys only: the block says how to go on, until it has such a key', async (t) => {
  const { enrol } = await siteWithNewRouter(t);
  for (const time of ['first', 'again']) {
    const { code, err } = await enrol();
    expect(code, time).toBe(1);
    expect(err).toMatch(
      /says "bad command name add".*: siteward enrol home \S+ --port \d+ --rsa --settings /,
    );
  }
  const rsa = await enrol('--rsa');
  expect(rsa.err).toContain('/user ssh-keys import ');
  expect(rsa.err).not.toContain('bad command name add');
});

test('more rights come with a group of their own; the one that was pasted first keeps what its name says', async (t) => {
  const { home, enrol } = await siteWithNewRouter(t);
  await paste(home, await enrol());
  const before = await home.console('/user group print detail where name=siteward-report');
  const asked = await enrol('--manage', 'rollout');
  expect(asked.code).toBe(1);
  expect((await paste(home, asked)).length).toBe(3);
  const enrolled = await enrol('--manage', 'rollout');
  expect(enrolled).toMatchObject({ code: 0 });
  expect(enrolled.err).toContain('group siteward-rollout');
  expect(enrolled.err).toContain('next: siteward check');
  expect(enrolled.out).toContain('manage: rollout');
  expect(await home.console('/user group print detail where name=siteward-report')).toBe(before);
});

test('adopt --onto: rows in sections that the file does not name are said, and taken over when asked for', async (t) => {
  const identity = '/system identity\nset name=gw1\n';
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport, desired: identity } } });
  t.onTestFinished(() => one.close());
  const cli = (...words: string[]) => runCli(...words, '--settings', one.settingsFile);
  const file = one.at('gw1.rsc');
  writeFileSync(file, identity);
  const partly = await cli('adopt', 'gw1', '--onto', file);
  expect(partly.code).toBe(0);
  expect(partly.out).toContain('says what gw1 has of what it names');
  expect(partly.err).toMatch(/^left: .*\/ip firewall filter \(5 rows\).*: \S+ does not name them;/m);
  expect(readFileSync(file, 'utf8')).toBe(identity);
  expect((await cli('adopt', 'gw1', '--onto', file, '--all-sections')).code).toBe(0);
  const whole = await cli('adopt', 'gw1', '--onto', file);
  expect(whole.err).not.toContain('left:');
  expect(whole.out).toMatch(/says what gw1 has$/m);
});

test('what a file has from the device itself is a note of check, also where no item has that number any more', async (t) => {
  const exportText = `${demoExport.split('/system clock')[0]}/system identity\nset name=gw1\n`.replace(
    '/ip service\n',
    '/ip service\nset www-ssl certificate=*2\n',
  );
  const one = await buildWorld({ devices: { gw1: { exportText } } });
  t.onTestFinished(() => one.close());
  const { code, out } = await runCli('check', '--settings', one.settingsFile);
  expect(out).toMatch(/^ warning .*internal id.*; nothing is planned where it has the same$/m);
  expect(out).toContain('ready to run');
  expect(code).toBe(0);
});
