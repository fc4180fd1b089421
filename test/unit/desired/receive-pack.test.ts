/** What a git server says of itself and of a push: believed only where it is whole and names what was sent. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidInput } from '../../../src/core/errors.ts';
import { flush, pktLine } from '../../../src/desired/remote/pkt-lines.ts';
import { parseAdvertised, parseReport, pushRequest } from '../../../src/desired/remote/receive-pack.ts';

const oid = (digit: string): string => digit.repeat(40);
const lines = (...texts: string[]): Buffer => Buffer.concat([...texts.map(pktLine), flush]);
const band = (n: number, bytes: Uint8Array): string =>
  String.fromCharCode(n) + Buffer.from(bytes).toString('latin1');
const banded = new Set(['report-status', 'side-band-64k']);
const plain = new Set(['report-status']);
const updates = [
  { ref: 'refs/heads/gw1', from: null, to: oid('1') },
  { ref: 'refs/tags/gw1/x', from: null, to: oid('2') },
];

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidInput) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

test('references are told from capabilities, an empty repository has none', () => {
  const { refs, capabilities } = parseAdvertised(
    lines(
      `${oid('a')} refs/heads/gw1\0report-status object-format=sha1 agent=git/2\n`,
      `${oid('b')} .have\n`,
      `${oid('c')} refs/tags/gw1/x\n`,
      `shallow ${oid('d')}\n`,
    ),
  );
  expect([...refs]).toEqual([
    ['refs/heads/gw1', oid('a')],
    ['refs/tags/gw1/x', oid('c')],
  ]);
  expect(capabilities.has('object-format=sha1')).toBe(true);
  expect(parseAdvertised(lines(`${oid('0')} capabilities^{}\0report-status\n`)).refs.size).toBe(0);
});

test('a server of another kind of names, or that does not report, is not pushed to', () => {
  const head = `${oid('a')} refs/heads/gw1\0`;
  expect(codeOf(() => parseAdvertised(lines(`${head}report-status object-format=sha256\n`)))).toBe(
    'unsupported',
  );
  expect(codeOf(() => parseAdvertised(lines(`${head}delete-refs\n`)))).toBe('unsupported');
  expect(codeOf(() => parseAdvertised(pktLine(`${head}report-status\n`)))).toBe('not-a-git-server');
});

test('a request expects what the server has, and says where history was cut', () => {
  const [first, second] = updates;
  const parcel = {
    updates: [first!, { ...second!, from: oid('9') }],
    shallow: [oid('5')],
    pack: Buffer.from('PACK'),
  };
  const text = pushRequest(banded, parcel).toString('latin1');
  expect(text).toBe(
    `0034shallow ${oid('5')}` +
      pktLine(`${oid('0')} ${oid('1')} refs/heads/gw1\0 report-status side-band-64k agent=siteward`).toString(
        'latin1',
      ) +
      pktLine(`${oid('9')} ${oid('2')} refs/tags/gw1/x`).toString('latin1') +
      '0000PACK',
  );
});

const well = lines('unpack ok\n', 'ok refs/heads/gw1\n', 'ok refs/tags/gw1/x\n');
const declined = lines('unpack ok\n', 'ok refs/heads/gw1\n', 'ng refs/tags/gw1/x hook declined\n');

test('a report is read with and without bands; a hook is heard, and moves no cursor', () => {
  expect(parseReport(well, plain, updates)).toEqual([]);
  const reason = 'hook declined';
  expect(parseReport(declined, plain, updates)).toEqual([{ ref: 'refs/tags/gw1/x', reason }]);
  const inBands = lines(band(2, Buffer.from('not \x1b[2Jtoday\n')), band(1, declined));
  expect(parseReport(inBands, banded, updates)).toEqual([
    { ref: 'refs/tags/gw1/x', reason: `${reason} ("not ?[2Jtoday")` },
  ]);
  const full = lines('unpack index-pack abnormal exit\n', 'ng refs/heads/gw1 unpacker error\n');
  expect(parseReport(full, plain, updates).map(({ ref }) => ref)).toEqual(updates.map(({ ref }) => ref));
});

test.each([
  ['says nothing of one reference', lines('unpack ok\n', 'ok refs/heads/gw1\n')],
  ['says nothing of the pack', lines('ok refs/heads/gw1\n', 'ok refs/tags/gw1/x\n')],
  ['says something else', lines('unpack ok\n', 'maybe refs/heads/gw1\n')],
])('a report that %s is none', (_, report) => {
  expect(codeOf(() => parseReport(report, plain, updates))).toBe('push-unanswered');
  expect(codeOf(() => parseReport(lines(band(1, report)), banded, updates))).toBe('push-unanswered');
});

test('no report that is cut counts, and no bytes are more than a refusal', () => {
  const whole = lines(band(1, well));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (end) => {
      expect(codeOf(() => parseReport(whole.subarray(0, end), banded, updates))).toMatch(
        /^(?:not-a-git-server|push-unanswered)$/,
      );
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, sideBand) => {
      const code = codeOf(() => parseReport(bytes, sideBand ? banded : plain, updates));
      expect(code).toMatch(/^(?:not-a-git-server|push-unanswered)$/);
    }),
  );
});
