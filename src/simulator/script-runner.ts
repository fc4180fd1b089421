/**
 * Runs what the console is given: lines of a session, jobs of their own, scripts by name, entries of the scheduler. Each
 * is a thread whose commands are interleaved with those of others.
 */
import { runCommand } from './commands/dispatch.ts';
import { Jobs } from './jobs.ts';
import { ImportError } from './language/import-error.ts';
import { runScript } from './language/interpreter.ts';
import { parsePiece, parseScript } from './language/parser.ts';
import { ConsoleError, ParseError } from './language/syntax.ts';
import { stamp } from './machine-facts.ts';
import { SCHEDULER_PATH } from './scheduler.ts';
import type { Row } from './device/menu.ts';
import type { Caller, Host } from './host.ts';
import type { Run, Runtime } from './language/runtime.ts';
import type { Value } from './language/values.ts';
import type { Session } from './sessions.ts';
import type { Thread, Threads } from './threads.ts';

/** How a console line ended. */
export type Ending = 'done' | 'parse-error' | 'error' | 'import-error' | 'stopped';

const SCRIPT_PATH = '/system script';

export class ScriptRunner {
  readonly jobs: Jobs;
  private readonly host: Host;
  private readonly threads: Threads;
  private globals = new Map<string, Value>();
  private readonly runs = new Map<number, { count: number; at: number }>();

  constructor(host: Host, threads: Threads) {
    this.host = host;
    this.threads = threads;
    this.jobs = new Jobs(threads, (rows) => host.device.addView('/system script job', rows));
  }

  /** How often a script ran since boot, and when last. */
  runsOf(row: Row): { readonly count: number; readonly at: number } | undefined {
    return this.runs.get(row.id);
  }

  forgetCounts(): void {
    this.runs.clear();
  }

  /** Everything that runs ends, and global variables are gone. */
  stopAll(): void {
    this.threads.stopAll();
    this.jobs.clear();
    this.globals = new Map();
  }

  /** Runs one console line or script; `print` gets each line of output, errors too; `ended` the menu it ends in. */
  console(
    text: string,
    print: (line: string) => void,
    ended: (how: Ending, menu: readonly string[]) => void,
    who: { readonly session: Session; readonly menu?: readonly string[] },
  ): Thread | undefined {
    const { session, menu = [] } = who;
    const { vocabulary } = this.host;
    let block;
    let next = menu;
    try {
      const piece = parsePiece(text, vocabulary, menu);
      if (piece === 'unfinished') block = parseScript(text, vocabulary, menu);
      else ({ block, menu: next } = piece);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      print(error.message);
      ended('parse-error', menu);
      return undefined;
    }
    return this.threads.start(runScript(block, this.caller(session, print).runtime), (how) => {
      if (how.error !== undefined) print(messageOf(how.error));
      ended(how.stopped === true ? 'stopped' : endingOf(how.error), next);
    });
  }

  stopThread(thread: Thread): void {
    this.threads.stop(thread);
  }

  private caller(session: Session, print: (line: string) => void): Caller {
    const { device, vocabulary } = this.host;
    const runtime: Runtime = {
      globals: this.globals,
      errorsSayWhere: device.major === 7 && device.isSince('7.20'),
      print,
      log: (topics, message) => this.host.writeLog(topics, message),
      menu: (call) => runCommand(this.host, call, caller),
      execute: (source) => this.startJob(source, session),
      check: (source) => void parseScript(source, vocabulary),
    };
    const caller: Caller = { session, runtime };
    return caller;
  }

  /** Starts a job of its own; its output goes nowhere, its errors to the log. */
  startJob(source: string, session: Session, name?: string): Value {
    const { runtime } = this.caller(session, () => undefined);
    const { vocabulary } = this.host;
    const run = function* (): Run<Value> {
      return yield* runScript(parseScript(source, vocabulary), runtime);
    };
    const job = this.jobs.add('', session.user, stamp(this.host.wallMs()));
    const thread = this.threads.start(run(), ({ error }) => {
      this.jobs.end(job);
      if (error === undefined) return;
      const what =
        name === undefined ? 'executing script failed' : `executing script ${name} from scheduler failed`;
      this.host.writeLog('script,error', `${what}, please check it manually`);
      this.host.writeLog('script,error,debug', messageOf(error));
    });
    return this.jobs.runsIn(job, thread);
  }

  /** With the policies that the entry has. */
  runScheduled(row: Row, owner: string): void {
    const text = (name: string): string => this.host.device.text(SCHEDULER_PATH, row, name) ?? '';
    // An entry that says nothing of policies has those of its owner.
    const policies = text('policy') === '' ? undefined : text('policy').split(',');
    const session = this.host.sessions.make(owner, 'local', '', this.host.wallMs(), policies);
    this.startJob(text('on-event'), session, text('name'));
  }

  /** `/system script run NAME`: in the thread of whoever asks, visible as a job of that script. */
  *runNamed(row: Row, { session, runtime }: Caller): Run<Value> {
    const name = this.host.device.text(SCRIPT_PATH, row, 'name') ?? '';
    const job = this.jobs.add(name, session.user, stamp(this.host.wallMs()));
    this.jobs.runsIn(job, this.threads.running());
    const count = this.runs.get(row.id)?.count ?? 0;
    this.runs.set(row.id, { count: count + 1, at: this.host.wallMs() });
    try {
      const source = this.host.device.text(SCRIPT_PATH, row, 'source') ?? '';
      return yield* runScript(parseScript(source, this.host.vocabulary), runtime);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw new ConsoleError(error.message);
    } finally {
      this.jobs.end(job);
    }
  }
}

function endingOf(error: unknown): Ending {
  if (error === undefined) return 'done';
  return error instanceof ImportError ? 'import-error' : 'error';
}

function messageOf(error: unknown): string {
  if (error instanceof ConsoleError || error instanceof ParseError) return error.message;
  // A script that runs itself without end.
  if (error instanceof RangeError) return 'failure: scripts are nested too deeply';
  throw error;
}
