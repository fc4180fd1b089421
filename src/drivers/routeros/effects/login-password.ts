/**
 * The password of the daemon's own user. A user has one: the new one takes the place of the old at once, so the connection
 * that set it stays open until the new one was proved, and can set the old one back. Which of the two counts is what the
 * device lets in; nothing else is asked, and no password is in a message.
 */
import { DeviceError } from '../../../core/errors.ts';
import type { NewLogin } from '../../../core/rollout/event-fields.ts';
import type { LoginChanges } from '../../driver.ts';
import type { SshSession } from '../../ssh-session.ts';
import { versionCommand } from '../commands.ts';
import { setPasswordCommand } from '../login-keys.ts';
import type { Credentials, Reach } from './device-console.ts';
import { consoleOn, openSession, stepLog, withConsole } from './device-console.ts';

/** What the password that counts until then is called. */
const old = 'the password until now';

export interface LoginPassword {
  readonly changes: LoginChanges;
  letGo(): Promise<void>;
}

export function loginPassword(reach: Reach): LoginPassword {
  const { user, name: device } = reach.device;
  /** The session that set the password. */
  let held: SshSession | null = null;

  const letGo = async (): Promise<void> => {
    if (held === null) return;
    const session = held;
    held = null;
    await session.close();
    stepLog(reach, 'set-login-password')('session-closed');
  };
  const set = (session: SshSession, password: string, signal: AbortSignal): Promise<void> =>
    consoleOn(session, reach, signal).modify(
      setPasswordCommand(user, Buffer.from(password, 'utf8').toString('latin1')),
    );
  const isHeld = async (signal: AbortSignal): Promise<boolean> => {
    if (held === null) return false;
    try {
      await consoleOn(held, reach, signal).read(versionCommand());
      return true;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      await letGo();
      return false;
    }
  };
  const list: LoginChanges['list'] = async ({ name, sealed }, secret, signal) => {
    const password = secret?.toString('latin1');
    if (await letsIn(reach, await reach.credentials(), signal))
      return [(await reach.credentials()).password === password ? name : old];
    if (password !== undefined && (await letsIn(reach, { password }, signal))) return [name];
    // Set and taken by nobody: the open session is the way back.
    if (await isHeld(signal)) return [name];
    throw new DeviceError('password-refused', neither(device, user, sealed));
  };
  return {
    letGo,
    changes: {
      list,
      add: async (_login, secret, signal) => {
        await letGo();
        held = await openSession(reach, 'set-login-password', signal);
        await set(held, secret.toString('latin1'), signal);
      },
      prove: (secret, signal) =>
        tryLogin(reach, { password: secret.toString('latin1') }, 'prove-login-password', signal),
      // Setting it took the other's place.
      removeOthers: () => Promise.resolve(),
      undo: async (_login, secret, signal) => {
        const { password } = await reach.credentials();
        if (password === undefined)
          throw new DeviceError(
            'rejected',
            `${device}: the settings name no password that could be set back`,
          );
        if (!(await isHeld(signal)) && secret !== null)
          held = await openSession(withLogin(reach, { password: secret.toString('latin1') }), 'undo', signal);
        if (held === null)
          throw new DeviceError('rejected', `${device}: the new password is gone, and so is the way back`);
        await set(held, password, signal);
      },
    },
  };
}

function withLogin(reach: Reach, credentials: Credentials): Reach {
  return { ...reach, credentials: () => Promise.resolve(credentials) };
}

function tryLogin(reach: Reach, login: Credentials, step: string, signal: AbortSignal): Promise<void> {
  return withConsole(withLogin(reach, login), step, signal, async (console) => {
    await console.read(versionCommand());
  });
}

async function letsIn(reach: Reach, login: Credentials, signal: AbortSignal): Promise<boolean> {
  try {
    await tryLogin(reach, login, 'login-password', signal);
    return true;
  } catch (error) {
    if (error instanceof DeviceError && (error.code === 'password-refused' || error.code === 'key-refused'))
      return false;
    throw error;
  }
}

function neither(device: string, user: string, sealed: NewLogin['sealed']): string {
  return (
    `${device} refuses user ${user} by the password until now and by the new one, credentials/${sealed} in the state ` +
    'folder; both are kept: set either of them there as another user, and it is gone on by itself'
  );
}
