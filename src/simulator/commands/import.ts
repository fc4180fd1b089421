/**
 * `/import`: a file of commands. Not a transaction: it stops at the first error and what came before stays. Usually
 * the whole file is parsed first; with `verbose=yes` it is read, echoed and run piece by piece.
 */
import { positionals, namedArgument, textArgument } from '../device/arguments.ts';
import { ImportError } from '../language/import-error.ts';
import { runScript } from '../language/interpreter.ts';
import { parsePiece, parseScript } from '../language/parser.ts';
import { ConsoleError, ParseError } from '../language/syntax.ts';
import { toText, NOTHING } from '../language/values.ts';
import type { Caller, DeviceCommand, Host } from '../host.ts';
import type { Call, Run, Runtime } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

export const importCommands: readonly DeviceCommand[] = [
  {
    path: '/',
    name: 'import',
    arguments: ['file-name', 'from-line', 'verbose'],
    laterArguments: { 'dry-run': '7.16' },
    takesValues: true,
    policy: 'write',
    steps: importFile,
  },
];

const isYes = (call: Call, name: string): boolean =>
  /^(yes|true)$/.test(toText(namedArgument(call, name) ?? NOTHING));

function* importFile(host: Host, call: Call, caller: Caller): Run<Value> {
  const first = positionals(call).map(toText);
  const name = textArgument(call, 'file-name') ?? first[0];
  if (name === undefined) throw new ConsoleError('missing value(s) of argument(s) file-name');
  const verbose = isYes(call, 'verbose');
  const dryRun = isYes(call, 'dry-run');
  if (dryRun && !verbose) throw new ConsoleError('failure: dry-run works only in verbose mode');
  const file = host.files.find(name);
  if (file === undefined)
    throw new ImportError('Cannot open import file, file does not exist (:import; line 1)');
  const from = Number(textArgument(call, 'from-line') ?? '1');
  const text = file.bytes
    .toString('latin1')
    .split('\n')
    .map((line, i) => (i + 1 < from ? '' : line))
    .join('\n');
  // What fails in a file says where, whatever the version.
  const runtime: Runtime = { ...caller.runtime, errorsSayWhere: true };
  caller.runtime.print(`Opening script file ${name}`);
  try {
    if (verbose || !host.behaviour.importParsesFirst) yield* piecewise(host, text, runtime, verbose, dryRun);
    else yield* runScript(parseScript(text, host.vocabulary), runtime);
  } catch (error) {
    if (error instanceof ParseError) throw new ImportError(`Script Error: ${error.message}`);
    if (!(error instanceof ConsoleError)) throw error;
    throw new ImportError(`Script Error: ${error.message} (:import; line 1)`);
  }
  caller.runtime.print('');
  caller.runtime.print('Script file loaded and executed successfully');
  return NOTHING;
}

/** Runs each piece as soon as it is whole, in the menu that the pieces before it went to. */
function* piecewise(
  host: Host,
  text: string,
  runtime: Runtime,
  echo: boolean,
  dryRun: boolean,
): Run<undefined> {
  let menu: readonly string[] = [];
  let piece = '';
  let started = 1;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (piece === '') started = index + 1;
    piece += `${line}\n`;
    if (/\\\r?\n$/.test(piece)) continue;
    const parsed = parsePiece(piece, host.vocabulary, menu, started);
    // An open brace or quote: the next line belongs to it.
    if (parsed === 'unfinished' && index < lines.length - 1) continue;
    if (parsed === 'unfinished') throw new ConsoleError(`expected closing brace (line ${started})`, true);
    if (echo && piece.trim() !== '') {
      runtime.print(`#line ${started}`);
      runtime.print(piece.trimEnd());
    }
    if (!dryRun) yield* runScript(parsed.block, runtime);
    menu = parsed.menu;
    piece = '';
  }
  return undefined;
}
