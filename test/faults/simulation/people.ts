/**
 * The people around a run: one who signs what waits, one who types what `next:` says of a device that stands still, and
 * one who orders this and that at any moment.
 */
import { resolutions } from '../../../src/core/rollout/event-fields.ts';
import type { DaemonProcess } from './process.ts';
import type { World } from './world.ts';

const client = { uid: 1000, claimed: 'uid:1000' };
const everyMs = 30_000;

/** Looks every half a minute, and now and then signs what waits, with a document of its own. */
export function askAround(world: World): void {
  world.scheduler.after(everyMs, () => {
    for (const { process } of world.hosts)
      if (process !== null && world.random.below(3) === 0)
        world.background(process, async () => {
          if (world.resolves) await resolve(world, process);
          await sign(world, process);
        });
    askAround(world);
  });
}

/** As `next:` says. */
async function resolve(world: World, process: DaemonProcess): Promise<void> {
  const operations = process.operations();
  const told = /^siteward resolve gw1 --as (\w+)$/.exec(process.standing()?.next ?? '')?.[1];
  if (operations === null || told === undefined || process.readOnlyReason() !== null) return;
  const as = resolutions.find((one) => one === told);
  if (as === undefined) return world.fail(`next: names no resolution: ${told}`);
  world.isPersonal();
  await operations.resolve({ device: 'gw1', as }, client);
}

async function sign(world: World, process: DaemonProcess): Promise<void> {
  const operations = process.operations();
  if (
    operations === null ||
    process.readOnlyReason() !== null ||
    process.pausedUntilMs > world.scheduler.nowMs
  )
    return;
  const { pending } = await operations.pending({}, client);
  for (const { id, text, approvals } of pending) {
    if (text === null || approvals.have > 0) continue;
    const document = await operations.document({ id }, client);
    const field = (name: string): string =>
      new RegExp(`^${name}: (\\S+)$`, 'm').exec(document.text)?.[1] ?? '';
    world.checks.signed.set(field('challenge'), `${field('plan-sha256')} ${field('base-sha256')}`);
    await operations.approve({ id, signatures: [world.sign(document.text)] }, client);
  }
}

export function order(
  world: World,
  process: DaemonProcess | null,
  what: 'hold' | 'reject' | 'release' | 'retry' | 'resolve',
): void {
  const operations = process?.operations() ?? null;
  if (process === null || operations === null || process.readOnlyReason() !== null) return;
  world.background(process, async () => {
    if (what === 'hold')
      await operations.hold({ device: world.random.below(2) === 0 ? null : 'gw1', reason: 'work' }, client);
    if (what === 'release') {
      await operations.release({ device: null }, client);
      await operations.release({ device: 'gw1' }, client);
    }
    if (what === 'retry') await operations.retry({ device: 'gw1' }, client);
    if (what === 'resolve') {
      const as = resolutions[world.random.below(resolutions.length)] ?? 'actual';
      const { results } = await operations.resolve({ device: 'gw1', as }, client);
      if (results.some(({ done }) => done)) world.isPersonal();
    }
    if (what === 'reject') {
      const { pending } = await operations.pending({}, client);
      for (const { id } of pending) await operations.reject({ id, reason: 'not now' }, client);
    }
  });
}
