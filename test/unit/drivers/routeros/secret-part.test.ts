import { expect, test } from 'vitest';
import type { Configuration } from '../../../../src/core/item.ts';
import { routerosDialect } from '../../../../src/drivers/routeros/dialect.ts';
import { secretPart, withSecretPart } from '../../../../src/drivers/routeros/secret-part.ts';

const configurationOf = (text: string): Configuration =>
  routerosDialect.parseDesired(Buffer.from(text, 'latin1'), 'x.rsc', '7.18.2').configuration;
const partOf = (text: string): string => secretPart(configurationOf(text));

test('what hidden exports leave out, and nothing else, as commands that put it back', () => {
  const text = `/ppp secret
add comment=x name=bob password="a b\\$"
add name=al
/radius
add address=192.0.2.9 secret=s service=ppp
/tool e-mail
set from=me password=p
/ip dns
set servers=192.0.2.53
`;
  expect(partOf(text)).toBe(`/ppp secret set [/ppp secret find where name="bob"] password="a b\\$"
/radius set [/radius find where address="192.0.2.9" service="ppp"] secret=s
/tool e-mail set password=p
`);
  expect(partOf('/ip dns\nset servers=192.0.2.53\n')).toBe('');
});

test('back to the rows that it was made of, those that a hidden export leaves out with them', () => {
  const text = `/interface wireless security-profiles
set [ find default=yes ] wpa2-pre-shared-key=wlan
/ppp secret
add comment=x name=bob password="a b\\$ \\"q\\n"
add name=al
add name=bobby password=b
/radius
add address=192.0.2.9 secret=s service=ppp
add address=192.0.2.10 secret=t service=ppp
/tool e-mail
set password=p
`;
  const whole = configurationOf(text);
  const part = secretPart(whole);
  const hidden = configurationOf(
    text
      .split('\n')
      .filter((line) => !/e-mail|^set /.test(line))
      .map((line) => line.replace(/ (password|secret)=("(\\.|[^"])*"|\S+)/, ''))
      .join('\n'),
  );
  expect(secretPart(hidden)).toBe('');
  const { configuration, strange } = withSecretPart(hidden, part);
  expect(strange).toBe(0);
  expect(secretPart(configuration)).toBe(part);
});

test.each([
  ['a row that is not there', '/ppp secret set [/ppp secret find where name="eve"] password=x\n'],
  ['something else than a secret', '/ppp secret set [/ppp secret find where name="bob"] comment=x\n'],
  ['something else of the device', '/ip dns set servers=192.0.2.1\n'],
  ['no command', 'x\n'],
])('%s is counted and not taken', (_what, part) => {
  const hidden = configurationOf('/ppp secret\nadd name=bob\n');
  expect(withSecretPart(hidden, part)).toEqual({ configuration: hidden, strange: 1 });
});

test('rows that a hidden export can’t tell apart get none', () => {
  const row = 'add address=192.0.2.9 service=ppp';
  const part = secretPart(configurationOf(`/radius\n${row} secret=a\n${row} secret=b\n`));
  const hidden = configurationOf(`/radius\n${row}\n${row}\n`);
  expect(withSecretPart(hidden, part)).toEqual({ configuration: hidden, strange: 2 });
});
