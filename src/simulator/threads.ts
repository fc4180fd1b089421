/**
 * Runs many scripts side by side: before each command one of those that can go on is picked, in an
 * order that the seed decides. A stopped one never runs another command.
 */
import type { SimulatorClock } from './clock.ts';
import type { Random } from './random.ts';
import type { Step } from './language/runtime.ts';

export interface Thread {
  readonly run: Generator<Step, unknown, void>;
  /** Called once: without error, with what was thrown, or stopped. */
  readonly ended: (how: { readonly error?: unknown; readonly stopped?: boolean }) => void;
  state: 'ready' | 'waiting' | 'ended';
  cancelWait: () => void;
}

/** Commands between two turns of the event loop. */
const COMMANDS_AT_ONCE = 256;

export class Threads {
  private readonly clock: SimulatorClock;
  private readonly random: Random;
  private readonly commandMs: () => number;
  private readonly threads: Thread[] = [];
  private queued = false;
  private current: Thread | undefined;

  /** `commandMs`: how long each command takes; 0 is as fast as it goes. */
  constructor(clock: SimulatorClock, random: Random, commandMs: () => number) {
    this.clock = clock;
    this.random = random;
    this.commandMs = commandMs;
  }

  start(run: Thread['run'], ended: Thread['ended']): Thread {
    const thread: Thread = { run, ended, state: 'ready', cancelWait: () => undefined };
    this.threads.push(thread);
    this.queue();
    return thread;
  }

  /** The thread whose command is being done right now. */
  running(): Thread | undefined {
    return this.current;
  }

  stop(thread: Thread): void {
    if (thread.state === 'ended') return;
    thread.cancelWait();
    this.remove(thread);
    // A script that stops itself is in the middle of a command; its generator just never goes on.
    if (this.current !== thread) thread.run.return(undefined);
    thread.ended({ stopped: true });
  }

  stopAll(): void {
    for (const thread of [...this.threads]) this.stop(thread);
  }

  private remove(thread: Thread): void {
    thread.state = 'ended';
    const index = this.threads.indexOf(thread);
    if (index >= 0) this.threads.splice(index, 1);
  }

  private queue(): void {
    if (this.queued) return;
    this.queued = true;
    this.clock.after(0, () => {
      this.queued = false;
      this.turn();
    });
  }

  private turn(): void {
    for (let count = 0; count < COMMANDS_AT_ONCE; count++) {
      const ready = this.threads.filter((thread) => thread.state === 'ready');
      const next = ready[this.random.below(ready.length)];
      if (next === undefined) return;
      this.step(next);
    }
    this.queue();
  }

  private step(thread: Thread): void {
    this.current = thread;
    try {
      const result = thread.run.next();
      if (hasEnded(thread)) return;
      if (result.done === true) {
        this.remove(thread);
        thread.ended({});
        return;
      }
      const ms = result.value.kind === 'sleep' ? result.value.ms : this.commandMs();
      if (ms > 0 || result.value.kind === 'sleep') this.wait(thread, ms);
    } catch (error) {
      if (hasEnded(thread)) return;
      this.remove(thread);
      thread.ended({ error });
    } finally {
      this.current = undefined;
    }
  }

  private wait(thread: Thread, ms: number): void {
    thread.state = 'waiting';
    thread.cancelWait = this.clock.after(ms, () => {
      if (thread.state !== 'waiting') return;
      thread.state = 'ready';
      this.queue();
    });
  }
}

/** A command may end its own thread, which the compiler cannot know. */
function hasEnded(thread: Thread): boolean {
  return thread.state === 'ended';
}
