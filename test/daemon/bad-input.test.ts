/**
 * Every kind of bad input on the running daemon: each has a diagnostic of its own that says where and what to do, and
 * comes to no plan; once it is mended all goes on. One site for all of it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

const file = 'devices/gw1/config.rsc';
const old = `# nov/20/2026 10:00:00 by RouterOS 6.49.10
# software id = 
#
/ip pool
add name=office ranges=192.0.2.10-192.0.2.20
/ip firewall nat
add action=masquerade chain=srcnat
`;

let world: World;
beforeAll(async () => {
  world = await buildWorld({ devices: { gw1: { exportText: demoExport }, old1: { exportText: old } } });
  await world.start();
  await Promise.all([world.untilSettled('gw1'), world.untilSettled('old1')]);
});
afterAll(() => world.close());

/** What the plan says of it: the place and what to do. */
async function told(name: string, code: string, words: RegExp): Promise<string> {
  await world.api.call('refresh', {});
  return await until(`${name} says ${code}`, async () => {
    const { devices } = await world.api.call('plan', { device: name });
    const [plan] = devices;
    const problem = plan?.problems?.find((one) => one.code === code && words.test(one.message));
    if (problem === undefined) throw new Error(JSON.stringify(plan?.problems));
    expect(plan?.actions).toEqual([]);
    const { message, line } = problem;
    return `${problem.file ?? ''}${line === undefined ? '' : `:${line}`} ${message}`;
  });
}

function expectNothingPlanned(): void {
  const kinds = world.records().map(({ kind }) => kind);
  expect(kinds).not.toContain('rollout-planned');
  expect(kinds).not.toContain('pending-opened');
}

describe('in git', () => {
  afterEach(() => {
    expectNothingPlanned();
    world.repository.commit({ [file]: demoExport });
  });

  const lineOf = (text: string): number => text.slice(0, text.length - 1).split('\n').length;
  const more = (lines: string): string => `${demoExport}${lines}\n`;
  const cut = demoExport.slice(0, demoExport.indexOf('chain=forward'));

  test.each([
    ['an export that was cut', cut, 'truncated-export', /export again, or end that line/],
    [
      'an export that was cut where a line goes on',
      more('/ip pool\nadd name=x \\'),
      'truncated-export',
      /goes on after/,
    ],
    [
      'a menu that could not be exported',
      more('#error exporting "/ip/ssh" (timeout)'),
      'export-error',
      /read the device again/,
    ],
    ['an export that was interrupted', more('#interrupted'), 'export-interrupted', /read the device again/],
    ['a quote that is open', more('/ip pool\nadd name="x ranges=192.0.2.9'), 'unbalanced-quote', /quote/],
    ['a variable', more('/ip pool\nadd name="x $y" ranges=192.0.2.9'), 'variable', /expected "\\\$"/],
    [
      'a name that nothing has',
      more('/ip route\nadd dst-address=203.0.113.0/24 gateway=192.0.2.1 routing-table=nowhere'),
      'missing-reference',
      /add it to the file or correct the name/,
    ],
    [
      'a key twice',
      more('/ip pool\nadd name=x ranges=192.0.2.9\nadd name=x ranges=192.0.2.8'),
      'duplicate-key',
      /keep one of the two/,
    ],
    [
      'a menu of a newer version',
      more('/app settings\nset disk=x'),
      'newer-version',
      /upgrade it first or take this out/,
    ],
    [
      'an address that can be none',
      more('/ip route\nadd dst-address=10.0.0.0/40 gateway=192.0.2.1'),
      'impossible-address',
      /four numbers of at most 255/,
    ],
    ['no words of its own', '# nothing\n', 'config-empty', /./],
  ])('%s', async (_what, text, code, todo) => {
    world.repository.commit({ [file]: text });
    const words = await told('gw1', code, todo);
    const line = /:(\d+) /.exec(words)?.[1];
    expect(words).toContain(file);
    expect(Number(line)).toBeGreaterThanOrEqual(code === 'config-empty' ? 1 : lineOf(text) - 1);
    expect(words).not.toContain('192.0.2.9');
  });
});

describe('from a device', () => {
  test('an export with an error line, or an interrupted one, and one that was cut', async () => {
    await Promise.all([world.untilSettled('gw1'), world.untilSettled('old1')]);
    world.device('gw1').faults.unreadableMenus.add('/ip firewall nat');
    world.device('old1').faults.unreadableMenus.add('/ip firewall nat');
    world.repository.commit({
      [file]: `${demoExport}/ip dns static\nadd address=192.0.2.20 name=p.example\n`,
    });
    await told(
      'gw1',
      'incomplete-export',
      /reports an error exporting \/ip firewall nat.*read the device again/,
    );
    await told('old1', 'incomplete-export', /interrupted|error exporting \/ip firewall nat/);
    expectNothingPlanned();
    world.device('old1').faults.unreadableMenus.clear();
    world.repository.commit({ [file]: demoExport });
    world.device('gw1').faults.unreadableMenus.clear();
    await Promise.all([world.untilSettled('gw1'), world.untilSettled('old1')]);
  });
});

test('what both moved is shown from all three sides', async () => {
  await world.untilSettled('old1');
  await world.device('old1').console('/ip pool set [find name=office] ranges=192.0.2.10-192.0.2.30');
  world.edit((text) => text.replace('ranges=192.0.2.10-192.0.2.20', 'ranges=192.0.2.10-192.0.2.40'), 'old1');
  await world.untilPending('old1');
  const { devices } = await world.api.call('plan', { device: 'old1' });
  expect(devices[0]?.actions).toMatchObject([
    {
      label: 'conflict',
      reason: 'conflict',
      confirmed: ['ranges=192.0.2.10-192.0.2.20'],
      changes: [{ from: '192.0.2.10-192.0.2.30', to: '192.0.2.10-192.0.2.40' }],
    },
  ]);
});
