/**
 * G4: reading exports against `JSON.parse` of what was read, as its own JSON. G5: an export that did not change against
 * reading it. Configuration files without large scripts, as the goals say, and all whole exports together.
 */
import { fingerprint } from '../../src/drivers/routeros/fingerprint.ts';
import { printExport, readExport } from '../../src/drivers/routeros/export-syntax.ts';
import { noRealExports, realExports } from '../support/real-exports.ts';
import { bench } from './harness.ts';
import { madeExports } from './made-exports.ts';

/** Most of these bytes are scripts in quotes. */
const scripted = new Set(['007.rsc', '009.rsc', '011.rsc']);
const all = noRealExports ? [] : realExports().filter(({ pure }) => pure);

const sets: readonly (readonly [string, readonly Uint8Array[]])[] = [
  ['made configurations', madeExports()],
  ...(all.length === 0
    ? []
    : ([
        ['real configuration files', all.filter(({ file }) => !scripted.has(file)).map(({ bytes }) => bytes)],
        ['all real exports, scripts too', all.map(({ bytes }) => bytes)],
      ] as const)),
];

for (const [title, texts] of sets) {
  const size = texts.reduce((sum, { length }) => sum + length, 0);
  const parsed = texts.map((text) => readExport(text, 'export'));
  const json = parsed.map((one) => JSON.stringify(one));
  const bare = parsed.map((one) =>
    JSON.stringify(
      one.pieces.map(({ path, command }) => [
        path,
        command?.args.flatMap(({ name, value }) => [name, value]),
      ]),
    ),
  );
  const digests = texts.map(fingerprint);
  for (const [i, one] of parsed.entries())
    if (Buffer.compare(printExport(one), texts[i] ?? new Uint8Array()) !== 0)
      throw new Error('not read whole');
  await bench(`${title}: ${texts.length} texts, ${(size / 1000).toFixed(0)} kB`, {
    arms: [
      { name: 'read', run: () => texts.map((text) => readExport(text, 'export').pieces.length) },
      {
        name: 'JSON.parse of the result',
        run: () => json.map((one) => (JSON.parse(one) as { pieces: [] }).pieces.length),
      },
      // No goal: what the floor is without places and bytes.
      {
        name: 'JSON.parse of names and values alone',
        run: () => bare.map((one) => (JSON.parse(one) as []).length),
      },
      {
        name: 'known again',
        run: () => texts.every((text, i) => fingerprint(text) === digests[i]) || undefined,
      },
    ],
    goals: [
      { name: 'G4', of: 'read', against: 'JSON.parse of the result', most: 1.2 },
      { name: 'G5', of: 'known again', against: 'read', most: 0.25 },
    ],
  });
}
