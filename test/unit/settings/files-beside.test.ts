import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { filesBeside } from '../../../src/settings/files-beside.ts';
import { loadSettings } from '../../../src/settings/settings.ts';

const key = `SHA256:${'A'.repeat(43)}`;
const text = `site: bud-01
organization: example.org
state: state
socket: s.sock
desired: { url: ssh://git@git.example.org/network.git, branch: main, signed: off, identity: keys/deploy, host-key: "${key}" }
secrets: { file: secrets.yaml, identity: keys/age }
history: { remote: { url: https://git.example.org/history.git, token: keys/token, ca: ca.pem } }
defaults: { driver: routeros, user: siteward }
devices:
  gw1: { address: 192.0.2.1, host-key: "${key}", identity: keys/gw1 }
  gw2: { address: 192.0.2.2, host-key: "${key}", password-file: keys/gw2 }
trust:
  allowed-signers: allowed_signers
  revoked-keys: revoked_keys
  people: { alice: { principals: [alice@example.org], roles: [operational] } }
policy: { approvals: { operational: 1 } }
`;

/** Every value under a key that is called after a file, wherever it stands. */
function filesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' && /(?:^f|F)ile$/.test(name) ? [inner] : filesIn(inner),
  );
}

test('every file that the settings are or name is listed, each once', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-beside-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => path.join(folder, name);
  mkdirSync(at('devices.d'), { mode: 0o700 });
  writeFileSync(at('settings.yaml'), text, { mode: 0o600 });
  const more = `gw3: { address: 192.0.2.3, host-key: "${key}", identity: keys/gw1 }\n`;
  writeFileSync(at('devices.d/more.yaml'), more, { mode: 0o600 });
  const settings = await loadSettings(at('settings.yaml'));
  const listed = filesBeside(settings);
  expect(new Set(listed)).toEqual(new Set([...filesIn(settings), at('devices.d/more.yaml')]));
  expect(listed).toHaveLength(new Set(listed).size);
  expect(listed).toHaveLength(11);
});
