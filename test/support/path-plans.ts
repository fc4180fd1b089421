/** Plans from two exports by text, for judging the management path as the daemon does. */
import type { Plan } from '../../src/core/plan/action.ts';
import type { ManagementPath } from '../../src/core/site.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { planBetween as between } from './plans.ts';

const header = '# 2026-11-20 09:15:02 by RouterOS 7.18.2\n';

export function exportOf(text: string): Buffer {
  return Buffer.from(`${header}${text.trim()}\n`, 'latin1');
}

export const onLink: ManagementPath = {
  address: '192.0.2.1',
  port: 22,
  from: '192.0.2.50',
  interface: null,
  user: 'siteward',
};

/** Null: nothing to plan. */
export function planBetween(
  base: string,
  target: string,
  management: Partial<ManagementPath> = {},
): Plan | null {
  const actual = dialect.parseActual(exportOf(base)).configuration;
  const desired = dialect.parseDesired(exportOf(target), 'desired').configuration;
  const { found, made } = between(actual, desired, {
    owns: 'everything',
    management: { ...onLink, ...management },
    secretsOnDevice: 'refuse',
  });
  if (found.blocked[0] !== undefined) throw new Error(found.blocked[0].message);
  if (made.kind === 'refused') throw new Error(made.message);
  return made.kind === 'nothing' ? null : made.plan;
}
