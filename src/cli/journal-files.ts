/** The journal's files, read beside a running daemon or without one: where they are, their records, what is wrong with them. */
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command } from 'commander';
import { InvalidInput, fileProblem } from '../core/errors.ts';
import type { RecordEnvelope } from '../core/journal.ts';
import type { Replayed } from '../journal/replay.ts';
import { replayJournal } from '../journal/replay.ts';
import { fileStorage } from '../journal/storage.ts';
import { settingsFileOf } from './common.ts';
import { safe } from './terminal.ts';

export interface JournalOptions {
  readonly state?: string;
}

export async function journalFolder(options: JournalOptions, command: Command): Promise<string> {
  if (options.state !== undefined) return join(options.state, 'journal');
  const { loadSettings } = await import('../settings/settings.ts');
  return join((await loadSettings(settingsFileOf(command))).state, 'journal');
}

export async function replay(folder: string, onRecord: (record: RecordEnvelope) => void): Promise<Replayed> {
  try {
    return await replayJournal({ folder, storage: fileStorage, from: 'oldest', onRecord, pause: drained });
  } catch (error) {
    throw new InvalidInput(
      'unreadable',
      `${folder} ${fileProblem(error)}`,
      { file: folder },
      { cause: error },
    );
  }
}

/** A reader that is slower than the disk must not make this process keep what it has not read. */
export async function drained(): Promise<void> {
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}

export function damageLine(damage: NonNullable<Replayed['damage']>): string {
  return safe(`damaged: ${damage.file}${damage.line > 0 ? `:${damage.line}` : ''}: ${damage.reason}`);
}
