/**
 * Real exports as devices, and what `adopt` makes of each as desired state: no difference, whatever is in them. Then one line in git
 * is rolled out, confirmed and settled, and the device has that line more and nothing else.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adoptedText } from '../../src/drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect } from '../../src/drivers/routeros/dialect.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { buildWorld } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { noRealExports, realExports, whyNoRealExports } from '../support/real-exports.ts';
import type { RealExport } from '../support/real-exports.ts';
import { runCli } from '../support/run-cli.ts';

/** A change that any export can take: how a person would type it, and the file with it. */
interface Change {
  readonly typed: string;
  readonly file: (text: string) => string;
}

const append = (section: string, command: string): Change => ({
  typed: `${section} ${command}`,
  file: (text) => {
    const end = text.includes('\r\n') ? '\r\n' : '\n';
    return `${text}${end}${section}${end}${command}${end}`;
  },
});
const identity = /^(\/system identity(?: |\r?\n)set name=)(?:"[^"]*"|\S+)/m;
const changes: readonly Change[] = [
  append('/ip dns static', 'add address=192.0.2.77 name=printer.siteward.example.org'),
  append(
    '/ip firewall address-list',
    'add address=192.0.2.88 comment="a \\"quoted\\" \\$ \\\\" list=siteward-office',
  ),
  {
    typed: '/system identity set name=renamed',
    file: (text) =>
      identity.test(text)
        ? text.replace(identity, '$1renamed')
        : append('/system identity', 'set name=renamed').file(text),
  },
];

const textOf = (one: RealExport): string => Buffer.from(one.bytes).toString('latin1');
const adopted = (one: RealExport): string =>
  adoptedText('gw1', one.version, routerosDialect.parseActual(one.bytes, one.version).configuration).text;
/** A device that keeps ssh to itself or to other networks can't be managed from here. */
const letsUsIn = (one: RealExport): boolean => !/^set ssh .*(disabled=yes|address=)/m.test(textOf(one));

/** Nor one whose export says itself that a part is missing. */
const isWhole = (one: RealExport): boolean => !/^#error/m.test(textOf(one));

const usable = realExports().filter((one) => one.pure && letsUsIn(one) && isWhole(one));
const nameOf = (one: RealExport): string => `e${one.file.replace('.rsc', '')}`;
const changeOf = (one: RealExport): Change => {
  const change = changes[usable.indexOf(one) % changes.length];
  if (change === undefined) throw new Error('no change');
  return change;
};

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  let world: World;
  beforeAll(async () => {
    world = await buildWorld({
      devices: Object.fromEntries(
        usable.map((one) => [nameOf(one), { exportText: one.bytes, desired: adopted(one) }]),
      ),
      defaults: { read: '60s', window: '60s' },
      policy: '{ batch: 12, removals: { items: 20 } }',
    });
    await world.start();
  }, 120_000);
  afterAll(() => world.close());

  test.each(usable.map((one) => [one.file, one.version, one] as const))(
    '%s (RouterOS %s) is what it should be',
    async (_file, _version, one) => {
      const name = nameOf(one);
      await world.untilSettled(name);
      const { code, out } = await runCli('plan', name, '--settings', world.settingsFile);
      expect(out).toContain('no difference');
      expect(code).toBe(0);
    },
  );

  test('one line for each of them in git is rolled out', async () => {
    const commit = world.repository.commit(
      Object.fromEntries(
        usable.map((one) => [
          `devices/${nameOf(one)}/config.rsc`,
          Buffer.from(changeOf(one).file(adopted(one)), 'latin1'),
        ]),
      ),
    );
    for (const one of usable) {
      // A name or an address may be what some rule in there stands on: then it is signed for.
      const { pending } = await world.untilDevice(
        `${one.file} settled or waiting`,
        (device) => device.pending.length > 0 || (device.commit === commit && device.state === 'in-sync'),
        nameOf(one),
      );
      for (const id of pending) await world.approve(id);
      await world.untilSettled(nameOf(one));
    }
  }, 600_000);

  test.each(usable.map((one) => [one.file, one.version, one] as const))(
    '%s (RouterOS %s) has that line more and nothing else',
    async (_file, _version, one) => {
      const name = nameOf(one);
      await world.untilSettled(name);
      const { code } = await runCli('plan', name, '--settings', world.settingsFile);
      expect(code).toBe(0);
      expect(
        world.records().filter((r) => 'device' in r && r.device === name && r.kind === 'confirmed'),
      ).toHaveLength(1);
      expect(await world.traces(name)).toEqual(['sw-witness']);
      await world.device(name).console('/system script remove [find where name="sw-witness"]');
      expect(await exported((line) => world.device(name).console(line))).toEqual(await changedByHand(one));
    },
  );
});

/** The device's own text, without the line that tells the time. */
async function exported(console: (line: string) => Promise<string>): Promise<readonly string[]> {
  return (await console('/export')).split(/\r?\n/).filter((line) => !/^# .* by RouterOS /.test(line));
}

/** What a person would have got who typed the change on the device. */
async function changedByHand(one: RealExport): Promise<readonly string[]> {
  const simulator = await startSimulator({ exportText: one.bytes });
  try {
    const said = await simulator.console(changeOf(one).typed);
    expect(said).toBe('');
    return await exported((line) => simulator.console(line));
  } finally {
    await simulator.close();
  }
}
