/** The device's log, a ring of the last lines, and what devices write when somebody changes something. */

export interface LogLine {
  readonly id: number;
  /** Wall time. */
  readonly at: number;
  readonly topics: string;
  readonly message: string;
}

const LINES = 1000;
/** What log lines call a row of a menu; others are `item`. */
const NOUNS: Readonly<Record<string, string>> = {
  '/ip address': 'address',
  '/ip route': 'route',
  '/ip firewall filter': 'filter rule',
  '/ip firewall nat': 'nat rule',
  '/ip firewall mangle': 'mangle rule',
  '/ip firewall raw': 'raw rule',
  '/ip firewall address-list': 'address list entry',
  '/ip dns static': 'static dns entry',
  '/ip service': 'ip service',
  '/system script': 'script',
  '/system scheduler': 'schedule',
  '/system identity': 'system identity',
  '/user': 'user',
  '/user group': 'user group',
  '/user ssh-keys': 'ssh key',
};
const VERBS: Readonly<Record<string, string>> = {
  add: 'added',
  remove: 'removed',
  move: 'moved',
};

export class Logbook {
  readonly lines: LogLine[] = [];
  private nextId = 1;

  write(at: number, topics: string, message: string): void {
    this.lines.push({ id: this.nextId++, at, topics, message });
    if (this.lines.length > LINES) this.lines.shift();
  }

  /** What is kept in memory is gone after a reboot. */
  clear(): void {
    this.lines.length = 0;
  }
}

/** `filter rule added by ssh:admin@192.0.2.5`; version 6 names the user alone. */
export function changeMessage(path: string, verb: string, by: string): string {
  return `${NOUNS[path] ?? 'item'} ${VERBS[verb] ?? 'changed'} by ${by}`;
}
