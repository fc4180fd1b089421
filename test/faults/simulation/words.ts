/** Commands and records as lines of a trace. */
import type { SitewardRecord } from '../../../src/core/rollout/events.ts';

export function brief(command: string): string {
  return command.length > 110 ? `${command.slice(0, 60)} … ${command.slice(-45)}` : command;
}

export function describe(record: SitewardRecord): string {
  const facts = record as unknown as Readonly<Record<string, unknown>>;
  const words = ['result', 'code', 'cause', 'outcome', 'reason', 'class'].flatMap(
    (name) => facts[name] ?? [],
  );
  return `[${record.seq}] ${record.kind} ${words.map(String).join(' ')}`;
}
