/**
 * Who may log in: the user of the command line, while the device still has that user enabled. With a
 * key configured, a password is refused, as on real devices.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ParsedKey, PublicKeyAuthContext } from 'ssh2';
import type { Machine } from './machine.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string | undefined;
  /** Lines of an authorized_keys file. */
  readonly authorizedKeys: string | undefined;
}

export function authenticate(connection: Connection, machine: Machine, credentials: Credentials): void {
  const keys = parseKeys(credentials.authorizedKeys ?? '');
  connection.on('authentication', (context) => {
    // `admin+cet511w4098h` asks for a terminal without colours of that size; the user is `admin`.
    const user = context.username.replace(/\+.*$/s, '');
    const allowed =
      user === credentials.user && userEnabled(machine, user) && proves(context, keys, credentials);
    if (allowed) {
      context.accept();
      return;
    }
    if (context.method !== 'none') {
      machine.writeLog('system,error,critical', `login failure for user ${user} via ssh`);
    }
    context.reject(keys.length > 0 ? ['publickey'] : ['password']);
  });
}

function parseKeys(text: string): readonly ParsedKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.flatMap((line) => {
    const key = ssh2.utils.parseKey(line.trim());
    return key instanceof Error ? [] : [key];
  });
}

function userEnabled(machine: Machine, user: string): boolean {
  const { device } = machine;
  const row = device.menu('/user').rows.find((one) => device.text('/user', one, 'name') === user);
  return row !== undefined && device.text('/user', row, 'disabled') !== 'yes';
}

function proves(context: AuthContext, keys: readonly ParsedKey[], credentials: Credentials): boolean {
  if (context.method === 'publickey') return keys.some((key) => provesKey(context, key));
  if (context.method !== 'password' || keys.length > 0) return false;
  // An empty password is what a device has that nobody configured.
  return sameText(context.password, credentials.password ?? '');
}

function provesKey(context: PublicKeyAuthContext, key: ParsedKey): boolean {
  if (!key.getPublicSSH().equals(context.key.data)) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
