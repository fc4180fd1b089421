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
import type { RecordEnvelope } from '../core/journal.ts';
import { openingAt } from '../core/maintenance.ts';
import type { DeviceSettings } from '../core/site.ts';
import { deviceState } from '../core/site-state.ts';
import { composeDevice } from '../desired/compose.ts';
import { secretsOfSite } from './secrets.ts';
import { nextBackupAt } from '../reconcile/back-up-device.ts';
import { openDesiredState } from '../reconcile/desired-state.ts';
import { startDeviceLoop } from '../reconcile/device-loop.ts';
import type { DeviceRoom } from '../reconcile/device-room.ts';
import { reportCell } from '../reconcile/device-report.ts';
import { reconcileDevice } from '../reconcile/reconcile-device.ts';
import { strandedRollouts } from '../reconcile/stranded-rollouts.ts';
import type { Settings } from '../settings/settings.ts';
import { loadTrust } from '../settings/trust-files.ts';
import { openClockMark, saveEveryMs } from './clock-mark.ts';
import { commitSignatureJudge } from './commit-signature.ts';
import { credentialsInForce, driverFor, unknownMenus } from './device-drivers.ts';
import { copyFolder, openDesiredRepository } from './git-remote.ts';
import { firstStartObstacle } from './first-start.ts';
import { openHostKeys } from './host-keys.ts';
import { buildOperations } from './operations.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';
import { digestsInUse } from '../reconcile/state-files.ts';
import { openSiteHistory } from './site-history.ts';
import { sealTo } from '../history/seal.ts';
import { openSiteJournal } from './site-journal.ts';
import { probeWith } from './rollout-probes.ts';
import { openStateFiles } from './state-files.ts';
import { credentialsFolder, openStateKey } from './state-key.ts';
import { openStateFolder } from './state-folder.ts';
import { refuseUnfinishedImport } from './state-import.ts';
import { lockState } from './state-lock.ts';
import { systemClock } from './system-clock.ts';
import { every, poll } from './turns.ts';
import { startTelemetry } from './telemetry.ts';
import { krlOf, openTrustKeeper } from './trust-keeper.ts';

export interface Daemon {
  /** Where metrics and health are served; null when the settings say no. */
  readonly http: { readonly host: string; readonly port: number } | null;
  /** Reads the trust files again; the old ones stay when the new ones are bad. */
  reload(): Promise<void>;
  /** Ends within ten seconds whatever the devices do. */
  stop(): Promise<void>;
}

