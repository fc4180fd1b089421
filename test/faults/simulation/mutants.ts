/**
 * Deliberate defects, each of a kind that somebody could write: parts of the protocol left out on the device, effects in
 * the wrong order, evidence taken for what it is not. They are handed in through the seams of the simulation, so that
 * nothing of them is in what ships. A checker that does not find every one of them proves nothing.
 */
import { JournalError } from '../../../src/core/errors.ts';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import type { Evidence } from '../../../src/core/rollout/rollout.ts';
import { rolledBackNote } from '../../../src/core/rollout/rollout.ts';
import { foldRecord } from '../../../src/core/site-fold.ts';
import type { Driver } from '../../../src/drivers/driver.ts';
import {
  removeScriptCommand,
  removeScriptIfCommand,
  removeTickCommand,
} from '../../../src/drivers/routeros/commands.ts';
import { withConsole } from '../../../src/drivers/routeros/effects/device-console.ts';
import type { Reach } from '../../../src/drivers/routeros/effects/device-console.ts';
import { lockName, lockOf, objectsOf, printLock } from '../../../src/drivers/routeros/objects.ts';
import type { SshSession } from '../../../src/drivers/ssh-session.ts';
import type { AppendFile, JournalStorage } from '../../../src/journal/storage.ts';
import type { Ledger } from '../../../src/reconcile/ledger.ts';
import { evidenceOf } from '../../support/records.ts';
import type { Habits } from './device.ts';
import { soundSeams, type Seams } from './process.ts';

export interface Mutant {
  /** What it leaves out or believes. */
  readonly name: string;
  readonly habits?: Partial<Habits>;
  readonly seams?: Partial<Seams>;
  /** Where it shows: these pairs of stage and fault strike in each run. */
  readonly shows?: readonly string[];
}

type Change = (driver: Driver, reach: Reach) => Partial<Driver>;

function inDriver(change: Change): Partial<Seams> {
  return { driver: (driver, reach) => ({ ...driver, ...change(driver, reach) }) };
}

/** What the daemon makes itself believe of what it read. */
function believing(change: (evidence: Evidence) => Partial<Evidence>): Partial<Seams> {
  return inDriver((driver) => ({
    evidence: async (...words) => {
      const evidence = await driver.evidence(...words);
      return { ...evidence, ...change(evidence) };
    },
  }));
}

/** Records that count at once and are written only when another one allows it. */
function lateRecords(
  isLate: (event: SitewardEvent) => boolean,
  writes: (event: SitewardEvent) => boolean,
): Partial<Seams> {
  return {
    ledger: (ledger: Ledger): Ledger => {
      const late: SitewardEvent[] = [];
      return {
        state: ledger.state,
        journal: ledger.journal,
        append: async (event, actor = 'daemon') => {
          if (isLate(event)) {
            const record = { ...event, seq: ledger.journal.head.seq, at: '2026-11-21T00:00:00.000Z', actor };
            foldRecord(ledger.state, record);
            late.push(event);
            return record;
          }
          if (writes(event)) for (const one of late.splice(0)) await ledger.journal.append({ ...one, actor });
          return await ledger.append(event, actor);
        },
      };
    },
  };
}

const isStart = (event: SitewardEvent): boolean => /-started$/.test(event.kind) && 'rollout' in event;

/** Goes on when the journal could not be written. */
const heedless: Partial<Seams> = {
  ledger: (ledger) => ({
    state: ledger.state,
    journal: Object.create(ledger.journal, { broken: { value: null } }) as Ledger['journal'],
    append: async (event, actor = 'daemon') => {
      try {
        return await ledger.append(event, actor);
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        const record = { ...event, seq: ledger.journal.head.seq, at: '2026-11-21T00:00:00.000Z', actor };
        foldRecord(ledger.state, record);
        return record;
      }
    },
  }),
};

