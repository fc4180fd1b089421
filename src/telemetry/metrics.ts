/**
 * The metrics, by the table: a registry of its own, every closed series at zero from the start, so that the first
 * failure is a rise and not a birth. A value outside a closed label becomes `other`, never a new series.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricTable } from './metric-table.ts';
import type { LabelsOf, LabelValues, MetricName, MetricOf } from './metric-table.ts';

export interface Metrics {
  set<Name extends MetricOf<'gauge'>>(name: Name, labels: LabelsOf<Name>, value: number): void;
  count<Name extends MetricOf<'counter'>>(name: Name, labels: LabelsOf<Name>, amount?: number): void;
  observe<Name extends MetricOf<'histogram'>>(name: Name, labels: LabelsOf<Name>, value: number): void;
  /** Takes all series of a gauge away that have an open label, before they are set anew. */
  clear(name: MetricOf<'gauge'>): void;
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsOptions {
  readonly version: string;
  /** Names of all devices of the settings. */
  readonly devices: readonly string[];
}

const prefix = 'siteward_';

export function createMetrics({ version, devices }: MetricsOptions): Metrics {
  const registry = new Registry();
  const known = new Map<string, Gauge | Counter | Histogram>();
  for (const name of Object.keys(metricTable) as MetricName[])
    known.set(name, register(registry, name, devices));
  const find = <Kind extends Gauge | Counter | Histogram>(
    name: string,
    kind: new (...args: never[]) => Kind,
  ): Kind => {
    const metric = known.get(name);
    if (!(metric instanceof kind)) throw new TypeError(`${name} is not a ${kind.name}`);
    return metric;
  };
  const metrics: Metrics = {
    set: (name, labels, value) => find(name, Gauge).set(closed(name, labels), value),
    count: (name, labels, amount = 1) => find(name, Counter).inc(closed(name, labels), amount),
    observe: (name, labels, value) => find(name, Histogram).observe(closed(name, labels), value),
    clear: (name) => find(name, Gauge).reset(),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
  metrics.set('build_info', { version }, 1);
  return metrics;
}

function register(
  registry: Registry,
  name: MetricName,
  devices: readonly string[],
): Gauge | Counter | Histogram {
  const { help, labels } = metricTable[name];
  const options = { name: `${prefix}${name}`, help, labelNames: Object.keys(labels), registers: [registry] };
  const row: { readonly kind: string; readonly buckets?: readonly number[] } = metricTable[name];
  if (row.kind === 'histogram') {
    const histogram = new Histogram({ ...options, buckets: [...(row.buckets ?? [])] });
    histogram.zero({});
    return histogram;
  }
  const zero = zeroSeries(labels, devices);
  if (row.kind === 'counter') {
    const counter = new Counter(options);
    for (const series of zero) counter.inc(series, 0);
    return counter;
  }
  const gauge = new Gauge(options);
  for (const series of zero) gauge.set(series, 0);
  return gauge;
}

/** Every combination of closed values; none where a label is open. */
function zeroSeries(
  labels: Readonly<Record<string, LabelValues>>,
  devices: readonly string[],
): Record<string, string>[] {
  let series: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    const list = values === 'device' ? devices : values === 'open' ? [] : values;
    series = series.flatMap((one) => list.map((value) => ({ ...one, [label]: value })));
  }
  return series;
}

function closed(name: MetricName, labels: Readonly<Record<string, string>>): Record<string, string> {
  const row: Readonly<Record<string, LabelValues>> = metricTable[name].labels;
  return Object.fromEntries(
    Object.entries(labels).map(([label, value]) => {
      const values = row[label];
      return [label, Array.isArray(values) && !values.includes(value) ? 'other' : value.slice(0, 100)];
    }),
  );
}
