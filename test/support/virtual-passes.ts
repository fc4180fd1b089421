/** Whole passes of the real reconciler over a device in virtual time: a journal in memory, no history, nobody who signs. */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../../src/core/digest.ts';
import { buildTrust } from '../../src/core/gate/trust.ts';
import type { SitewardRecord } from '../../src/core/rollout/events.ts';
import { deviceState } from '../../src/core/site-state.ts';
import type { SiteState } from '../../src/core/site-state.ts';
import type { DeviceSettings } from '../../src/core/site.ts';
import { reportCell } from '../../src/reconcile/device-report.ts';
import type { DeviceRoom } from '../../src/reconcile/device-room.ts';
import type { RunProbe } from '../../src/reconcile/probes.ts';
import { reconcileDevice } from '../../src/reconcile/reconcile-device.ts';
import { emptyArchive } from './empty-archive.ts';
import { gatePolicy } from './gate.ts';
import { memoryLedger } from './memory-ledger.ts';
import type { VirtualDevice } from './virtual-device.ts';

export interface VirtualPasses {
  readonly room: DeviceRoom;
  readonly site: SiteState;
  readonly records: readonly SitewardRecord[];
  readonly logged: readonly { readonly event: string; readonly facts: Record<string, unknown> }[];
  /** Git wants this from now on. */
  accept(text: string): Promise<void>;
  /** One that nobody ordered anything for. */
  pass(): Promise<void>;
}

export async function virtualPasses(
  device: VirtualDevice,
  settings: Partial<DeviceSettings> = {},
  probe: RunProbe = () => Promise.resolve({ well: true }),
): Promise<VirtualPasses> {
  const { ledger, state: site, records } = memoryLedger(() => device.time.now());
  const daemon = 'd'.repeat(32);
  await ledger.append({ kind: 'daemon-created', daemon, site: 'bud-01' });
  const files = new Map<string, Buffer>();
  const logged: { event: string; facts: Record<string, unknown> }[] = [];
  const nobody = { file: 'allowed_signers', bytes: Buffer.from('') };
  const trust = buildTrust(nobody, null, [], 'example.org');
  let text = '';
  const room: DeviceRoom = {
    site: 'bud-01',
    daemon,
    nonce: 'e'.repeat(16),
    organization: 'example.org',
    device: { ...device.settings, ...settings },
    settingsKey: device.settings.hostKey,
    policy: gatePolicy,
    secretWord: (property) => `<secret:${property}>`,
    secretDigest: sha256,
    sealSecrets: null,
    driver: device.driver,
    ledger,
    files: {
      digestOf: (_kind, bytes) => sha256(bytes),
      put: (kind, bytes) => {
        files.set(`${kind} ${sha256(bytes)}`, Buffer.from(bytes));
        return Promise.resolve(sha256(bytes));
      },
      get: (kind, digest) => Promise.resolve(files.get(`${kind} ${digest}`) ?? null),
      remove: (kind, digest) => Promise.resolve(void files.delete(`${kind} ${digest}`)),
      keepOnly: () => Promise.reject(new Error('not here')),
    },
    archive: emptyArchive,
    binaryBackups: { list: () => Promise.resolve([]), keep: () => Promise.reject(new Error('not here')) },
    probe,
    clock: device.clock,
    random: randomBytes,
    signal: new AbortController().signal,
    report: reportCell(),
    desired: () =>
      Promise.resolve({
        commit: site.accepted?.commit ?? '',
        file: 'gw1/config.rsc',
        text: Buffer.from(text),
        owns: 'sections',
        ignore: [],
      }),
    trust: () => trust,
    folded: () => deviceState(site, device.settings.name),
    inRolloutSlot: (_turn, work) => work(),
    oneAtATime: (work) => work(),
    again: () => undefined,
    log: (event, facts) => void logged.push({ event, facts }),
  };
  return {
    room,
    site,
    records,
    logged,
    async accept(wanted) {
      text = wanted;
      const previous = site.accepted?.commit ?? null;
      const commit = sha256(wanted).slice(0, 40);
      const reason = previous === null ? 'first' : 'descendant';
      await ledger.append({ kind: 'commit-accepted', commit, previous, reason, signer: null });
    },
    pass: () => reconcileDevice(room, { apply: false, drill: false, backup: false }),
  };
}
