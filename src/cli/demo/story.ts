/**
 * The acts of the demo. Each does what an operator would do, shows what he would see, and checks that it happened
 * as told; a check that fails ends the demo with exit code 1.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceStatus, PendingAnswer, StatusAnswer } from '../../api/answers.ts';
import type { Narrator } from './narrator.ts';
import type { World } from './world.ts';

const lineEnd = '\n';
const namespace = 'siteward-operational-v1@example.org';

export async function tellStory(world: World, tell: Narrator): Promise<void> {
  await actStart(world, tell);
  await actBenign(world, tell);
  await actSigned(world, tell);
  await actLockOut(world, tell);
  await actKilled(world, tell);
  await actDrift(world, tell);
  await actHistory(world, tell);
  await actMetrics(world, tell);
}

async function actStart(world: World, tell: Narrator): Promise<void> {
  tell.act(
    'A router, its configuration in git, and one daemon',
    'The desired file is the router’s own export, so there is nothing to do yet.',
  );
  await world.startDaemon();
  await untilDevice(world, 'in-sync', (gw1) => gw1.state === 'in-sync');
  await show(world, tell, 'status');
}

async function actBenign(world: World, tell: Narrator): Promise<void> {
  tell.act(
    '(a) A benign commit rolls out by itself',
    'A static DNS name: nothing is lost, opened or interrupted by it.',
  );
  await commit(
    world,
    tell,
    'Name the printer',
    '/ip dns static',
    'add address=192.0.2.20 name=printer.demo.example',
  );
  await untilDevice(
    world,
    'the printer is in',
    (gw1, all) => gw1.state === 'in-sync' && gw1.commit === all.commit && gw1.rollout === null,
  );
  await show(world, tell, 'log', 'gw1');
  const there = await world.onRouter(':put [:len [/ip dns static find where name="printer.demo.example"]]');
  tell.check(there.stdout.trim() === '1', 'the router has the name');
}

async function actSigned(world: World, tell: Narrator): Promise<void> {
  tell.act(
    '(b) A firewall rule waits for a signature',
    'Traffic is at stake, so somebody with the right role signs exactly this change.',
  );
  await commit(
    world,
    tell,
    'Drop telnet',
    '/ip firewall filter',
    'add action=drop chain=forward comment="no telnet" dst-port=23 protocol=tcp',
  );
  const id = await untilPending(world);
  await show(world, tell, 'plan', 'gw1');
  await document(world, tell, id);
  tell.say('A signature over something else is refused:');
  await writeFile(join(world.folder, 'other'), 'something else\n');
  await sign(world, tell, 'other');
  const refused = await show(world, tell, 'approve', id, 'other.sig');
  tell.check(refused.code === 1, 'the wrong signature is refused');
  tell.say('The right one goes through:');
  await sign(world, tell, 'document');
  const followed = await show(world, tell, 'approve', id, 'document.sig', '--follow');
  tell.check(followed.code === 0, 'the right signature is accepted and the rollout is confirmed');
  await untilDevice(
    world,
    'the rule is in',
    (gw1, all) => gw1.state === 'in-sync' && gw1.commit === all.commit,
  );
}

/** What the router has now has a name from here on; a later act goes back to it. */
const checkpoint = 'before-tonight';

async function actLockOut(world: World, tell: Narrator): Promise<void> {
  tell.act(
    '(c) A commit that would lock everybody out',
    'ssh off, which is how siteward itself gets in. The plan says so; we sign it all the same.',
  );
  await show(world, tell, 'checkpoint', 'gw1', '--label', checkpoint);
  await commit(world, tell, 'Turn ssh off', '/ip service', 'set ssh disabled=yes');
  const id = await untilPending(world);
  const status = await device(world);
  await show(world, tell, 'status');
  tell.check(
    status.state === 'pending-signature' && status.reason === 'management-path',
    'it is stopped: management-path',
  );
  await document(world, tell, id);
  await sign(world, tell, 'document');
  await show(world, tell, 'approve', id, 'document.sig');
  await until('the router refuses logins', async () => (await world.onRouter(':put 1')).code !== 0, 60);
  tell.say('The router refuses new logins now. Nobody does anything; it rolls back by itself:');
  await until('the router is back', async () => (await world.onRouter(':put 1')).code === 0, 90);
  await untilDevice(world, 'quarantined', (gw1) => gw1.state === 'quarantined' && gw1.rollout === null);
  await show(world, tell, 'status');
  const after = await device(world);
  tell.check(after.reason === 'rolled-back', 'it is back where it was, by itself');
  tell.say('The plan is not tried again by itself. The commit is reverted in git:');
  await commit(world, tell, 'Turn ssh on again', '/ip service', 'set ssh disabled=yes', 'take out');
  await untilDevice(
    world,
    'in sync again',
    (gw1, all) => gw1.state === 'in-sync' && gw1.commit === all.commit,
  );
}

