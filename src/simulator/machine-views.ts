/** Menus whose rows are no configuration: log, history, sessions, files. */
import { fileRows } from './commands/files.ts';
import { stamp } from './machine-facts.ts';
import type { Device } from './device/device.ts';
import type { Row } from './device/menu.ts';
import type { FileStore } from './files/store.ts';
import type { History } from './history.ts';
import type { LogLine } from './logbook.ts';
import type { Sessions } from './sessions.ts';

interface ViewSources {
  readonly device: Device;
  readonly log: readonly LogLine[];
  readonly history: History;
  readonly sessions: Sessions;
  readonly files: FileStore;
}

export function addViews(of: ViewSources): void {
  const { device } = of;
  device.addView('/log', () =>
    of.log.map(({ id, at, topics, message }) =>
      view(id, { time: stamp(at), topics, message, buffer: 'memory' }),
    ),
  );
  device.addView('/system history', () =>
    of.history.list().map(({ action, by, at, floating }, index) =>
      view(index + 1, {
        action,
        by,
        policy: 'write',
        time: stamp(at),
        'floating-undo': floating ? 'yes' : 'no',
      }),
    ),
  );
  device.addView('/user active', () =>
    of.sessions
      .list()
      .map(({ id, at, user, address, via, group }) =>
        view(id, { when: stamp(at), name: user, address, via, group }),
      ),
  );
  device.addView('/file', () => fileRows(of.device, of.files));
}

function view(id: number, given: Readonly<Record<string, string>>): Row {
  return {
    id,
    selector: '',
    given: new Map(Object.entries(given)),
    properties: new Map(),
    written: new Map(),
    dynamic: false,
  };
}
