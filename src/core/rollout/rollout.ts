/** A rollout as plain data: one attempt of one plan on one device. Sealed on disk until settled. */
import type { FootprintState, Plan } from '../plan/action.ts';
import type { Probe } from './probe.ts';

/** Who holds the lock on a device. */
export interface RolloutOwner {
  /** 32 hex digits. */
  readonly daemon: string;
  /** Made at each start of the daemon; 16 hex digits. */
  readonly nonce: string;
}

/** What every device carries: which daemon wrote last, and how far its journal was. */
export interface Witness {
  readonly site: string;
  readonly daemon: string;
  readonly seq: number;
  readonly head: string;
}

export interface RolloutTimes {
  /** From armed to the device rolling back, at least. */
  readonly windowMs: number;
  readonly tickMs: number;
  readonly flushMs: number;
  readonly minUptimeMs: number;
  readonly soakMs: number;
}

export interface Rollout {
  /** 12 hex digits. */
  readonly id: string;
  readonly device: string;
  readonly owner: RolloutOwner;
  /** `SHA256:…` of the device's host key: hardware that was swapped meanwhile is another device. */
  readonly deviceKey: string;
  readonly plan: Plan;
  readonly times: RolloutTimes;
  /** Nothing is applied: the device has to fire its net by itself. */
  readonly drill?: true;
  /** What it is verified by besides login and export; absent: nothing. */
  readonly probes?: readonly Probe[];
  /** The driver's rendered scripts; only that driver reads them. */
  readonly payload: unknown;
  /** People ended it although its own end failed again and again: its timer and jobs are taken off as they are. */
  readonly givenUp?: boolean;
}

/** A rollout of which nothing is known but whose it is: enough to look at what is left of it, and to take that off. */
export function remainsOf(
  rollout: Pick<Rollout, 'id' | 'device' | 'owner' | 'deviceKey' | 'times' | 'givenUp'>,
): Rollout {
  const nothing = { kind: 'untouched', by: '' } as const;
  const plan: Plan = {
    actions: [],
    class: 'benign',
    reason: '',
    base: [],
    target: [],
    baseDigest: '',
    path: nothing,
    rollback: 'exact',
  };
  return { ...rollout, plan, payload: null };
}

/** Uptimes of the device, in seconds since its boot, that judge its deadline. */
export interface Deadline {
  readonly armedUptimeS: number;
  readonly deadlineUptimeS: number;
}

/** What the rollback says of itself once the base is back and durable, and its timer gone. */
export const rolledBackNote = 'rolled back';

/** Facts read from the device about a rollout, over a new connection. */
export interface Evidence {
  readonly uptimeS: number;
  readonly decision: 'confirm' | 'rollback' | null;
  readonly net: {
    /** The timer that runs the rollback. */
    readonly present: boolean;
    readonly enabled: boolean;
    readonly runCount: number;
  };
  readonly applyJob: boolean;
  readonly rollbackJob: boolean;
  /** What apply says of itself: `applied`, an error in the device's words, or ''. */
  readonly applyNote: string;
  /** What the rollback says of itself: `rolledBackNote`, where its last pass stands, or ''. */
  readonly rollbackNote: string;
  /** Names of this rollout's objects that are on the device. */
  readonly objects: readonly string[];
  /** Owner of the lock, as written on the device; null when there is none. */
  readonly lock: string | null;
  readonly witness: Witness | null;
  readonly footprint: FootprintState;
  /** Items outside the footprint that differ from what the plan started from: another writer's traces. */
  readonly foreignChanges: number;
}