async function actKilled(world: World, tell: Narrator): Promise<void> {
  tell.act(
    '(d) The daemon dies in the middle of a rollout',
    'kill -9 right after the change began; a new daemon asks the journal and the router.',
  );
  const { journal } = await status(world);
  await commit(
    world,
    tell,
    'Name the scanner',
    '/ip dns static',
    'add address=192.0.2.21 name=scanner.demo.example',
  );
  await until(
    'apply has begun',
    async () => (await readJournal(world, journal.seq)).some((record) => record.kind === 'apply-started'),
    60,
  );
  await world.killDaemon();
  tell.command('kill -9 $(pidof siteward)');
  await world.startDaemon();
  await until(
    'the rollout ended',
    async () => (await readJournal(world, journal.seq)).some((record) => record.kind === 'settled'),
    90,
  );
  const ended = (await readJournal(world, journal.seq)).filter((record) =>
    ['confirmed', 'rolled-back'].includes(record.kind),
  );
  await untilDevice(world, 'in sync', (gw1, all) => gw1.state === 'in-sync' && gw1.commit === all.commit);
  await show(world, tell, 'log', 'gw1');
  tell.check(
    ended.length > 0,
    `on evidence from the router: ${ended.map((record) => record.kind).join(', ')}`,
  );
}

async function actDrift(world: World, tell: Narrator): Promise<void> {
  tell.act('(e) Somebody fixes something by hand at night', 'The next commit does not sweep it away.');
  const fix = '/ip dns static set [find where name="printer.demo.example"] address=192.0.2.99';
  tell.command(`ssh gw1 '${fix}'`);
  await world.onRouter(fix);
  await untilDevice(world, 'drifted', (gw1) => gw1.state === 'drifted');
  await show(world, tell, 'status');
  await commit(
    world,
    tell,
    'Let the branch office in',
    '/ip firewall address-list',
    'add address=198.51.100.20 list=branch-office',
  );
  await untilDevice(
    world,
    'rolled out beside the drift',
    (gw1, all) => gw1.commit === all.commit && gw1.rollout === null && gw1.state === 'drifted',
  );
  const still = await world.onRouter(
    ':put [/ip dns static get [find where name="printer.demo.example"] address]',
  );
  tell.check(
    still.stdout.trim() === '192.0.2.99',
    'the commit is on the router, and the fix by hand is still there',
  );
  await show(world, tell, 'plan', 'gw1');
}

async function actHistory(world: World, tell: Narrator): Promise<void> {
  tell.act(
    '(f) The bad night: back to a checkpoint',
    'Every state that the router had is a commit; going back to one goes through the same gate and the same net.',
  );
  await show(world, tell, 'history', 'gw1');
  await show(world, tell, 'restore', 'gw1', checkpoint);
  await untilDevice(world, 'it is held there', (gw1) => gw1.state === 'held' && gw1.rollout === null);
  await show(world, tell, 'status');
  const different = await world.siteward('diff', 'gw1', checkpoint);
  tell.check(different.code === 0, 'the router has what it had then, and is held until git says so, too');
}

