/**
 * `siteward replace DEVICE`: the router is dead, here is what makes another one of it. A script from the newest revision
 * of its history, what no script can bring back, and the steps that lead to a router which the daemon manages again.
 * Changes nothing; the new host key goes through the gate.
 */
import { Command } from 'commander';
import type { AnswerOf } from '../api/operations.ts';
import type { Rebuilding } from '../drivers/routeros/adopt/rebuild-script.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { count, printJson, printLine, printNote, safe } from './terminal.ts';

export function replaceCommand(): Command {
  return new Command('replace')
    .argument('<device>')
    .action(async (device: string, _options: object, command: Command) => {
      const daemon = await daemonOf(command);
      const shown = await daemon.call('show', { device, rev: '~0' });
      const [{ readExport }, { toConfiguration }, { rebuilding }] = await Promise.all([
        import('../drivers/routeros/export-syntax.ts'),
        import('../drivers/routeros/normalize.ts'),
        import('../drivers/routeros/adopt/rebuild-script.ts'),
      ]);
      const text = readExport(Buffer.from(shown.text, 'latin1'), `history of ${device}`);
      const { configuration } = toConfiguration(text, { role: 'device' });
      const made = rebuilding(configuration);
      setExit(0);
      if (wantsJson(command)) return printJson({ v: 1, device, revision: shown.revision, ...made });
      for (const line of [...head(shown, made, text.header.version), '', ...made.script])
        printLine(safe(line));
      printNote(
        safe(
          `${device}: ${count(made.script.length, 'row')}; the head of the script says what to do, and what it can't bring back`,
        ),
      );
      printNote(safe(`next: siteward enrol ${device} ADDRESS --manage rollout`));
    });
}

function head(
  { device, revision }: AnswerOf<'show'>,
  { secrets, hardware, certificates }: Rebuilding,
  version: string | null,
): readonly string[] {
  const lost = [
    ...secrets.map(({ section, property, rows }) => `${section} ${property} (${count(rows, 'row')})`),
    ...certificates.map((name) => `certificate ${name}, with its key`),
    'users but the one that enrol makes, their passwords and SSH keys; the licence; files; what packages keep for themselves',
  ];
  return [
    `${device} as revision ${revision.rev} of ${revision.at} has it, RouterOS ${version ?? 'of unknown version'}`,
    '',
    '1. The same or a newer RouterOS on the new router, then /system reset-configuration no-defaults=yes, then an address.',
    `2. siteward enrol ${device} ADDRESS --manage rollout    its user and key, and the new host key proved`,
    '3. Paste the lines below at its own terminal. Rows that it can\'t take it names: "refused: …".',
    `4. siteward rotate host-key ${device}    people sign the new host key`,
    `5. siteward resolve ${device} --as actual    it is another router, and has what this script made`,
    `6. siteward plan ${device}    what is still missing`,
    '',
    ...(hardware.length === 0 ? [] : [`Ports that it has to have: ${hardware.join(', ')}`]),
    'What no script can bring back:',
    ...lost.map((line) => `  ${line}`),
  ].map((line) => (line === '' ? '#' : `# ${line}`));
}
