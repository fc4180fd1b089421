/** What is planned for a secret that the export hides: never by a guess at what the device has. */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import type { Configuration } from '../../../../src/core/item.ts';
import { footprintState } from '../../../../src/core/plan/footprint.ts';
import { digestOfHidden } from '../../../../src/core/plan/hidden-secret.ts';
import {
  digestSecrets,
  doubtMessage,
  type SecretKnowledge,
} from '../../../../src/core/plan/known-secrets.ts';
import { planText } from '../../../../src/core/plan/plan-text.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { renderRollout } from '../../../../src/drivers/routeros/scripts.ts';
import { planBetween, planOf } from '../../../support/plans.ts';

const times = { windowMs: 1000, tickMs: 1000, flushMs: 0, verifiedBy: 'login' };
const parsed = (text: string): Configuration =>
  dialect.parseDesired(Buffer.from(text, 'latin1'), 'config.rsc', '7.18.2').configuration;
const bob = (password: string | null, more = ''): string =>
  `/ppp secret\nadd name=bob${password === null ? '' : ` password="${password}"`}${more}\n`;
const radius = (secret: string | null): string =>
  `/radius\nadd address=192.0.2.9 service=ppp${secret === null ? '' : ` secret="${secret}"`}\n`;

/** What the daemon would know: the device's export without secrets, and their digests where it was asked. */
function planned(sides: {
  readonly confirmed: string | null;
  readonly desired: string;
  /** With its secrets. */
  readonly device: string;
  readonly asked?: boolean | 'assumed';
  readonly ignore?: string[];
  /** A section that the export leaves out. */
  readonly unsaid?: string;
}): ReturnType<typeof planBetween> {
  const device = parsed(sides.device);
  const hidden = {
    sections: device.sections
      .filter(({ path }) => path !== sides.unsaid)
      .map((section) => ({
        ...section,
        items: section.items.map((item) => ({
          ...item,
          properties: item.properties.filter(([name]) => !dialect.isSecret(item.section, name)),
        })),
      })),
  };
  const { asked = true } = sides;
  const read: SecretKnowledge['read'] =
    asked === true ? digestSecrets(device, dialect, sha256) : asked === false ? null : asked;
  return planBetween(hidden, parsed(sides.desired), {
    confirmed: sides.confirmed === null ? null : parsed(sides.confirmed),
    secrets: { digestOf: sha256, read, mayCarry: true },
    ignore: (sides.ignore ?? []).map((name) => ({ section: '/ppp secret', where: {}, properties: [name] })),
  });
}

describe('a row of the device’s own that says nothing but a secret, so that its export leaves it out', () => {
  const mail = (password: string): string => `/tool e-mail\nset password="${password}"\n`;
  const cases = { desired: mail('new'), device: mail('old'), unsaid: '/tool e-mail' };

  test('confirmed: set, and back to exactly that', () => {
    const plan = planOf(planned({ ...cases, confirmed: mail('old') }).made);
    expect(plan.actions).toHaveLength(1);
    const { check, back } = renderRollout('0'.repeat(12), plan);
    expect([check, back].every((script) => script.includes('old'))).toBe(true);
    expect(footprintState(plan, parsed(mail('old')), dialect).kind).toBe('base');
    expect(footprintState(plan, parsed(mail('new')), dialect).kind).toBe('target');
    expect(footprintState(plan, parsed(mail('else')), dialect).kind).toBe('other');
  });

  test('of which nobody knows what it was: that it would be lost is said', () => {
    const plan = planOf(planned({ ...cases, confirmed: null }).made);
    expect(plan.actions).toMatchObject([{ reason: 'a secret would be lost' }]);
    expect(renderRollout('0'.repeat(12), plan).back).not.toContain('password=""');
  });

  test('equal to what git says: nothing to do', () => {
    const { found, made } = planned({ ...cases, confirmed: null, desired: mail('old') });
    expect({ made, doubts: found.doubts }).toEqual({ made: { kind: 'nothing' }, doubts: [] });
  });

  test('it has none: set, and taken away again', () => {
    const plan = planOf(
      planned({ ...cases, confirmed: null, device: '/ip dns\nset servers=192.0.2.1\n' }).made,
    );
    expect(plan.actions).toMatchObject([{ reason: 'credentials' }]);
    expect(footprintState(plan, parsed(''), dialect).kind).toBe('base');
  });

  test('not asked: left as it is', () => {
    const { found, made } = planned({ ...cases, confirmed: null, asked: false });
    expect(made).toEqual({ kind: 'nothing' });
    expect(found.doubts).toMatchObject([{ property: 'password' }]);
  });
});