async function actMetrics(world: World, tell: Narrator): Promise<void> {
  tell.act('(g) What Prometheus sees', 'No alert, no page: numbers.');
  tell.command(`curl ${world.metricsUrl}/metrics`);
  const text = await (await fetch(`${world.metricsUrl}/metrics`)).text();
  const wanted =
    /^siteward_(ready|device_up|device_in_sync|device_drift_items|rollbacks_total|approvals_pending|journal_chain_ok)\b/;
  for (const line of text.split(lineEnd).filter((candidate) => wanted.test(candidate))) tell.output(line);
  tell.check(text.includes('siteward_'), 'metrics are served');
  const verified = await show(world, tell, 'journal', 'verify');
  tell.check(verified.code === 0, 'the journal’s chain is whole');
}

async function commit(
  world: World,
  tell: Narrator,
  subject: string,
  section: string,
  line: string,
  how: 'put in' | 'take out' = 'put in',
): Promise<void> {
  const text = await world.readDesired();
  // A section may be named again anywhere in the file, so one more piece at the end is the least edit.
  const piece = `${section}${lineEnd}${line}${lineEnd}`;
  await world.commit(subject, how === 'put in' ? text + piece : text.replace(piece, ''));
  tell.command(`git commit -m "${subject}"`);
  tell.output(`${section}${lineEnd}${how === 'put in' ? '+' : '-'} ${line}`);
}

async function document(world: World, tell: Narrator, id: string): Promise<void> {
  tell.command(`siteward pending ${id} --document > document`);
  const told = await world.siteward('pending', id, '--document');
  await writeFile(join(world.folder, 'document'), told.stdout);
  tell.output(told.stdout.split(lineEnd).slice(0, 14).join(lineEnd));
}

async function sign(world: World, tell: Narrator, file: string): Promise<void> {
  tell.command(`ssh-keygen -Y sign -n ${namespace} -f ~/.ssh/id_ed25519 ${file}`);
  await world.run('rm', '-f', `${file}.sig`);
  await world.run(
    'ssh-keygen',
    '-q',
    '-Y',
    'sign',
    '-n',
    namespace,
    '-f',
    join(world.folder, 'keys/alice'),
    file,
  );
}

async function show(world: World, tell: Narrator, ...args: readonly string[]): Promise<{ code: number }> {
  tell.command(`siteward ${args.join(' ')}`);
  const told = await world.siteward(...args);
  tell.output((told.stdout + told.stderr).trimEnd());
  return told;
}

async function status(world: World): Promise<StatusAnswer> {
  const told = await world.siteward('status', '--json');
  return JSON.parse(told.stdout) as StatusAnswer;
}

async function device(world: World): Promise<DeviceStatus> {
  const gw1 = (await status(world)).devices[0];
  if (gw1 === undefined) throw new Error('the daemon serves no device');
  return gw1;
}

async function untilPending(world: World): Promise<string> {
  let id: string | undefined;
  await until('a plan waits for a signature', async () => {
    const told = await world.siteward('pending', '--json');
    id = told.code === 0 ? (JSON.parse(told.stdout) as PendingAnswer).pending[0]?.id : undefined;
    return id !== undefined;
  });
  return id ?? '';
}

/** Waits until the newest commit of the working tree is the accepted one and the device stands as asked. */
async function untilDevice(
  world: World,
  what: string,
  holds: (gw1: DeviceStatus, all: StatusAnswer) => boolean,
): Promise<void> {
  const head = (
    await world.run('git', '-C', join(world.folder, 'network'), 'rev-parse', 'HEAD')
  ).stdout.trim();
  await until(what, async () => {
    const told = await world.siteward('status', '--json');
    if (told.code !== 0) return false;
    const all = JSON.parse(told.stdout) as StatusAnswer;
    const gw1 = all.devices[0];
    return gw1 !== undefined && all.commit === head && holds(gw1, all);
  });
}

async function until(what: string, holds: () => Promise<boolean>, seconds = 40): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await sleep(300);
  }
}

async function readJournal(
  world: World,
  sinceSeq: number,
): Promise<readonly { kind: string; seq: number }[]> {
  const text = await readFile(join(world.folder, 'state/journal/00000001.jsonl'), 'utf8');
  const lines = text.split(lineEnd).slice(0, -1);
  return lines
    .map((line) => JSON.parse(line) as { kind: string; seq: number })
    .filter((record) => record.seq > sinceSeq);
}
