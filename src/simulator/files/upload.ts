/** A file that arrives piece by piece: kept as far as it came, and, when its name asks for it, run once it is whole. */
import { ConsoleError } from '../language/syntax.ts';
import type { Machine } from '../machine.ts';
import type { Session } from '../sessions.ts';

export class Upload {
  private readonly machine: Machine;
  private readonly session: Session;
  private readonly name: string;
  private bytes: Buffer;
  private length: number;
  private over = false;

  /** Throws ConsoleError where the name or the disk takes no file. */
  constructor(machine: Machine, session: Session, name: string, keep: Buffer = Buffer.alloc(0)) {
    this.machine = machine;
    this.session = session;
    this.name = name;
    this.bytes = Buffer.from(keep);
    this.length = keep.length;
    machine.files.write(name, keep);
  }

  /** Throws ConsoleError when the disk is full. */
  write(offset: number, data: Buffer): void {
    const end = offset + data.length;
    if (end > this.length && end - this.length > this.machine.files.free())
      throw new ConsoleError('failure: not enough space');
    if (end > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.bytes.length * 2, 4096));
      this.bytes.copy(larger);
      this.bytes = larger;
    }
    data.copy(this.bytes, offset);
    this.length = Math.max(this.length, end);
  }

  get size(): number {
    return this.length;
  }

  /** `whole`: the client said so; what was cut off stays as it came. */
  close(whole: boolean): void {
    if (this.over) return;
    this.over = true;
    const bytes = Buffer.from(this.bytes.subarray(0, this.length));
    this.machine.files.write(this.name, bytes);
    if (!whole || !/\.auto\.rsc$/.test(this.name)) return;
    // Such a file is run at once and leaves a log beside it.
    this.machine.startJob(bytes.toString('latin1'), this.session);
    this.machine.files.write(this.name.replace(/\.rsc$/, '.log'), Buffer.from('Script file executed\r\n'));
  }
}
