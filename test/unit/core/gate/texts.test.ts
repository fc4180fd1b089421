import { describe, expect, test } from 'vitest';
import { acceptCommitText, resolutionText } from '../../../../src/core/gate/texts.ts';

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
const raw = (author: string, subject: string): Uint8Array =>
  Buffer.from(`tree ${a}\nauthor ${author} 1795255200 +0100\ncommitter x <x> 1 +0000\n\n${subject}\nmore\n`);

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
});

describe('how a device goes on', () => {
  const facts = {
    as: 'actual',
    code: 'journal-rewound',
    ends: null,
    objects: [],
    whole: false,
    planText: null,
  } as const;
  const witness = { site: 'bud-01', daemon: 'd'.repeat(32), seq: 7, head: 'e'.repeat(64) };

  test('reads the same for all devices of which the same is true', () => {
    const one = resolutionText({ ...facts, witness });
    expect(resolutionText({ ...facts, witness: { ...witness, seq: 8 } })).toBe(one);
    expect(one).toContain('nothing of its configuration is changed\n');
  });

  test('holds the plan where there is one, and what is taken off', () => {
    const text = resolutionText({
      ...facts,
      as: 'base',
      ends: '0'.repeat(12),
      objects: ['sw-lock'],
      witness: null,
      planText: '1. - /x y\n',
    });
    expect(text).toMatch(/resolve as: base\n[\s\S]*taken off the device: sw-lock\n[\s\S]*\n\n1\. - \/x y\n$/);
  });
});
