import { expect, test } from 'vitest';
import type { Item } from '../../../../src/core/item.ts';
import type { Plan } from '../../../../src/core/plan/action.ts';
import { renderRollout, withTimes } from '../../../../src/drivers/routeros/scripts.ts';

const item: Item = {
  section: '/ip dns static',
  key: null,
  created: true,
  properties: [
    ['address', '192.0.2.7'],
    ['comment', ':if ($dec = "" && ($up < @U0@ || $up >= @D@)) do={ $& @U0@ @D@ @F@'],
    ['name', 'x.example.org'],
  ],
  place: null,
};
const plan: Plan = {
  actions: [
    {
      id: 1,
      label: 'desired',
      class: 'benign',
      tier: 'benign',
      reason: '',
      item: '',
      action: { verb: 'remove', section: item.section, item, before: null },
      forward: [],
      rollback: [],
    },
  ],
  class: 'benign',
  reason: '',
  base: [{ path: item.section, kind: 'list', items: [item] }],
  target: [{ path: item.section, kind: 'list', items: [] }],
  baseDigest: '0'.repeat(64),
  path: { kind: 'untouched', by: '' },
  rollback: 'exact',
};

test('the deadline goes where it belongs, and into no value', () => {
  const { back } = renderRollout('0123456789ab', plan);
  const value = '@U0@ @D@ @F@"';
  expect(back).toContain(value);
  const due = withTimes(back, { armedUptimeS: 86_400, deadlineUptimeS: 86_460 }, { flushMs: 44_500 });
  expect(due).toContain('($up < 1d00:00:00 || $up >= 1d00:01:00)');
  // A second more than was meant, since the uptime is read in whole ones.
  expect(due).toContain('($now >= ($since + 00:00:46))');
  expect(due.split(value)).toHaveLength(back.split(value).length);
});
