/** The device's own count of rows against its export, on the simulator. */
import { describe, expect, test } from 'vitest';
import { missingRows, parseCount } from '../../../../src/drivers/routeros/static-rows.ts';
import { virtualDevice } from '../../../support/virtual-device.ts';

const never = new AbortController().signal;
const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/ip address
add address=192.0.2.1/24 interface=ether1 network=192.0.2.0
/ip dns static
add address=192.0.2.10 name=one.example.org
add address=192.0.2.11 disabled=yes name=two.example.org
/ip firewall filter
add action=accept chain=input
/system identity
set name=gw1
`;
const sections = [
  '/ip address',
  '/ip dns static',
  '/ip firewall filter',
  '/ipv6 address',
  '/system identity',
];

async function incomplete(behaviour = {}, cut = (text: string): string => text, version = '7.18.2') {
  const device = virtualDevice({ exportText, behaviour, version });
  const { exportText: read } = await device.driver.observe(never);
  const text = cut(Buffer.from(read).toString('latin1'));
  const exported = device.driver.dialect.parseActual(Buffer.from(text, 'latin1')).configuration;
  return await device.driver.incompleteSections?.(sections, exported, never);
}

describe('a section is whole', () => {
  test.each(['7.18.2', '6.49.10'])('when the device counts what it exported (%s)', async (version) => {
    expect(await incomplete({}, (text) => text, version)).toEqual([]);
  });
  test('dynamic rows are not counted', async () => {
    expect(await incomplete({ dynamicRows: true })).toEqual([]);
  });
});

describe('a section is not', () => {
  test('when a row is missing, or all of them are', async () => {
    const one = await incomplete({}, (text) => text.replace(/add address=192.0.2.11.*\r?\n/, ''));
    expect(one).toMatchObject([{ code: 'incomplete-section', section: '/ip dns static' }]);
    expect(one?.[0]?.message).toMatch(/^the device counts 2 rows in \/ip dns static and its export holds 1/);
    const all = await incomplete({}, (text) => text.replace(/\/ip firewall filter\r?\nadd.*\r?\n/, ''));
    expect(all).toMatchObject([{ section: '/ip firewall filter' }]);
  });
});

test('an answer that is no number says nothing', () => {
  expect(parseCount('no such item\r\n')).toBeNull();
  expect(missingRows(new Map(), { sections: [] })).toEqual([]);
});
