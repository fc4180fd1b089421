/**
 * Brings every new revision and checkpoint to the git server of the settings: at start, when something was kept, and once
 * in a while, so that a server that would refuse is known before it is needed. What the server declines or answers badly
 * stands in `status`, is counted, logged when it changes, and tried again later and later; it stops nothing.
 */
import type { Clock } from '../core/clock.ts';
import { codeOf, messageOf, SitewardError } from '../core/errors.ts';
import type { GitRemote } from '../desired/remote/git-remote.ts';
import { advertisedBy, pushTo } from '../desired/remote/receive-pack.ts';
import type { Advertised, Declined } from '../desired/remote/receive-pack.ts';
import type { Archive } from '../history/archive.ts';
import { branchOf } from '../history/ref-name.ts';
import type { Arrived } from '../history/retention.ts';
import { startDeviceLoop } from '../reconcile/device-loop.ts';

export interface HistoryPush {
  /** Something was kept. */
  wake(): void;
  /** What the server has of a device, as it said since the start. */
  arrived(device: string): NonNullable<Arrived>;
  /** Why not all of it is there; null: it is, or was not tried yet. */
  failure(): PushFailure | null;
  readonly done: Promise<void>;
}

export interface PushFailure {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

export interface PushOptions {
  readonly archive: Pick<Archive, 'devices' | 'outgoing'>;
  readonly remote: GitRemote;
  readonly clock: Clock;
  /** From 0 to 1: many daemons don't ask one server at once. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly log: (event: string, facts: Record<string, unknown>) => void;
  /** Told of the end of each turn; null: all of it is there. */
  readonly pushed: (code: string | null) => void;
}

const usuallyMs = 3_600_000;
const soonMs = 30_000;
const mostDoublings = 5;

export function startHistoryPush(options: PushOptions): HistoryPush {
  const { clock, random, signal, log, pushed } = options;
  const has = new Map<string, string>();
  let failure: PushFailure | null = null;
  let failures = 0;

  async function turn(): Promise<void> {
    const before = failure;
    try {
      const { sent, failed } = await pushHistory(options, has);
      failure = failed;
      if (sent > 0) log('history-pushed', { references: sent });
    } catch (error) {
      signal.throwIfAborted();
      failure = { code: codeOf(error), message: `history: ${messageOf(error)}`, next: 'siteward check' };
    }
    failures = failure === null ? 0 : failures + 1;
    pushed(failure?.code ?? null);
    if (failure !== null && failure.message !== before?.message)
      log('history-not-pushed', {
        code: failure.code,
        error: new SitewardError(failure.code, failure.message),
      });
  }

  const delayMs = (): number => {
    const backoffMs = soonMs * 2 ** Math.min(failures - 1, mostDoublings);
    return (failures === 0 ? usuallyMs : backoffMs) * (0.9 + 0.2 * random());
  };
  const loop = startDeviceLoop(turn, { delayMs }, clock, signal);
  return {
    wake: () => {
      // A server that refuses is asked again in its time, however much is kept meanwhile.
      if (failures === 0) loop.wake();
    },
    arrived: (device) => ({ oid: has.get(branchOf(device)) ?? null }),
    failure: () => failure,
    done: loop.done,
  };
}

/** One device that can't be pushed keeps no other from it; the first one's reason is told. */
async function pushHistory(
  { archive, remote, signal }: PushOptions,
  has: Map<string, string>,
): Promise<{ readonly sent: number; readonly failed: PushFailure | null }> {
  const failed: PushFailure[] = [];
  let sent = 0;
  try {
    const server = await advertisedBy(remote, signal);
    has.clear();
    for (const [ref, oid] of server.refs) has.set(ref, oid);
    for (const device of await archive.devices()) {
      signal.throwIfAborted();
      try {
        sent += await pushDevice({ archive, remote, signal }, server, device, has);
      } catch (error) {
        if (!(error instanceof SitewardError) || !ofOneDevice.includes(error.code)) throw error;
        failed.push({ code: error.code, message: error.message, next: `siteward history ${device}` });
      }
    }
  } finally {
    await remote.close();
  }
  const [first, ...others] = failed;
  if (first === undefined) return { sent, failed: null };
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return { sent, failed: { ...first, message: `history: ${first.message}${more}` } };
}

const ofOneDevice: readonly string[] = [
  'history-remote-differs',
  'history-remote-declined',
  'history-remote-shallow',
  'history-damaged',
];

async function pushDevice(
  { archive, remote, signal }: Pick<PushOptions, 'archive' | 'remote' | 'signal'>,
  server: Advertised,
  device: string,
  has: Map<string, string>,
): Promise<number> {
  let sent = 0;
  for await (const parcel of archive.outgoing(device, new Map(has))) {
    const declined = await pushTo(remote, server, parcel, signal);
    const refused = new Set(declined.map(({ ref }) => ref));
    for (const { ref, to } of parcel.updates) if (!refused.has(ref)) has.set(ref, to);
    sent += parcel.updates.length - refused.size;
    const [first] = declined;
    if (first !== undefined) throw refusal(device, first);
  }
  return sent;
}

function refusal(device: string, { ref, reason }: Declined): SitewardError {
  if (reason.startsWith('shallow update not allowed'))
    return new SitewardError(
      'history-remote-shallow',
      `${device}: the git server takes no history whose beginning was dropped by \`history: keep:\`; ` +
        'there, run: git config receive.shallowUpdate true',
    );
  return new SitewardError(
    'history-remote-declined',
    `${device}: the git server declines ${ref}: ${reason}; see to it there, it is tried again by itself`,
  );
}