/** The kernel says that all is well the second time, and nothing more was written. */
function syncsAgain(storage: JournalStorage): JournalStorage {
  const again = (file: AppendFile): AppendFile => ({
    ...file,
    sync: () => file.sync().catch(() => file.sync()),
  });
  return {
    ...storage,
    create: async (folder, name) => again(await storage.create(folder, name)),
    openForAppend: async (path) => again(await storage.openForAppend(path)),
  };
}

/** Forgets after each rollout why it should not be tried again. */
const stubborn: Partial<Seams> = {
  ledger: (ledger) => ({
    state: ledger.state,
    journal: ledger.journal,
    append: async (event, actor) => {
      const record = await ledger.append(event, actor);
      for (const device of ledger.state.devices.values()) device.quarantine = null;
      ledger.state.stopped = null;
      return record;
    },
  }),
};

/** One session for everything, as long as it lives. */
function oneSession(connect: Reach['connect']): Reach['connect'] {
  let kept: SshSession | null = null;
  return async (target, signal) => {
    if (kept !== null) return kept;
    const session = await connect(target, signal);
    kept = {
      ...session,
      exec: async (...words) => {
        try {
          return await session.exec(...words);
        } catch (error) {
          kept = null;
          throw error;
        }
      },
    };
    return kept;
  };
}

/** Takes the objects off in another order, and waits for nothing. */
function cleanInOrder(commands: (names: ReturnType<typeof objectsOf>) => readonly string[]): Change {
  return (_driver, reach) => ({
    clean: (rollout, _judge, signal) =>
      withConsole(reach, 'clean', signal, async (console) => {
        for (const command of commands(objectsOf(rollout.id))) await console.modify(command);
        await console.modify(removeScriptIfCommand(lockName, printLock(lockOf(rollout.owner, rollout.id))));
        return null;
      }),
  });
}

/** What was once read as confirmed is not read otherwise any more. */
const onceConfirmed: Change = (driver) => {
  const seen = new Map<string, Evidence['footprint']>();
  return {
    evidence: async (...words) => {
      const evidence = await driver.evidence(...words);
      const [{ id }] = words;
      if (evidence.decision === 'confirm') seen.set(id, evidence.footprint);
      const footprint = seen.get(id);
      return footprint === undefined ? evidence : { ...evidence, decision: 'confirm', footprint };
    },
  };
};

const withoutFlush: Change = (driver) => ({
  clean: (rollout, judge, signal) =>
    driver.clean({ ...rollout, times: { ...rollout.times, flushMs: 0 } }, judge, signal),
});

