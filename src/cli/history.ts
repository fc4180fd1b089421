/** `siteward history DEVICE`, `show DEVICE REV`, `diff DEVICE REV [REV]`: what the device really had. Changes nothing. */
import { Command } from 'commander';
import type { RevisionAnswer } from '../api/history-answers.ts';
import type { AnswerOf } from '../api/operations.ts';
import { InvalidInput } from '../core/errors.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import {
  paint,
  printExactly,
  printJson,
  printLine,
  printNote,
  printTable,
  safe,
  stampTime,
} from './terminal.ts';
import type { Cell, Tone } from './terminal.ts';

const usual = 30;
const most = 10_000;

export function historyCommand(): Command {
  return new Command('history')
    .argument('<device>')
    .option('--limit <n>', `at most so many, the newest first; ${usual} if not said`)
    .action(async (device: string, { limit }: { limit?: string }, command: Command) => {
      const daemon = await daemonOf(command);
      const answer = await daemon.call('history', { device, limit: limitOf(limit) });
      if (wantsJson(command)) return printJson(answer);
      printHistory(answer);
    });
}

function limitOf(text: string | undefined): number {
  const limit = text === undefined ? usual : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw new InvalidInput('usage', `--limit: expected a number from 1 to ${most}, got ${text ?? ''}`);
}

function printHistory({ device, revisions, more }: AnswerOf<'history'>): void {
  if (revisions.length === 0)
    return printLine(`${safe(device)}: nothing was kept yet   next: siteward backup ${safe(device)}`);
  printTable(revisions.map((revision, i) => revisionRow(revision, revisions[i + 1])));
  if (more === true) printLine(` older ones are kept, too: siteward history ${safe(device)} --limit 1000`);
}

const tones: Readonly<Record<RevisionAnswer['why'], Tone | null>> = {
  first: 'quiet',
  rollout: 'good',
  drift: 'warn',
  scheduled: null,
  manual: null,
  checkpoint: null,
};

function revisionRow(revision: RevisionAnswer, older: RevisionAnswer | undefined): Cell[] {
  const { rev, at, why, added, removed, labels, rollout, restored, binary } = revision;
  const tone = tones[why];
  const about = [
    ...(rollout === null || rollout === undefined ? [] : [rollout]),
    ...(restored === null || restored === undefined ? [] : [`back to ${restored}`]),
    ...(older !== undefined && hasOtherSecrets(older, revision) ? ['other secrets'] : []),
    ...(binary === null || binary === undefined ? [] : [`binary ${stampTime(binary)}`]),
  ];
  return [
    { text: safe(rev) },
    { text: stampTime(at) },
    { text: why, ...(tone === null ? {} : { tone }) },
    { text: `+${added} -${removed}` },
    { text: safe(whoWords(revision)) },
    { text: safe([...about, ...labels.map((label) => `[${label}]`)].join('  ')) },
  ];
}

/** Where both are known: their text says nothing of them. */
function hasOtherSecrets({ secrets: one }: RevisionAnswer, { secrets: other }: RevisionAnswer): boolean {
  return one != null && other != null && one !== other;
}

/** A change that was found and that nobody is named for was not siteward's own. */
function whoWords({ why, who }: RevisionAnswer): string {
  return who === 'siteward' && why !== 'rollout' && why !== 'first' ? 'not named in its log' : who;
}

