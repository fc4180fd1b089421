/**
 * Who may log in: users of the device, enabled, of a group with the policy `ssh`. With a key configured, a
 * password is refused, as on real devices, unless the device is set to take both.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ParsedKey, PublicKeyAuthContext } from 'ssh2';
import type { Row } from './device/menu.ts';
import type { Machine } from './machine.ts';
import { isNamedBy } from './network/addresses.ts';

/** `admin+cet511w4098h` asks for a terminal without colours of that size; the user is `admin`. */
export function loginName(username: string): { readonly user: string; readonly options: string } {
  const plus = username.indexOf('+');
  return plus < 0
    ? { user: username, options: '' }
    : { user: username.slice(0, plus), options: username.slice(plus + 1) };
}

/** `from`: where the login comes from as the device sees it; undefined: addresses of users do not count. */
export function authenticate(connection: Connection, machine: Machine, from: string | undefined): void {
  connection.on('authentication', (context) => {
    const { user } = loginName(context.username);
    const row = machine.sessions.userRow(user);
    const keys = row === undefined ? [] : keysOf(machine, user);
    const takesPassword = passwordTaken(machine, keys.length > 0);
    const allowed =
      row !== undefined &&
      mayLogIn(machine, row, user, from) &&
      proves(
        context,
        keys,
        takesPassword ? (machine.device.text('/user', row, 'password') ?? '') : undefined,
      );
    if (allowed) {
      context.accept();
      return;
    }
    if (context.method !== 'none') {
      machine.writeLog('system,error,critical', `login failure for user ${user} via ssh`);
    }
    context.reject([
      ...(keys.length > 0 ? (['publickey'] as const) : []),
      ...(takesPassword ? (['password'] as const) : []),
    ]);
  });
}

function keysOf(machine: Machine, user: string): readonly ParsedKey[] {
  const { rows } = machine.device.menu('/user ssh-keys');
  return rows.flatMap((row) => {
    if (machine.device.text('/user ssh-keys', row, 'user') !== user) return [];
    const key = ssh2.utils.parseKey(machine.device.text('/user ssh-keys', row, 'key') ?? '');
    return key instanceof Error ? [] : [key];
  });
}

/** 7.21 asks `yes`, `no` or `yes-if-no-key`; before, a key shut passwords out unless told otherwise. */
function passwordTaken(machine: Machine, hasKey: boolean): boolean {
  const row = machine.device.menu('/ip ssh').rows[0];
  const text = (name: string): string | undefined =>
    row === undefined ? undefined : machine.device.text('/ip ssh', row, name);
  if (machine.device.isSince('7.21')) {
    const set = text('password-authentication') ?? 'yes-if-no-key';
    return set === 'yes' || (set === 'yes-if-no-key' && !hasKey);
  }
  return !hasKey || text('always-allow-password-login') === 'yes';
}

function mayLogIn(machine: Machine, row: Row, user: string, from: string | undefined): boolean {
  const { device } = machine;
  if (device.text('/user', row, 'disabled') === 'yes') return false;
  const address = device.text('/user', row, 'address') ?? '';
  const named = address.split(',').some((spec) => from !== undefined && isNamedBy(spec, from));
  if (from !== undefined && address !== '' && !named) return false;
  return machine.sessions.make(user, 'ssh', '', 0).policies.has('ssh');
}

function proves(context: AuthContext, keys: readonly ParsedKey[], password: string | undefined): boolean {
  if (context.method === 'publickey') return keys.some((key) => provesKey(context, key));
  if (context.method !== 'password' || password === undefined) return false;
  // An empty password is what a device has that nobody configured.
  return sameText(context.password, password);
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
