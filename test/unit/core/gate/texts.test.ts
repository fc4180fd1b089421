/** What signers read where no plan is asked for, to the last line, and what git or a device can't put into it. */
import { describe, expect, test } from 'vitest';
import { pinOf } from '../../../../src/core/gate/host-key-pin.ts';
import { hostKeyStanding } from '../../../../src/core/gate/host-key.ts';
import { movedLines } from '../../../../src/core/gate/moved.ts';
import { acceptCommitText, hostKeyText, resolutionText } from '../../../../src/core/gate/texts.ts';
import { gatePolicy, gateTrust } from '../../../support/gate.ts';

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
const raw = (author: string, subject: string): Uint8Array =>
  Buffer.from(`tree ${a}\nauthor ${author} 1795255200 +0100\ncommitter x <x> 1 +0000\n\n${subject}\nmore\n`);

describe('how a device goes on', () => {
  const witness = { site: 'bud-01', daemon: 'd'.repeat(32), seq: 7, head: 'e'.repeat(64) };

  const facts = {
    as: 'actual',
    code: 'journal-rewound',
    ends: null,
    objects: [],
    whole: false,
    lost: [],
    planText: null,
  } as const;

  test('reads the same for all devices of which the same is true', () => {
    const one = resolutionText({ ...facts, witness });
    expect(resolutionText({ ...facts, witness: { ...witness, seq: 8 } })).toBe(one);
    expect(one).toContain('nothing of its configuration is changed\n');
  });

  test('as it is', () => {
    expect(resolutionText({ ...facts, witness })).toBe(`resolve as: actual
the device is to have: what it has now; what git wants instead is planned as usual afterwards
it stands still because: journal-rewound
no rollout is ended
its witness is accepted as it is: daemon ${witness.daemon} of site bud-01

nothing of its configuration is changed
`);
  });

  test.each([
    ['base', false, 'what it had before the rollout that is ended'],
    ['target', false, 'what the rollout that is ended was to reach'],
    ['base', true, 'what was last confirmed on it; what git wants instead is planned as usual afterwards'],
    ['target', true, 'what git wants of it'],
  ] as const)('by a plan to its %s, without a rollout (%s) or with one', (as, whole, meaning) => {
    const facts = {
      as,
      code: 'diverged\x1b',
      ends: 'r1',
      objects: ['sw-lock', 'sw-timer'],
      witness: null,
      whole,
      lost: [],
    };
    expect(resolutionText({ ...facts, planText: '1. - /x y\n' })).toBe(`resolve as: ${as}
the device is to have: ${meaning}
it stands still because: diverged\\1B
rollout that is ended: r1
taken off the device: sw-lock sw-timer
no witness is on it

1. - /x y
`);
  });
});

describe('the host key of a device', () => {
  const facts = {
    address: '192.0.2.1',
    port: 22,
    settingsKey: 'SHA256:settings',
    inForce: 'SHA256:old',
    shown: 'SHA256:new',
    comparison: ['/ip ssh print', 'look\x1b'],
  };
  test.each([
    [false, 'planned'],
    [true, 'emergency, the old key is believed stolen'],
  ])('in an emergency (%s) or not', (emergency, why) => {
    expect(hostKeyText({ ...facts, emergency })).toBe(`rotate: host key
why: ${why}
address: 192.0.2.1 port 22
old key: SHA256:old
new key: SHA256:new
in the settings: SHA256:settings

the device shows the new key, and nothing was said to it since; once this is signed, it is known by the new key
and the daemon logs in to it again; nothing of its configuration is changed

whoever sits between the daemon and the device could show that key, too: compare it with the device itself
  /ip ssh print
  look\\1B
`);
  });
});

