/** What signers read where no plan, or not only a plan, is asked for. Printable ASCII and LF, whatever git or a device says. */
import { printable } from '../plan/plan-text.ts';
import { rfc3339Seconds } from '../clock.ts';
import type { Resolution, TakenOver } from '../rollout/event-fields.ts';
import type { Witness } from '../rollout/rollout.ts';

export interface ResolutionFacts {
  readonly as: Resolution;
  /** Why the device stands still. */
  readonly code: string;
  /** Rollout whose objects are taken off the device, and their names as they were read. */
  readonly ends: string | null;
  readonly objects: readonly string[];
  readonly witness: Witness | null;
  /** No rollout says what base and target are: they are what was last confirmed, and what git wants. */
  readonly whole: boolean;
  /** What of it can't be had. */
  readonly lost: readonly string[];
  /** Of the plan that leads to base or target; null: nothing of the configuration is changed. */
  readonly planText: string | null;
}

const meanings: Readonly<Record<Resolution, string>> = {
  base: 'what it had before the rollout that is ended',
  target: 'what the rollout that is ended was to reach',
  actual: 'what it has now; what git wants instead is planned as usual afterwards',
};

const wholeMeanings: typeof meanings = {
  ...meanings,
  base: 'what was last confirmed on it; what git wants instead is planned as usual afterwards',
  target: 'what git wants of it',
};

/** Names no seq and no head of a witness: devices of which one thing is true read the same; the base digest holds them. */
export function resolutionText(facts: ResolutionFacts): string {
  const { as, code, ends, objects, witness, whole, lost, planText } = facts;
  const lines = [
    `resolve as: ${as}`,
    `the device is to have: ${(whole ? wholeMeanings : meanings)[as]}`,
    `it stands still because: ${code}`,
    ends === null ? 'no rollout is ended' : `rollout that is ended: ${ends}`,
    ...(objects.length === 0 ? [] : [`taken off the device: ${objects.join(' ')}`]),
    witness === null
      ? 'no witness is on it'
      : `its witness is accepted as it is: daemon ${witness.daemon} of site ${witness.site}`,
    ...lost.map((words) => `not brought back: ${words}`),
  ];
  const rest = planText ?? 'nothing of its configuration is changed\n';
  return `${lines.map((line) => `${printable(line)}\n`).join('')}\n${rest}`;
}

export interface HostKeyFacts {
  readonly emergency: boolean;
  readonly address: string;
  readonly port: number;
  /** `SHA256:…`: what the settings name, what is in force, and what the device shows. */
  readonly settingsKey: string;
  readonly inForce: string;
  readonly shown: string;
  /** How to see on the device itself which key it has. */
  readonly comparison: readonly string[];
}

