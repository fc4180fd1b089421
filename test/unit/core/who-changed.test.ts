/** Who made a device another, by a log that rings, that a reboot empties, and that anybody may write to. */
import { describe, expect, test } from 'vitest';
import { whoChanged } from '../../../src/core/who-changed.ts';
import { parseChanges } from '../../../src/drivers/routeros/changers.ts';

const log = (...lines: string[]): ReturnType<typeof parseChanges> =>
  parseChanges(`${lines.join('\r\n')}\r\n`);
const own = 'time filter rule added by ssh:siteward@192.0.2.5';
const bob = 'time filter rule changed by winbox-3.41/tcp-msg(winbox):bob@192.0.2.9/action:4 set password=x';
const eva = 'time address removed by eva';

describe('the lines of a log', () => {
  test('name way, user and address, and never the command', () => {
    expect(log(bob)).toEqual([{ line: bob, by: 'winbox-3.41/tcp-msg(winbox):bob@192.0.2.9', user: 'bob' }]);
    expect(log(eva)).toMatchObject([{ by: 'eva', user: 'eva' }]);
  });

  test('that name nobody are left out', () => {
    expect(log('time user eva logged in from 192.0.2.9 via ssh', 'time changed by ', 'x by y')).toEqual([]);
  });
});

describe('who changed it', () => {
  test('is the newest that is not the daemon itself', () => {
    expect(whoChanged(log(eva, bob, own), null, 'siteward').who).toBe(
      'winbox-3.41/tcp-msg(winbox):bob@192.0.2.9',
    );
    expect(whoChanged(log(own), null, 'siteward').who).toBeNull();
    expect(whoChanged([], 'abcd', 'siteward')).toEqual({ who: null, mark: 'abcd' });
  });

  test('is nobody from before the last revision', () => {
    const { mark } = whoChanged(log(eva, own), null, 'siteward');
    expect(whoChanged(log(eva, own), mark, 'siteward').who).toBeNull();
    expect(whoChanged(log(eva, own, `${eva} `.trimEnd(), bob), mark, 'siteward').who).toMatch(/bob/);
    // The ring lost the line, or the device was restarted: all that is left counts.
    expect(whoChanged(log(eva), mark, 'siteward').who).toBe('eva');
  });
});
