import { describe, expect, test } from 'vitest';
import { probesOf, probesSchema } from '../../../src/settings/probes.ts';

const questionOf = (probe: object): unknown => probesOf(probesSchema.parse({ p: probe }))[0]?.question;

describe('a probe', () => {
  test.each([
    [{ tcp: '192.0.2.7:443' }, { kind: 'tcp', host: '192.0.2.7', port: 443 }],
    [{ tcp: '[2001:db8::7]:22' }, { kind: 'tcp', host: '2001:db8::7', port: 22 }],
    [{ ping: '192.0.2.254' }, { kind: 'ping', address: '192.0.2.254' }],
    [
      { dns: 'example.org', server: '192.0.2.1', expect: '192.0.2.7' },
      { kind: 'dns', name: 'example.org', server: '192.0.2.1', expect: '192.0.2.7' },
    ],
    [
      { http: 'https://example.org/x', status: 204 },
      { kind: 'http', url: 'https://example.org/x', status: 204 },
    ],
    [{ http: 'http://example.org' }, { kind: 'http', url: 'http://example.org', status: 200 }],
    [
      { command: ':put 1', expect: '1' },
      { kind: 'command', command: ':put 1', expect: '1' },
    ],
  ])('%j', (probe, question) => {
    expect(questionOf(probe)).toEqual(question);
  });

  test('has half a minute, and refuses when it fails before, unless told otherwise', () => {
    expect(probesOf(probesSchema.parse({ p: { ping: '192.0.2.1' } }))[0]).toMatchObject({
      name: 'p',
      withinMs: 30_000,
      redBefore: 'refuse',
    });
    const told = { ping: '192.0.2.1', within: '2m', 'red-before': 'ignore' };
    expect(probesOf(probesSchema.parse({ p: told }))[0]).toMatchObject({
      withinMs: 120_000,
      redBefore: 'ignore',
    });
  });

  test.each([
    [{}, /expected one of tcp \| ping \| dns \| http \| command/],
    [{ ping: '192.0.2.1', tcp: 'a:1' }, /expected one of/],
    [{ ping: '192.0.2.1', status: 200 }, /"status" means nothing with "ping"/],
    [{ dns: 'example.org' }, /expected "server" with "dns"/],
    [{ command: ':put 1' }, /expected "expect" with "command"/],
    [{ tcp: '192.0.2.7' }, /HOST:PORT/],
    [{ http: 'https://alice:secret@example.org/' }, /a URL/],
    [{ ping: '192.0.2.1; /system reset-configuration' }, /an address/],
    [{ ping: '192.0.2.1', colour: 'red' }, /mapping of keys/],
  ])('%j is refused', (probe, says) => {
    const { error } = probesSchema.safeParse({ p: probe });
    expect(error?.issues.map(({ message }) => message).join()).toMatch(says);
  });
});