export function showCommand(): Command {
  return new Command('show')
    .argument('<device>')
    .argument('<rev>', 'a hash, a label, ~1 for the one before the newest, or a time')
    .option('--binary', "the device's own backup of that state, encrypted: age -d opens it")
    .option('--secrets', 'what the text leaves out, encrypted: age -d prints commands that put it back')
    .action(async (device: string, rev: string, { binary, secrets }: ShowOptions, command: Command) => {
      const daemon = await daemonOf(command);
      if (binary === true && secrets === true)
        throw new InvalidInput('usage', 'either --binary or --secrets');
      if (binary === true) return showBinary(await daemon.call('binary', { device, rev }), command);
      if (secrets === true) return showSecrets(await daemon.call('secrets', { device, rev }), command);
      const answer = await daemon.call('show', { device, rev });
      if (wantsJson(command)) return printJson(answer);
      // On standard output is the text alone, so that it can be kept in a file.
      printNote(safe(`${device} ${revisionWords(answer.revision)}`));
      for (const line of answer.text.split('\n').slice(0, -1)) printLine(safe(line));
    });
}

interface ShowOptions {
  readonly binary?: true;
  readonly secrets?: true;
}

function showSecrets(answer: AnswerOf<'secrets'>, command: Command): void {
  if (wantsJson(command)) return printJson(answer);
  const { device, revision, content } = answer;
  const way = `siteward show ${device} ${revision.rev} --secrets | age -d -i IDENTITY`;
  if (process.stdout.isTTY) throw new InvalidInput('usage', `these are bytes, not a text: run: ${way}`);
  printNote(safe(`${device} ${revisionWords(revision)}`));
  printNote(safe('age -d -i IDENTITY makes console commands of it that put the secrets back'));
  printExactly(Buffer.from(content, 'base64'));
}

/** Bytes for a file, and nothing else; a terminal is none. */
function showBinary(answer: AnswerOf<'binary'>, command: Command): void {
  if (wantsJson(command)) return printJson(answer);
  const { device, revision, bytes, sha256 } = answer;
  const file = `${device}-${revision.rev}.backup`;
  if (process.stdout.isTTY)
    throw new InvalidInput(
      'usage',
      `these are bytes, not a text: run: siteward show ${device} ${revision.rev} --binary > ${file}.age`,
    );
  printNote(safe(`${device} ${revisionWords(revision)}`));
  printNote(
    safe(`open it with: age -d -i IDENTITY ${file}.age > ${file}   ${bytes} bytes, SHA-256 ${sha256}`),
  );
  printExactly(Buffer.from(answer.content, 'base64'));
}

export function revisionWords(revision: RevisionAnswer): string {
  const { rev, at, why, labels } = revision;
  const named = labels.map((label) => `[${label}]`);
  return [
    `revision ${rev}`,
    ...named,
    stampTime(at),
    why,
    whoWords(revision) === revision.who ? `by ${revision.who}` : whoWords(revision),
  ].join('  ');
}

export function diffCommand(): Command {
  return new Command('diff')
    .argument('<device>')
    .argument('<rev>', 'from: a hash, a label, ~1 for the one before the newest, or a time')
    .argument('[rev2]', 'to: the newest if not said')
    .action(
      async (device: string, from: string, to: string | undefined, _options: object, command: Command) => {
        const daemon = await daemonOf(command);
        const [one, other] = [
          await daemon.call('show', { device, rev: from }),
          await daemon.call('show', { device, rev: to ?? '~0' }),
        ];
        const [{ showDifferences }, { textOfBytes }] = await Promise.all([
          import('./rsc-diff.ts'),
          import('./rsc-texts.ts'),
        ]);
        const json = wantsJson(command);
        if (!json)
          for (const { revision } of [one, other]) printLine(paint('quiet', safe(revisionWords(revision))));
        const texts = [one, other].map(({ revision, text }) =>
          textOfBytes(`${device} ${revision.rev}`, Buffer.from(text, 'latin1')),
        ) as [ReturnType<typeof textOfBytes>, ReturnType<typeof textOfBytes>];
        const differing = showDifferences(texts, json);
        const others = hasOtherSecrets(one.revision, other.revision);
        if (others && !json)
          printLine(
            safe(
              `their sealed secrets differ: siteward show ${device} ${one.revision.rev} --secrets | age -d -i IDENTITY`,
            ),
          );
        setExit(others ? 1 : differing);
      },
    );
}
