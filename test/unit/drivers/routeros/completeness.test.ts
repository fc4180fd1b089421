import { describe, expect, test } from 'vitest';
import { requireComplete } from '../../../../src/drivers/routeros/completeness.ts';
import { DeviceError } from '../../../../src/core/errors.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../../support/real-exports.ts';

const header = '# 2026-01-04 19:59:42 by RouterOS 7.18.2\n# system id = X\n#\n';
const check = (text: string) => requireComplete(Buffer.from(text, 'latin1'));

const refusal = (text: string): DeviceError | null => {
  try {
    check(text);
    return null;
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
};

test('a whole export passes, LF or CRLF, with a byte order mark too', () => {
  check(`\xef\xbb\xbf${header}/ip address\n`);
  check(`${header}/ip address\nadd address=192.0.2.1/24 comment="a\\\n    b"\n`);
  check(`${header}/ip address\nadd address=192.0.2.1/24\n`.replaceAll('\n', '\r\n'));
  check(header);
});

describe('refused as incomplete', () => {
  test.each([
    ['empty', '', 'empty'],
    ['only line ends', '\r\n\r\n', 'empty'],
    ['no header', '/ip address\nadd address=192.0.2.1/24\n', 'header'],
    ['a header far down', `${'#\n'.repeat(20)}${header}`, 'header'],
    [
      'an error line',
      `${header}#error exporting "/ip/ssh" (timeout)\n/ip address\n`,
      'exporting /ip ssh (line 4)',
    ],
    [
      'an error line of v6',
      `${header}#error exporting /ip socks\n`,
      'see on the router what /ip socks export says',
    ],
    [
      'an error line of more than a path',
      `${header}#error exporting /x y=SECRET\n`,
      'an error exporting a menu (line 4)',
    ],
    ['an error line of v6', `${header}#error exporting /ip socks\n#interrupted\n`, '(line 4)'],
    ['an interruption', `${header}/ip address\n#interrupted\n`, 'interrupted'],
    ['an error instead of a header', '#error exporting /ip socks\n', 'error'],
    ['a cut last line', `${header}/ip address\nadd addr`, 'last line'],
    ['a cut continuation', `${header}/ip address\nadd comment="a\\\n`, 'goes on'],
    ['an open quote', `${header}/ip address\nadd comment="a\\\n    b\n`, 'quote'],
  ])('%s', (_, text, message) => {
    const error = refusal(text);
    expect(error?.code).toBe('incomplete-export');
    expect(error?.message).toContain(message);
  });

  test('at whatever byte the stream ends', () => {
    const text = `${header}/ip address\nadd address=192.0.2.1/24 comment="a b \\" c\\\n    d" \\\n    disabled=yes`;
    for (let length = 0; length < text.length; length++) {
      const cut = text.slice(0, length);
      if (cut.endsWith('\n') && !cut.endsWith('\\\n') && cut.includes('by RouterOS')) continue;
      expect(() => check(cut), JSON.stringify(cut)).toThrow(DeviceError);
    }
  });
});

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test('whole ones pass, those with error lines do not', () => {
    const refused = realExports()
      .filter(({ pure }) => pure)
      .filter(({ bytes }) => {
        try {
          requireComplete(bytes);
          return false;
        } catch {
          return true;
        }
      });
    for (const { bytes } of refused) expect(Buffer.from(bytes).toString('latin1')).toMatch(/#error|[^\n]$/);
    expect(refused.length).toBeLessThan(8);
  });
});
