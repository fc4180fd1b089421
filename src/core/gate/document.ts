/**
 * The authorization document: one text file in which what is signed is what is read. Made from a pending item
 * and nothing else, always the same bytes for the same item, so it is never parsed: it is made again and
 * compared. Holds printable ASCII and LF only, whatever a device or a commit may have tried to write into it.
 */
import { rfc3339Seconds } from '../clock.ts';
import { sha256 } from '../digest.ts';
import { assert } from '../errors.ts';
import type { Role } from '../site.ts';
import type { IssuedDocument, PendingItem } from './pending.ts';

export const maxPlanBytes = 1024 * 1024;

/** What a signer passes to `ssh-keygen -Y sign -n`. Follows from the class of the action, never from a signature. */
export function namespaceFor(role: Role, organization: string): string {
  return `siteward-${role}-v1@${organization}`;
}

export interface IssueOptions {
  /** 32 hex digits, for this document only. */
  readonly challenge: string;
  readonly nowMs: number;
  /** How long it stays valid. */
  readonly expiresMs: number;
}

/** Times are whole seconds: it is valid from the second it was asked for. */
export function issueDocument(item: PendingItem, options: IssueOptions): IssuedDocument {
  const { challenge, nowMs, expiresMs } = options;
  const notBefore = rfc3339Seconds(nowMs);
  const expires = rfc3339Seconds(nowMs + expiresMs);
  return { text: documentText(item, { challenge, notBefore, expires }), challenge, notBefore, expires };
}

/** Throws `AssertionFailed` for an item that has no safe text: such an item must not be signable. */
export function documentText(item: PendingItem, issued: Omit<IssuedDocument, 'text'>): string {
  const { devices, planText } = item;
  assert(/^[0-9a-f]{32}$/.test(issued.challenge), 'document: the challenge is not 32 hex digits');
  assert(/^[0-9a-f]{32}$/.test(item.daemon), 'document: the daemon id is not 32 hex digits');
  assert(planText.length <= maxPlanBytes, 'document: the plan text is larger than 1 MiB');
  assert(
    /^[\x20-\x7e\n]*$/.test(planText) && planText.endsWith('\n'),
    'document: the plan text is not plain text',
  );
  assert(
    new Set(devices.map((device) => device.name)).size === devices.length,
    'document: a device is in it twice',
  );
  const planSha256 = sha256(planText);
  assert(
    devices.every((device) => device.planSha256 === planSha256),
    'document: a device has another plan',
  );
  const head = [
    'siteward-authorization-v1',
    field('kind', item.kind),
    field('class', item.class),
    field('site', item.site),
    field('daemon', item.daemon),
    field('commit', item.commit),
    field('challenge', issued.challenge),
    field('not-before', issued.notBefore),
    field('expires', issued.expires),
    field('devices', String(devices.length)),
  ];
  const blocks = devices.flatMap((device) => [
    '',
    field('device', device.name),
    field('device-key', device.deviceKey),
    field('base-sha256', device.baseSha256),
    field('plan-sha256', device.planSha256),
  ]);
  const names = devices.length === 0 ? 'the site' : devices.map((device) => device.name).join(' ');
  return `${[...head, ...blocks, '', `plan ${planSha256} for ${names}`, '', ''].join('\n')}${planText}`;
}

/** A value is one word of printable ASCII, so that no value can imitate another field or hide on a terminal. */
function field(name: string, value: string): string {
  assert(/^[\x21-\x7e]{1,512}$/.test(value), `document: ${name} is not one printable word`);
  return `${name}: ${value}`;
}
