import { describe, expect, test } from 'vitest';
import type { Action } from '../../../../src/core/plan/action.ts';
import { judgeManagementPath } from '../../../../src/drivers/routeros/management-path.ts';
import { configuration, item } from '../../../support/configurations.ts';

function judge(actions: readonly Action[], port = 22) {
  const management = { address: '192.0.2.1', port, from: '192.0.2.50', interface: null };
  return judgeManagementPath(actions, {
    base: configuration(),
    target: configuration(),
    management,
    isOwn: () => false,
  });
}
const ssh = (from: Record<string, string>, to: Record<string, string>): Action => ({
  verb: 'set',
  section: '/ip service',
  from: item('/ip service', from, 'name=ssh'),
  to: item('/ip service', to, 'name=ssh'),
});
const name: Action = {
  verb: 'add',
  section: '/ip dns static',
  item: item('/ip dns static', { name: 'a', address: '192.0.2.7' }),
  before: null,
};

describe('the SSH service', () => {
  test.each([
    ['closed', ssh({}, { disabled: 'yes' })],
    ['closed', ssh({}, { port: '2222' })],
    ['closed', ssh({}, { address: '198.51.100.0/24' })],
    ['open', ssh({}, { address: '198.51.100.0/24,192.0.2.0/24' })],
    ['open', ssh({ disabled: 'yes' }, {})],
    ['undecidable', ssh({}, { address: '2001:db8::/64' })],
    ['undecidable', ssh({}, { vrf: 'mgmt' })],
  ])('%s', (kind, action) => {
    expect(judge([action])).toEqual({ kind, by: '/ip service name=ssh' });
  });
  test('another port than the session sees is not decided', () => {
    expect(judge([ssh({}, { port: '2222' })], 40_022).kind).toBe('undecidable');
  });
});

test('the gravest action decides for the plan', () => {
  expect(judge([name])).toEqual({ kind: 'untouched', by: '' });
  expect(judge([name, ssh({}, { disabled: 'yes' })]).kind).toBe('closed');
});

test('a rule in a chain that the session passes touches it only if it can match the session', () => {
  const nat = (properties: Record<string, string>): Action => ({
    verb: 'add',
    section: '/ip firewall nat',
    item: item('/ip firewall nat', { chain: 'dstnat', action: 'redirect', ...properties }),
    before: null,
  });
  expect(judge([nat({ protocol: 'tcp', 'dst-port': '80,8000-8100' })]).kind).toBe('untouched');
  expect(judge([nat({ protocol: 'udp' })]).kind).toBe('untouched');
  expect(judge([nat({ protocol: 'tcp', 'dst-port': '20-25' })]).kind).toBe('undecidable');
  expect(judge([nat({})]).kind).toBe('undecidable');
});
