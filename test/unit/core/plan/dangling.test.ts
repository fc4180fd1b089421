import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../../../src/core/item.ts';
import type { PlanResult } from '../../../../src/core/plan/plan.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { planBetween } from '../../../support/plans.ts';

const header = '# 2026-11-21 10:00:00 by RouterOS 7.15.3\n';
const base = `${header}/interface bridge
add name=bridge1
add name=bridge2
/interface bridge port
add bridge=bridge1 interface=ether2
/ip address
add address=192.0.2.1/24 interface=bridge2 network=192.0.2.0
`;

function planTo(desiredText: string): PlanResult {
  const actual = dialect.parseActual(Buffer.from(base)).configuration;
  const desired = dialect.parseDesired(Buffer.from(desiredText), 'config.rsc').configuration;
  return planBetween(actual, desired).made;
}

describe('removing what another row names', () => {
  test('is refused while that row stays, since no rollback could revive it', () => {
    const made = planTo(base.replace('add name=bridge1\n', ''));
    expect(made).toMatchObject({ kind: 'refused', code: 'dangling-reference' });
    expect(made.kind === 'refused' && made.message).toMatch(
      /bridge1.*\/interface bridge port.*: change or remove that too$/,
    );
  });

  test('is refused as well when it comes back under another name', () => {
    expect(planTo(base.replace('add name=bridge1\n', 'add name=bridge3\n'))).toMatchObject({
      code: 'dangling-reference',
    });
  });

  test('a row outside the desired text counts too', () => {
    const made = planTo('/interface bridge\nadd name=bridge1\n');
    expect(made).toMatchObject({ code: 'dangling-reference' });
    expect(made.kind === 'refused' && made.message).toMatch(
      /does not speak for \/ip address: .*--owns everything/,
    );
  });

  test('a row in a section that can not be planned stays, and the refusal says why', () => {
    const text = (list: string, more: string): Configuration =>
      dialect.parseActual(
        Buffer.from(
          `${header}/interface list\n${list}/tool mac-server\nset allowed-interface-list=${more}\n`,
        ),
      ).configuration;
    const [actual, desired] = [text('add name=old\n', 'old'), text('', 'all shade=blue')];
    const { blocked } = planBetween(actual, desired).found;
    expect(blocked).toMatchObject([{ section: '/tool mac-server', code: 'unknown-property' }]);
    const { made } = planBetween(actual, desired, { blocked });
    expect(made.kind === 'refused' && made.message).toMatch(
      /still names it, and \/tool mac-server is left as it is; .*"shade" differs/,
    );
  });

  test('is refused in menus too where a name may occur twice', () => {
    const mounts = ['/config', '/data'].map((dst, i) => `add dst=${dst} name=mount${i} src=${dst}\n`);
    const text = (rows: readonly string[]): Configuration =>
      dialect.parseActual(
        Buffer.from(
          `${header}/container mounts\n${rows.join('')}/container\nadd interface=veth1 mounts=mount0,mount1\n`,
        ),
      ).configuration;
    const { made } = planBetween(text(mounts), text(mounts.slice(1)));
    expect(made).toMatchObject({ kind: 'refused', code: 'dangling-reference' });
    const same = planBetween(
      text(mounts),
      text([mounts[1] ?? '', 'add dst=/other name=mount0 src=/other\n']),
    );
    expect(same.made).toMatchObject({ kind: 'plan' });
    // Which of the two is the one that was there can't be told: it would be removed, and made again under its name.
    const twins = ['add comment=new dst=/config name=mount0 src=/config\n'.repeat(2), mounts[1] ?? ''];
    expect(planBetween(text(mounts), text(twins)).made).toMatchObject({
      kind: 'refused',
      code: 'dangling-reference',
    });
  });

  test('is planned when the other row goes with it', () => {
    const text = base.replace('add name=bridge1\n', '').replace('add bridge=bridge1 interface=ether2\n', '');
    expect(planTo(text)).toMatchObject({ kind: 'plan' });
  });

  test('is planned when the other row turns to something that stays', () => {
    const text = base.replace('add name=bridge1\n', '').replace('bridge=bridge1', 'bridge=bridge2');
    expect(planTo(text)).toMatchObject({ kind: 'plan' });
  });
});
