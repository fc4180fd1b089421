import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  compareVersions,
  creationRank,
  defaultOf,
  exportOrder,
  isExecutableProperty,
  isReferenceTarget,
  isSecretProperty,
  menuFacts,
  menuPaths,
  propertyFacts,
  referencesOf,
} from '../../../../src/drivers/routeros/menus.ts';

test.each([
  ['/ip firewall filter', 'ordered', [], 'chain'],
  ['/ip dns static', 'ordered', [], null],
  ['/ip route', 'list', [], null],
  ['/ip address', 'keyed', ['address', 'interface'], null],
  ['/interface bridge vlan', 'keyed', ['bridge', 'vlan-ids'], null],
  ['/ip service', 'fixed', ['name'], null],
  ['/interface ethernet', 'fixed', ['default-name'], null],
  ['/system identity', 'singleton', [], null],
  ['/queue simple', 'ordered', ['name'], null],
  ['/system script', 'keyed', ['name'], null],
])('%s is %s', (path, kind, key, group) => {
  expect(menuFacts(path)).toMatchObject({ kind, key, group });
});

test('a list whose order is kept, and means nothing, is found by no row: rows there have keys', () => {
  const paths = menuPaths().filter((path) =>
    [...(menuFacts(path)?.properties.values() ?? [])].some(({ type }) => type === 'members'),
  );
  expect(paths.length).toBeGreaterThan(10);
  for (const path of paths) {
    const facts = menuFacts(path);
    expect(facts?.kind === 'singleton' || facts?.kind === 'fixed' || facts?.key.length, path).toBeTruthy();
    expect(facts?.key.some((name) => facts.properties.get(name)?.type === 'members')).toBe(false);
  }
});

test('an unknown menu is undefined, not guessed', () => {
  expect(menuFacts('/ip nonsense')).toBeUndefined();
  expect(propertyFacts('/ip address', 'nonsense')).toBeUndefined();
});

test('defaults are in console spelling and know their version', () => {
  expect(defaultOf('/ip firewall filter', 'disabled', null)).toBe('no');
  expect(defaultOf('/ip dns static', 'ttl', null)).toBe('1d');
  expect(defaultOf('/ip dhcp-client', 'disabled', '6.49.10')).toBe('yes');
  expect(defaultOf('/ip dhcp-client', 'disabled', '7.18.2')).toBe('no');
  expect(defaultOf('/ip dhcp-client', 'disabled', null)).toBeNull();
  expect(defaultOf('/ip service', 'disabled', null, 'name=www-ssl')).toBe('yes');
  expect(defaultOf('/ip service', 'disabled', null, 'name=ssh')).toBe('no');
  expect(defaultOf('/ip address', 'interface', '7.18')).toBeNull();
});

test('how a property is unset', () => {
  expect(propertyFacts('/ip firewall filter', 'comment')?.unset).toEqual({ by: 'value', value: '' });
  expect(propertyFacts('/ip firewall filter', 'in-interface')?.unset).toEqual({ by: 'unset' });
  expect(propertyFacts('/ip firewall filter', 'action')?.unset).toBeNull();
});

test('secrets and scripts', () => {
  expect(isSecretProperty('/ppp secret', 'password')).toBe(true);
  expect(isSecretProperty('/interface wireguard peers', 'preshared-key')).toBe(true);
  expect(isSecretProperty('/new menu', 'wpa2-pre-shared-key')).toBe(true);
  expect(isSecretProperty('/interface wireguard peers', 'public-key')).toBe(false);
  expect(isSecretProperty('/ip ssh', 'always-allow-password-login')).toBe(false);
  for (const [path, property] of [
    ['/system script', 'source'],
    ['/system scheduler', 'on-event'],
    ['/tool netwatch', 'up-script'],
    ['/ppp profile', 'on-up'],
    ['/ip dhcp-server', 'lease-script'],
    ['/ip dhcp-client', 'script'],
  ] as const) {
    expect(isExecutableProperty(path, property), `${path} ${property}`).toBe(true);
  }
  expect(isExecutableProperty('/ip firewall filter', 'comment')).toBe(false);
});

test('a reference goes to the narrowest statement', () => {
  expect(referencesOf('/ip address', 'interface')).toMatchObject([{ target: '/interface', key: 'name' }]);
  expect(referencesOf('/interface wireguard peers', 'interface')).toMatchObject([
    { target: '/interface wireguard' },
  ]);
  expect(referencesOf('/ip address', 'comment')).toEqual([]);
  expect(isReferenceTarget('/interface', '/interface vlan')).toBe(true);
  expect(isReferenceTarget('/ip pool', '/ip pool')).toBe(true);
  expect(isReferenceTarget('/interface', '/interfaces')).toBe(false);
});

test('what is referred to is made first', () => {
  const before = [
    ['/interface bridge', '/interface bridge port'],
    ['/interface list', '/interface list member'],
    ['/ip pool', '/ip dhcp-server'],
    ['/interface bridge', '/ip address'],
    ['/ppp profile', '/ppp secret'],
  ] as const;
  for (const [first, second] of before) expect(creationRank(first), first).toBeLessThan(creationRank(second));
  expect(creationRank('/zzz')).toBeGreaterThan(creationRank('/tool romon'));
  expect(exportOrder(7)[0]).toMatch(/^\//);
});

test('versions compare by number; release candidates count as their release', () => {
  expect(compareVersions('7.9', '7.10')).toBe(-1);
  expect(compareVersions('7.1rc2', '7.1')).toBe(0);
  expect(compareVersions('7.18.2', '7.18')).toBe(1);
});

const tables = fileURLToPath(new URL('../../../../../shared/routeros/', import.meta.url));
const absent = !existsSync(tables);
test.skipIf(absent)(
  `the table is what the tool makes${absent ? ' (skipped: ../shared/routeros is not there)' : ''}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'siteward-menus-'));
    try {
      const tool = fileURLToPath(new URL('../../../tools/make-menus.mjs', import.meta.url));
      execFileSync(process.execPath, [tool, tables, join(folder, 'menus.json')]);
      const kept = readFileSync(
        new URL('../../../../src/drivers/routeros/menus.json', import.meta.url),
        'utf8',
      );
      expect(readFileSync(join(folder, 'menus.json'), 'utf8') === kept).toBe(true);
      expect(kept.length).toBeLessThan(400_000);
      expect(menuPaths().length).toBe(540);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
