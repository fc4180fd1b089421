/** What befalls machines and devices, one function each; `faults.ts` says when. None of it knows of any daemon's inside. */
import { Host } from './host.ts';
import type { DaemonProcess } from './process.ts';
import type { World } from './world.ts';

export function shutDown(world: World, process: DaemonProcess): void {
  world.background(process, async () => {
    await process.shutDown();
    world.say(`${process.name} has stopped`);
    world.begin(process.host, 1_000 + world.random.below(100_000));
  });
}

export function losePower(world: World, process: DaemonProcess): void {
  process.kill();
  const holes = Array.from({ length: world.random.below(3) }, () => world.random.below(12));
  process.host.losePower({ kept: world.random.below(1001), holes });
  world.checks.forget(process.host);
  world.begin(process.host, 30_000 + world.random.below(300_000));
}

/** The disk is well again and somebody restarts the daemon. */
export function mendLater(world: World, process: DaemonProcess): void {
  world.scheduler.after(60_000 + world.random.below(300_000), () => {
    if (!process.dead) world.kill(process, 2_000);
  });
}

export function powerCut(world: World): void {
  world.say('device: power cut');
  world.device.powerCut();
}

/** Some hours, or so far that nobody would wait for it. */
export function setClockBack(world: World): void {
  world.say('device: clock set back, the timer stands still');
  world.clockSetBack = true;
  const hours = world.random.below(3) === 0 ? 720 : 2;
  if (world.device.tick !== null) world.device.tick.nextMs += 1_000 * world.random.below(3_600 * hours);
}

export function handOnPlan(world: World): void {
  const at = world.random.below(world.device.rows.length);
  const row = world.random.below(2) === 0 ? '' : (world.shape.base[at] ?? '');
  world.say(`by hand: row ${at + 1} is now ${row === '' ? 'gone' : row}`);
  // Where nothing is armed any more, what differs is that hand's doing.
  if (world.device.tick === null) world.checks.netIsSacred = false;
  world.checks.byHand.add(at);
  world.device.setRow(at, row);
}

export function handElsewhere(world: World): void {
  world.device.elsewhere += 1;
  world.say('by hand: something elsewhere');
}

export function takeNet(world: World): void {
  world.checks.netIsSacred = false;
  world.say('by hand: the timer is removed');
  world.device.tick = null;
}

/** An older backup is loaded, or the device is as it came from the factory. */
export function load(world: World, what: 'older' | 'factory'): void {
  world.checks.netIsSacred = false;
  for (const at of world.device.rows.keys()) world.checks.byHand.add(at);
  const image = what === 'factory' ? undefined : world.images[world.random.below(world.images.length)];
  world.say(image === undefined ? 'device: factory reset' : 'device: an older backup is loaded');
  world.device.load(image ?? null);
}

export function replaceDevice(world: World): void {
  load(world, 'factory');
  world.device.hostKey = 'SHA256:second';
  world.say('device: replaced by another');
}

function emptyHost(): Host {
  return new Host(
    'empty',
    () => 'go',
    () => undefined,
  );
}

/** The machine is put back to how it was at some earlier moment. */
export function setHostBack(world: World, process: DaemonProcess): void {
  const { hostImages } = world;
  putBack(world, process, hostImages[world.random.below(Math.max(1, hostImages.length))] ?? emptyHost());
}

export function loseState(world: World, process: DaemonProcess): void {
  putBack(world, process, emptyHost());
}

function putBack(world: World, process: DaemonProcess, image: Host): void {
  world.checks.twins = true;
  process.kill();
  process.host.restore(image);
  world.checks.forget(process.host);
  world.begin(process.host, 10_000);
}

/** A copy of the machine runs beside it. */
export function cloneHost(world: World, process: DaemonProcess): void {
  world.checks.twins = true;
  const copy = world.addHost(process.host.copy('clone'));
  world.checks.copied(process.host, copy);
  world.begin(copy, world.random.below(60_000));
}

/** Another state's daemon serves the same device. */
export function secondDaemon(world: World): void {
  world.begin(world.addHost(world.newHost('second')), world.random.below(60_000));
}

/** The lock on the state keeps a second process off; it is real in test/daemon/promises-kill.test.ts. */
export function startTwice(world: World, process: DaemonProcess): void {
  world.begin(process.host, 0);
}
