/** A name that a person gave to a state of a device, as an annotated tag. Pure. */
import { damaged, gitObject, isOid } from './git-object.ts';
import type { GitObject } from './git-object.ts';
import { ownName, printableWord } from './revision.ts';
import type { Revision } from './revision.ts';

export interface Label {
  readonly name: string;
  /** The revision's object name. */
  readonly of: string;
  /** Who says to have given it: nobody checks. */
  readonly by: string;
  /** Seconds since the epoch. */
  readonly atS: number;
}

export function tagOf(
  { oid, device }: Revision,
  { name, by, atS }: Omit<Label, 'of'>,
  site: string,
): GitObject {
  const lines = [
    `object ${oid}`,
    'type commit',
    `tag ${device}/${name}`,
    `tagger ${ownName} <${ownName}@${printableWord(site)}> ${atS} +0000`,
    '',
    `${device}: checkpoint ${name}`,
    '',
    `By: ${printableWord(by)}`,
  ];
  return gitObject('tag', Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'));
}

/** Throws `SitewardError` history-damaged for a tag that siteward did not write. */
export function readLabel({ oid, content }: GitObject, name: string): Label {
  const text = content.toString('latin1');
  const of = /^object (.*)$/m.exec(text)?.[1] ?? '';
  const atS = Number(/^tagger .* (\d{1,12}) \+0000$/m.exec(text)?.[1] ?? NaN);
  const by = /^By: (.*)$/m.exec(text)?.[1] ?? '';
  if (!isOid(of) || !Number.isFinite(atS)) throw damaged(`tag ${oid} is not what siteward writes`);
  return { name, of, by, atS };
}
