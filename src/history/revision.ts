/**
 * One state that a device had, as a commit: who, when, why, and how much it differs from the one before. What a device
 * or a person said of itself stands in it as one line of printable ASCII, so that it can neither fake a field nor move
 * a terminal's cursor. Pure.
 */
import { damaged, gitObject, isOid } from './git-object.ts';
import type { GitObject } from './git-object.ts';

/** Why the reading was made, or what made the device another. */
export const whys = ['first', 'rollout', 'drift', 'scheduled', 'manual', 'checkpoint'] as const;
export type Why = (typeof whys)[number];

export interface RevisionFacts {
  readonly device: string;
  readonly why: Why;
  /** Whoever changed the device, in the device's words; null: the device does not say. */
  readonly who: string | null;
  /** By which the newest line of the device's log is known again; null: it was not read. */
  readonly logMark: string | null;
  /** The newest rollout that was over when it was read. */
  readonly rollout: string | null;
  /** The revision that this rollout went back to. */
  readonly restored: string | null;
  readonly added: number;
  readonly removed: number;
  /** Keyed digest of the secrets sealed beside the text; null: none are. */
  readonly secrets: string | null;
}

export interface Revision extends RevisionFacts {
  readonly oid: string;
  readonly tree: string;
  readonly parent: string | null;
  /** Seconds since the epoch. */
  readonly atS: number;
}

export const ownName = 'siteward';
const mostWords = 100;

/** One line, printable, and nothing that git's own headers are made of. */
export function printableWord(text: string): string {
  return text
    .replace(/[^\x20-\x7e]|[<>]/g, '?')
    .trim()
    .slice(0, mostWords);
}

export function commitOf(
  facts: RevisionFacts,
  at: { readonly tree: string; readonly parent: string | null; readonly atS: number; readonly site: string },
): GitObject {
  const { device, why, rollout, restored, logMark, added, removed, secrets } = facts;
  const site = printableWord(at.site);
  const who = facts.who === null ? '' : printableWord(facts.who);
  const author = who === '' ? `${ownName} <${ownName}@${site}>` : `${who} <${device}@${site}>`;
  const about = why === 'rollout' && rollout !== null ? ` ${rollout}` : '';
  const lines = [
    `tree ${at.tree}`,
    ...(at.parent === null ? [] : [`parent ${at.parent}`]),
    `author ${author} ${at.atS} +0000`,
    `committer ${ownName} <${ownName}@${site}> ${at.atS} +0000`,
    '',
    `${device}: ${why}${about}`,
    '',
    `Why: ${why}`,
    `Lines: +${added} -${removed}`,
    ...(who === '' ? [] : [`Who: ${who}`]),
    ...(logMark === null ? [] : [`Log: ${printableWord(logMark)}`]),
    ...(rollout === null ? [] : [`Rollout: ${printableWord(rollout)}`]),
    ...(restored === null ? [] : [`Restored: ${restored}`]),
    ...(secrets === null ? [] : [`Secrets: ${printableWord(secrets)}`]),
  ];
  return gitObject('commit', Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'));
}

/** Throws `SitewardError` history-damaged for a commit that siteward did not write. */
export function revisionOf({ oid, content, kind }: GitObject): Revision {
  const [head = '', subject = '', fields = ''] = content.toString('latin1').split('\n\n');
  const header = (name: string): string | undefined => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1];
  const field = (name: string): string | null => new RegExp(`^${name}: (.+)$`, 'm').exec(fields)?.[1] ?? null;
  const tree = header('tree') ?? '';
  const parent = header('parent') ?? null;
  const atS = Number(/ (\d{1,12}) \+0000$/.exec(header('committer') ?? '')?.[1] ?? NaN);
  const device = /^([A-Za-z0-9._-]{1,63}): /.exec(subject)?.[1];
  const why = whys.find((one) => one === field('Why'));
  const lines = /^\+(\d{1,9}) -(\d{1,9})$/.exec(field('Lines') ?? '');
  const whole = isOid(tree) && (parent === null || isOid(parent)) && Number.isFinite(atS);
  if (kind !== 'commit' || !whole || device === undefined || why === undefined || lines === null)
    throw damaged(`${kind} ${oid} is not what siteward writes`);
  return {
    oid,
    tree,
    parent,
    atS,
    device,
    why,
    who: field('Who'),
    logMark: field('Log'),
    rollout: field('Rollout'),
    restored: field('Restored'),
    secrets: field('Secrets'),
    added: Number(lines[1]),
    removed: Number(lines[2]),
  };
}

/**
 * How many lines came and went. Lines that only stand elsewhere count as neither: that is linear whatever the text,
 * and a moved rule is told by `siteward diff`.
 */
export function changedLines(
  before: string,
  after: string,
): { readonly added: number; readonly removed: number } {
  const balance = new Map<string, number>();
  const count = (text: string, by: number): void => {
    for (const line of text.split('\n')) balance.set(line, (balance.get(line) ?? 0) + by);
  };
  count(after, 1);
  if (before !== '') count(before, -1);
  else balance.set('', (balance.get('') ?? 0) - 1);
  let [added, removed] = [0, 0];
  for (const many of balance.values()) {
    if (many > 0) added += many;
    else removed -= many;
  }
  return { added, removed };
}
