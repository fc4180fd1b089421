/**
 * One reading for people, and of which sections it is not proved that it holds them whole: those that it names, those
 * that whoever asks names, and those that are known to vanish. Changes nothing.
 */
import type { Driver, Observation } from '../drivers/driver.ts';

export interface Unseen {
  readonly section: string;
  readonly code: string;
  readonly message: string;
}

interface WholeReading {
  readonly observation: Observation;
  readonly unseen: readonly Unseen[];
}

export async function readWhole(
  driver: Driver,
  named: readonly string[],
  signal: AbortSignal,
): Promise<WholeReading> {
  const observation = await driver.observe(signal);
  const { exportText, facts } = observation;
  const { configuration: exported } = driver.dialect.parseActual(exportText, facts.version);
  const sections = new Set([
    ...(driver.mayVanish ?? []),
    ...named,
    ...exported.sections.map(({ path }) => path),
  ]);
  const shown = { exported, policies: facts.policies ?? null };
  const problems = (await driver.incompleteSections?.([...sections], shown, signal)) ?? [];
  const unseen = problems.flatMap(({ section, code, message }) =>
    section === null ? [] : [{ section, code, message }],
  );
  return { observation, unseen };
}
