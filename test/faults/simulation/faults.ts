/**
 * What can go wrong, as a table: each fault with what it does to the world, where it can strike, and whether the world
 * afterwards can still be put right by the daemon alone. A run draws some of them and the stages at which they strike.
 */
import * as mishaps from './mishaps.ts';
import { order } from './people.ts';
import type { DaemonProcess, Stage } from './process.ts';
import type { World } from './world.ts';

/** Where in a stage a fault can strike. */
export type Moment = 'append' | 'sync' | 'synced' | 'send' | 'answer';

export interface Fault {
  readonly name: string;
  readonly at: readonly Moment[];
  /** After it, who is asked to decide may be a person; only safety and words are judged, not the end. */
  readonly personal: boolean;
  /** Does it; what it says becomes of the message or write at hand. */
  readonly strike: (world: World, process: DaemonProcess) => 'go' | 'lost' | 'partial' | 'error';
}

const everywhere: readonly Moment[] = ['append', 'sync', 'synced', 'send', 'answer'];
const messages: readonly Moment[] = ['send', 'answer'];

function fault(
  name: string,
  at: readonly Moment[],
  personal: boolean,
  strike: (world: World, process: DaemonProcess) => 'lost' | 'partial' | 'error' | void,
): Fault {
  return { name, at, personal, strike: (world, process) => strike(world, process) ?? 'go' };
}

/** Now, or in the middle of what the device does by itself later. */
function soon(world: World, work: () => void): void {
  if (world.isExact) work();
  else
    world.scheduler.after(
      world.random.below(4) === 0 ? world.random.below(40_000) : world.random.below(3_000),
      work,
    );
}

export const faults: readonly Fault[] = [
  fault('killed', everywhere, false, (world, process) =>
    world.kill(process, 5_000 + world.random.below(200_000)),
  ),
  fault('host-power-lost', everywhere, false, (world, process) => mishaps.losePower(world, process)),
  fault('stopped', everywhere, false, (world, process) => mishaps.shutDown(world, process)),
  fault('paused', everywhere, false, (world, process) =>
    process.pause(1_000 + world.random.below(300_000), world.random.below(2) === 0),
  ),
  fault('clock-forward', everywhere, false, (world, process) => {
    process.clockOffMs += 1_000 * world.random.below(7_200);
  }),
  fault('clock-back', everywhere, false, (world, process) => {
    process.clockOffMs -= 1_000 * world.random.below(7_200);
  }),
  fault('append-fails', ['append'], false, (world, process) => {
    mishaps.mendLater(world, process);
    return 'error';
  }),
  fault('sync-fails', ['sync'], false, (world, process) => {
    mishaps.mendLater(world, process);
    return 'error';
  }),
  fault('message-lost', messages, false, () => 'lost'),
  fault('answer-cut', ['answer'], false, () => 'partial'),
  fault('network-cut', messages, false, (world) => {
    world.network.cutUntilMs =
      world.scheduler.nowMs + 1_000 + world.random.below(world.random.below(5) === 0 ? 20_000_000 : 400_000);
    return 'lost';
  }),
  fault('slow-device', messages, false, (world) => {
    world.network.slowMs = 200 + world.random.below(40_000);
    world.network.slowUntilMs = world.scheduler.nowMs + world.random.below(300_000);
  }),
  fault('device-power-cut', messages, false, (world) => soon(world, () => mishaps.powerCut(world))),
  fault('device-reboots-twice', messages, false, (world) =>
    soon(world, () => {
      mishaps.powerCut(world);
      world.scheduler.after(41_000 + world.random.below(30_000), () => mishaps.powerCut(world));
    }),
  ),
  fault('console-crash', messages, false, (world) =>
    soon(world, () => {
      world.say('device: console crash');
      world.device.consoleCrash();
    }),
  ),
  fault('device-clock-jumps', messages, false, (world) => soon(world, () => mishaps.setClockBack(world))),
  fault('hand-on-the-plan', messages, true, (world) => soon(world, () => mishaps.handOnPlan(world))),
  fault('hand-elsewhere', messages, true, (world) => soon(world, () => mishaps.handElsewhere(world))),
  fault('net-taken-away', messages, true, (world) => soon(world, () => mishaps.takeNet(world))),
  fault('factory-reset', messages, true, (world) => soon(world, () => mishaps.load(world, 'factory'))),
  fault('older-backup-loaded', messages, true, (world) => soon(world, () => mishaps.load(world, 'older'))),
  fault('device-replaced', messages, true, (world) => soon(world, () => mishaps.replaceDevice(world))),
  fault('host-set-back', everywhere, true, (world, process) => mishaps.setHostBack(world, process)),
  fault('host-cloned', everywhere, true, (world, process) => mishaps.cloneHost(world, process)),
  fault('second-daemon', everywhere, true, (world) => mishaps.secondDaemon(world)),
  fault('state-lost', everywhere, true, (world, process) => mishaps.loseState(world, process)),
  fault('started-twice', everywhere, false, (world, process) => mishaps.startTwice(world, process)),
  fault('held', everywhere, false, (world, process) => order(world, process, 'hold')),
  fault('cancelled', everywhere, false, (world, process) => order(world, process, 'reject')),
  fault('released', everywhere, false, (world, process) => order(world, process, 'release')),
  fault('retried', everywhere, false, (world, process) => order(world, process, 'retry')),
  fault('resolve-ordered', everywhere, false, (world, process) => order(world, process, 'resolve')),
  fault('new-commit', everywhere, false, (world) => world.newCommit()),
];

export const stages: readonly Stage[] = [
  'idle',
  'waiting',
  'planned',
  'authorized',
  'locked',
  'witnessed',
  'staged',
  'armed',
  'applying',
  'applied',
  'verifying',
  'confirming',
  'confirmed',
  'rolling-back',
  'rolled-back',
  'not-started',
];

/** Pairs that can't be: no message is sent at that stage. */
export function isPossible(stage: Stage, { at }: Fault): boolean {
  const silent: readonly Stage[] = ['planned', 'armed'];
  return !silent.includes(stage) || at.some((moment) => moment !== 'send' && moment !== 'answer');
}
