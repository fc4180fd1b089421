import { describe, expect, test } from 'vitest';
import {
  canonicalValue,
  isImpossibleAddress,
  namesAddresses,
} from '../../../../src/drivers/routeros/values.ts';

describe('one spelling for one meaning', () => {
  test.each([
    ['bool', 'true', 'yes'],
    ['bool', 'no', 'no'],
    ['bool', 'auto', 'auto'],
    ['time', '1d00:00:00', '1d'],
    ['time', '00:10:00', '10m'],
    ['time', '600', '10m'],
    ['time', '24h10m', '1d10m'],
    ['time', '14d', '2w'],
    ['time', '1w2d', '1w2d'],
    ['time', '90s', '1m30s'],
    ['time', '500ms', '500ms'],
    ['time', '00:00:00.5', '500ms'],
    ['time', '0', '0s'],
    ['time', '2s/120s', '2s/2m'],
    ['time', 'none-dynamic', 'none-dynamic'],
    ['time', '', ''],
    ['mac', 'aa-bb-cc-dd-ee-0f', 'AA:BB:CC:DD:EE:0F'],
    ['mac', '!aa:bb:cc:dd:ee:0f', '!AA:BB:CC:DD:EE:0F'],
    ['host', '192.0.2.1/32', '192.0.2.1'],
    ['host', '!192.0.2.1/32', '!192.0.2.1'],
    ['host', '192.0.2.0/24', '192.0.2.0/24'],
    ['host', '2001:DB8::1/128', '2001:db8::1'],
    ['host', 'example.org', 'example.org'],
    [
      'hosts',
      '192.0.2.1,192.0.2.0/24,2001:DB8::1,2001:db8::/64',
      '192.0.2.1/32,192.0.2.0/24,2001:db8::1/128,2001:db8::/64',
    ],
    ['hosts', '!192.0.2.1', '!192.0.2.1/32'],
    [
      'hosts',
      '192.0.2.1-192.0.2.9,bridge1,AA:BB:CC:00:00:01',
      '192.0.2.1-192.0.2.9,bridge1,AA:BB:CC:00:00:01',
    ],
    ['number', '0x10', '16'],
    ['hex', '32768', '0x8000'],
    ['hex', '0x0a', '0xA'],
    ['bits', '10000000/10000k', '10M/10M'],
    ['bits', '1500k', '1500k'],
    ['bits', '0/0', '0/0'],
    ['set', 'z,!y,second,x,first,first', 'first,second,x,z,!y'],
    ['matched-set', '!second,first', '!first,second'],
    ['enum', 'B,A', 'B,A'],
    ['string', 'true', 'true'],
    [null, '1d00:00:00', '1d00:00:00'],
  ] as const)('%s %s is %s', (type, value, canonical) => {
    const facts = { type, order: ['first', 'second'] };
    expect(canonicalValue(facts, value)).toBe(canonical);
    expect(canonicalValue(facts, canonical)).toBe(canonical);
  });
});

test.each([
  ['host', 'address', '1.2.3.400/24', true],
  ['host', 'address', '10.0.0.0/33', true],
  ['hosts', 'address', '10.0.0.0/8,!10.0.0.256', true],
  ['ip', 'gateway', '10.0.0.999%ether1', true],
  [null, 'src-address', '10.0.0.1-10.0.0.300', true],
  [null, 'remote.address', '300.0.0.1/32', true],
  [null, 'gateway', 'ether1', false],
  ['host', 'address', '10.0.0.255/32', false],
  ['hosts', 'address', '2001:db8::1/128', false],
  ['string', 'comment', '1.2.3.400', false],
  [null, 'name', '1.2.3.400', false],
  [null, 'address', '1.2.3.400.example.org', false],
] as const)('%s %s=%s can be no address: %s', (type, name, value, impossible) => {
  expect(namesAddresses({ type }, name) && isImpossibleAddress(value)).toBe(impossible);
});

test('a value whose property is unknown stays as it is', () => {
  expect(canonicalValue(undefined, '00:10:00')).toBe('00:10:00');
});
