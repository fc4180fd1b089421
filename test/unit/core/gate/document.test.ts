/** The document that people sign: its exact bytes, and what can't get into it. */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import { documentText, issueDocument, namespaceFor } from '../../../../src/core/gate/document.ts';
import { gateItem, gateNowMs, gatePlan } from '../../../support/gate.ts';

describe('the authorization document', () => {
  test('is exactly this text', () => {
    const device = gateItem().devices[0];
    if (device === undefined) throw new Error('no device');
    const item = gateItem({ devices: [device, { ...device, name: 'gw2', deviceKey: 'SHA256:def' }] });
    expect(item.document?.text).toBe(`siteward-authorization-v1
kind: rollout
class: operational
site: bud-01
daemon: dddddddddddddddddddddddddddddddd
commit: 9999999999999999999999999999999999999999
challenge: cccccccccccccccccccccccccccccccc
not-before: 2026-11-21T10:00:00Z
expires: 2026-11-21T11:00:00Z
devices: 2

device: gw1
device-key: SHA256:abc
base-sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
plan-sha256: ${sha256(gatePlan)}

device: gw2
device-key: SHA256:def
base-sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
plan-sha256: ${sha256(gatePlan)}

plan ${sha256(gatePlan)} for gw1 gw2

1 desired operational filter-rule
> /ip firewall filter remove 0
< add back
`);
  });

  test('the same item gives the same bytes', () => {
    const item = gateItem();
    if (item.document === null) throw new Error('no document');
    expect(documentText(item, item.document)).toBe(item.document.text);
  });

  test('the namespace follows from role and organization', () => {
    expect(namespaceFor('operational', 'example.org')).toBe('siteward-operational-v1@example.org');
    expect(namespaceFor('recovery', 'example.org')).toBe('siteward-recovery-v1@example.org');
  });

  const planOf = (planText: string): Parameters<typeof gateItem>[0] => ({
    planText,
    devices: [{ name: 'gw1', deviceKey: 'SHA256:abc', baseSha256: 'b', planSha256: sha256(planText) }],
  });
  test.each([
    ['a plan with an escape sequence', planOf('> \x1b[2J\n')],
    ['a plan with a carriage return', planOf('> good\rbad\n')],
    ['a plan with a byte above ASCII', planOf('> caf\xe9\n')],
    ['a plan without its last LF', planOf('> cut')],
    ['a plan over the cap', planOf(`${'x'.repeat(1024 * 1024)}\n`)],
    ['a site with a line break', { site: 'bud-01\nclass: benign' }],
    [
      'a device name with a blank',
      { devices: [{ name: 'gw1 gw2', deviceKey: 'k', baseSha256: 'b', planSha256: sha256(gatePlan) }] },
    ],
    [
      'a device that has another plan',
      { devices: [{ name: 'gw1', deviceKey: 'k', baseSha256: 'b', planSha256: sha256('other') }] },
    ],
  ])('%s has no document', (_, parts) => {
    expect(() => gateItem(parts)).toThrow(/^document: /);
  });

  test('a challenge that is not 128 bits has no document', () => {
    const item = gateItem({ document: null });
    expect(() => issueDocument(item, { challenge: 'abc', nowMs: gateNowMs, expiresMs: 1000 })).toThrow(
      '32 hex digits',
    );
  });
});
