import { cpSync, existsSync, mkdtempSync, readFileSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readYaml } from '../../../src/settings/yaml-file.ts';
import { settingsSchema } from '../../../src/settings/schema.ts';
import { loadSettings } from '../../../src/settings/settings.ts';
import { loadTrust } from '../../../src/settings/trust-files.ts';

const config = fileURLToPath(new URL('../../../config/', import.meta.url));
const design = fileURLToPath(new URL('../../../../shared/DESIGN.md', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('config/settings.yaml is accepted, and the trust files that it names are there and readable', async () => {
  for (const name of ['settings.yaml', 'allowed_signers', 'revoked_keys']) {
    cpSync(path.join(config, name), path.join(folder, name));
    chmodSync(path.join(folder, name), 0o640);
  }
  const settings = await loadSettings(path.join(folder, 'settings.yaml'));
  expect(settings).toMatchObject({ site: 'bud-01', listen: { host: '127.0.0.1', port: 9464 } });
  const trust = await loadTrust({ ...settings.trust, organization: settings.organization });
  expect(trust.signers).toEqual([]);
  expect(trust.people.map(({ name }) => name)).toEqual(['alice', 'bob']);
});

test('the line that config/allowed_signers shows is one that the daemon would take', async () => {
  const text = readFileSync(path.join(config, 'allowed_signers'), 'utf8').replace(/^# (?=alice@)/m, '');
  const allowedSignersFile = path.join(folder, 'allowed_signers');
  writeFileSync(allowedSignersFile, text, { mode: 0o640 });
  const people = [{ name: 'alice', principals: ['alice@example.org'], roles: ['operational' as const] }];
  const trust = await loadTrust({
    allowedSignersFile,
    revokedKeysFile: null,
    people,
    organization: 'example.org',
  });
  expect(trust.signers).toHaveLength(1);
});

test('what is commented out in config/settings.yaml would be accepted too', async () => {
  const text = readFileSync(path.join(config, 'settings.yaml'), 'utf8');
  const opened = text.replace(/^( +)# (?=[a-z-]+: )/gm, '$1').replace(/^ +password-file:.*\n/m, '');
  expect(opened).toContain('\n    management: {');
  const file = path.join(folder, 'settings.yaml');
  writeFileSync(file, opened, { mode: 0o640 });
  await expect(loadSettings(file)).resolves.toMatchObject({ policy: { batch: 5 } });
});

test('config/README.md names every key of the schema', () => {
  const text = readFileSync(path.join(config, 'README.md'), 'utf8');
  const schema = JSON.parse(readFileSync(path.join(config, 'settings.schema.json'), 'utf8')) as object;
  const missing = keysOf(schema).filter((key) => !text.includes(key));
  expect(missing).toEqual([]);
});

function keysOf(schema: object): string[] {
  const { properties, additionalProperties } = schema as {
    properties?: Record<string, object>;
    additionalProperties?: object | boolean;
  };
  const inner = Object.entries(properties ?? {}).flatMap(([key, value]) => [key, ...keysOf(value)]);
  return typeof additionalProperties === 'object' ? [...inner, ...keysOf(additionalProperties)] : inner;
}

test.skipIf(!existsSync(design))(
  'the settings that the design shows are accepted (skipped without ../shared)',
  () => {
    const blocks = readFileSync(design, 'utf8').split(/\n(?! {4}|\n)/);
    const block =
      blocks.find((candidate) => candidate.includes('\n    site: bud-01\n    organization:')) ?? '';
    const text = block
      .split('\n')
      .filter((line) => line.startsWith('    '))
      .map((line) => line.slice(4))
      .join('\n')
      .replace('SHA256:…', `SHA256:${'A'.repeat(43)}`);
    const result = readYaml(Buffer.from(text), 'DESIGN.md', settingsSchema);
    expect(result).toMatchObject({
      kind: 'valid',
      value: { site: 'bud-01', policy: { removals: { share: '10%' } } },
    });
  },
);
