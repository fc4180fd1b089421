/**
 * A secret's whole way on the running daemon, once with deaths: found equal, changed in the secrets file, signed, rolled
 * out, taken back exactly when a probe is red, changed by somebody else. And nobody who reads anything that the daemon
 * wrote learns one (I10).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { noAge } from '../support/age-program.ts';
import { buildProgram } from '../support/built-program.ts';
import { runCommandLine } from '../support/command-line.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

let program: BuiltProgram;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

const canaries = ['canary-first-4711', 'canary-second-4711', 'canary-third-4711', 'canary-by-hand-4711'];
const [first = '', second = '', third = '', byHand = ''] = canaries;

/** Plain, and as programs write bytes that they do not show. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'latin1');
  // Where the bytes begin in a group of three changes what base64 makes of them.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [secret, bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64];
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((name) => statSync(name).isFile());
}

async function passwordOf(one: World): Promise<string> {
  return (await one.device().console(':put [/ppp secret get [find where name=bob] password]')).trim();
}

test('a password is rotated, survives kill -9, comes back when a probe is red, and is told to nobody', async (t) => {
  const row = `/ppp secret\nadd name=bob password=`;
  const one = await buildWorld({
    devices: {
      gw1: {
        exportText: `${demoExport}${row}${first}\n`,
        desired: `${demoExport}${row}"\${secret:bob}"\n`,
        settings: {
          'secrets-on-device': 'allow',
          probes:
            '{ calm: { command: ":put [:len [/ppp secret find where comment=red]]", expect: "0", within: 2s } }',
        },
        simulator: { behaviour: { commandMs: 3 } },
      },
    },
  });
  t.onTestFinished(() => one.close());
  const say = (value: string): void => {
    writeFileSync(one.at('secrets.yaml'), `bob: ${value}\n`, { mode: 0o600 });
  };
  say(first);
  one.changeSettings((text) => `${text}secrets: { file: secrets.yaml }\n`);
  one.spawn(program.main);
  const answers: unknown[] = [];
  const ask = async (): Promise<string> => {
    const item = await one.untilPending();
    const { text } = await one.api.call('document', { id: item.id });
    answers.push(text, await one.status(), await one.api.call('plan', {}));
    return text;
  };
  await until('the daemon answers', () => one.status());
  // The device hides it and was asked: it has what git says, so that there is nothing to sign.
  await one.untilSettled();

  say(second);
  const text = await ask();
  expect(text).toMatch(
    / {3}desired, operational, always signed: credentials\n > .* password=<secret:password [0-9a-f]{4}>\n < .* password=<secret:password [0-9a-f]{4}>\n/,
  );
  expect(text).toContain('rollback: exact, on the device itself');
  await one.approve((await one.untilPending()).id);
  await one.untilRecord('apply-started');
  await one.processes()[0]?.kill();
  one.spawn(program.main);
  await until('the daemon answers', () => one.status());
  await one.untilRecord('settled');
  const outcomes = (): readonly string[] =>
    one.records().flatMap((record) => (record.kind === 'settled' ? [record.outcome] : []));
  // Killed before the order had left, it went back, and what is wanted still is asked once more.
  if (outcomes()[0] !== 'confirmed') {
    expect(await passwordOf(one)).toBe(first);
    await one.approve((await one.untilPending()).id);
  }
  await one.untilSettled();
  expect(await passwordOf(one)).toBe(second);
  expect(await one.traces()).toEqual(['sw-witness']);
  const settled = outcomes().length;

  // With this comment the probe is red: both go back, the password to the very one that was there.
  say(third);
  one.edit((before) => before.replace('add name=bob', 'add comment=red name=bob'));
  await one.untilDevice('waits', ({ state }) => state === 'pending-signature');
  await ask();
  await one.approve((await one.untilPending()).id);
  await one.untilDevice('set aside', ({ state, rollout }) => state === 'quarantined' && rollout === null);
  expect(outcomes().slice(settled)).toEqual(['rolled-back']);
  expect(await passwordOf(one)).toBe(second);

  // Somebody else changed it meanwhile: nobody here knows that value, so no rollback can bring it back.
  await one.device().console(`/ppp secret set [find where name=bob] password="${byHand}"`);
  const head = one.edit((before) => before.replace('comment=red ', ''));
  const conflict = await until('the plan without the comment waits', async () => {
    const item = await one.untilPending();
    const { text: document } = await one.api.call('document', { id: item.id });
    if (document.includes(head) && document.includes('conflict')) return { id: item.id, document };
    throw new Error(document);
  });
  answers.push(conflict);
  expect(conflict.document).toContain('conflict, operational, always signed: a secret would be lost');
  expect(conflict.document).toMatch(
    / < # password=<secret:password [0-9a-f]{4}> is not known here and can't be brought back/,
  );
  expect(conflict.document).toContain(
    'rollback: exact but for 1 secret that nobody here knows, on the device',
  );
  await one.approve(conflict.id);
  await one.untilSettled();
  expect(await passwordOf(one)).toBe(third);

  // Asked at each reading, a change by hand is drift; and the history has it for the operator's key alone.
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  one.changeSettings((before) =>
    `${before}history: { recipients: [${recipient}] }\n`.replace(
      'defaults: {',
      'defaults: { secrets: compare,',
    ),
  );
  await one.processes().at(-1)?.kill();
  one.spawn(program.main);
  await until('the daemon answers', () => one.status());
  await one.untilSettled();
  await one.device().console(`/ppp secret set [find where name=bob] password="${byHand}"`);
  await one.untilDevice('drifted', ({ state }) => state === 'drifted');
  answers.push(await one.status(), await one.api.call('plan', {}));
  const sealed = await until('it is in the history', () => {
    const show = ['-C', one.at('state/history.git'), 'show', 'gw1:gw1/secrets.age'];
    const bytes = execFileSync('git', show, { stdio: ['ignore', 'pipe', 'ignore'] });
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return decrypter.decrypt(bytes, 'text');
  });
  expect(sealed).toMatch(/^\/ppp secret set \[\/ppp secret find where name="bob"\] password=canary-/m);

  // The operator opens what is sealed; the daemon takes it for what it is, and the rollout writes it.
  writeFileSync(one.at('operator.txt'), `# created by age-keygen\n${identity}\n`, { mode: 0o600 });
  const command = (...words: string[]): ReturnType<typeof runCommandLine> =>
    runCommandLine(['--settings', one.settingsFile, ...words]);
  const listed = await command('history', 'gw1');
  expect(listed.stdout).toMatch(/^ [0-9a-f]{12} .* drift +\+0 -0 +not named in its log +other secrets$/m);
  const compared = await command('diff', 'gw1', '~1');
  expect([compared.code, compared.stdout]).toMatchObject([
    1,
    expect.stringContaining('no difference\ntheir sealed secrets differ: siteward show gw1 '),
  ]);
  // By hand: what the documentation tells people to type.
  if (noAge === '') {
    const show = `'${process.execPath}' '${program.main}' --settings '${one.settingsFile}' show gw1 ~1 --secrets`;
    const typed = ['-ec', `${show} | age -d -i '${one.at('operator.txt')}'`];
    expect(execFileSync('sh', typed, { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] })).toBe(
      `/ppp secret set [/ppp secret find where name="bob"] password=${third}\n`,
    );
  }
  const without = await command('restore', 'gw1', '~1', '--preview');
  // What is kept encrypted here is, by digest, what is sealed there.
  expect(without.stdout).toMatch(/~ name=bob password=<secret:password [0-9a-f]{4}> -> </);
  expect(without.stdout).toContain(
    'secrets       those last confirmed, which are the ones of the revision\n',
  );
  const preview = await command('restore', 'gw1', '~1', '--identity', one.at('operator.txt'), '--preview');
  expect(preview.stdout).toContain('secrets       as they were, opened by who ordered it\n');
  const next = /next: siteward (restore gw1 [0-9a-f]{12} --plan [0-9a-f]{16} --identity \S+)\n/.exec(
    preview.stdout,
  )?.[1];
  const ordered = await command(...(next ?? '').split(' '));
  expect([ordered.stderr, ordered.code]).toEqual(['', 0]);
  const restoring = await one.untilPending();
  expect(restoring.text).toContain('secrets: as they were, opened by who ordered it\n');
  await one.approve(restoring.id);
  await one.untilDevice('held there', ({ state }) => state === 'held');
  expect(await passwordOf(one)).toBe(third);
  answers.push(without, preview, ordered, restoring);

  answers.push(
    await one.api.call('records', { sinceSeq: 0, limit: 1000 }),
    await one.api.call('render', { device: 'gw1' }),
  );
  answers.push(await one.api.call('history', { device: 'gw1', limit: 10 }));
  const written = [
    ...filesBelow(one.at('state')).map((name) => ({ name, bytes: readFileSync(name, 'latin1') })),
    ...one.processes().map((child, i) => ({ name: `output ${i}`, bytes: child.output() })),
    { name: 'answers', bytes: JSON.stringify(answers) },
  ];
  expect(written.length).toBeGreaterThan(10);
  const found = written.flatMap(({ name, bytes }) =>
    canaries.flatMap(formsOf).flatMap((form) => (bytes.includes(form) ? [`${form} in ${name}`] : [])),
  );
  expect(found).toEqual([]);
});
