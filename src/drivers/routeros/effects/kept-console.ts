/**
 * The one connection per device that is kept between readings: a login costs more than the reading itself. It serves
 * questions only; every step of a rollout opens its own. A kept one that turns out dead is replaced once, unnoticed.
 */
import { DeviceError } from '../../../core/errors.ts';
import type { SshSession } from '../../ssh-session.ts';
import type { DeviceConsole, Reach } from './device-console.ts';
import { consoleOn, openSession, stepLog } from './device-console.ts';

export interface KeptConsole {
  /** Throws what `use` throws. `use` may be called twice: it changes nothing. */
  ask<T>(step: string, signal: AbortSignal, use: (console: DeviceConsole) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function keepConsole(reach: Reach): KeptConsole {
  let kept: { readonly session: SshSession; readonly key: string } | null = null;

  const drop = async (): Promise<void> => {
    const old = kept;
    kept = null;
    await old?.session.close();
  };
  const open = async (step: string, signal: AbortSignal): Promise<SshSession> => {
    const session = await openSession(reach, step, signal);
    await drop();
    kept = { session, key: targetOf(reach) };
    return session;
  };
  return {
    async ask(step, signal, use) {
      if (kept !== null && kept.key !== targetOf(reach)) await drop();
      if (kept !== null) {
        try {
          return await use(consoleOn(kept.session, reach, signal));
        } catch (error) {
          signal.throwIfAborted();
          await drop();
          if (!(error instanceof DeviceError) || error.code !== 'unreachable') throw error;
        }
      }
      const session = await open(step, signal);
      try {
        return await use(consoleOn(session, reach, signal));
      } catch (error) {
        // Whatever went wrong may be the connection's own fault.
        await drop();
        throw error;
      }
    },
    async close() {
      if (kept !== null) stepLog(reach, 'reading')('session-closed');
      await drop();
    },
  };
}

/** Settings that may change while the daemon runs: a session of before is none of these. */
function targetOf({ device }: Reach): string {
  return JSON.stringify([device.address, device.port, device.user, device.hostKey]);
}
