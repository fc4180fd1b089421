/** What the history keeps of an export: all that was configured, nothing that changes by itself, no secret. */
import { describe, expect, test } from 'vitest';
import { canonicalItem } from '../../../../src/core/digest.ts';
import type { Configuration } from '../../../../src/core/item.ts';
import { archiveText } from '../../../../src/drivers/routeros/archive-text.ts';
import { routerosDialect } from '../../../../src/drivers/routeros/dialect.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../../support/real-exports.ts';

const header = '# 2026-11-21 10:00:00 by RouterOS 7.18.2\n# software id = AAAA-BBBB\n# model = RB5009\n';
const archived = (text: string): string => archiveText(Buffer.from(text, 'latin1'));

describe('an export in the history', () => {
  test('the date goes, and the version stays', () => {
    expect(archived(`${header}/ip address\nadd address=192.0.2.1/24 interface=ether1\n`)).toBe(
      '# by RouterOS 7.18.2\n# software id = AAAA-BBBB\n# model = RB5009\n/ip address\nadd address=192.0.2.1/24 interface=ether1\n',
    );
  });

  test('lines that the device broke are whole, whatever the terminal was', () => {
    const one = `${header}/ip address\r\nadd address=192.0.2.1/24 comment="a\\\r\n    \\_b" interface=\\\r\n    ether1\r\n`;
    const other = `${header}/ip address\nadd address=192.0.2.1/24 comment="a b" interface=ether1\n`;
    expect(archived(one)).toBe(archived(other));
  });

  test('remarks of the moment and what siteward keeps on the device are no change', () => {
    const plain = `${header}/system script\nadd name=mine source=":log info x"\n`;
    const busy =
      `${header}/interface ethernet\n# no link\n/system scheduler\nadd name=sw-0011-tick on-event=x\n` +
      '/system script\nadd name=sw-witness source="# x"\nadd name=mine source=":log info x"\n';
    expect(archived(busy)).toBe(archived(plain));
  });

  test('a secret that the device shows all the same is left out', () => {
    const text = archived(`${header}/ppp secret\nadd name=bob password=s3cret service=pppoe\n`);
    expect(text).toContain('add name=bob service=pppoe\n');
    expect(text).not.toContain('s3cret');
  });

  test('what is not understood is kept as it was said, and moves no cursor', () => {
    expect(archived(`${header}/ip address\nadd \x1b[2J{ x\n`)).toContain('add \\1B[2J{ x\n');
  });
});

function told({ sections }: Configuration): string[] {
  return sections
    .flatMap(({ items }) =>
      items.map(({ properties, ...item }) =>
        canonicalItem({
          ...item,
          properties: properties.filter(
            ([name, value]) =>
              value === null || value === '' || !routerosDialect.isSecret(item.section, name),
          ),
        }),
      ),
    )
    .sort();
}

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test('read back they mean the same but for secrets, and come out the same once more', () => {
    let read = 0;
    for (const { file: name, bytes } of realExports()) {
      let actual;
      try {
        actual = routerosDialect.parseActual(bytes);
      } catch {
        continue;
      }
      const text = archiveText(bytes);
      const again = Buffer.from(text, 'latin1');
      expect(archiveText(again), name).toBe(text);
      const back = routerosDialect.parseActual(again);
      expect(told(back.configuration), name).toEqual(told(actual.configuration));
      read += 1;
    }
    expect(read).toBeGreaterThan(20);
  });
});
