/**
 * The interactive console: what a login meets first, a prompt that says the menu, lines that are executed, questions
 * before what is dangerous, safe mode with Ctrl-X. `/quit` leaves; Ctrl-D leaves too and drops safe mode.
 */
import { dialogsAtLogin, questionBefore } from './shell-questions.ts';
import type { ServerChannel } from 'ssh2';
import type { Machine } from './machine.ts';
import type { Session } from './sessions.ts';
import type { Question } from './shell-questions.ts';

const LINE_LIMIT = 65_536;

/** `options`: what followed `+` in the login name. */
export function runShell(machine: Machine, session: Session, channel: ServerChannel, options: string): void {
  const shell = new Shell(machine, session, channel);
  channel.on('error', () => undefined);
  channel.on('data', (bytes: Buffer) => {
    // CR and LF are one Enter each, and clients that send both get a prompt more.
    for (const character of bytes.toString('latin1')) shell.typed(character);
  });
  channel.on('end', () => shell.ended());
  shell.begin(dialogsAtLogin(machine, session, options));
}

class Shell {
  private readonly machine: Machine;
  private readonly session: Session;
  private readonly channel: ServerChannel;
  private menu: readonly string[] = [];
  private line = '';
  private readonly lines: string[] = [];
  private readonly questions: Question[] = [];
  private busy = false;
  private leaving = false;

  constructor(machine: Machine, session: Session, channel: ServerChannel) {
    this.machine = machine;
    this.session = session;
    this.channel = channel;
  }

  begin(dialogs: readonly Question[]): void {
    this.questions.push(...dialogs);
    this.next();
  }

  /** The client sends nothing more; what it has typed is still done. */
  ended(): void {
    this.leaving = true;
    this.questions.length = 0;
    if (!this.busy) this.next();
  }

  private write(text: string): void {
    if (this.channel.writable) this.channel.write(Buffer.from(text, 'latin1'));
  }

  private inSafeMode(): boolean {
    return this.machine.history.safeModeOf() === this.session;
  }

  private prompt(): void {
    const { device } = this.machine;
    const row = device.menu('/system identity').rows[0];
    const name = (row === undefined ? undefined : device.text('/system identity', row, 'name')) ?? 'MikroTik';
    const menu = this.menu.length === 0 ? '' : `/${this.menu.join(device.major === 6 ? ' ' : '/')}`;
    const end = this.inSafeMode() ? '<SAFE> ' : '> ';
    this.write(`[${this.session.user}@${name}] ${menu}${end}`);
  }

  /** Shows the first question, or the prompt when there is none. */
  private next(): void {
    const question = this.questions[0];
    if (question !== undefined) {
      this.write(question.text);
      return;
    }
    const text = this.lines.shift();
    if (text !== undefined) {
      this.prompt();
      this.write(`${text}\r\n`);
      this.execute(text);
    } else if (this.leaving) this.leave();
    else this.prompt();
  }

  private execute(text: string): void {
    if (text === '/quit' || text === 'quit') {
      // Leaving in order keeps what was done in safe mode.
      if (this.inSafeMode()) this.machine.history.releaseSafeMode();
      this.leave();
      return;
    }
    const question = questionBefore(
      text,
      (line) => this.run(line),
      () => this.next(),
    );
    if (question === undefined) this.run(text);
    else {
      this.questions.push(question);
      this.next();
    }
  }

  private run(text: string): void {
    this.busy = true;
    this.machine.console(
      text,
      (output) => this.write(`${output.replaceAll(/\r?\n/g, '\r\n')}\r\n`),
      (_how, menu) => {
        this.busy = false;
        this.menu = menu;
        this.next();
      },
      { session: this.session, menu: this.menu },
    );
  }

  private leave(): void {
    this.channel.exit(0);
    this.channel.end();
  }

  typed(character: string): void {
    const question = this.questions[0];
    if (question?.takes === 'key') {
      this.answer(question, character);
      return;
    }
    switch (character) {
      case '\r':
      case '\n':
        this.enter(question);
        return;
      case '\x03':
        this.write('\r\n');
        this.line = '';
        if (question !== undefined) this.answer(question, '\x03');
        else if (!this.busy) this.prompt();
        return;
      case '\x04':
        if (this.inSafeMode()) this.machine.history.unrollSafeMode();
        this.leaving = true;
        if (!this.busy) this.next();
        return;
      case '\x18':
        this.toggleSafeMode();
        return;
      case '\x7f':
      case '\b':
        if (this.line !== '') this.write('\b \b');
        this.line = this.line.slice(0, -1);
        return;
    }
    if (character < ' ' || this.line.length >= LINE_LIMIT) return;
    this.line += character;
    // What is typed ahead is shown when its turn comes.
    if (question?.hidden !== true && !this.busy) this.write(character);
  }

  private enter(question: Question | undefined): void {
    const text = this.line;
    this.line = '';
    if (this.busy) {
      this.lines.push(text);
      return;
    }
    this.write('\r\n');
    if (question !== undefined) {
      this.answer(question, text);
      return;
    }
    // The console draws the line once more and an empty one after it, which clients know and cut off.
    if (text !== '') {
      this.prompt();
      this.write(`${text}\r\n\r\n`);
    }
    this.execute(text);
  }

  private answer(question: Question, text: string): void {
    const what = question.answer(text);
    if (what === 'wait') return;
    this.questions.shift();
    if (what.say !== '') this.write(what.say);
    if (what.ask !== undefined) this.questions.unshift(what.ask);
    if (what.then === undefined) this.next();
    else what.then();
  }

  private toggleSafeMode(): void {
    const { history } = this.machine;
    const holder = history.safeModeOf();
    this.write('\r\n');
    if (holder === this.session) {
      history.releaseSafeMode();
      this.write('[Safe Mode released]\r\n');
    } else if (holder === undefined) {
      history.takeSafeMode(this.session);
      this.write('[Safe Mode taken]\r\n');
    } else {
      this.questions.push({
        text: `Hijacking Safe Mode from ${holder.user} - unroll/release/don't take it [u/r/d]: `,
        takes: 'key',
        answer: (key) => {
          if (key === 'u') history.unrollSafeMode();
          if (key === 'u' || key === 'r') history.takeSafeMode(this.session);
          return { say: `${key}\r\n` };
        },
      });
    }
    if (!this.busy) this.next();
  }
}
