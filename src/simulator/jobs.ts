/** `/system script job`: what runs on the device, each in a thread of its own or in that of whoever asked. */
import { hexId } from './device/menu.ts';
import type { Menu, Row } from './device/menu.ts';
import type { Thread, Threads } from './threads.ts';
import type { Value } from './language/values.ts';

export class Jobs {
  readonly menu: Menu;
  private readonly threads: Threads;
  private readonly running = new Map<number, Thread>();
  private rows: readonly Row[] = [];

  /** `addView`: makes the menu of what this holds. */
  constructor(threads: Threads, addView: (rows: () => readonly Row[]) => Menu) {
    this.threads = threads;
    this.menu = addView(() => this.rows);
  }

  add(script: string, owner: string, started: string): Row {
    const given = new Map([
      ['script', script],
      ['owner', owner],
      ['type', 'command'],
      ['started', started],
    ]);
    const job = this.menu.makeRow({ selector: 'job', given });
    this.rows = [...this.rows, job];
    return job;
  }

  /** Says which thread it is that `stop` has to end. */
  runsIn(job: Row, thread: Thread | undefined): Value {
    if (thread !== undefined) this.running.set(job.id, thread);
    return { type: 'id', text: hexId(job) };
  }

  end(job: Row): void {
    this.rows = this.rows.filter((row) => row.id !== job.id);
    this.running.delete(job.id);
  }

  /** Whatever runs in that job never does another command. */
  stop(job: Row): void {
    const thread = this.running.get(job.id);
    this.end(job);
    if (thread !== undefined) this.threads.stop(thread);
  }

  clear(): void {
    this.rows = [];
    this.running.clear();
  }
}
