/**
 * Three hundred simulated devices of one export in a process of their own: memory and CPU time of each, idle and while
 * a client logs in everywhere and reads the whole export. Nothing is judged: it says how many devices a machine takes.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import { madeExport } from './made-exports.ts';

const DEVICES = 300;
const AT_ONCE = 10;
const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
/** `utime` and `stime` of /proc count in hundredths of a second. */
const TICK_MS = 10;

interface Address {
  readonly host: string;
  readonly port: number;
}

function memoryKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function readDevice({ host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let bytes = 0;
    client.on('error', reject);
    client.on('ready', () => {
      client.exec('/export', (error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        channel.on('data', (data: Buffer) => (bytes += data.length));
        channel.on('close', () => {
          client.end();
          resolve(bytes);
        });
      });
    });
    client.connect({ host, port, username: 'admin', password: 'practice' });
  });
}

async function withDevices(
  file: string,
  count: number,
  run: (pid: number, addresses: readonly Address[]) => Promise<void>,
): Promise<void> {
  const words = ['simulate', 'routeros', '--export', file, '--password', 'practice'];
  const child = spawn(process.execPath, [main, ...words, '--devices', String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const addresses: Address[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      addresses.push(JSON.parse(line) as Address);
      if (addresses.length === count) break;
    }
    await run(child.pid ?? 0, addresses);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'siteward-bench-'));
try {
  const file = path.join(folder, 'export.rsc');
  const bytes = madeExport(1);
  writeFileSync(file, bytes);
  let oneKb = 0;
  await withDevices(file, 1, (pid) => {
    oneKb = memoryKb(pid);
    return Promise.resolve();
  });
  await withDevices(file, DEVICES, async (pid, addresses) => {
    const idleKb = memoryKb(pid);
    const startMs = cpuMs(pid);
    const queue = [...addresses];
    let received = 0;
    const worker = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const bytesOfOne = await readDevice(next);
        received += bytesOfOne;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const perDevice = (value: number): string => (value / DEVICES).toFixed(1);
    process.stdout.write(
      `simulator: ${DEVICES} devices of one export of ${bytes.length} bytes in one process\n` +
        `  memory: ${(idleKb / 1024).toFixed(0)} MB, of which ${perDevice(idleKb - oneKb)} kB for each device more; ` +
        `${(memoryKb(pid) / 1024).toFixed(0)} MB after the sweep\n` +
        `  CPU: ${perDevice(startMs)} ms for each to start, ` +
        `${perDevice(cpuMs(pid) - startMs)} ms for each login and export of ${Math.round(received / DEVICES)} bytes\n`,
    );
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
