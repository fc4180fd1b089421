/**
 * Who changed something, by the device's own log: `filter rule changed by winbox-3.41/tcp-msg(winbox):bob@192.0.2.9`,
 * version 6 names the user alone. The log is a ring that a reboot empties, and anybody with the right may write to it: it
 * hints, it proves nothing. Pure.
 */
import type { LoggedChange } from '../driver.ts';
import { linesOf } from './console.ts';

const sentence = / (?:added|changed|removed|moved|enabled|disabled|undone|redone) by (\S.{0,199})$/;
/** What the newest versions add: the command itself, which may hold what nobody is to read. */
const command = /\/action[: ].*$/;

/** The answer to `changesCommand`, oldest first; lines that say something else are left out. */
export function parseChanges(text: string): readonly LoggedChange[] {
  return linesOf(text).flatMap((line) => {
    const by = sentence.exec(line)?.[1]?.replace(command, '').trim();
    if (by === undefined || by === '') return [];
    const user = /(?:^|:)([^:@\s]+)(?=@|$)/.exec(by)?.[1] ?? by;
    return [{ line, by, user }];
  });
}
