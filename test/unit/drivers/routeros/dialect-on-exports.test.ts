import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../../../src/core/item.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { renderRollout } from '../../../../src/drivers/routeros/scripts.ts';
import { planBetween } from '../../../support/plans.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../../support/real-exports.ts';

/** One line that any export can take, what it becomes, and who must sign it. */
const changes = [
  {
    what: 'a static name',
    text: '/ip dns static\nadd address=192.0.2.7 name=host.example.org\n',
    class: 'benign',
    reason: 'static name',
  },
  {
    what: 'a forward rule',
    text: '/ip firewall filter\nadd action=drop chain=forward dst-address=192.0.2.99\n',
    class: 'operational',
    reason: 'traffic and exposure',
  },
  {
    what: 'an address-list entry',
    text: '/ip firewall address-list\nadd address=192.0.2.9 list=siteward-test\n',
    class: 'benign',
    reason: 'list no input rule uses',
  },
  {
    what: 'ssh off',
    text: '/ip service\nset ssh disabled=yes\n',
    class: 'operational',
    reason: 'management-path',
  },
  {
    what: 'another name',
    text: '/system identity\nset name=another-name\n',
    class: 'benign',
    reason: 'device name',
  },
] as const;

function complete(bytes: Uint8Array): Configuration | null {
  try {
    return dialect.parseActual(bytes).configuration;
  } catch {
    return null;
  }
}

const exports = realExports()
  .filter((one) => one.pure)
  .flatMap((one) => {
    const actual = complete(one.bytes);
    return actual === null ? [] : [{ ...one, actual }];
  });

function planFor(actual: Configuration, desired: Configuration) {
  const { found, made } = planBetween(actual, desired, { secretsOnDevice: 'refuse' });
  return { ...found, made };
}

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test('enough of them are complete', () => {
    expect(exports.length).toBeGreaterThan(25);
  });

  test.each(exports)(
    '$file ($version) against itself: nothing to plan, nothing blocked',
    ({ bytes, file, actual }) => {
      expect(planFor(actual, dialect.parseDesired(bytes, file).configuration)).toMatchObject({
        differences: [],
        blocked: [],
        made: { kind: 'nothing' },
      });
    },
  );

  describe.each(changes)('$what', (change) => {
    test.each(exports)('$file ($version): exactly one action', ({ bytes, file, actual }) => {
      const text = Buffer.concat([bytes, Buffer.from(change.text)]);
      const desired = dialect.parseDesired(text, file).configuration;
      const { blocked, made } = planFor(actual, desired);
      expect(blocked).toEqual([]);
      // Some devices have SSH off already.
      if (made.kind === 'nothing' && change.what === 'ssh off') return;
      if (made.kind !== 'plan') throw new Error(`expected a plan, got ${made.kind}`);
      expect(made.plan.actions).toMatchObject([
        { id: 1, class: change.class, reason: change.reason, label: 'desired' },
      ]);
      expect(made.plan.path.kind).toBe(change.what === 'ssh off' ? 'closed' : 'untouched');
      const { check, apply, back } = renderRollout('0123456789ab', made.plan);
      expect(check + apply + back).toMatch(/^[\x20-\x7e\n]*$/);
      const after = { sections: merge(actual, made.plan.target) };
      expect(planFor(after, desired).made).toEqual({ kind: 'nothing' });
    });
  });
});

function merge(actual: Configuration, target: Configuration['sections']): Configuration['sections'] {
  const by = new Map(target.map((section) => [section.path, section]));
  const known = new Set(actual.sections.map((section) => section.path));
  return [...actual.sections.map((s) => by.get(s.path) ?? s), ...target.filter((s) => !known.has(s.path))];
}