describe('what is accepted instead of what', () => {
  test('names both commits, who wrote them and when, and how many are left behind', () => {
    const text = acceptCommitText({
      accept: { oid: b, raw: raw('Alice <alice@example.org>', 'New NTP') },
      instead: { oid: a, raw: null },
      leftBehind: 3,
      witnesses: [],
    });
    expect(text).toBe(`accept commit: ${b}
  author: Alice <alice@example.org>
  date: 2026-11-21T10:00:00Z
  subject: New NTP

instead of: ${a}
  it is no longer in the repository

commits left behind: 3

what git wants of each device is planned afterwards, and waits for signatures as ever
`);
  });

  test('a commit can not write lines of its own, nor anything that a terminal obeys', () => {
    const text = acceptCommitText({
      accept: {
        oid: b,
        raw: raw('M\u00fcller\u001b[2J <m@example.org>', 'x\r\u001b]0;owned\u0007 instead of: y'),
      },
      instead: null,
      leftBehind: null,
      witnesses: [],
    });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text.split('\n').filter((line) => line.startsWith('instead of:'))).toHaveLength(1);
    expect(text).toContain('M\\C3\\BCller\\1B[2J');
  });

  const accept = { oid: b, raw: null };
  const ends = 'what git wants of each device is planned afterwards, and waits for signatures as ever\n';
  const gone = '  it is no longer in the repository';

  test('where the state was lost', () => {
    const witnesses = [
      { device: 'gw1', witness: { site: 's', daemon: 'd1', seq: 7, head: 'h' } },
      { device: 'gw2', witness: { site: 's', daemon: 'd2', seq: 8, head: 'h' } },
    ];
    expect(acceptCommitText({ accept, instead: null, leftBehind: null, witnesses })).toBe(`accept commit: ${b}
${gone}

instead of: what was accepted before is not known, the state of this site was lost
devices whose witness is accepted as it is: 2
  gw1: daemon d1 record 7
  gw2: daemon d2 record 8

${ends}`);
  });

  test.each([
    [3, '3'],
    [0, '0'],
    [null, 'not known'],
  ])('where %s commits are left behind', (leftBehind, shown) => {
    const text = acceptCommitText({ accept, instead: { oid: a, raw: null }, leftBehind, witnesses: [] });
    expect(text).toBe(`accept commit: ${b}
${gone}

instead of: ${a}
${gone}

commits left behind: ${shown}

${ends}`);
  });

  /** The three lines about a commit. */
  function shown(raw: string): string[] {
    const text = acceptCommitText({
      accept: { oid: b, raw: Buffer.from(raw, 'latin1') },
      instead: null,
      leftBehind: null,
      witnesses: [],
    });
    return text.split('\n').slice(1, 4);
  }
  const notTold = ['  author: not told', '  date: not told'];

  test.each([
    [
      'a whole commit',
      `tree ${a}\nauthor A <a@b> 1795255200 +0100\n\nNew NTP\nmore`,
      ['  author: A <a@b>', '  date: 2026-11-21T10:00:00Z', '  subject: New NTP'],
    ],
    [
      'no text',
      `tree ${a}\nauthor A <a@b> 0 +0000\n`,
      ['  author: A <a@b>', '  date: 1970-01-01T00:00:00Z', '  subject:'],
    ],
    ['nothing at all', '', [...notTold, '  subject:']],
    ['an empty head', '\n\nauthor A <a@b> 0 +0000', [...notTold, '  subject: author A <a@b> 0 +0000']],
    [
      'an author in its text',
      `tree ${a}\n\nsubject\nauthor A <a@b> 0 +0000\n`,
      [...notTold, '  subject: subject'],
    ],
    ['an author behind another word', `coauthor A <a@b> 0 +0000\n\nx`, [...notTold, '  subject: x']],
    ['more behind the author', `author A <a@b> 0 +0000x\n\nx`, [...notTold, '  subject: x']],
    [
      'a time of 12 digits',
      `author A <a@b> 123456789012 +0000\n\nx`,
      ['  author: not told', '  date: not told', '  subject: x'],
    ],
    ['a long subject', `\n\n${'s'.repeat(401)}`, [...notTold, `  subject: ${'s'.repeat(400)}`]],
    [
      'a name of 400 bytes',
      `author ${'n'.repeat(400)} 0 +0000\n\n`,
      [`  author: ${'n'.repeat(400)}`, '  date: 1970-01-01T00:00:00Z', '  subject:'],
    ],
    ['a name of 401 bytes', `author ${'n'.repeat(401)} 0 +0000\n\n`, [...notTold, '  subject:']],
  ])('with %s', (_, raw, lines) => expect(shown(raw)).toEqual(lines));
});

