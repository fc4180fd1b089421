/** What the commands of the console see of the running device, and the form in which each is written down. */
import type { Behaviour } from './behaviour.ts';
import type { Device } from './device/device.ts';
import type { Menu, Row } from './device/menu.ts';
import type { Faults } from './faults.ts';
import type { FileStore } from './files/store.ts';
import type { History } from './history.ts';
import type { HostKeys } from './host-keys.ts';
import type { Call, Run, Runtime } from './language/runtime.ts';
import type { Vocabulary } from './language/syntax.ts';
import type { Value } from './language/values.ts';
import type { LogLine } from './logbook.ts';
import type { Random } from './random.ts';
import type { Session, Sessions } from './sessions.ts';

export interface Host {
  readonly device: Device;
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  readonly files: FileStore;
  readonly history: History;
  readonly hostKeys: HostKeys;
  readonly sessions: Sessions;
  readonly vocabulary: Vocabulary;
  readonly random: Random;
  readonly jobs: Menu;
  readonly log: readonly LogLine[];
  wallMs(): number;
  interfacesMissing(): boolean;
  writeLog(topics: string, message: string): void;
  runNamed(row: Row, caller: Caller): Run<Value>;
  stopJob(job: Row): void;
  reboot(): void;
  /** Runs that text once the next boot is over. */
  afterBoot(script: string): void;
}

/** Who gives a command, and where its output goes. */
export interface Caller {
  readonly session: Session;
  readonly runtime: Runtime;
}

/** A command that is more than rows of a menu: done at once, or in steps between which others may run. */
export type DeviceCommand = CommandFacts &
  (
    | {
        /** `undefined`: the ordinary command of that name goes on. */
        run(host: Host, call: Call, caller: Caller): Value | undefined;
      }
    | { steps(host: Host, call: Call, caller: Caller): Run<Value> }
  );

interface CommandFacts {
  readonly path: string;
  readonly name: string;
  /** Names of its arguments. */
  readonly arguments: readonly string[];
  /** Arguments of later versions. */
  readonly laterArguments?: Readonly<Record<string, string>>;
  /** Values without a name may follow. */
  readonly takesValues: boolean;
  /** What the login needs. */
  readonly policy: string;
  /** Not on versions before that one. */
  readonly since?: string;
}
