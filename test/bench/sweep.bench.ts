/**
 * What a sweep of a thousand devices costs the daemon: CPU per device of the process that does it, all devices in one other
 * process. Each arm is a process of its own, so that none pays for what another keeps; they take turns. Ours have the heap
 * as the daemon has it. Against a bare loop of the SSH library, as one writes it, that logs in with the same key and takes
 * the export.
 * Fresh: a reading over a new connection by a driver that read the device before, then both texts read, compared and
 * planned; git has what `adopt` writes for the device. Said beside it: git has another row in each section (`changed`).
 * Unchanged: over the connection of before, and nothing has changed. A reading asks for more than the export (version,
 * uptime, what is left of rollouts), which the bare loop does not. Beside these: the bare loop with a key made once
 * (`bareQuick`), the first reading of a device (`first`), and the most memory that each process ever took.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { letHeapGrow } from '../../src/daemon/heap-growth.ts';
import { makeKeyPair } from '../../src/drivers/key-pair.ts';
import { print, spread, words } from './harness.ts';
import { exportText, makeArm, names, type Address, type Arm, type Name, type Task } from './sweep-arms.ts';

const DEVICES = 1000;
const SOME = 100;
const AT_ONCE = 32;
const ROUNDS = 3;
const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const self = fileURLToPath(import.meta.url);

/** CPU per device in milliseconds. */
async function sweep(addresses: readonly Address[], { one }: Arm): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const queue = [...addresses];
  let least = Infinity;
  const worker = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop())
      least = Math.min(least, await one(next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(before);
  if (least < exportText.length / 2) throw new Error('an export is missing');
  return (user + system) / 1000 / addresses.length;
}

interface Swept {
  readonly ms: number;
  /** Most memory of the process, ever. */
  readonly megabytes: number;
}

/** The others had the processor meanwhile: a few devices first, which do not count. */
async function inTurn(addresses: readonly Address[], arm: Arm): Promise<Swept> {
  await sweep(addresses.slice(0, SOME), arm);
  const ms = await sweep(addresses, arm);
  return { ms, megabytes: process.resourceUsage().maxRSS / 1024 };
}

/** In the process of an arm: a sweep each time it is told to. */
async function serve(name: Name, task: Task): Promise<void> {
  const arm = await makeArm(name, task);
  if (arm.ours) letHeapGrow();
  const addresses = name === 'changed' ? task.addresses.slice(0, SOME) : task.addresses;
  process.on('message', () => {
    void inTurn(addresses, arm).then((swept) => process.send?.(swept));
  });
  process.once('disconnect', () => process.exit(0));
}

async function sweepIn(child: ChildProcess): Promise<Swept> {
  child.send('sweep');
  const [swept] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('an arm ended'))),
  ])) as [Swept];
  return swept;
}

function judge(name: string, goal: number, of: readonly number[], against: readonly number[]): void {
  const ratios = spread(of.map((ms, round) => ms / (against[round] ?? Number.NaN)));
  const met = ratios.median <= goal;
  print(`  ${name} = ${words(ratios)}, goal ${goal}: ${met ? 'met' : 'MISSED'}`);
  if (!met) process.exitCode = 1;
}

async function measure(taskFile: string): Promise<void> {
  const children = new Map(names.map((name) => [name, fork(self, [name, taskFile])]));
  const taken = new Map(names.map((name) => [name, [] as Swept[]]));
  try {
    // The first sweep does not count: in it code is compiled, and every connection made that is to be kept.
    for (let round = -1; round < ROUNDS; round++) {
      const from = Math.max(round, 0) % names.length;
      for (const name of [...names.slice(from), ...names.slice(0, from)]) {
        const child = children.get(name);
        if (child === undefined) continue;
        const swept = await sweepIn(child);
        if (round >= 0) taken.get(name)?.push(swept);
      }
    }
  } finally {
    for (const child of children.values()) child.disconnect();
  }
  const ms = (name: Name): readonly number[] => (taken.get(name) ?? []).map((swept) => swept.ms);
  print(
    `sweep: ${DEVICES} devices of ${exportText.length} bytes (changed: ${SOME}), ${AT_ONCE} at once, CPU per device; most memory of the process`,
  );
  for (const name of names) {
    const megabytes = taken.get(name)?.at(-1)?.megabytes.toFixed(0) ?? '';
    print(`  ${name.padEnd(12)} ${words(spread(ms(name)))} ms, ${megabytes} MB`);
  }
  judge('G7: fresh / bare', 1.6, ms('fresh'), ms('bare'));
  judge('G8: unchanged / fresh', 0.35, ms('unchanged'), ms('fresh'));
  const quick = ms('bareQuick');
  const against = words(spread(ms('fresh').map((one, round) => one / (quick[round] ?? Number.NaN))));
  print(`  fresh / bareQuick = ${against}, not judged`);
}

async function withDevices(): Promise<void> {
  const pair = makeKeyPair('ed25519', 'bench');
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-bench-'));
  writeFileSync(path.join(folder, 'export.rsc'), exportText);
  writeFileSync(path.join(folder, 'keys'), `${pair.publicKey}\n`);
  const simulators = spawn(
    process.execPath,
    [
      main,
      ...['simulate', 'routeros', '--export', path.join(folder, 'export.rsc'), '--user', 'siteward'],
      ...['--authorized-keys', path.join(folder, 'keys'), '--devices', String(DEVICES)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => simulators.once('exit', resolve));
  try {
    const addresses: Address[] = [];
    for await (const line of createInterface({ input: simulators.stdout })) {
      addresses.push(JSON.parse(line) as Address);
      if (addresses.length === DEVICES) break;
    }
    const taskFile = path.join(folder, 'task.json');
    writeFileSync(taskFile, JSON.stringify({ privateKey: pair.privateKey, addresses } satisfies Task));
    await measure(taskFile);
  } finally {
    simulators.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

const [, , arm, taskFile] = process.argv;
if (arm !== undefined && taskFile !== undefined)
  await serve(arm as Name, JSON.parse(readFileSync(taskFile, 'utf8')) as Task);
else await withDevices();
