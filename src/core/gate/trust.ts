/**
 * Who may sign: listed keys, revoked keys, and the people behind the principals. Built from files on this
 * machine only (I11). Everything is refused as a whole if one line can't be read or two people share a key,
 * since then a quorum of two could be one.
 */
import { sha256 } from '../digest.ts';
import { InvalidInput } from '../errors.ts';
import type { TrustDigests } from '../rollout/event-fields.ts';
import type { Person } from '../site.ts';
import { parseAllowedSigners } from '../sshsig/allowed-signers.ts';
import type { SignerLine } from '../sshsig/allowed-signers.ts';
import { matchPatternList } from '../sshsig/patterns.ts';
import { noRevocations, parseRevocations } from '../sshsig/revocation.ts';
import { toBytes } from '../sshsig/signer-lines.ts';
import type { Revocations } from '../sshsig/revocation.ts';

export interface Trust {
  readonly signers: readonly SignerLine[];
  readonly revoked: Revocations;
  readonly people: readonly Person[];
  readonly organization: string;
  /** Why this machine's clock can't be believed, so that no signature counts; null: it can. */
  readonly distrust: string | null;
  /** SHA-256 of the files as they were loaded, for the audit. */
  readonly digests: { readonly allowedSigners: string; readonly revokedKeys: string | null };
}

export interface TrustFile {
  /** For messages. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Throws `InvalidInput` bad-trust with file and line. */
export function buildTrust(
  allowedSigners: TrustFile,
  revokedKeys: TrustFile | null,
  people: readonly Person[],
  organization: string,
): Trust {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(organization)) {
    throw new InvalidInput(
      'bad-trust',
      'trust: organization must be a plain domain name, such as example.org',
    );
  }
  checkPeople(people);
  const parsed = parseAllowedSigners(allowedSigners.bytes, 'explicit');
  if (!parsed.ok) throw unusable(allowedSigners.file, parsed.line, parsed.reason);
  checkOwners(parsed.signers, people, allowedSigners.file);
  return {
    signers: parsed.signers,
    revoked: readRevocations(revokedKeys),
    people,
    organization,
    distrust: null,
    digests: {
      allowedSigners: sha256(allowedSigners.bytes),
      revokedKeys: revokedKeys === null ? null : sha256(revokedKeys.bytes),
    },
  };
}

/** Null when the principal is nobody's. */
export function personOf(principal: string, people: readonly Person[]): Person | null {
  return people.find((person) => person.principals.includes(principal)) ?? null;
}

/** For records: setting name to SHA-256 of each file that is in force. */
export function trustDigests({ digests }: Trust): TrustDigests {
  const { allowedSigners, revokedKeys } = digests;
  return revokedKeys === null
    ? { 'allowed-signers': allowedSigners }
    : { 'allowed-signers': allowedSigners, 'revoked-keys': revokedKeys };
}

/** Version of the list of revoked keys, where it is one of the binary kind. */
export function krlVersionOf(trust: Trust): bigint | null {
  return trust.revoked.krl?.version ?? null;
}

/** Throws `InvalidInput` krl-rewound: an older list would let keys count again that were taken away since. */
export function checkNotRewound(trust: Trust, knownVersion: bigint | null, file: string | null): void {
  const version = krlVersionOf(trust);
  if (version === null || knownVersion === null || version >= knownVersion) return;
  throw new InvalidInput(
    'krl-rewound',
    `${file ?? 'the list of revoked keys'}: its version is ${version}, and ${knownVersion} was in force before; ` +
      `put the newer one back, or make one with ssh-keygen -k -z ${knownVersion + 1n}`,
    file === null ? null : { file },
  );
}

/**
 * Whether one of these wrote it: addresses of commits, or principals as a line of allowed_signers has them. In doubt
 * yes, for a pattern means everybody whom it fits.
 */
export function isAuthor(person: Person, authors: readonly string[]): boolean {
  return person.principals.some((principal) =>
    authors.some(
      (author) =>
        author.toLowerCase() === principal.toLowerCase() || matchPatternList(toBytes(principal), author),
    ),
  );
}

export function principalsOf(people: readonly Person[]): string[] {
  return people.flatMap((person) => person.principals);
}

function readRevocations(file: TrustFile | null): Revocations {
  if (file === null) return noRevocations;
  const parsed = parseRevocations(file.bytes);
  if (!parsed.ok) throw unusable(file.file, parsed.line, parsed.reason);
  return parsed.revoked;
}

/** Names and principals are plain, and no principal belongs to two people. */
function checkPeople(people: readonly Person[]): void {
  const names = new Set<string>();
  const owners = new Map<string, string>();
  for (const person of people) {
    if (names.has(person.name))
      throw new InvalidInput('bad-trust', `trust: ${person.name} is there twice among the people`);
    names.add(person.name);
    for (const principal of person.principals) {
      if (!/^[\x21-\x7e]{1,256}$/.test(principal) || /[*?,!"]/.test(principal)) {
        throw new InvalidInput(
          'bad-trust',
          `trust: a principal of ${person.name} must be a plain name without * ? , ! or quotes`,
        );
      }
      const other = owners.get(principal);
      if (other !== undefined) {
        throw new InvalidInput(
          'bad-trust',
          `trust: the principal ${principal} is given twice (${other}, ${person.name})`,
        );
      }
      owners.set(principal, person.name);
    }
  }
}

/**
 * One key, one person; else one hand could count as two. An authority's key is not a signer's: its certificates
 * say whose key each is, and `decide.ts` counts one key once.
 */
function checkOwners(signers: readonly SignerLine[], people: readonly Person[], file: string): void {
  const owners = new Map<string, Person>();
  for (const signer of signers) {
    if (signer.certAuthority) continue;
    for (const person of people) {
      if (!person.principals.some((principal) => matchPatternList(principal, signer.principals))) continue;
      const other = owners.get(signer.key.blob);
      if (other !== undefined && other !== person) {
        throw unusable(
          file,
          signer.line,
          `the key ${signer.key.fingerprint} fits both ${other.name} and ${person.name}; each key must be one person's`,
        );
      }
      owners.set(signer.key.blob, person);
    }
  }
}

function unusable(file: string, line: number, reason: string): InvalidInput {
  const place = line > 0 ? { file, line } : { file };
  return new InvalidInput(
    'bad-trust',
    `${file}${line > 0 ? `:${line}` : ''}: ${reason}; correct it, nothing can be signed until then`,
    place,
  );
}
