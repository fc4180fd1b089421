/**
 * How a router that nobody manages yet comes to take the daemon's key, and how the daemon knows that it talks to that
 * very router. Who pastes the block does so at a terminal that they trust; in it stands a word that follows from the
 * private key and from the host key that was seen. Only the router that got the block can say that word, and it is
 * asked for it over a connection with that host key. Pure.
 */
import { createHmac } from 'node:crypto';
import type { DeviceSettings } from '../../core/site.ts';
import { policiesFor } from './rights.ts';
import { quoteString } from './quote.ts';

export interface Enrolment {
  readonly user: string;
  readonly manage: DeviceSettings['manage'];
  /** Where the daemon comes from, as the router sees it. */
  readonly from: string;
  /** One line, as in a `.pub` file. */
  readonly publicKey: string;
  readonly proof: string;
  /** Nobody is to know it: the user logs in by key. */
  readonly password: string;
}

/** What the router's user has as its comment once the block was pasted. */
export function enrolmentProof(privateKey: Uint8Array, hostKey: string): string {
  const digest = createHmac('sha256', privateKey).update(`siteward-enrolment ${hostKey}`).digest('hex');
  return `siteward ${digest.slice(0, 32)}`;
}

/** Called by what its users may do: one that is widened for another level would have a name that lies. */
function groupOf(manage: DeviceSettings['manage']): string {
  return `siteward-${manage}`;
}

/** Lines for the router's own terminal. Pasted twice they do what they do once; "already have" says so. */
export function enrolmentBlock(enrolment: Enrolment): readonly string[] {
  const { user, manage, from, publicKey, proof, password } = enrolment;
  const group = groupOf(manage);
  return [
    `/user group add name=${group} policy=${policiesFor(manage).join(',')}`,
    `/user add name=${quoteString(user)} group=${group} password=${quoteString(password)}`,
    `/user set [find name=${quoteString(user)}] group=${group} address=${quoteString(from)} comment=${quoteString(proof)}`,
    ...keyLines(user, publicKey),
  ];
}

/** For a user that is there and may do too little: into the group of the level, which is made where it is missing. */
export function rightsBlock({ user, manage }: Pick<Enrolment, 'user' | 'manage'>): readonly string[] {
  const group = groupOf(manage);
  const policy = policiesFor(manage).join(',');
  return [
    `/user group add name=${group} policy=${policy}`,
    `/user group set [find name=${group}] policy=${policy}`,
    `/user set [find name=${quoteString(user)}] group=${group}`,
  ];
}

/** Versions that take RSA keys only take them from a file, and make a file by printing into it. */
function keyLines(user: string, publicKey: string): readonly string[] {
  if (!publicKey.startsWith('ssh-rsa '))
    return [`/user ssh-keys add user=${quoteString(user)} key=${quoteString(publicKey)}`];
  const file = 'siteward-key';
  return [
    `/file print file=${file}`,
    ':delay 2s',
    `/file set ${file}.txt contents=${quoteString(publicKey)}`,
    `/user ssh-keys import user=${quoteString(user)} public-key-file=${file}.txt`,
  ];
}

/** Prints the comment of the user that asks. */
export function enrolmentCommand(user: string): string {
  return `:foreach u in=[/user find where name=${quoteString(user)}] do={:put [/user get $u comment]}`;
}
