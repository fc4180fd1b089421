/** What an export left out, by the login's rights and by the device's own count of rows, on the simulator. */
import { describe, expect, test } from 'vitest';
import {
  doubtsOf,
  mayVanish,
  missingRows,
  parseCount,
} from '../../../../src/drivers/routeros/static-rows.ts';
import { readWhole } from '../../../../src/daemon/whole-reading.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../../support/real-exports.ts';
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
  const { exportText: read, facts } = await device.driver.observe(never);
  const text = cut(Buffer.from(read).toString('latin1'));
  const exported = device.driver.dialect.parseActual(Buffer.from(text, 'latin1')).configuration;
  const shown = { exported, policies: facts.policies ?? null };
  return await device.driver.incompleteSections?.(sections, shown, never);
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

/** Rows in menus that a login needs `policy` or `sensitive` to be shown. */
const withPeople = `${exportText}/ppp secret
add name=user3 service=pppoe
/radius
add address=192.0.2.5 service=ppp
/snmp community
add addresses=192.0.2.0/24 name=noc
/user group
add name=ops policy=ssh,read,test
`;
const hidden = ['/ppp secret', '/radius', '/snmp community', '/user group'];
const everything = ['read', 'policy', 'sensitive'];
const nothing = { sections: [] };

/** As the login is shown it that the device lets in by `policy`. */
async function seenBy(policy: string | null) {
  const device = virtualDevice({ exportText: withPeople });
  if (policy !== null)
    device.console(
      `/user group add name=narrow policy=${policy}; /user set [find name=siteward] group=narrow`,
    );
  return { device, ...(await readWhole(device.driver, hidden, never)) };
}

describe('a menu that vanished for lack of a policy', () => {
  test('is not proved, and what it needs is said', async () => {
    const { observation, unseen } = await seenBy('ssh,read');
    expect(Buffer.from(observation.exportText).toString('latin1')).not.toMatch(/ppp secret|snmp|user group/);
    expect(unseen.map(({ section }) => section)).toEqual([...mayVanish, '/user group']);
    const secret = unseen.find(({ section }) => section === '/ppp secret');
    expect(secret?.code).toBe('incomplete-section');
    expect(secret?.message).toBe(
      'nobody can tell what of /ppp secret is on the device: the login may not see it and its export shows nothing of it; ' +
        'give its group the policy sensitive on the router (/user group), or keep /ppp secret by hand',
    );
  });
  test('is proved as far as the rights go', async () => {
    expect((await seenBy(null)).unseen).toEqual([]);
    const { unseen } = await seenBy('ssh,read,sensitive');
    expect(unseen.map(({ section }) => section)).toEqual(['/user', '/user group']);
  });
  test('is seen again as soon as the login has the right, and not only its group', async () => {
    const { device, unseen } = await seenBy('ssh,read');
    expect(unseen.length).toBeGreaterThan(0);
    device.console('/user group set [find name=narrow] policy=ssh,read,policy,sensitive');
    const { observation, unseen: now } = await readWhole(device.driver, hidden, never);
    expect(now).toEqual([]);
    expect(Buffer.from(observation.exportText).toString('latin1')).toContain('name=user3');
  });
  test('and shows rows all the same is believed', () => {
    const { driver } = virtualDevice({ exportText: withPeople });
    const exported = driver.dialect.parseActual(Buffer.from(withPeople, 'latin1')).configuration;
    expect(doubtsOf(hidden, { exported, policies: ['read'] })).toEqual({
      asked: ['/ppp secret', '/radius'],
      unseen: [],
    });
  });
});

describe('a login whose rights the device does not know', () => {
  const asked = async (section: string, from = withPeople, readable = true) => {
    const device = virtualDevice({ exportText: from });
    if (!readable)
      device.console('/user group add name=blind policy=ssh; /user set [find name=siteward] group=blind');
    const shown = { exported: nothing, policies: null };
    return await device.driver.incompleteSections?.([section], shown, never);
  };
  test('is shown nothing of a section that has nothing', async () => {
    expect(await asked('/ppp secret', exportText)).toEqual([]);
    expect(await asked('/ip dhcp-server network', exportText)).toEqual([]);
    // A menu that the device does not have.
    expect(await asked('/queue interface', exportText)).toEqual([]);
  });
  test.each(['/ppp secret', '/user group', '/ip firewall filter'])(
    'is shown nothing of %s, which has rows',
    async (section) => {
      const found = await asked(section);
      expect(found).toMatchObject([{ code: 'incomplete-section', section }]);
      expect(found?.[0]?.message).toMatch(/counts \d rows/);
    },
  );
  test('and that may not even count', async () => {
    const found = await asked('/ip dns static', exportText, false);
    expect(found).toMatchObject([{ code: 'incomplete-section', section: '/ip dns static' }]);
    expect(found?.[0]?.message).toContain('does not let the login count the rows there');
  });
  test('what has no rows of its own to count', () => {
    const shown = { exported: nothing, policies: null };
    expect(doubtsOf(['/system identity', '/ip service'], shown)).toEqual({ asked: [], unseen: [] });
    expect(doubtsOf(['/user aaa'], shown).unseen).toMatchObject([{ section: '/user aaa' }]);
  });
  test('a menu that no table knows is never asked about', () => {
    const madeUp = '/x find]]; /system reset-configuration; :put [:len [/x';
    const shown = { exported: nothing, policies: null };
    expect(doubtsOf([madeUp], shown)).toMatchObject({ asked: [], unseen: [{ section: madeUp }] });
    expect(doubtsOf([madeUp], { ...shown, policies: everything })).toEqual({ asked: [], unseen: [] });
  });
});

test('what the rights prove is not counted, and the rest is counted in one line', async () => {
  const device = virtualDevice({ exportText: withPeople });
  const rights = { exported: nothing, policies: everything };
  expect(doubtsOf(['/snmp community', '/user', '/ip dhcp-server network'], rights)).toEqual({
    asked: [],
    unseen: [],
  });
  const { exportText: read } = await device.driver.observe(never);
  const exported = device.driver.dialect.parseActual(read).configuration;
  const before = device.sent.length;
  await device.driver.incompleteSections?.(sections, { ...rights, exported }, never);
  expect(device.sent).toHaveLength(before + 1);
  // One that the device lacks costs no other its answer.
  const found = await device.driver.incompleteSections?.(
    ['/queue interface', '/ip dns static'],
    { exported: nothing, policies: null },
    never,
  );
  expect(found).toMatchObject([{ section: '/ip dns static' }]);
});

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test('hold what the device counts, all of them', async () => {
    const pure = realExports().filter(({ pure }) => pure);
    for (const { bytes, version } of pure) {
      const device = virtualDevice({ exportText: Buffer.from(bytes).toString('latin1'), version });
      expect((await readWhole(device.driver, [], never)).unseen).toEqual([]);
    }
  });
});

test('an answer that is no number proves nothing', () => {
  expect(parseCount('no such item\r\n')).toBeNull();
  const shown = { exported: nothing, policies: everything };
  expect(missingRows(new Map(), shown)).toEqual([]);
  expect(missingRows(new Map([['/ip address', null]]), shown)).toMatchObject([{ section: '/ip address' }]);
});