export function hostKeyText(facts: HostKeyFacts): string {
  const { emergency, address, port, settingsKey, inForce, shown, comparison } = facts;
  const lines = [
    'rotate: host key',
    `why: ${emergency ? 'emergency, the old key is believed stolen' : 'planned'}`,
    `address: ${address} port ${port}`,
    `old key: ${inForce}`,
    `new key: ${shown}`,
    `in the settings: ${settingsKey}`,
    '',
    'the device shows the new key, and nothing was said to it since; once this is signed, it is known by the new key',
    'and the daemon logs in to it again; nothing of its configuration is changed',
    '',
    'whoever sits between the daemon and the device could show that key, too: compare it with the device itself',
    ...comparison.map((line) => `  ${line}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

export interface AdoptFacts {
  /** By section, as people read them. */
  readonly sections: readonly { readonly path: string; readonly items: readonly string[] }[];
}

export function adoptText({ sections }: AdoptFacts): string {
  const many = sections.reduce((count, { items }) => count + items.length, 0);
  const lines = [
    `take over: ${many} ${many === 1 ? 'item' : 'items'} that siteward did not make`,
    'from then on they count as made by siteward, each as long as it is as it is now: a commit that takes one of them',
    'away, or resets it, needs no signature for that; nothing is changed on the device now',
    ...sections.flatMap(({ path, items }) => [
      '',
      `${path} (${items.length})`,
      ...items.map((one) => `  ${one}`),
    ]),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

export interface CredentialFacts {
  readonly emergency: boolean;
  readonly user: string;
  /** Kind and fingerprint of the new key, and what it will be called on the device. */
  readonly key: string;
  readonly name: string;
  /** What the keys that the user has now are called; they go. */
  readonly others: readonly string[];
}

export function credentialText({ emergency, user, key, name, others }: CredentialFacts): string {
  const lines = [
    'rotate: credential',
    `why: ${emergency ? 'emergency, the old key is believed stolen' : 'planned'}`,
    `user: ${user}`,
    `new key: ${key} (${name})`,
    `keys of this user that are taken off: ${others.length}`,
    ...others.map((one) => `  ${one === '' ? '(no name)' : one}`),
    '',
    'first the new key is added, then the daemon logs in with it over a new connection; only after that the others are',
    'taken off; if the device refuses that login, the new key is taken off again; nothing else is changed',
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

export function passwordText({ emergency, user, name }: Omit<CredentialFacts, 'key' | 'others'>): string {
  const lines = [
    'rotate: credential',
    `why: ${emergency ? 'emergency, the old password is believed stolen' : 'planned'}`,
    `user: ${user}`,
    `new password: random, made by the daemon and kept in its state (${name})`,
    '',
    'the new password is set over a connection that stays open, and the daemon logs in with it over a new one; if the device',
    'refuses that login, the old password is set back over the open connection; nothing else is changed',
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

export interface RestoreFacts {
  /** Name of the revision in the history. */
  readonly revision: string;
  /** Where those come from that are written; null: none is. */
  readonly secrets: string | null;
  readonly notRestored: readonly string[];
  readonly planText: string;
}

/** Above the plan of a rollout that goes back to what the device had: a signer reads where it goes, and what stays. */
export function restoreText({ revision, secrets, notRestored, planText }: RestoreFacts): string {
  const lines = [
    `restore: the device is to have what it had in revision ${revision.slice(0, 12)} of its history`,
    'afterwards it is held, since git says otherwise',
    ...(secrets === null ? [] : [`secrets: ${secrets}`]),
    ...notRestored.map((words) => `not restored: ${words}`),
  ];
  return `${lines.map((line) => `${printable(line)}\n`).join('')}\n${planText}`;
}

export interface CommitFacts {
  readonly oid: string;
  /** As it was hashed; null: it is no longer in the repository. */
  readonly raw: Uint8Array | null;
}

export interface AcceptFacts {
  readonly accept: CommitFacts;
  /** The last accepted one; null: it is not known, since the state was lost. */
  readonly instead: CommitFacts | null;
  /** Commits that are no longer reached; null: nobody can count them. */
  readonly leftBehind: number | null;
  readonly witnesses: readonly TakenOver[];
}

/** A branch that does not go on from where it was, or a site whose state was lost. */
export function acceptCommitText({ accept, instead, leftBehind, witnesses }: AcceptFacts): string {
  const many = leftBehind === null ? 'not known' : String(leftBehind);
  const lines = [
    ...commitLines('accept commit', accept),
    '',
    ...(instead === null
      ? ['instead of: what was accepted before is not known, the state of this site was lost']
      : [...commitLines('instead of', instead), '', `commits left behind: ${many}`]),
    ...(instead === null
      ? [
          `devices whose witness is accepted as it is: ${witnesses.length}`,
          ...witnesses.map(
            ({ device, witness: { daemon, seq } }) => `  ${device}: daemon ${daemon} record ${seq}`,
          ),
        ]
      : []),
    '',
    'what git wants of each device is planned afterwards, and waits for signatures as ever',
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function commitLines(what: string, { oid, raw }: CommitFacts): readonly string[] {
  if (raw === null) return [`${what}: ${oid}`, '  it is no longer in the repository'];
  const text = Buffer.from(raw).toString('latin1');
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const author = /^author (.{0,400}) (\d{1,11}) [+-]\d{4}$/m.exec(head);
  const [subject = ''] = end < 0 ? [] : text.slice(end + 2).split('\n', 1);
  return [
    `${what}: ${oid}`,
    `  author: ${author?.[1] ?? 'not told'}`,
    `  date: ${author === null ? 'not told' : rfc3339Seconds(Number(author[2]) * 1000)}`,
    `  subject: ${subject.slice(0, 400)}`,
  ];
}
