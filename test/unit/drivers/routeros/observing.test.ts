/** The first reading asks in turn, the next ones for all at once: they see the same, and doubt goes back to asking in turn. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { guardedExportCommand } from '../../../../src/drivers/routeros/commands.ts';
import { allWithSentinel, readAnswers } from '../../../../src/drivers/routeros/console.ts';
import { createRouterosDriver } from '../../../../src/drivers/routeros/driver.ts';
import type { RouterosDriverOptions } from '../../../../src/drivers/routeros/driver.ts';
import type { ExecOptions } from '../../../../src/drivers/ssh-session.ts';
import { deviceSettings } from '../../../support/scripted-device.ts';
import { virtualDevice } from '../../../support/virtual-device.ts';

const never = new AbortController().signal;
const exportOf = (version: string): string =>
  `# 2026-11-21 10:00:00 by RouterOS ${version}\n# software id = \n#\n/ip dns static\nadd address=192.0.2.10 name=one.example.org\n`;

test.each(['6.49.10', '7.9', '7.18.2'])(
  'RouterOS %s: one line asks what took several, and sees it',
  async (version) => {
    const device = virtualDevice({ exportText: exportOf(version) });
    const first = await device.driver.observe(never);
    const turns = device.sent.length;
    expect(turns).toBe(version === '7.18.2' ? 3 : 2);
    const second = await device.driver.observe(never);
    expect(device.sent).toHaveLength(turns + 1);
    expect({ ...second, facts: { ...second.facts, uptimeS: 0 } }).toEqual({
      ...first,
      facts: { ...first.facts, uptimeS: 0 },
    });
    expect(second.exportText.toString()).toContain('name=one.example.org');
  },
);

/** Says of itself what it is told to, and answers a line of several commands only if `takesAll`. */
function sayingDevice(): {
  version: string;
  takesAll: boolean;
  sent: string[];
  options: ExecOptions[];
  driver: ReturnType<typeof createRouterosDriver>;
} {
  const conditions = (): string =>
    `version=${device.version} (stable)\r\nboard=X\r\nuptime=1d\r\nidentity=gw1\r\nconditions=\r\nrefused=\r\ndate=x\r\nfree=1\r\n`;
  const answer = (command: string): string =>
    command.startsWith(':if ([:pick [/system resource get version] 0 2] != "6.") do={/export')
      ? device.version.startsWith('6.')
        ? ''
        : exportOf(device.version)
      : command.startsWith('/export')
        ? exportOf(device.version)
        : command.includes('device-mode')
          ? 'true home\r\n'
          : conditions();
  const connect: RouterosDriverOptions['connect'] = () =>
    Promise.resolve({
      hostKey: 'SHA256:x',
      localAddress: '192.0.2.2',
      close: () => Promise.resolve(),
      exec: (line, options) => {
        device.sent.push(line);
        device.options.push(options);
        const commands = line.split(/; :put "sw-(?:ok|end)-0{16}"(?:; |$)/).slice(0, -1);
        const end = /sw-(?:ok|end)-0{16}/.exec(line)?.[0] ?? '';
        const said = commands.map((command) => `${answer(command)}${end}\r\n`).join('');
        const text =
          commands.length > 1 && !device.takesAll ? 'expected end of command (line 1 column 9)\r\n' : said;
        return Promise.resolve({ output: Buffer.from(text, 'latin1'), exitCode: 0 });
      },
    });
  const driver = createRouterosDriver({
    device: deviceSettings({ port: 22, hostKey: 'SHA256:x' }),
    credentials: () => Promise.resolve({ password: 'password' }),
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    random: (size) => Buffer.alloc(size),
    connect,
  });
  const device = {
    version: '7.18.2',
    takesAll: true,
    sent: [] as string[],
    options: [] as ExecOptions[],
    driver,
  };
  return device;
}

test('another version since the last reading: asked in turn, in its own words, and from then on at once again', async () => {
  const device = sayingDevice();
  await device.driver.observe(never);
  device.version = '6.49.10';
  device.sent.length = 0;
  const { facts, exportText } = await device.driver.observe(never);
  expect(facts.version).toBe('6.49.10');
  expect(facts.deviceMode).toBeUndefined();
  expect(Buffer.from(exportText).toString()).toContain('by RouterOS 6.49.10');
  expect(device.sent).toHaveLength(3);
  expect(device.sent.at(-1)).toMatch(/^\/export hide-sensitive; /);
  await device.driver.observe(never);
  expect(device.sent).toHaveLength(4);
  expect(device.sent.at(-1)).toContain('/export hide-sensitive; ');
});

test('a plain export is asked for only of what is not version 6 by then', () => {
  const asked = ':if ([:pick [/system resource get version] 0 2] != "6.") do={/export}';
  expect(['7.9', '7.18.2', '6.49.10'].map(guardedExportCommand)).toEqual([
    asked,
    asked,
    '/export hide-sensitive',
  ]);
});

test('a console that hangs at a later reading costs what one question does, and a slow export has its time', async () => {
  const device = sayingDevice();
  await device.driver.observe(never);
  await device.driver.observe(never);
  const [conditions, , , atOnce] = device.options;
  expect(atOnce).toEqual({ timeoutMs: 180_000, firstByteMs: conditions?.timeoutMs, readsOnly: true });
});

test('a device that does not take all in one line is not asked so again', async () => {
  const device = sayingDevice();
  device.takesAll = false;
  for (const more of [3, 4, 3, 3]) {
    device.sent.length = 0;
    expect((await device.driver.observe(never)).facts.deviceMode).toBe('home');
    expect(device.sent).toHaveLength(more);
  }
});

const sentinel = 'sw-end-0123456789abcdef';
const said = fc
  .array(fc.constantFrom('a', ' b', 'sw-end-', '', `x${sentinel}`, `"${sentinel}"`), { maxLength: 4 })
  .map((lines) => lines.map((line) => `${line}\r\n`).join(''));

test('each answer is what stood before its end, and nothing is an answer before the last end came', () => {
  fc.assert(
    fc.property(fc.array(said, { minLength: 1, maxLength: 4 }), fc.nat(), (answers, cut) => {
      const output = answers.map((text) => `${text}${sentinel}\r\n`).join('');
      const read = (text: string, count: number) =>
        readAnswers(Buffer.from(text, 'latin1'), sentinel, count)?.map(String) ?? null;
      expect(read(output, answers.length)).toEqual(answers);
      const short = output.slice(0, cut % (output.length - 2));
      expect(read(short, answers.length)).toBeNull();
      expect(read(`${output}more\r\n`, answers.length)).toBeNull();
      expect(read(output, answers.length + 1)).toBeNull();
    }),
  );
});

test('every command of the line has its end', () => {
  expect(allWithSentinel([':put a', ':put b'], 'sw-end-1')).toBe(
    ':put a; :put "sw-end-1"; :put b; :put "sw-end-1"',
  );
});
