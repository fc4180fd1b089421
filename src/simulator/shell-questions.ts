/** What the interactive console asks: at login, and before what cannot be taken back. */
import { quote } from './device/writer.ts';
import type { Machine } from './machine.ts';
import type { Session } from './sessions.ts';

export interface Question {
  readonly text: string;
  /** One key, or a line that ends with Enter. */
  readonly takes: 'key' | 'line';
  /** What is typed is not shown. */
  readonly hidden?: boolean;
  /** `wait`: that was no answer yet. `then` goes on in place of the next question or prompt; `ask` asks more. */
  answer(
    text: string,
  ): 'wait' | { readonly say: string; readonly then?: () => void; readonly ask?: Question };
}

const LICENCE = 'MIKROTIKLS MIKROTIK SOFTWARE END-USER LICENCE AGREEMENT\r\n';
/** Cursor position and terminal type: a terminal answers, a program has to. */
const PROBE = '\x1bZ\x1b[6n';

export function dialogsAtLogin(machine: Machine, session: Session, options: string): readonly Question[] {
  const row = machine.sessions.userRow(session.user);
  const password = row === undefined ? '' : (machine.device.text('/user', row, 'password') ?? '');
  return machine.behaviour.dialogs.flatMap((name): readonly Question[] => {
    switch (name) {
      case 'licence':
        return [
          {
            text: 'Do you want to see the software license? [Y/n]: ',
            takes: 'key',
            answer: (key) => ({ say: `${key}\r\n${/[nN]/.test(key) ? '' : LICENCE}` }),
          },
        ];
      case 'press-enter':
        return [
          {
            text: 'Please press "Enter" to continue!',
            takes: 'key',
            answer: (key) => (key === '\r' || key === '\n' ? { say: '\r\n' } : 'wait'),
          },
        ];
      case 'new-password':
        return password === '' ? [newPassword(machine, session)] : [];
      case 'probe':
        // `t` and `e` in the login name say that nobody is there to answer.
        return /[te]/.test(options) ? [] : [probe()];
    }
  });
}

/** Everything stands still until the terminal has answered. */
function probe(): Question {
  let seen = '';
  return {
    text: PROBE,
    takes: 'key',
    answer(key) {
      seen += key;
      return key === 'R' && seen.includes('\x1b[') ? { say: '' } : 'wait';
    },
  };
}

function newPassword(machine: Machine, session: Session): Question {
  return {
    text: 'Change your password\r\n\r\nnew password> ',
    takes: 'line',
    hidden: true,
    answer(text) {
      if (text === '\x03' || text === '') return { say: '' };
      const users = machine.device.menu('/user');
      const own = machine.sessions.userRow(session.user);
      machine.device.change(
        users,
        users.rows.map((row) =>
          row === own ? { ...row, given: new Map([...row.given, ['password', text]]) } : row,
        ),
      );
      return { say: 'Password changed\r\n' };
    },
  };
}

const DANGEROUS: readonly (readonly [pattern: RegExp, question: string])[] = [
  [/^\/?system[ /]+reboot$/, 'Reboot, yes? [y/N]: '],
  [/^\/?system[ /]+shutdown$/, 'Shutdown, yes? [y/N]: '],
  [/^\/?system[ /]+reset-configuration\b/, 'Dangerous! Reset anyway? [y/N]: '],
  [/^\/?ip[ /]+ssh[ /]+regenerate-host-key$/, 'This will regenerate current SSH host keys, yes? [y/N]: '],
];

/** What is asked before that line is run; undefined: nothing. */
export function questionBefore(
  line: string,
  run: (line: string) => void,
  leaveOff: () => void,
): Question | undefined {
  const text = line.trim();
  const sure = (question: string, confirmed: string): Question => ({
    text: question,
    takes: 'key',
    answer: (key) => ({ say: `${key}\r\n`, then: /[yY]/.test(key) ? () => run(confirmed) : leaveOff }),
  });
  const found = DANGEROUS.find(([pattern]) => pattern.test(text));
  if (found !== undefined) return sure(found[1], text);
  if (!/^\/?system[ /]+backup[ /]+load\b/.test(text) || text.includes('password=')) return undefined;
  return {
    text: 'password: ',
    takes: 'line',
    hidden: true,
    answer: (password) => ({
      say: '',
      ask: sure('Restore and reboot? [y/N]: ', `${text} password=${quote(password)}`),
    }),
  };
}
