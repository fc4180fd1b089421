/** The SSH service and the user that the daemon logs in as: whether a change of one of them keeps the daemon out. */
import { propertyOf, sectionOf, type Item } from '../../core/item.ts';
import type { PlanContext } from '../../core/dialect.ts';
import type { Action, PathProof } from '../../core/plan/action.ts';
import { changesBetween } from '../../core/plan/model.ts';
import { isIn, rangeOf } from './management-path-ipv4.ts';
import type { Session } from './management-path-session.ts';
import { nameOf } from './management-path-walk.ts';

type Kind = PathProof['kind'];

export function judgeService(action: Action, session: Session, port: number): PathProof {
  if (action.verb !== 'set') return { kind: 'undecidable', by: nameOf(action.item) };
  return { kind: serviceKind(action.from, action.to, session, port), by: nameOf(action.from) };
}

/** Null: of which service it is can't be told. */
export function serviceName(action: Action): string | null {
  const item = action.verb === 'set' ? action.from : action.item;
  return propertyOf(item, 'name') ?? /^name=(.*)$/.exec(item.key ?? '')?.[1] ?? null;
}

function serviceKind(from: Item, to: Item, session: Session, port: number): Kind {
  if (propertyOf(to, 'disabled') === 'yes') return 'closed';
  const [was, is] = [propertyOf(from, 'port') ?? '22', propertyOf(to, 'port') ?? '22'];
  if (was !== is) return was === String(port) ? 'closed' : 'undecidable';
  const known = new Set(['address', 'max-sessions', 'disabled', 'port', 'comment']);
  if (changesBetween(from, to).some(([property]) => !known.has(property))) return 'undecidable';
  // A rollout has more than one session open at a time.
  if (Number(propertyOf(to, 'max-sessions') ?? 20) < 5) return 'undecidable';
  return allowed(propertyOf(to, 'address'), session);
}

/** Of a list of addresses that may come; an empty one lets all come. */
function allowed(list: string | null | undefined, { from }: Session): Kind {
  if (!list) return 'open';
  if (from === null) return 'undecidable';
  const ranges = list.split(',').map(rangeOf);
  if (ranges.some((range) => range !== null && isIn(from, range))) return 'open';
  return ranges.includes(null) ? 'undecidable' : 'closed';
}

/** Null: another user's affair. */
export function judgeUser(action: Action, session: Session, context: PlanContext): PathProof | null {
  const item = action.verb === 'set' ? action.from : action.item;
  const by = nameOf(item);
  const { user } = context.management;
  if (user === undefined) return { kind: 'undecidable', by };
  switch (action.section) {
    case '/user':
      if (named(item) !== user) return named(item) === null ? { kind: 'undecidable', by } : null;
      return { kind: userKind(action, session, context), by };
    case '/user group':
      if (named(item) !== groupOf(user, context))
        return groupOf(user, context) === null ? { kind: 'undecidable', by } : null;
      return { kind: groupKind(action), by };
    case '/user ssh-keys':
      return propertyOf(item, 'user') === user ? { kind: 'undecidable', by } : null;
    default:
      return { kind: 'undecidable', by };
  }
}

function named(item: Item): string | null {
  return propertyOf(item, 'name') ?? /^name=(.*)$/.exec(item.key ?? '')?.[1] ?? null;
}

function groupOf(user: string, { base }: PlanContext): string | null {
  const row = sectionOf(base, '/user')?.items.find((item) => named(item) === user);
  return (row && propertyOf(row, 'group')) ?? null;
}

function userKind(action: Action, session: Session, context: PlanContext): Kind {
  if (action.verb === 'remove') return 'closed';
  if (action.verb !== 'set') return 'undecidable';
  const { from, to } = action;
  if (propertyOf(to, 'disabled') === 'yes') return 'closed';
  const changed = changesBetween(from, to).map(([name]) => name);
  if (changed.some((name) => !['disabled', 'address', 'group', 'comment'].includes(name)))
    return 'undecidable';
  if (changed.includes('group')) {
    const group = propertyOf(to, 'group');
    const row = sectionOf(context.target, '/user group')?.items.find((item) => named(item) === group);
    const policy = (row && propertyOf(row, 'policy')) ?? null;
    if (policy === null) return 'undecidable';
    if (!policy.split(',').includes('ssh')) return 'closed';
    return 'undecidable';
  }
  return allowed(propertyOf(to, 'address'), session);
}

/** Without `ssh` nobody of the group gets in; what else the daemon needs is not judged here. */
function groupKind(action: Action): Kind {
  if (action.verb === 'remove') return 'closed';
  if (action.verb !== 'set') return 'undecidable';
  const policies = (item: Item): readonly string[] =>
    (propertyOf(item, 'policy') ?? '').split(',').filter((one) => one !== '' && !one.startsWith('!'));
  const [was, is] = [policies(action.from), policies(action.to)];
  if (!is.includes('ssh')) return 'closed';
  return was.every((one) => is.includes(one)) ? 'open' : 'undecidable';
}
