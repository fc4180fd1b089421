import { expect, test } from 'vitest';
import { formatPlace } from '../../../src/core/errors.ts';
import { composeDevice, secretsOutside } from '../../../src/desired/compose.ts';
import type { DesiredDevice } from '../../../src/desired/device-files.ts';
import { readSecrets } from '../../../src/desired/secrets.ts';
import { routerosDialect as dialect } from '../../../src/drivers/routeros/dialect.ts';
import { printConfiguration } from '../../../src/drivers/routeros/print-configuration.ts';

function device(
  files: Readonly<Record<string, string>>,
  vars: Readonly<Record<string, string>> = {},
): DesiredDevice {
  const fragments = Object.entries(files).map(([file, text]) => ({ file, text: Buffer.from(text) }));
  return {
    name: 'gw1',
    file: 'config.rsc',
    fragments,
    vars: new Map(Object.entries(vars)),
    owns: 'sections',
    ignore: [],
    error: null,
  };
}

function read(files: Readonly<Record<string, string>>, vars: Readonly<Record<string, string>> = {}) {
  const { text, problems, unused } = composeDevice(device(files, vars), dialect, () => null);
  const parsed = dialect.parseDesired(text, 'config.rsc', '7.18');
  return {
    text: printConfiguration(parsed.configuration),
    problems: [...problems, ...parsed.problems].map(
      ({ code, message, place }) => `${place === null ? '' : formatPlace(place)} ${code}: ${message}`,
    ),
    unused,
  };
}

test('files follow one another in the order of `include`, and values stand where names stood', () => {
  const composed = read(
    {
      'base.rsc': '/ip firewall filter\nadd action=accept chain=input comment="${site}"\n',
      'config.rsc':
        '# by hand\n/ip firewall filter\nadd action=drop chain=input\n/ip ssh\nset strong-crypto=yes',
    },
    { site: 'bud 01', left: 'over' },
  );
  expect(composed.problems).toEqual([]);
  expect(composed.text).toBe(
    '/ip firewall filter\nadd action=accept chain=input comment="bud 01"\nadd action=drop chain=input\n/ip ssh\nset strong-crypto=yes\n',
  );
  expect(composed.unused).toEqual(['left']);
});

test('files may agree about an item, and one may say more of it than the other', () => {
  const { text, problems } = read({
    'base.rsc': '/interface bridge\nadd name=lan\n/ip ssh\nset strong-crypto=yes\n',
    'config.rsc': '/interface bridge\nadd name=lan\n/ip ssh\nset strong-crypto=yes host-key-size=4096\n',
  });
  expect(problems).toEqual([]);
  expect(text).toBe('/interface bridge\nadd name=lan\n/ip ssh\nset host-key-size=4096 strong-crypto=yes\n');
});

test.each([
  [
    'an item that was added twice',
    '/interface bridge\nadd name=lan\n',
    '\n/interface bridge\nadd mtu=1400 name=lan\n',
    'config.rsc:3:1 duplicate-key: the same item is at groups/base.rsc:2:1 already: keep one of the two',
  ],
  [
    'a value that was set to another',
    '/ip ssh\nset strong-crypto=yes\n',
    '/ip ssh\nset strong-crypto=no\n',
    'config.rsc:2:1 contradiction: "strong-crypto" has another value already for the item of groups/base.rsc:2:1: keep one',
  ],
])('%s in two files is told with both places', (_, base, config, problem) => {
  expect(read({ 'groups/base.rsc': base, 'config.rsc': config }).problems).toEqual([problem]);
});

test('the same item twice in one file is still a fault', () => {
  const { problems } = read({ 'config.rsc': '/interface bridge\nadd name=lan\nadd name=lan\n' });
  expect(problems).toEqual([
    'config.rsc:3:1 duplicate-key: the same item is at line 2 already: keep one of the two',
  ]);
});

test.each([
  ['a variable without a value', '/ip ssh\nset strong-crypto=${strong}\n', 'base.rsc:2:19 unknown-variable'],
  [
    'a file that is cut',
    '# 2026 by RouterOS 7.18\n/ip ssh\nset strong-crypto=yes \\\n',
    'base.rsc:3:1 truncated-export',
  ],
  ['a file that names no section', '# words\n\n', 'base.rsc:1:1 empty-text'],
  ['script text', '/ip ssh\n:put 1\n', 'base.rsc:2:1'],
])('%s is told with its own file and line', (_, base, words) => {
  const { problems } = read({ 'base.rsc': base, 'config.rsc': '/ip dns\nset servers=192.0.2.1\n' });
  expect(problems.join('\n')).toContain(words);
});

test('where no file holds secrets, the place that asks for one is told', async () => {
  const { of: secretOf } = await readSecrets({ local: null, identity: null }, null);
  const config = '/ppp secret\nadd name=bob password="${secret:bob}"\n';
  const fault = thrownBy(() => composeDevice(device({ 'config.rsc': config }), dialect, secretOf));
  expect(fault).toMatchObject({
    code: 'secrets-not-set',
    place: { file: 'config.rsc', line: 2, column: 24 },
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test('a file does not go on in the section in which the one before it ended', () => {
  const { problems } = read({
    'base.rsc': '/ip dns static\n',
    'config.rsc': 'add name=x address=192.0.2.1\n',
  });
  expect(problems.join('\n')).toContain('config.rsc:1:1 no-section');
});

test('a secret stands in a sensitive property only, and is asked for by device and name', () => {
  const config =
    '/ppp secret\nadd name=bob password="${secret:bob}"\nadd name=al comment="x ${secret:al}" password=plain\n';
  const asked: string[] = [];
  const { text, problems } = composeDevice(device({ 'config.rsc': config }), dialect, (of, name) => {
    asked.push(`${of}/${name}`);
    return `a "${name}" $`;
  });
  expect(asked).toEqual(['gw1/bob', 'gw1/al']);
  expect(Buffer.from(text).toString('latin1')).toContain('password="a \\"bob\\" \\$"');
  expect(problems.map(({ code, place }) => [code, place && formatPlace(place)])).toEqual([
    ['secret-shown', 'config.rsc:3:1'],
  ]);
  const { literal } = secretsOutside(device({ 'config.rsc': config }), dialect);
  expect(literal.map(({ code, place }) => [code, place && formatPlace(place)])).toEqual([
    ['literal-secret', 'config.rsc:3:1'],
  ]);
  const missing = composeDevice(device({ 'config.rsc': config }), dialect, () => null);
  expect(missing.problems.map(({ code }) => code)).toContain('unknown-secret');
});
