/** Command lines about what the daemon's own user logs in by, pure. */
import { quoteString } from './quote.ts';

/** What each key of the user is called, one a line. */
export function listLoginKeysCommand(user: string): string {
  return `:foreach i in=[/user ssh-keys find where user=${quoteString(user)}] do={:put ("key=" . [/user ssh-keys get $i key-owner])}`;
}

/** What holds a key's text until it is imported; the device takes it away then. */
const keyFile = 'siteward-login';

/** `line` is kind and key; the device takes the key's name from what follows. From 7.9 on it takes keys without a file. */
export function addLoginKeyCommands(
  version: string,
  user: string,
  line: string,
  name: string,
): readonly string[] {
  const key = quoteString(`${line} ${name}`);
  if (!isBefore(version, 7, 9)) return [`/user ssh-keys add user=${quoteString(user)} key=${key}`];
  return [
    `/file print file=${keyFile}`,
    ':delay 2s',
    `/file set ${keyFile}.txt contents=${key}`,
    `/user ssh-keys import user=${quoteString(user)} public-key-file=${keyFile}.txt`,
  ];
}

/** Before 7.12 a user's key is RSA, or the device can't read it. */
export function loginKeyKind(version: string): 'rsa' | 'ed25519' {
  return isBefore(version, 7, 12) ? 'rsa' : 'ed25519';
}

function isBefore(version: string, major: number, minor: number): boolean {
  const [own = 0, ownMinor = 0] = version.split(/[.a-z ]/).map(Number);
  return own < major || (own === major && ownMinor < minor);
}

export function removeLoginKeyCommand(user: string, name: string): string {
  return `/user ssh-keys remove [find where user=${quoteString(user)} key-owner=${quoteString(name)}]`;
}

/** Only while the one that stays is there: else nothing would be left to log in with. */
export function removeOtherLoginKeysCommand(user: string, name: string): string {
  const where = (owner: string): string => `where user=${quoteString(user)} key-owner${owner}`;
  const [own, others] = [where(`=${quoteString(name)}`), where(`!=${quoteString(name)}`)];
  return (
    `:if ([:len [/user ssh-keys find ${own}]] = 1) do={/user ssh-keys remove [find ${others}]} ` +
    'else={:error "sw-no-login-key"}'
  );
}

export function setPasswordCommand(user: string, password: string): string {
  return `/user set [find where name=${quoteString(user)}] password=${quoteString(password)}`;
}
