/** An `/import` that failed: an error to scripts, and yet exit status 0 to whoever started it. */
import { ConsoleError } from './syntax.ts';

export class ImportError extends ConsoleError {
  constructor(message: string) {
    super(message, true);
  }
}
