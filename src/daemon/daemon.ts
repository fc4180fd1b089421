/**
 * The composition root: builds every part, starts them in order, stops them in reverse. The only place that
 * knows all rooms. Stopping leaves what is in flight to the journal; the devices' own timers are not waited for.
 */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import { startHttp } from '../api/http.ts';
import type { RunningHttp } from '../api/http.ts';
import { startServer } from '../api/server.ts';
import { InvalidInput, messageOf } from '../core/errors.ts';
import { trustDigests } from '../core/gate/trust.ts';
import { deviceState } from '../core/site-state.ts';
import { composeDevice } from '../desired/compose.ts';
import { sealTo } from '../history/seal.ts';
import { openDesiredState } from '../reconcile/desired-state.ts';
import { strandedRollouts } from '../reconcile/stranded-rollouts.ts';
import type { Settings } from '../settings/settings.ts';
import { saveEveryMs } from './clock-mark.ts';
import { commitSignatureJudge } from './commit-signature.ts';
import { credentialsInForce, driverFor, unknownMenus } from './device-drivers.ts';
import { firstStartObstacle } from './first-start.ts';
import { copyFolder, openDesiredRepository } from './git-remote.ts';
import { openHostKeys } from './host-keys.ts';
import { buildOperations } from './operations.ts';
import { readingSlots } from './reading-slots.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';
import { secretsOfSite } from './secrets.ts';
import { serveDevice } from './served-device.ts';
import type { ServedDevice, SharedRoom } from './served-device.ts';
import { openSiteStore } from './site-store.ts';
import type { SiteStore } from './site-store.ts';
import { systemClock } from './system-clock.ts';
import { startTelemetry } from './telemetry.ts';
import type { Telemetry } from './telemetry.ts';
import { krlOf } from './trust-keeper.ts';
import { every, poll } from './turns.ts';

export interface Daemon {
  /** Where metrics and health are served; null when the settings say no. */
  readonly http: { readonly host: string; readonly port: number } | null;
  /** Reads the trust files again; the old ones stay when the new ones are bad. */
  reload(): Promise<void>;
  /** Ends within ten seconds whatever the devices do. */
  stop(): Promise<void>;
}

/** How the daemon ends: everything waits on the signal, and each part that was started left a step that stops it. */
interface Ending {
  readonly signal: AbortSignal;
  readonly undo: (() => Promise<void>)[];
  readonly stop: () => Promise<void>;
}