describe('a device that was asked', () => {
  test.each([
    ['has what git says, confirmed or not', null, 'a', 'a'],
    ['has what git says, though another was confirmed', 'b', 'a', 'a'],
    ['has none, and git says an empty one', null, '', null],
  ])('%s: nothing to do', (_what, confirmed, desired, device) => {
    const { found, made } = planned({
      confirmed: confirmed === null ? null : bob(confirmed),
      desired: bob(desired),
      device: bob(device),
    });
    expect({ made, doubts: found.doubts }).toEqual({ made: { kind: 'nothing' }, doubts: [] });
  });

  test('git has another value than was confirmed: set, and back to exactly that', () => {
    const { made } = planned({ confirmed: bob('old'), desired: bob('new'), device: bob('old') });
    const plan = planOf(made);
    expect(plan.actions).toMatchObject([{ label: 'desired', tier: 'floor', reason: 'credentials' }]);
    expect(planText(plan, times)).toContain('rollback: exact, on the device itself');
    expect(planText(plan, times)).not.toMatch(/old|new/);
    expect(renderRollout('0'.repeat(12), plan).back).toContain('password=old');
    for (const [password, kind] of [
      ['old', 'base'],
      ['new', 'target'],
      ['else', 'other'],
    ] as const)
      expect(footprintState(plan, parsed(bob(password)), dialect).kind).toBe(kind);
  });

  test.each([
    ['somebody changed it and git moved', bob('old'), 'conflict'],
    ['nothing was confirmed yet', null, 'desired'],
    ['git names it for the first time', bob(null), 'desired'],
  ] as const)(
    '%s: the value there is not known, and that it would be lost is said and signed',
    (_what, confirmed, label) => {
      const { made } = planned({ confirmed, desired: bob('new'), device: bob('foreign') });
      const plan = planOf(made);
      expect(plan.actions).toMatchObject([{ label, tier: 'floor', reason: 'a secret would be lost' }]);
      const text = planText(plan, times);
      expect(text).toContain("can't be brought back");
      expect(text).toContain('rollback: exact but for 1 secret that nobody here knows');
      const from = plan.actions[0]?.action;
      expect(
        from?.verb === 'set' &&
          digestOfHidden(from.from.properties.find(([n]) => n === 'password')?.[1] ?? null),
      ).toBe(sha256('foreign'));
      // It is told from the target and never written.
      const { check, apply, back } = renderRollout('0'.repeat(12), plan);
      for (const script of [check, apply])
        expect(script).toContain('!([:tostr [/ppp secret get $i password]] = "new")');
      expect(back).not.toMatch(/password=/);
      expect(footprintState(plan, parsed(bob('whatever')), dialect).kind).toBe('base');
      expect(footprintState(plan, parsed(bob('new')), dialect).kind).toBe('target');
    },
  );

  test('other properties of that row go back, the secret that nobody knows stays', () => {
    const { made } = planned({
      confirmed: null,
      desired: bob('new', ' comment=x'),
      device: bob('foreign', ' comment=y'),
    });
    const plan = planOf(made);
    expect(plan.actions[0]?.rollback[0]).toContain('comment=y');
    expect(plan.actions[0]?.rollback[0]).not.toContain('password');
  });

  test('somebody changed it and git did not: drift, which is left alone', () => {
    const { found, made } = planned({ confirmed: bob('a'), desired: bob('a'), device: bob('foreign') });
    expect(found.differences).toMatchObject([{ label: 'drift' }]);
    expect(made).toEqual({ kind: 'nothing' });
  });

  test('a row that goes comes back with its secret', () => {
    const keep = 'add name=al\n';
    const { made } = planned({
      confirmed: `${bob('old')}${keep}`,
      desired: '/ppp secret\nadd name=al\n',
      device: `${bob('old')}${keep}`,
    });
    expect(renderRollout('0'.repeat(12), planOf(made)).back).toContain('password=old');
  });

  test('an ignored property of the row stays in base and target', () => {
    const { made } = planned({
      confirmed: bob('old'),
      desired: bob('new'),
      device: bob('old', ' comment="by billing"'),
      ignore: ['comment'],
    });
    const { base, target } = planOf(made);
    for (const [section] of [base, target])
      expect(section?.items[0]?.properties).toContainEqual(['comment', 'by billing']);
  });

  test('a row without a name is found by its old secret, and not touched when that is not known', () => {
    const known = planned({ confirmed: radius('old'), desired: radius('new'), device: radius('old') });
    expect(planOf(known.made).actions).toMatchObject([{ action: { verb: 'set' }, label: 'desired' }]);
    expect(planOf(known.made).actions[0]?.item).not.toContain(sha256('old').slice(0, 16));
    const foreign = planned({ confirmed: radius('old'), desired: radius('new'), device: radius('foreign') });
    expect(foreign.made).toEqual({ kind: 'nothing' });
    expect(foreign.found.doubts).toMatchObject([{ why: 'no-key', property: 'secret' }]);
  });

  test('equal rows with unequal secrets can not be told apart', () => {
    const two = `${radius('a')}add address=192.0.2.9 service=ppp secret="b"\n`;
    const { found } = planned({ confirmed: null, desired: two, device: two });
    expect(found.differences).toEqual([]);
    expect(found.doubts.map((doubt) => doubtMessage(doubt, true))).toEqual([
      expect.stringContaining("can't be told apart"),
      expect.stringContaining("can't be told apart"),
    ]);
  });
});

