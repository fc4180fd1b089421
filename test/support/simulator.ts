/** A simulator for one test, gone when it is over. */
import { onTestFinished } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { SMALL_EXPORT } from '../unit/simulator/started-machine.ts';

/** Carries a small export where the options name no other. Not for concurrent tests. */
export async function simulatorOfTest(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ exportText: Buffer.from(SMALL_EXPORT, 'latin1'), ...options });
  onTestFinished(() => simulator.close());
  return simulator;
}
