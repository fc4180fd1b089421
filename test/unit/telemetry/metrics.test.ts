import { expect, test } from 'vitest';
import { metricTable } from '../../../src/telemetry/metric-table.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const make = () => createMetrics({ version: '1.2.3', devices: ['gw1', 'ap2'] });

function valueOf(text: string, series: string): number | null {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

test('every metric of the table is there under its prefix, and none else', async () => {
  const { text, contentType } = await make().render();
  expect(contentType).toContain('text/plain');
  const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name).sort();
  expect(names).toEqual(
    Object.keys(metricTable)
      .map((name) => `siteward_${name}`)
      .sort(),
  );
});

test('closed series are zero from the start, so that the first failure is a rise', async () => {
  const { text } = await make().render();
  for (const series of [
    'siteward_ready',
    'siteward_journal_append_failures_total',
    'siteward_rollbacks_total{device="gw1",outcome="fired"}',
    'siteward_rollbacks_armed{device="ap2"}',
    'siteward_rollback_deadline_timestamp_seconds{device="ap2"}',
    'siteward_device_read_failures_total{device="ap2",reason="host-key-mismatch"}',
    'siteward_approvals_pending{role="recovery"}',
    'siteward_pass_duration_seconds_count',
  ])
    expect([series, valueOf(text, series)]).toEqual([series, 0]);
  expect(valueOf(text, 'siteward_build_info{version="1.2.3"}')).toBe(1);
});

test('what is set, counted and observed is rendered', async () => {
  const metrics = make();
  metrics.set('journal_head_seq', {}, 18341);
  metrics.count('rollbacks_total', { device: 'gw1', outcome: 'fired' });
  metrics.count('rollbacks_total', { device: 'gw1', outcome: 'fired' }, 2);
  metrics.observe('pass_duration_seconds', {}, 0.2);
  const { text } = await metrics.render();
  expect(valueOf(text, 'siteward_journal_head_seq')).toBe(18341);
  expect(valueOf(text, 'siteward_rollbacks_total{device="gw1",outcome="fired"}')).toBe(3);
  expect(valueOf(text, 'siteward_pass_duration_seconds_bucket{le="0.3"}')).toBe(1);
});

test('a value outside a closed label becomes other, not a new series', async () => {
  const metrics = make();
  metrics.count('device_read_failures_total', { device: 'gw1', reason: 'something long and new' });
  const { text } = await metrics.render();
  expect(valueOf(text, 'siteward_device_read_failures_total{device="gw1",reason="other"}')).toBe(1);
  expect(text).not.toContain('something long');
});

test('two sets of metrics share nothing', async () => {
  const one = make();
  const two = make();
  one.count('passes_total', { result: 'ok' });
  expect(valueOf((await two.render()).text, 'siteward_passes_total{result="ok"}')).toBe(0);
});

test('an info series is replaced, not added to', async () => {
  const metrics = make();
  metrics.set('device_info', { device: 'gw1', kind: 'routeros', model: 'RB5009', os_version: '7.19' }, 1);
  metrics.clear('device_info');
  metrics.set('device_info', { device: 'gw1', kind: 'routeros', model: 'RB5009', os_version: '7.20' }, 1);
  const { text } = await metrics.render();
  expect(text.match(/^siteward_device_info\{/gm)).toHaveLength(1);
});
