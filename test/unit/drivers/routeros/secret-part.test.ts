import { expect, test } from 'vitest';
import { routerosDialect } from '../../../../src/drivers/routeros/dialect.ts';
import { secretPart } from '../../../../src/drivers/routeros/secret-part.ts';

const partOf = (text: string): string =>
  secretPart(routerosDialect.parseDesired(Buffer.from(text, 'latin1'), 'x.rsc', '7.18.2').configuration);

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
