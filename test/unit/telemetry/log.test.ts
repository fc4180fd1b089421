import { expect, test } from 'vitest';
import { DeviceError } from '../../../src/core/errors.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import type { Log } from '../../../src/telemetry/log.ts';

function capture(level?: string): { log: Log; lines: () => Record<string, unknown>[]; text: () => string } {
  let written = '';
  const log = createLog({ level, destination: { write: (line) => (written += line) } });
  return {
    log,
    text: () => written,
    lines: () =>
      written
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

test('a line is one JSON object with level, time, event and facts', () => {
  const { log, lines } = capture();
  log.info('started', { site: 'bud-01', devices: 3, ok: true, none: null });
  expect(lines()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      event: 'started',
      site: 'bud-01',
      devices: 3,
      ok: true,
      none: null,
    },
  ]);
});

test('nothing that could be a secret, a URL or a text of a device gets through, whoever passes it', () => {
  const { log, text } = capture('trace');
  log.info('read', {
    password: 'planted-1',
    privateKey: 'planted-2',
    exportText: 'planted-3',
    command: 'planted-4',
    device: { nested: 'planted-5' },
    list: ['fine', { deep: 'planted-6' }],
    error: new Error('from https://user:planted-7@example.org/x'),
    note: '-----BEGIN OPENSSH PRIVATE KEY-----\nplanted-8',
    many: Array.from({ length: 100 }, () => 'x'),
  });
  log.warn('again', { message: 'ssh://planted-9@example.org', signature: 'planted-10' });
  expect(text()).not.toContain('planted');
  expect(text().trimEnd().split('\n')).toHaveLength(2);
});

test('a fact can not fake a line or fill the disk', () => {
  const { log, lines } = capture();
  log.info('x', { name: `a\n{"event":"forged"}\u001b[2J${'y'.repeat(5000)}` });
  expect(lines()).toHaveLength(1);
  expect(String(lines()[0]?.['name'])).toHaveLength(301);
  expect(String(lines()[0]?.['name'])).not.toMatch(/[\n\u001b]/);
});

test('a defect says where in the code it came from', () => {
  const { log, lines } = capture();
  log.defect(new DeviceError('unreachable', 'no route\n    at planted'), { operation: 'plan' });
  const [line] = lines();
  expect(line).toMatchObject({
    level: 'error',
    event: 'defect',
    operation: 'plan',
    code: 'unreachable',
    name: 'DeviceError',
  });
  expect((line?.['at'] as string[]).join()).toContain('log.test.ts');
});

test('levels: what is below is not written, an unknown one is info', () => {
  const quiet = capture('error');
  quiet.log.info('no');
  quiet.log.error('yes');
  expect(quiet.lines().map(({ event }) => event)).toEqual(['yes']);
  const odd = capture('loud');
  odd.log.info('yes');
  expect(odd.lines()).toHaveLength(1);
});
