/** One rollout on devices made from real exports: to the target, and by the device's own rollback to the base. */
import { describe, test } from 'vitest';
import { evidenceThat, never, startBench, upToApply } from '../support/rollout-bench.ts';
import { noRealExports, realExports, whyNoRealExports, type RealExport } from '../support/real-exports.ts';

/** Changes that any export can take, whatever is in it. */
const change = (text: string): string =>
  `${text}
/ip dns static
add address=192.0.2.77 comment="a \\"quoted\\" \\$ \\\\ \\D0\\9E" name=siteward.example.org
/ip firewall filter
add action=drop chain=forward comment=siteward src-address=192.0.2.99
/ip firewall address-list
add address=192.0.2.88 list=siteward
`;

const textOf = (one: RealExport): string => Buffer.from(one.bytes).toString('latin1');
/** A device that keeps ssh to itself or to other networks can't be driven from here. */
const letsUsIn = (one: RealExport): boolean => !/^set ssh .*(disabled=yes|address=)/m.test(textOf(one));

const usable = realExports().filter((one) => one.pure && letsUsIn(one));
const ofMajor = (major: string): readonly RealExport[] =>
  usable.filter(({ version }) => version.startsWith(major)).slice(0, 8);
const chosen = [...ofMajor('6.'), ...ofMajor('7.')].map((one) => [one.file, one.version, one] as const);

describe.skipIf(noRealExports).concurrent(`real exports${whyNoRealExports}`, () => {
  test.for(chosen)('%s (RouterOS %s) reaches the target and comes back', async ([, , one], t) => {
    const b = await startBench({ exportText: textOf(one), change });
    t.onTestFinished(() => b.close());
    const deadline = await upToApply(b);
    const done = await evidenceThat(b, b.driver, (e) => !e.applyJob && e.applyNote !== '');
    t.expect(done).toMatchObject({ applyNote: 'applied', footprint: { kind: 'target' }, foreignChanges: 0 });
    await b.driver.rollBack(b.rollout, deadline, never);
    const back = await evidenceThat(b, b.driver, (e) => !e.net.present && !e.rollbackJob);
    t.expect(back).toMatchObject({
      decision: 'rollback',
      rollbackNote: 'rolled back',
      footprint: { kind: 'base' },
      foreignChanges: 0,
    });
    await b.driver.clean(b.rollout, () => undefined, never);
    t.expect((await b.driver.observe(never)).leftovers).toEqual([]);
  });
});
