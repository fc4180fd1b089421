/**
 * From the words of the command line to one command and an exit code. Only the module of the command that runs is
 * loaded; the others are known by the table here. Errors end as one line, or as `{error}` with `--json`.
 */
import { Command, CommanderError, Option } from 'commander';
import { defaultSettingsFile, optionOf, printError } from './common.ts';
import { printJson } from './terminal.ts';
import { programVersion } from './version.ts';

interface Entry {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const entries: readonly Entry[] = [
  {
    name: 'run',
    usage: '',
    summary: 'the daemon',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'check',
    usage: '[DEVICE]',
    summary: 'settings, permissions, trust files, reachability of each device',
    load: async () => (await import('./check.ts')).checkCommand(),
  },
  {
    name: 'status',
    usage: '[DEVICE]',
    summary: 'where everything stands, and what comes next',
    load: async () => (await import('./status.ts')).statusCommand(),
  },
  {
    name: 'plan',
    usage: '[DEVICE]',
    summary: 'what would be done, now or for a commit not yet merged',
    load: async () => (await import('./plan.ts')).planCommand(),
  },
  {
    name: 'render',
    usage: 'DEVICE [--rev REV]',
    summary: "what a device's files come to, with variables filled in",
    load: async () => (await import('./render.ts')).renderCommand(),
  },
  {
    name: 'enrol',
    usage: 'NAME ADDRESS',
    summary: 'a key, a user on the router, and its host key proved: from an unmanaged router to its settings',
    load: async () => (await import('./enrol.ts')).enrolCommand(),
  },
  {
    name: 'adopt',
    usage: 'DEVICE [--onto FILE]',
    summary: 'what a device has as a desired file, or the least edit of one that takes it over',
    load: async () => (await import('./adopt.ts')).adoptCommand(),
  },
  {
    name: 'lint',
    usage: 'DIR [--against EXPORTS]',
    summary: 'all checks of a working tree, without daemon or device',
    load: async () => (await import('./lint.ts')).lintCommand(),
  },
  {
    name: 'replace',
    usage: 'DEVICE',
    summary: 'a script for new hardware from what the router had last, and what no script can bring back',
    load: async () => (await import('./replace.ts')).replaceCommand(),
  },
  {
    name: 'pending',
    usage: '[ID…]',
    summary: 'what waits for signatures; the document to sign',
    load: async () => (await import('./pending.ts')).pendingCommand(),
  },
  {
    name: 'approve',
    usage: 'ID SIGNATURE…',
    summary: 'hand in signatures',
    load: async () => (await import('./approve.ts')).approveCommand(),
  },
  {
    name: 'reject',
    usage: 'ID',
    summary: 'say no to what waits',
    load: async () => (await import('./approve.ts')).rejectCommand(),
  },
  {
    name: 'apply',
    usage: '[DEVICE]',
    summary: 'start what waits for a start',
    load: async () => (await import('./operate.ts')).applyCommand(),
  },
  {
    name: 'drill',
    usage: 'DEVICE',
    summary: 'arm the rollback with no change and let it fire',
    load: async () => (await import('./operate.ts')).drillCommand(),
  },
  {
    name: 'retry',
    usage: 'DEVICE',
    summary: 'let a plan that was rolled back be tried again',
    load: async () => (await import('./operate.ts')).retryCommand(),
  },
  {
    name: 'resolve',
    usage: 'DEVICE --as base|target|actual',
    summary: 'say what a device that stands still is to have',
    load: async () => (await import('./operate.ts')).resolveCommand(),
  },
  {
    name: 'rotate',
    usage: 'host-key|credential DEVICE',
    summary: 'replace what siteward and a device know each other by',
    load: async () => (await import('./rotate.ts')).rotateCommand(),
  },
  {
    name: 'hold',
    usage: 'DEVICE|--all',
    summary: 'start nothing more',
    load: async () => (await import('./operate.ts')).holdCommand(),
  },
  {
    name: 'release',
    usage: 'DEVICE|--all',
    summary: 'end a hold',
    load: async () => (await import('./operate.ts')).releaseCommand(),
  },
  {
    name: 'refresh',
    usage: '',
    summary: 'read the desired state now',
    load: async () => (await import('./operate.ts')).refreshCommand(),
  },
  {
    name: 'backup',
    usage: '[DEVICE]',
    summary: 'keep what a device has now',
    load: async () => (await import('./backup.ts')).backupCommand(),
  },
  {
    name: 'checkpoint',
    usage: 'DEVICE --label L',
    summary: 'keep what a device has now under a name',
    load: async () => (await import('./backup.ts')).checkpointCommand(),
  },
  {
    name: 'history',
    usage: 'DEVICE',
    summary: 'what a device had: when, why, who, how much changed',
    load: async () => (await import('./history.ts')).historyCommand(),
  },
  {
    name: 'show',
    usage: 'DEVICE REV',
    summary: 'what a device had then',
    load: async () => (await import('./history.ts')).showCommand(),
  },
  {
    name: 'diff',
    usage: 'DEVICE REV [REV]',
    summary: 'what changed on a device, by meaning',
    load: async () => (await import('./history.ts')).diffCommand(),
  },
  {
    name: 'restore',
    usage: 'DEVICE REV',
    summary: 'bring a device back to what it had then; --preview only shows the way',
    load: async () => (await import('./restore.ts')).restoreCommand(),
  },
  {
    name: 'rollback',
    usage: 'DEVICE',
    summary: 'back to the newest checkpoint, or to before the last rollout',
    load: async () => (await import('./restore.ts')).rollbackCommand(),
  },
  {
    name: 'log',
    usage: '[DEVICE]',
    summary: 'who, what, when, approved by whom',
    load: async () => (await import('./log.ts')).logCommand(),
  },
  {
    name: 'journal',
    usage: 'show|verify',
    summary: 'the records, and their proof',
    load: async () => (await import('./journal.ts')).journalCommand(),
  },
  {
    name: 'state',
    usage: 'export|import FILE',
    summary: "the daemon's whole state in one sealed file, and back: for the day its machine is gone",
    load: async () => (await import('./state.ts')).stateCommand(),
  },
  {
    name: 'verify',
    usage: '…',
    summary: 'stands in for `ssh-keygen -Y verify`, strict',
    load: async () => (await import('./verify.ts')).verifyCommand(),
  },
  {
    name: 'rsc',
    usage: 'print|fmt|diff|plan|check',
    summary: 'the RouterOS language on its own: files, or - for standard input',
    load: async () => (await import('./rsc.ts')).rscCommand(),
  },
  {
    name: 'simulate',
    usage: 'routeros',
    summary: 'a RouterOS device to practise on, over real SSH',
    load: async () => (await import('./simulate.ts')).simulateCommand(),
  },
  {
    name: 'demo',
    usage: '',
    summary: 'the whole story on this machine in about a minute',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
];

const usages = new Map(entries.map(({ name, usage }) => [name, usage]));

/** The exit code: 0 done or no difference, 1 differences or a no, 2 an error. Never throws. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const outer = process.exitCode;
  process.exitCode = undefined;
  ignoreClosedPipe();
  const json = argv.includes('--json');
  try {
    const program = await programFor(argv, json);
    await program.parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      printError(error, json);
      return 2;
    }
    if (error.exitCode === 0) return 0;
    // Its line is on standard error already.
    if (json) printJson({ error: { code: 'usage', message: error.message.replace(/^error: /, '') } });
    return 2;
  } finally {
    process.exitCode = outer;
  }
}

/** All commands with their words; the one that `argv` names can be run. Throws nothing of its own. */
export async function programFor(argv: readonly string[], json: boolean): Promise<Command> {
  const program = new Command('siteward')
    .description(
      'Brings the devices of a site to the state a git repository names, and never without a way back.',
    )
    .version(programVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${usages.get(command.name()) ?? ''}`.trim(),
    })
    .enablePositionalOptions()
    .showSuggestionAfterError();
  addCommonOptions(program);
  const wanted = commandWord(argv);
  for (const entry of entries) {
    const command = entry.name === wanted ? await entry.load() : new Command(entry.name);
    if (command.description() === '') command.description(entry.summary);
    prepare(command);
    program.addCommand(command.summary(entry.summary));
  }
  // The one that stands nearest to the action counts, and every command finds it where it looks.
  program.hook('preAction', (_program, action) => {
    for (const [name, otherwise] of [
      ['settings', defaultSettingsFile],
      ['json', false],
    ] as const) {
      const value = optionOf(action, name) ?? otherwise;
      program.setOptionValue(name, value);
      action.setOptionValue(name, value);
    }
  });
  strict(program, json);
  return program;
}

/** The first word that is neither an option nor an option's value. */
function commandWord(argv: readonly string[]): string | null {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--settings') at++;
    else if (!word.startsWith('-')) return word;
  }
  return null;
}

function addCommonOptions(command: Command): void {
  const known = new Set(command.options.map(({ long }) => long));
  if (!known.has('--settings')) command.addOption(new Option('--settings <file>', 'the settings file'));
  if (!known.has('--json')) command.addOption(new Option('--json', 'answer as JSON'));
}

function prepare(command: Command): void {
  if (command.commands.length === 0) addCommonOptions(command);
  for (const inner of command.commands) prepare(inner);
}

/** No `process.exit` from inside the parser, anywhere; with `--json` its words stay off the terminal. */
function strict(command: Command, json: boolean): void {
  command.exitOverride();
  command.configureOutput({
    writeErr: (text) => {
      if (!json) process.stderr.write(text);
    },
  });
  for (const inner of command.commands) strict(inner, json);
}

/** `siteward log | head` closes the pipe early: that is no error of anybody's. */
function ignoreClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    if (stream.listenerCount('error') === 0)
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
      });
}
