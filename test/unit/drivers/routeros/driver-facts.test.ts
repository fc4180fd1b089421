import { describe, expect, test } from 'vitest';
import {
  checkVerdict,
  leftoversOf,
  parseConditions,
  parseDeviceMode,
  parseRolloutFacts,
  parseStandingFacts,
} from '../../../../src/drivers/routeros/facts.ts';

const standing = ['version=7.15.3 (stable)', 'board=CHR', 'uptime=1d00:00:05', 'identity=gw1 = a=b'];
const text = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`;

describe('standing facts', () => {
  test('are read with the channel of the version left out and signs in the name kept', () => {
    expect(parseStandingFacts(text(...standing))).toEqual({
      version: '7.15.3',
      board: 'CHR',
      uptimeS: 86_405,
      identity: 'gw1 = a=b',
      names: [],
      held: false,
      lock: null,
      witness: null,
    });
  });
  test('own objects, the hold and the lock are found', () => {
    const facts = parseStandingFacts(
      text(...standing, 'script=sw-lock', 'scheduler=sw-0123456789ab-tick', 'hold=yes', 'lock=# x'),
    );
    expect(facts).toMatchObject({ names: ['sw-lock', 'sw-0123456789ab-tick'], held: true, lock: '# x' });
  });
  test.each([
    ['a line that is not understood', [...standing, 'surprise']],
    ['an unknown tag', [...standing, 'colour=blue']],
    ['no uptime', standing.filter((line) => !line.startsWith('uptime'))],
    ['an uptime that is none', ['version=7', 'board=x', 'uptime=soon', 'identity=x']],
    ['two versions', [...standing, 'version=6.49']],
  ])('%s is an error, not a guess', (_, lines) => {
    expect(() => parseStandingFacts(text(...lines))).toThrow(/can't be read/);
  });
});

describe('facts of a rollout', () => {
  test('nothing on the device', () => {
    expect(parseRolloutFacts(text('uptime=00:10:00'))).toMatchObject({
      uptimeS: 600,
      tick: null,
      decision: null,
      applyJob: false,
      backJob: false,
      applyNote: '',
      backNote: '',
    });
  });
  test('everything on the device', () => {
    const lines = [
      'uptime=00:10:00',
      'job=apply',
      'job=back',
      'tick=12 false',
      'decision=confirm',
      'apply=applied',
      'back=',
    ];
    expect(parseRolloutFacts(text(...lines))).toMatchObject({
      tick: { runCount: 12, enabled: true },
      decision: 'confirm',
      applyJob: true,
      backJob: true,
      applyNote: 'applied',
    });
  });
  test('a disabled timer is no net', () => {
    expect(parseRolloutFacts(text('uptime=1d', 'tick=3 true')).tick).toEqual({ runCount: 3, enabled: false });
    expect(parseRolloutFacts(text('uptime=1d', 'tick=3 yes')).tick?.enabled).toBe(false);
  });
  test('a decision that is neither is an error', () => {
    expect(() => parseRolloutFacts(text('uptime=1d', 'decision=maybe'))).toThrow(
      /neither confirm nor rollback/,
    );
  });
  test('a run count that is no number is an error', () => {
    expect(() => parseRolloutFacts(text('uptime=1d', 'tick= false'))).toThrow(/run count/);
  });
});

describe('what a preflight asks', () => {
  const asked = (...lines: readonly string[]): string => text(...standing, 'conditions=', ...lines);
  const own = ['group=ops', 'disabled=no', 'policy=ssh;read'];
  test('everything', () => {
    const more = ['date=2026-11-21', 'free=4096', 'floating=2', 'login=winbox 192.0.2.9 petr the 2nd'];
    expect(parseConditions(asked(...own, ...more)).conditions).toEqual({
      rights: { group: 'ops', policies: ['ssh', 'read'], disabled: false },
      date: '2026-11-21',
      freeBytes: 4096,
      floating: 2,
      logins: [{ via: 'winbox', address: '192.0.2.9', user: 'petr the 2nd' }],
      deviceMode: null,
    });
  });
  test('what a version or the rights keep back is not known, and is no error', () => {
    const { conditions } = parseConditions(asked('refused=', 'date=jan/02/1970', 'free=12.5MiB'));
    expect(conditions).toMatchObject({ rights: 'refused', freeBytes: null, floating: 0, logins: [] });
    expect(parseConditions(asked('date=jan/02/1970')).conditions.rights).toBeNull();
  });
  test('an answer that ends before it is an error', () => {
    expect(() => parseConditions(text(...standing))).toThrow(/can't be read/);
  });
  test.each(['', 'perhaps home', 'true'])('a device-mode that is none is an error: %j', (answer) => {
    expect(() => parseDeviceMode(answer)).toThrow(/device-mode can't be read/);
  });
});

describe('leftovers', () => {
  test('the witness is no leftover, unless nobody can read it', () => {
    const facts = { names: ['sw-witness', 'sw-lock'], held: false, lock: null, witness: '' };
    expect(leftoversOf(facts, true)).toEqual(['sw-lock']);
    expect(leftoversOf(facts, false)).toEqual(['sw-witness', 'sw-lock']);
  });
});

describe('the check on the device', () => {
  test('all on base', () => expect(checkVerdict('1 base\r\n2 base\r\n')).toBe('base'));
  test('one that is not', () => expect(checkVerdict('1 base\r\n2 other\r\n')).toBe('mismatch'));
  test('an error among the lines', () => expect(checkVerdict('1 base\r\nno such item\r\n')).toBe('mismatch'));
  test('silence proves nothing', () => expect(checkVerdict('\r\n')).toBe('silent'));
});