/** How soon a device is tried again that could not be read or may not be touched yet. */
const soonMs = 30_000;
/** How soon a device is asked again that does not answer in the middle of a rollout. */
const inFlightMs = 10_000;

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
    return await start(settings, version, ending.signal, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  settings: Settings,
  version: string,
  signal: AbortSignal,
  undo: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Daemon> {
  const clock = systemClock;
  const [unknown] = unknownMenus(settings.policy);
  if (unknown !== undefined) {
    const message = `policy: no menu is called "${unknown}", so that rule would do nothing; correct it`;
    throw new InvalidInput('unknown-menu', message, { file: settings.file });
  }
  await openStateFolder(settings.state);
  const telemetry = startTelemetry(
    version,
    settings.devices.map((device) => device.name),
  );
  const lock = await lockState(settings.state, (reason) => {
    telemetry.log('state-lock-lost', { reason });
    void stop();
  });
  undo.push(() => lock.release());
  await refuseUnfinishedImport(settings.state);

  // Who may sign is judged before anything is written: with files that anybody could write, nothing begins.
  await loadTrust({ ...settings.trust, organization: settings.organization });
  const recorded = await openSiteJournal(settings, clock, (error) => telemetry.defect(error, {}));
  const { journal, ledger, state, recent } = recorded;
  undo.push(() => journal.close());
  const mark = await openClockMark(settings.state, clock, latestOf(recent), (distrust) => {
    if (distrust === null) telemetry.log('clock-trusted', {});
    else telemetry.log('clock-untrusted', { reason: distrust });
  });
  const keeper = await openTrustKeeper(
    { ...settings.trust, organization: settings.organization },
    ledger,
    mark,
    telemetry.log,
  );
  const trust = keeper.current;
  const stateKey = await openStateKey(settings.state, credentialsFolder(), (bytes) => randomBytes(bytes));
  const files = await openStateFiles(settings.state, stateKey);
  const history = openSiteHistory(settings, clock, telemetry, signal);
  const { archive, binaryBackups } = history;
  const nonce = randomBytes(8).toString('hex');
  const inUse = digestsInUse(state);
  if (journal.broken === null) {
    for (const kind of ['rollout', 'document', 'plan', 'desired', 'credential'] as const)
      await files.keepOnly(kind, inUse[kind]);
  }
  for (const { device } of strandedRollouts(state, settings.devices))
    telemetry.log('rollout-of-unserved-device', { device });
  const inForce = trust();
  await recorded.begin(randomBytes(16).toString('hex'), {
    kind: 'daemon-started',
    nonce,
    version,
    trust: trustDigests(inForce),
    ...krlOf(inForce),
  });

  const repository = await openDesiredRepository(settings, copyFolder(settings.state), signal);
  const hostKeys = openHostKeys(settings, state, trust);
  const secretOf = (sealed: string): Promise<Buffer | null> => files.get('credential', sealed);
  const drivers = settings.devices.map((said) => {
    const device = hostKeys.served(said);
    const credentials = (): ReturnType<typeof credentialsInForce> =>
      credentialsInForce(device, deviceState(state, device.name).login, secretOf);
    return { device, settingsKey: said.hostKey, driver: driverFor(device, clock, credentials) };
  });
  undo.push(async () => {
    await Promise.allSettled(drivers.map(({ driver }) => driver.close()));
  });
  const questions = new PQueue({ concurrency: 1 });
  const oneAtATime: RunningSite['oneAtATime'] = (work) => questions.add(work);
  const { policy } = settings;
  const gate = {
    site: settings.site,
    daemon: state.daemon ?? '',
    ledger,
    files,
    clock,
    policy,
    trust,
    oneAtATime,
  };
  const desired = openDesiredState({
    site: settings.site,
    repository,
    ledger,
    compose: composeDevice,
    secretsOf: secretsOfSite(settings),
    judgeSignature: settings.desired.signed === 'required' ? commitSignatureJudge(trust, mark) : null,
    firstStartObstacle: () => firstStartObstacle(settings.site, state.daemon ?? '', drivers, signal),
    gate,
  });

  const rollouts = new PQueue({ concurrency: settings.policy.batch });
  const devices: RunningDevice[] = [];
  const refreshing = new PQueue({ concurrency: 1 });
  const refreshDesired = async (): Promise<void> => {
    const moved = await refreshing.add(() => desired.refresh());
    telemetry.looked(desired.head().state !== 'error');
    if (moved === true) for (const device of devices) device.loop.wake();
  };
  const site: RunningSite = {
    settings,
    ledger,
    files,
    archive,
    binaryBackups,
    historySize: history.size,
    historyPush: history.push,
    desired,
    devices,
    clock,
    random: (bytes) => randomBytes(bytes),
    trust,
    trustProblem: keeper.problem,
    hostKeys,
    recent,
    refreshDesired,
    oneAtATime,
    log: telemetry.log,
    count: (metric, labels) => {
      telemetry.count(metric, labels);
    },
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

  const look = (): Promise<boolean> =>
    refreshDesired().then(
      () => desired.head().state !== 'error',
      (error: unknown) => {
        telemetry.log('desired-unreadable', { error: messageOf(error) });
        return false;
      },
    );
  await look();
  const { recipients } = settings.history;
  for (const { device, settingsKey, driver } of drivers) {
    const room: DeviceRoom = {
      site: settings.site,
      daemon: state.daemon ?? '',
      nonce,
      organization: settings.organization,
      device,
      settingsKey,
      policy: settings.policy,
      driver,
      ledger,
      files,
      archive,
      binaryBackups,
      probe: probeWith(driver),
      clock,
      random: (bytes) => randomBytes(bytes),
      signal,
      report: reportCell(),
      desired: () => desired.textFor(device.name, driver.dialect),
      secretWord: stateKey.secretWord,
      secretDigest: stateKey.secretDigest,
      sealSecrets: recipients.length === 0 ? null : sealTo(recipients),
      trust,
      folded: () => deviceState(state, device.name),
      inRolloutSlot: (turn, work) => rollouts.add(work, { priority: turn === 'goes-on' ? 1 : 0 }),
      oneAtATime: site.oneAtATime,
      again: () => {
        running.loop.wake();
      },
      log: (event, facts) => {
        telemetry.log(event, facts);
      },
    };
    const delayMs = (): number => {
      const { failure, stuck, comparison } = room.report.current();
      if (room.folded().rollout !== null && stuck === null) return inFlightMs;
      const waits = failure !== null || stuck !== null || comparison?.planned?.obstacle != null;
      const delay = waits ? Math.min(soonMs, device.readMs) : device.readMs;
      const now = clock.now();
      const backup = nextBackupAt(room) ?? Infinity;
      // One that is overdue could not be made: the next pass in its time tries again.
      return Math.min(delay, untilWindowMs(device, now), backup > now ? backup - now : Infinity);
    };
    const loop = startDeviceLoop(
      (order) => telemetry.pass(device.name, () => reconcileDevice(room, order)),
      { delayMs },
      clock,
      signal,
    );
    const running: RunningDevice = { settings: device, room, loop, folded: room.folded };
    devices.push(running);
  }
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
  telemetry.log('started', { site: settings.site, devices: devices.length, journal: journal.head.seq });

  return {
    http: http === null ? null : addressOf(http),
    // One after the other: an older load that ends later would bring back a key that was just revoked.
    reload: () => questions.add(() => keeper.reload()),
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

/** When the newest of these were written, by the clock of then. */
function latestOf(records: readonly RecordEnvelope[]): number | null {
  const times = records.map(({ at }) => Date.parse(at));
  return times.length === 0 ? null : Math.max(...times);
}

/** Until rollouts may begin, where that is waited for; while they may, nobody has to be woken. */
function untilWindowMs({ maintenance }: DeviceSettings, nowMs: number): number {
  const opening = maintenance === null ? null : openingAt(maintenance, nowMs);
  return opening === null || opening.from <= nowMs ? Infinity : opening.from - nowMs;
}

function addressOf(http: RunningHttp): { host: string; port: number } {
  return { host: http.host, port: http.port };
}
