/** A pending item, people and trust for tests of the gate; each part can be replaced. */
import { sha256 } from '../../src/core/digest.ts';
import { issueDocument } from '../../src/core/gate/document.ts';
import type { PendingItem } from '../../src/core/gate/pending.ts';
import { buildTrust } from '../../src/core/gate/trust.ts';
import type { Trust } from '../../src/core/gate/trust.ts';
import type { Person, Policy } from '../../src/core/site.ts';
import type { TestKey } from './ssh-signature.ts';

export const gateNowMs = Date.parse('2026-11-21T10:00:00Z');
export const gatePlan = '1 desired operational filter-rule\n> /ip firewall filter remove 0\n< add back\n';
export const operational = 'siteward-operational-v1@example.org';
export const recovery = 'siteward-recovery-v1@example.org';

export const gatePolicy: Policy = {
  approvals: { operational: 1, recovery: 2 },
  expiresMs: 3_600_000,
  userVerification: 'off',
  fourEyes: 'off',
  sign: [],
  relax: [],
  removals: { items: 20, share: 0.1 },
  batch: 5,
};

/** A pending item whose document has been asked for at `gateNowMs`. */
export function gateItem(parts: Partial<PendingItem> = {}, challenge = 'c'.repeat(32)): PendingItem {
  const item: PendingItem = {
    id: 'bud-01-gw1-7',
    kind: 'rollout',
    class: 'operational',
    site: 'bud-01',
    daemon: 'd'.repeat(32),
    commit: '9'.repeat(40),
    authors: [],
    devices: [
      { name: 'gw1', deviceKey: 'SHA256:abc', baseSha256: 'b'.repeat(64), planSha256: sha256(gatePlan) },
    ],
    planText: gatePlan,
    document: null,
    approvals: [],
    ...parts,
  };
  if (parts.document !== undefined) return item;
  return {
    ...item,
    document: issueDocument(item, { challenge, nowMs: gateNowMs, expiresMs: gatePolicy.expiresMs }),
  };
}

export interface TestSigner {
  readonly name: string;
  readonly key: TestKey;
  readonly roles: Person['roles'];
  /** Options of the line; the namespaces of the roles when left out. */
  readonly options?: string;
}

/** One principal and one line for each signer; several of the same name are one person. */
export function gateTrust(signers: readonly TestSigner[], revoked: readonly TestKey[] = []): Trust {
  const lines = signers.map(({ name, key, roles, options }) => {
    const namespaces = `namespaces="${roles.map((role) => `siteward-${role}-v1@example.org`).join(',')}"`;
    return `${name}@example.org ${options ?? namespaces} ${key.line}\n`;
  });
  const people = new Map<string, Person>();
  for (const { name, roles } of signers)
    people.set(name, { name, principals: [`${name}@example.org`], roles });
  return buildTrust(
    { file: 'allowed_signers', bytes: Buffer.from(lines.join('')) },
    { file: 'revoked_keys', bytes: Buffer.from(revoked.map((key) => `${key.line}\n`).join('')) },
    [...people.values()],
    'example.org',
  );
}
