/** A router rebuilt from what it was: on an empty device of the same version, which has none of the old one's ports. */
import { describe, expect, test } from 'vitest';
import { diffConfigurations } from '../../../../../src/core/plan/diff.ts';
import { rebuilding } from '../../../../../src/drivers/routeros/adopt/rebuild-script.ts';
import { withoutSecrets } from '../../../../../src/drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect as dialect } from '../../../../../src/drivers/routeros/dialect.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../../../support/real-exports.ts';
import { startMachine } from '../../../simulator/started-machine.ts';

/** Rows that come back otherwise: rights are added to, ports that are not there have other names, defaults not known. */
const otherwise = [
  '/user group',
  '/routing isis interface-template',
  '/interface wireless cap',
  '/caps-man access-list',
];

const whole = realExports().filter(({ pure, bytes }) => {
  const text = Buffer.from(bytes).toString('latin1');
  return pure && text.endsWith('\n') && !text.includes('#error');
});

describe.skipIf(noRealExports)(`real routers${whyNoRealExports}`, () => {
  test.each(whole)('$file comes back but for what the new device says it refuses', ({ bytes, version }) => {
    const was = dialect.parseActual(bytes, version).configuration;
    const device = startMachine(`# 2026-01-30 10:00:00 by RouterOS ${version}\n# software id = \n#\n`);
    const refused = new Set<string>();
    for (const line of rebuilding(was).script) {
      const section =
        /^:do \{(?::if .*?do=\{:error "none"\}; )?(\/[a-z0-9 -]+?) (?:add|set)\b/s.exec(line)?.[1] ?? line;
      if (device.run(line).length > 0) refused.add(section);
    }
    const now = dialect.parseActual(Buffer.from(`${device.run('/export').join('\n')}\n`, 'latin1'), version);
    const { differences } = diffConfigurations({
      confirmed: null,
      desired: withoutSecrets(was),
      actual: now.configuration,
      owns: 'sections',
      ignore: [],
      dialect: { ...dialect, plannable: () => null },
    });
    expect(
      differences.filter(({ section }) => !refused.has(section) && !otherwise.includes(section)),
    ).toEqual([]);
  });
});
