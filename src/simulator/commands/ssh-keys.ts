/** Users' public keys and the device's host key: what credential and host-key rotation work on. */
import ssh2 from 'ssh2';
import { namedArgument, textArgument } from '../device/arguments.ts';
import { hexId } from '../device/menu.ts';
import { makeHostKey } from '../host-keys.ts';
import { ConsoleError } from '../language/syntax.ts';
import { toText, NOTHING } from '../language/values.ts';
import { recorded } from './recorded.ts';
import type { DeviceCommand, Host } from '../host.ts';
import type { Call } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

const KEYS = '/user ssh-keys';
const SSH = '/ip ssh';
/** Others are taken as the usual one. */
const KEY_SIZES: readonly number[] = [1024, 1536, 2048, 4096];
/** What devices say of a file that holds no key that they know. */
const WRONG_FORMAT = 'unable to load key file (wrong format or bad passphrase)!';

export const sshKeyCommands: readonly DeviceCommand[] = [
  {
    path: KEYS,
    name: 'add',
    arguments: ['user', 'key', 'comment', 'key-owner'],
    takesValues: false,
    policy: 'policy',
    since: '7.0',
    run(host, call, caller) {
      const user = required(call, 'user');
      const key = required(call, 'key');
      return recorded(host, call, caller, () => addKey(host, user, key, textArgument(call, 'comment')));
    },
  },
  {
    path: KEYS,
    name: 'import',
    arguments: ['public-key-file', 'user', 'key-owner'],
    takesValues: false,
    policy: 'policy',
    run(host, call, caller) {
      const name = required(call, 'public-key-file');
      const user = required(call, 'user');
      const file = host.files.find(name);
      if (file === undefined) throw new ConsoleError('input does not match any value of public-key-file');
      const line = file.bytes.toString('latin1').trim();
      recorded(host, call, caller, () => addKey(host, user, line, textArgument(call, 'key-owner')));
      // The file is used up.
      host.files.remove(name);
      return NOTHING;
    },
  },
  {
    path: SSH,
    name: 'regenerate-host-key',
    arguments: [],
    takesValues: false,
    policy: 'write',
    run(host) {
      const row = host.device.menu(SSH).rows[0];
      const text = (name: string): string =>
        row === undefined ? '' : (host.device.text(SSH, row, name) ?? '');
      const bits = Number(text('host-key-size'));
      const type = text('host-key-type') === 'ed25519' ? 'ed25519' : 'rsa';
      host.hostKeys.replace(makeHostKey(type, KEY_SIZES.includes(bits) ? bits : 2048));
      host.writeLog('system,info', 'ssh host key regenerated');
      return NOTHING;
    },
  },
  {
    path: SSH,
    name: 'export-host-key',
    arguments: ['key-file-prefix'],
    takesValues: false,
    policy: 'sensitive',
    run(host, call) {
      const name = `${required(call, 'key-file-prefix')}_${host.hostKeys.type().replace('ssh-', '')}`;
      host.files.write(`${name}.pem`, Buffer.from(host.hostKeys.privateKey, 'latin1'));
      host.files.write(`${name}.pub`, Buffer.from(`${host.hostKeys.publicLine()}\n`, 'latin1'));
      return NOTHING;
    },
  },
  {
    path: SSH,
    name: 'import-host-key',
    arguments: ['private-key-file', 'passphrase'],
    takesValues: false,
    policy: 'write',
    run(host, call) {
      const file = host.files.find(required(call, 'private-key-file'));
      if (file === undefined) throw new ConsoleError('input does not match any value of private-key-file');
      const text = file.bytes.toString('latin1');
      const key = ssh2.utils.parseKey(text);
      if (key instanceof Error || !key.isPrivateKey()) throw new ConsoleError(WRONG_FORMAT);
      host.hostKeys.replace(text);
      return NOTHING;
    },
  },
];

function required(call: Call, name: string): string {
  const value = namedArgument(call, name);
  const text = value === undefined ? '' : toText(value);
  if (text === '') throw new ConsoleError(`missing value(s) of argument(s) ${name}`);
  return text;
}

function addKey(host: Host, user: string, line: string, comment: string | undefined): Value {
  if (host.sessions.userRow(user) === undefined)
    throw new ConsoleError('input does not match any value of user');
  const key = ssh2.utils.parseKey(line);
  if (key instanceof Error || key.isPrivateKey()) throw new ConsoleError(WRONG_FORMAT);
  // Version 6 takes RSA and DSA only.
  if (host.device.major === 6 && key.type !== 'ssh-rsa') throw new ConsoleError(WRONG_FORMAT);
  const menu = host.device.menu(KEYS);
  const properties = new Map<string, string>([
    ['key', `${key.type} ${key.getPublicSSH().toString('base64')}`],
    ['key-owner', comment ?? key.comment],
    ['user', user],
  ]);
  const row = menu.makeRow({ properties });
  host.device.change(menu, [...menu.rows, row]);
  return { type: 'id', text: hexId(row) };
}
