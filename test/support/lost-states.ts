/** Daemons that have lost what they knew, on a device that remembers: the state of a copy, or none at all. */
import { cpSync, rmSync } from 'node:fs';
import type { World } from './daemon-world.ts';

type Change = (text: string) => string;

/** Rolls the change out, then goes on with the state as it was copied before. */
export async function startWithOlderState(one: World, change: Change): Promise<void> {
  const first = await one.start();
  await one.untilSettled();
  await first.stop();
  cpSync(one.at('state'), one.at('older'), { recursive: true });
  const second = await one.start();
  one.edit(change);
  await one.untilSettled();
  await second.stop();
  rmSync(one.at('state'), { recursive: true });
  cpSync(one.at('older'), one.at('state'), { recursive: true });
  await one.start();
}

/** Rolls the change out, removes the state, and goes on when git wants something new; returns that commit. */
export async function startWithLostState(one: World, change: Change, later: Change): Promise<string> {
  const first = await one.start();
  await one.untilSettled();
  one.edit(change);
  await one.untilSettled();
  await first.stop();
  rmSync(one.at('state'), { recursive: true });
  const head = one.edit(later);
  await one.start();
  return head;
}
