/** What the device says of itself and nobody configures: counters, clocks, model, space, keys. */
import ssh2 from 'ssh2';
import { clockForm } from './language/duration.ts';
import { wireguardPublicKey } from './device/wireguard.ts';
import type { Behaviour } from './behaviour.ts';
import type { Device } from './device/device.ts';
import type { Row } from './device/menu.ts';
import type { FileStore } from './files/store.ts';
import type { Scheduler } from './scheduler.ts';

interface FactSources {
  readonly device: Device;
  readonly behaviour: Behaviour;
  readonly scheduler: Scheduler;
  readonly files: FileStore;
  readonly user: string;
  scriptRunsOf(row: Row): { readonly count: number; readonly at: number } | undefined;
  uptimeMs(): number;
  wallMs(): number;
}

type Fact = (of: FactSources, row: Row) => string | undefined;

/** By menu and property. */
const FACTS: Readonly<Record<string, Fact>> = {
  '/system scheduler run-count': (of, row) => String(of.scheduler.runCount(row)),
  '/system scheduler next-run': (of, row) => stampOr(of.scheduler.nextRun(row)),
  '/system scheduler owner': (of) => of.user,
  '/system script run-count': (of, row) => String(of.scriptRunsOf(row)?.count ?? 0),
  '/system script last-started': (of, row) => stampOr(of.scriptRunsOf(row)?.at),
  '/system script owner': (of) => of.user,
  '/system resource uptime': (of) => clockForm(Math.floor(of.uptimeMs() / 1000) * 1000),
  '/system resource version': (of) => `${of.device.version} (stable)`,
  '/system resource board-name': (of) => modelOf(of.device),
  '/system resource architecture-name': (of) => (isVirtual(of.device) ? 'x86_64' : 'arm'),
  '/system resource platform': () => 'MikroTik',
  '/system resource free-hdd-space': (of) => String(of.files.free()),
  '/system resource total-hdd-space': (of) => String(of.behaviour.diskBytes),
  '/system resource free-memory': () => '100000000',
  '/system resource cpu-load': () => '1',
  '/system clock time': (of) => iso(of.wallMs()).slice(11, 19),
  '/system clock date': (of) => dateOf(of.device, of.wallMs()),
  '/system routerboard serial-number': (of) => headerFact(of.device, 'serial number'),
  '/system routerboard model': (of) => headerFact(of.device, 'model'),
  '/system routerboard routerboard': (of) => (isVirtual(of.device) ? 'no' : 'yes'),
  '/system license software-id': (of) => headerFact(of.device, 'software id'),
  '/system device-mode mode': (of) => of.behaviour.deviceMode,
  '/system device-mode scheduler': (of) => (of.behaviour.deviceMode === 'home' ? 'no' : 'yes'),
  '/interface wireguard public-key': (of, row) => {
    const own = row.properties.get('private-key');
    return typeof own === 'string' ? wireguardPublicKey(own) : undefined;
  },
  '/user ssh-keys key-type': (_of, row) => keyOf(row)?.type.replace('ssh-', ''),
  '/user ssh-keys bits': (_of, row) => (keyOf(row)?.type === 'ssh-rsa' ? '2048' : '256'),
};

export function factOf(of: FactSources, path: string, row: Row, name: string): string | undefined {
  return FACTS[`${path} ${name}`]?.(of, row);
}

const iso = (ms: number): string => new Date(ms).toISOString();
export const stamp = (ms: number): string => iso(ms).slice(0, 19).replace('T', ' ');
const stampOr = (ms: number | undefined): string => (ms === undefined ? '' : stamp(ms));

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function dateOf(device: Device, ms: number): string {
  const date = iso(ms).slice(0, 10);
  if (device.isSince('7.10')) return date;
  return `${MONTHS[Number(date.slice(5, 7)) - 1] ?? 'jan'}/${date.slice(8)}/${date.slice(0, 4)}`;
}

function keyOf(row: Row): ssh2.ParsedKey | undefined {
  const key = ssh2.utils.parseKey(row.properties.get('key') ?? '');
  return key instanceof Error ? undefined : key;
}

function headerFact(device: Device, name: string): string {
  for (const line of device.header)
    if (line.startsWith(`# ${name} = `)) return line.slice(name.length + 5).trim();
  return '';
}

function isVirtual(device: Device): boolean {
  return headerFact(device, 'model') === '';
}

function modelOf(device: Device): string {
  return isVirtual(device) ? 'CHR QEMU Standard PC' : headerFact(device, 'model');
}