/** Throws `InvalidInput` or `SitewardError` when the daemon can't run at all; nothing is left running then. */
export async function startDaemon(settings: Settings, version: string): Promise<Daemon> {
  const ending = new AbortController();
  // Every wait of every device listens to it: Node's warning at eleven would be about nothing.
  setMaxListeners(0, ending.signal);
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    ending.abort(new Error('the daemon is ending'));
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await start(settings, version, { signal: ending.signal, undo, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(settings: Settings, version: string, ending: Ending): Promise<Daemon> {
  const { signal, undo, stop } = ending;
  const clock = systemClock;
  refuseUnknownMenus(settings);
  const telemetry = startTelemetry(
    version,
    settings.devices.map((device) => device.name),
  );
  const onLockLost = (): void => void stop();
  const store = await openSiteStore(settings, { clock, telemetry, signal, undo, onLockLost });
  const { ledger, journal, state } = store.recorded;
  for (const { device } of strandedRollouts(state, settings.devices))
    telemetry.log('rollout-of-unserved-device', { device });
  const nonce = await recordStart(store, version);

  const trust = store.keeper.current;
  const hostKeys = openHostKeys(settings, state, trust);
  const served = servedDevices(settings, store, hostKeys);
  undo.push(async () => {
    await Promise.allSettled(served.map(({ driver }) => driver.close()));
  });
  const shared = sharedRoom(settings, store, nonce, telemetry, signal);
  const desired = openDesiredState({
    site: settings.site,
    repository: await openDesiredRepository(settings, copyFolder(settings.state), signal),
    ledger,
    compose: composeDevice,
    secretsOf: secretsOfSite(settings),
    judgeSignature: settings.desired.signed === 'required' ? commitSignatureJudge(trust, store.mark) : null,
    firstStartObstacle: () => firstStartObstacle(shared.site, shared.daemon, served, signal),
    gate: shared,
  });

  const devices: RunningDevice[] = [];
  const refreshing = new PQueue({ concurrency: 1 });
  const site: RunningSite = {
    ...shared,
    settings,
    archive: store.history.archive,
    binaryBackups: store.history.binaryBackups,
    historySize: store.history.size,
    historyPush: store.history.push,
    desired,
    devices,
    trustProblem: store.keeper.problem,
    hostKeys,
    recent: store.recorded.recent,
    async refreshDesired() {
      const moved = await refreshing.add(() => desired.refresh());
      telemetry.looked(desired.head().state !== 'error');
      if (moved === true) for (const device of devices) device.loop.wake();
    },
    count: telemetry.count,
  };
  const server = await startServer({
    socket: settings.socket,
    operations: buildOperations(site),
    onFault: (error, operation) => {
      telemetry.defect(error, { operation });
    },
  });
  undo.push(() => server.close(1_000));
  const http =
    settings.listen === null ? null : await startHttp(telemetry.httpOptions(settings.listen, site));
  if (http !== null) undo.push(() => http.close());

  const look = lookAtDesired(site, telemetry);
  await look();
  for (const one of served) devices.push(serveDevice(shared, one, desired, telemetry));
  takeTurns(site, store, look, telemetry, ending);
  telemetry.log('started', { site: settings.site, devices: devices.length, journal: journal.head.seq });

  return {
    http: http === null ? null : addressOf(http),
    // One after the other: an older load that ends later would bring back a key that was just revoked.
    reload: () => shared.oneAtATime(() => store.keeper.reload()),
    async stop() {
      if (journal.broken === null && !signal.aborted) {
        await ledger.append({ kind: 'daemon-stopped' }).catch((error: unknown) => {
          telemetry.log('journal-unwritable', { error: messageOf(error) });
        });
      }
      await stop();
    },
  };
}

function refuseUnknownMenus({ policy, file }: Settings): void {
  const [unknown] = unknownMenus(policy);
  if (unknown === undefined) return;
  const message = `policy: no menu is called "${unknown}", so that rule would do nothing; correct it`;
  throw new InvalidInput('unknown-menu', message, { file });
}

/** Returns what tells this start from every other. */
async function recordStart({ recorded, keeper }: SiteStore, version: string): Promise<string> {
  const nonce = randomBytes(8).toString('hex');
  const trust = keeper.current();
  await recorded.begin(randomBytes(16).toString('hex'), {
    kind: 'daemon-started',
    nonce,
    version,
    trust: trustDigests(trust),
    ...krlOf(trust),
  });
  return nonce;
}

function servedDevices(
  settings: Settings,
  { recorded: { state }, files }: SiteStore,
  hostKeys: RunningSite['hostKeys'],
): readonly ServedDevice[] {
  const secretOf = (sealed: string): Promise<Buffer | null> => files.get('credential', sealed);
  const readInTurn = readingSlots();
  return settings.devices.map((said) => {
    const device = hostKeys.served(said);
    const credentials = (): ReturnType<typeof credentialsInForce> =>
      credentialsInForce(device, deviceState(state, device.name).login, secretOf);
    const driver = readInTurn(driverFor(device, systemClock, credentials));
    return { device, settingsKey: said.hostKey, driver };
  });
}

function sharedRoom(
  settings: Settings,
  store: SiteStore,
  nonce: string,
  telemetry: Telemetry,
  signal: AbortSignal,
): SharedRoom {
  const { ledger, state } = store.recorded;
  const questions = new PQueue({ concurrency: 1 });
  const rollouts = new PQueue({ concurrency: settings.policy.batch });
  const { recipients } = settings.history;
  return {
    site: settings.site,
    daemon: state.daemon ?? '',
    nonce,
    organization: settings.organization,
    policy: settings.policy,
    ledger,
    files: store.files,
    archive: store.history.archive,
    binaryBackups: store.history.binaryBackups,
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
    signal,
    secretWord: store.stateKey.secretWord,
    secretDigest: store.stateKey.secretDigest,
    sealSecrets: recipients.length === 0 ? null : sealTo(recipients),
    trust: store.keeper.current,
    inRolloutSlot: (turn, work) => rollouts.add(work, { priority: turn === 'goes-on' ? 1 : 0 }),
    oneAtATime: (work) => questions.add(work),
    log: telemetry.log,
  };
}

/** Whether it could be looked at; what was in the way is logged. */
function lookAtDesired(
  { refreshDesired, desired }: RunningSite,
  telemetry: Telemetry,
): () => Promise<boolean> {
  return () =>
    refreshDesired().then(
      () => desired.head().state !== 'error',
      (error: unknown) => {
        telemetry.log('desired-unreadable', { error: messageOf(error) });
        return false;
      },
    );
}

/** What the site does by itself beside its devices, until it ends. */
function takeTurns(
  { devices, settings, clock }: RunningSite,
  { mark, history, recorded }: SiteStore,
  look: () => Promise<boolean>,
  telemetry: Telemetry,
  { signal, undo }: Ending,
): void {
  // The mark in memory stays right meanwhile; what fails is tried again at the next turn.
  const saveMark = (): Promise<void> =>
    mark.save().catch((error: unknown) => {
      telemetry.log('clock-mark-unwritable', { error: messageOf(error) });
    });
  const marking = every(saveEveryMs, signal, saveMark);
  undo.push(async () => {
    await marking;
    await saveMark();
  });
  const pruning = history.keepWithin(() => (mark.distrust() === null ? clock.now() : null));
  const polling = poll(look, settings.desired.pollMs, signal);
  const keeping = recorded.keep({
    signal,
    log: telemetry.log,
    onRecovered: () => {
      for (const device of devices) device.loop.wake();
    },
  });
  undo.push(async () => {
    const loops = devices.map((device) => device.loop.done);
    await Promise.allSettled([polling, keeping, pruning, history.push?.done, ...loops]);
  });
}

function addressOf(http: RunningHttp): { host: string; port: number } {
  return { host: http.host, port: http.port };
}