describe('a device that was not asked', () => {
  test('what was confirmed is not doubted', () => {
    const { found, made } = planned({
      confirmed: bob('a'),
      desired: bob('a'),
      device: bob('a'),
      asked: false,
    });
    expect({ made, doubts: found.doubts }).toEqual({ made: { kind: 'nothing' }, doubts: [] });
  });

  test.each([
    ['moved', bob('old')],
    ['moved', bob(null)],
    ['unconfirmed', null],
    ['unconfirmed', '/ppp secret\nadd name=al\n'],
  ])('what is not known is a doubt and no plan: %s', (why, confirmed) => {
    const { found, made } = planned({ confirmed, desired: bob('new'), device: bob('old'), asked: false });
    expect(made).toEqual({ kind: 'nothing' });
    expect(found.doubts).toMatchObject([{ why, property: 'password' }]);
    const told = found.doubts.map((doubt) => doubtMessage(doubt, false));
    expect(told).toEqual(why === 'moved' ? [expect.stringContaining('secrets: compare')] : [null]);
  });

  test('a preview goes by what was confirmed', () => {
    const { made } = planned({
      confirmed: bob('old'),
      desired: bob('new'),
      device: bob('x'),
      asked: 'assumed',
    });
    expect(planOf(made).actions).toMatchObject([{ label: 'desired', reason: 'credentials' }]);
  });
});

test('digests are all that is kept of what a device showed', () => {
  const read = digestSecrets(parsed(bob('canary')), dialect, (value) => `digest of ${value.length}`);
  expect(JSON.stringify([...read].map(([row, digests]) => [row, ...digests]))).not.toContain('canary');
});
