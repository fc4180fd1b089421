/** A device whose rows hold secrets, taken over as a file: none of them is in it, and it plans nothing. */
import { expect, test } from 'vitest';
import { diffConfigurations } from '../../../../../src/core/plan/diff.ts';
import { adoptedText } from '../../../../../src/drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect as dialect } from '../../../../../src/drivers/routeros/dialect.ts';
import { fillValues } from '../../../../../src/drivers/routeros/fill-values.ts';

const version = '7.18.2';
const row = (secrets: string): string => `add name=bob${secrets} profile=vpn service=l2tp\n`;
const exported = (shown: boolean): string =>
  `# 2026-01-30 10:00:00 by RouterOS ${version}\n/ppp profile\nadd name=vpn use-encryption=yes\n` +
  `/radius\nadd address=192.0.2.9${shown ? ' secret=planted-2' : ''} service=ppp\n` +
  `/ppp secret\n${row(shown ? ' password=planted-1' : '')}`;
const actual = (shown: boolean) => dialect.parseActual(Buffer.from(exported(shown)), version).configuration;

function differences(text: string): unknown {
  const { text: filled, problems } = fillValues(Buffer.from(text), 'config.rsc', (name) =>
    name === 'secret:ppp-bob' ? 'planted-1' : null,
  );
  const desired = dialect.parseDesired(filled, 'config.rsc', version);
  expect([...problems, ...desired.problems]).toEqual([]);
  return diffConfigurations({
    confirmed: null,
    desired: desired.configuration,
    actual: actual(false),
    owns: 'sections',
    ignore: [],
    dialect,
  });
}

test.each([true, false])('whether the export shows secrets (%s) or not', (shown) => {
  const { text, secrets } = adoptedText('gw1', version, actual(shown));
  expect(text).not.toContain('planted');
  expect(secrets).toEqual([
    { section: '/radius', property: 'secret', rows: 1 },
    { section: '/ppp secret', property: 'password', rows: 1 },
  ]);
  // In the head, where they are comments and no names to be filled in.
  for (const words of ['PROPERTY=${secret:NAME}', '/radius secret: 1', '/ppp secret password: 1'])
    expect(text).toContain(words);
  expect(differences(text)).toMatchObject({ differences: [], blocked: [] });
  const named = text.replace(row(''), row(' password="${secret:ppp-bob}"'));
  expect(named).not.toBe(text);
  expect(differences(named)).toMatchObject({ differences: [], blocked: [] });
});
