import { describe, expect, test } from 'vitest';
import {
  addLoginKeyCommands,
  loginKeyKind,
  removeOtherLoginKeysCommand,
} from '../../../../src/drivers/routeros/login-keys.ts';

test.each([
  ['6.49.10', 'rsa'],
  ['7.8', 'rsa'],
  ['7.11.3', 'rsa'],
  ['7.12rc1', 'ed25519'],
  ['7.12', 'ed25519'],
  ['7.20.1 (stable)', 'ed25519'],
])('on %s a user’s key is %s', (version, kind) => {
  expect(loginKeyKind(version)).toBe(kind);
});

describe('adding', () => {
  const add = (version: string): readonly string[] =>
    addLoginKeyCommands(version, 'siteward', 'ssh-rsa AAAA', 'siteward-1');

  test('from 7.9 on in one command', () => {
    expect(add('7.9.2')).toEqual(['/user ssh-keys add user="siteward" key="ssh-rsa AAAA siteward-1"']);
  });

  test.each(['6.49.10', '7.8'])('on %s by a file', (version) => {
    expect(add(version).at(-1)).toBe(
      '/user ssh-keys import user="siteward" public-key-file=siteward-login.txt',
    );
  });
});

test('the others go only while the one that stays is there', () => {
  const command = removeOtherLoginKeysCommand('a"b', 'siteward-1');
  expect(command).toMatch(
    /^:if \(\[:len \[\/user ssh-keys find where user="a\\"b" key-owner="siteward-1"\]\] = 1\)/,
  );
  expect(command).toMatch(/else=\{:error "sw-no-login-key"\}$/);
});