describe('what moved', () => {
  const lines = (n: number): string => Array.from({ length: n }, (_, i) => `${i}\n`).join('');

  test('is shown whole up to 40 lines', () => {
    expect(movedLines(lines(40), '')).toHaveLength(40);
    expect(movedLines(lines(41), '').slice(39)).toEqual(['- 39', 'and 1 more lines']);
    expect(movedLines(lines(20), lines(41).slice(lines(20).length))).toHaveLength(41);
  });

  test('is no matter of empty lines', () => {
    expect(movedLines('a\n\n\nb', 'a\nb\n')).toEqual([]);
    expect(movedLines('a', '\n\nb')).toEqual(['- a', '+ b']);
  });
});

describe('a host key that was signed', () => {
  const record = {
    ...{ v: 1, seq: 9, at: '2026-11-21T10:00:20Z', kind: 'host-key-pinned', device: 'gw1', pending: 'p1' },
    ...{ hostKey: 'SHA256:new', settingsKey: 'SHA256:old', text: 'text\n' },
    by: [{ person: 'alice', principal: 'alice@example.org', fingerprint: 'SHA256:alice' }],
  } as unknown as Parameters<typeof pinOf>[1];
  const document = { digest: 'x', challenge: 'c', notBefore: 'from', expires: 'to' };
  const pending = {
    ...{ id: 'p1', kind: 'rotation', class: 'operational', commit: 'c', reason: 'r', plan: 'digest' },
    ...{ openedAt: '', supersedes: null, authors: null, document, approvals: [], refusal: null },
    devices: [{ name: 'gw1', deviceKey: 'SHA256:new', base: 'base', open: true }],
  } as unknown as NonNullable<Parameters<typeof pinOf>[0]>;

  test('is kept with all that its signatures are judged by', () => {
    expect(pinOf(pending, record)).toEqual({
      ...{ device: 'gw1', hostKey: 'SHA256:new', settingsKey: 'SHA256:old', at: '2026-11-21T10:00:20Z' },
      ...{ by: ['alice'], id: 'p1', class: 'operational', commit: 'c', text: 'text\n' },
      devices: [{ name: 'gw1', deviceKey: 'SHA256:new', baseSha256: 'base', planSha256: 'digest' }],
      ...{ challenge: 'c', notBefore: 'from', expires: 'to', approvals: [] },
    });
  });

  test('has an item and a document', () => {
    const damaged = 'record 9 (host-key-pinned) names p1, for which no document was issued';
    expect(() => pinOf(undefined, record)).toThrow(damaged);
    expect(() => pinOf({ ...pending, document: null }, record)).toThrow(
      expect.objectContaining({ code: 'journal-damaged', message: damaged }) as Error,
    );
  });

  test('is moot where it is the one in the settings, and refused where its document can’t be made again', () => {
    const of = { site: 'bud-01', daemon: 'd'.repeat(32) };
    const pin = pinOf(pending, record);
    const standing = (changes: object, settingsKey = 'SHA256:old') =>
      hostKeyStanding(settingsKey, { ...pin, ...changes }, of, gateTrust([]), gatePolicy);
    expect(standing({ hostKey: 'SHA256:old' })).toEqual({ kind: 'moot', hostKey: 'SHA256:old' });
    expect(standing({ settingsKey: 'SHA256:third' })).toEqual({ kind: 'moot', hostKey: 'SHA256:old' });
    expect(standing({})).toMatchObject({ kind: 'untrusted', hostKey: 'SHA256:old', pin });
  });
});