export const mutants: readonly Mutant[] = [
  // Necessary parts of the protocol on the device, left out; the others are in `protocol-model.test.ts`.
  { name: 'the timer is removed before the rollback has ended', habits: { removesTick: 'first' } },
  {
    name: 'the timer is removed after a pass that failed',
    habits: { removesTick: 'after-any-pass' },
    shows: ['rolling-back device-power-cut'],
  },
  {
    name: 'the timer is removed before what the rollback wrote is kept',
    habits: { removesTick: 'after-clean-pass', flushMs: 45_000 },
    shows: ['rolled-back device-power-cut'],
  },
  { name: 'the rollback undoes a list instead of converging', habits: { converges: false } },
  { name: 'the rollback does not look whether it was confirmed', habits: { declinesOnConfirm: false } },
  { name: 'a reboot is not seen in the uptime', habits: { judgesByUptime: false } },
  {
    name: 'the decision goes before the timer',
    seams: inDriver(
      cleanInOrder((names) => [
        removeScriptCommand(names.decision),
        removeTickCommand(names.tick),
        ...[names.apply, names.back, names.check].map(removeScriptCommand),
      ]),
    ),
  },
  {
    name: 'cleaned without waiting for the cache',
    seams: inDriver(withoutFlush),
    shows: ['confirmed device-power-cut'],
  },
  {
    name: 'something is left on the device',
    seams: inDriver(
      cleanInOrder((names) => [removeTickCommand(names.tick), removeScriptCommand(names.decision)]),
    ),
  },
  {
    name: 'a deadline that never comes',
    seams: inDriver((driver) => ({
      stage: (rollout, signal) =>
        driver.stage({ ...rollout, times: { ...rollout.times, windowMs: 400_000_000 } }, signal),
    })),
  },
  // Evidence taken for what it is not.
  {
    name: 'a vanished timer is taken for confirmed',
    seams: believing((evidence) =>
      evidence.net.present || evidence.decision !== null
        ? {}
        : {
            decision: 'confirm',
            net: { present: true, enabled: true, runCount: evidence.uptimeS },
            footprint: { kind: 'target', items: [] },
          },
    ),
  },
  {
    name: 'an unreachable device is taken for rolled back',
    seams: inDriver((driver) => ({
      evidence: (rollout, base, signal) =>
        driver.evidence(rollout, base, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          if (!(error instanceof Error)) throw error;
          return goneBack;
        }),
    })),
  },
  {
    name: 'confirmed before a run of the rollback declined',
    seams: believing(({ uptimeS }) => ({ net: { present: true, enabled: true, runCount: uptimeS } })),
  },
  {
    name: 'the target is believed and not read',
    seams: believing(() => ({ footprint: { kind: 'target', items: [] } })),
  },
  {
    name: 'rolled back is believed as soon as it is decided',
    seams: believing(({ decision, net }) =>
      decision === 'rollback'
        ? {
            footprint: { kind: 'base', items: [] },
            net: { ...net, present: false },
            rollbackNote: rolledBackNote,
          }
        : {},
    ),
  },
  {
    name: 'a base that is not kept yet is taken for rolled back',
    habits: { flushMs: 45_000 },
    seams: believing(({ footprint, net }) =>
      footprint.kind === 'base' && !net.present ? { rollbackNote: rolledBackNote } : {},
    ),
    shows: ['verifying net-taken-away', 'rolling-back killed', 'rolled-back device-power-cut'],
  },
  {
    name: 'a timer that stands still is taken for one that runs',
    seams: believing(({ decision, net, uptimeS }) =>
      decision === null ? { net: { ...net, runCount: uptimeS } } : {},
    ),
    shows: ['applied device-clock-jumps'],
  },
  {
    name: 'nobody looks again between confirmed and settled',
    habits: { flushMs: 45_000 },
    seams: inDriver(onceConfirmed),
    shows: ['confirmed device-power-cut'],
  },
  { name: 'confirmed over an old connection', seams: { connect: oneSession } },
  {
    name: 'nobody looks whose device it is',
    seams: inDriver((driver) => ({
      observe: async (signal) => ({ ...(await driver.observe(signal)), witness: null, leftovers: [] }),
      evidence: async (...words) => ({ ...(await driver.evidence(...words)), witness: null }),
    })),
  },
  // Order of journal and effect.
  { name: 'the journal is written after the effect', seams: lateRecords(isStart, () => true) },
  {
    name: 'an authorization is consumed late',
    seams: lateRecords(
      ({ kind }) => kind === 'authorization-consumed' || kind === 'authorized',
      ({ kind }) => kind === 'apply-finished',
    ),
  },
  { name: 'it goes on when the journal can not be written', seams: heedless },
  {
    name: 'a sync that failed is tried once more',
    seams: { storage: syncsAgain },
    shows: ['applied sync-fails'],
  },
  {
    name: 'what a failed sync left in memory counts after a restart',
    seams: { storage: (storage) => ({ ...storage, rewrite: () => Promise.resolve() }) },
    shows: ['applied sync-fails', 'verifying host-power-lost'],
  },
  { name: 'a plan that was rolled back is tried again and again', seams: stubborn },
];

const goneBack = evidenceOf({
  uptimeS: 1,
  decision: 'rollback',
  applyNote: '',
  rollbackNote: rolledBackNote,
  footprint: { kind: 'base', items: [] },
});

export function seamsOf(mutant: Mutant): Seams {
  return { ...soundSeams, ...mutant.seams };
}
