/** S28: what the login may not do is refused with one text, whatever it was; so is what the device-mode forbids. */
import { ConsoleError } from '../language/syntax.ts';
import type { Host } from '../host.ts';
import type { Session } from '../sessions.ts';

const READING = new Set(['find', 'get', 'print', 'export']);

export function hasPermission(session: Session, policy: string): boolean {
  return session.policies.has(policy);
}

/** The policy that an ordinary command on a menu needs. */
export function policyFor(path: string, verb: string): string {
  if (READING.has(verb)) return 'read';
  return path === '/user' || path.startsWith('/user ') ? 'policy' : 'write';
}

export function checkPermission(
  host: Host,
  session: Session,
  path: string,
  verb: string,
  policy: string,
): void {
  if (!hasPermission(session, policy)) throw new ConsoleError('not enough permissions (9)');
  const home = host.behaviour.deviceMode === 'home';
  if (home && path === '/system scheduler' && !READING.has(verb) && verb !== 'remove') {
    throw new ConsoleError('failure: not allowed by device-mode');
  }
}
