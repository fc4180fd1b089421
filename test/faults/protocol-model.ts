/**
 * The protocol on a device as an abstract model, apart from every line that implements it: two items, the scripts' steps,
 * the timer, the one decision, the lock's owner, a cache that may lose its newest writes, and a daemon that can die, be
 * paused, or see its command arrive late. All interleavings are visited, breadth first; a state that breaks a promise is
 * given back with the way to it. Time is three values, since the scripts ask no more of it: early, due, another boot.
 */
export interface Protocol {
  readonly guardsSteps: boolean;
  readonly stopsApplyFirst: boolean;
  readonly uniqueDecision: boolean;
  readonly removesTick: 'once-kept' | 'after-clean-pass' | 'first' | 'after-any-pass';
  readonly converges: boolean;
  readonly declinesOnConfirm: boolean;
  readonly judgesByUptime: boolean;
  readonly decisionOutlivesTick: boolean;
  readonly verifiesBeforeConfirm: boolean;
  readonly waitsForFlush: boolean;
}

export const soundProtocol: Protocol = {
  guardsSteps: true,
  stopsApplyFirst: true,
  uniqueDecision: true,
  removesTick: 'once-kept',
  converges: true,
  declinesOnConfirm: true,
  judgesByUptime: true,
  decisionOutlivesTick: true,
  verifiesBeforeConfirm: true,
  waitsForFlush: true,
};

type Decision = 'none' | 'confirm' | 'rollback';
type Daemon =
  | 'arming'
  | 'apply'
  | 'watch'
  | 'verified'
  | 'asked'
  | 'confirmed'
  | 'clean-1'
  | 'clean-2'
  | 'settled'
  | 'gone-back';

interface Items {
  /** Copies of the first item beyond the base, and whether the second one is changed. */
  readonly added: 0 | 1 | 2;
  readonly changed: boolean;
}

interface State extends Items {
  readonly tick: boolean;
  /** The tick is on the disk for good. */
  readonly tickFlushed: boolean;
  readonly decision: Decision;
  readonly decidedOnce: Decision;
  readonly time: 'early' | 'due' | 'rebooted';
  /** What is on the disk of both items, where the rollback has written since and the cache still holds it. */
  readonly unkept: Items | null;
  /** Next step of the running apply; null: no job. */
  readonly apply: 0 | 1 | 2 | null;
  /** Its guard was passed, and the step comes next: two commands, between which others run. */
  readonly guarded: boolean;
  /** The order to apply left and has not arrived. */
  readonly ordered: boolean;
  readonly applied: boolean;
  /** Next step of the running rollback, and what it has changed; null: no job. */
  readonly back: {
    readonly step: 0 | 1 | 2;
    readonly did: boolean;
    readonly failed: boolean;
  } | null;
  readonly declined: boolean;
  readonly daemon: Daemon;
  readonly verified: boolean;
  /** A confirm that left and has not arrived. */
  readonly onItsWay: boolean;
  readonly cuts: number;
  /** Everything that comes late after a boot has come. */
  readonly settledIn: boolean;
}

const start: State = {
  added: 0,
  changed: false,
  tick: false,
  tickFlushed: false,
  decision: 'none',
  decidedOnce: 'none',
  time: 'early',
  unkept: null,
  apply: null,
  guarded: false,
  ordered: false,
  applied: false,
  back: null,
  declined: false,
  daemon: 'arming',
  verified: false,
  onItsWay: false,
  cuts: 0,
  settledIn: true,
};

interface Move {
  readonly what: string;
  readonly to: State;
}

const isTarget = ({ added, changed }: State): boolean => added === 1 && changed;
const isBase = ({ added, changed }: State): boolean => added === 0 && !changed;

function decide(state: State, decision: 'confirm' | 'rollback', protocol: Protocol): State {
  if (state.decision !== 'none' && protocol.uniqueDecision) return state;
  const decidedOnce = state.decidedOnce === 'none' ? decision : state.decidedOnce;
  return { ...state, decision, decidedOnce };
}

/** What the device does by itself: apply and the rollback, one atomic console command at a time. */
function deviceMoves(state: State, protocol: Protocol): Move[] {
  const moves: Move[] = [];
  const { apply, back } = state;
  if (apply !== null && !state.guarded) {
    const passes = !protocol.guardsSteps || (state.tick && state.decision === 'none');
    if (passes) moves.push({ what: 'apply looks', to: { ...state, guarded: true } });
    else moves.push({ what: 'apply stops', to: { ...decide(state, 'rollback', protocol), apply: null } });
  } else if (apply !== null) {
    const then = { ...state, guarded: false };
    if (apply === 0)
      moves.push({
        what: 'apply adds',
        to: { ...then, added: Math.min(2, state.added + 1) as 1 | 2, apply: 1 },
      });
    if (apply === 1) {
      moves.push({ what: 'apply changes', to: { ...then, changed: true, apply: 2 } });
      moves.push({ what: 'apply changes, and it is not kept', to: { ...then, apply: 2 } });
    }
    if (apply === 2) moves.push({ what: 'apply ends', to: { ...then, applied: true, apply: null } });
  }
  if (state.tick && back === null) moves.push({ what: 'tick', to: tickOf(state, protocol) });
  if (back !== null) moves.push(...backMoves(state, back, protocol));
  if (!state.settledIn) moves.push({ what: 'the boot is over', to: { ...state, settledIn: true } });
  if (state.time === 'early') moves.push({ what: 'the time is up', to: { ...state, time: 'due' } });
  return moves;
}

function tickOf(state: State, protocol: Protocol): State {
  if (state.decision === 'confirm' && protocol.declinesOnConfirm) return { ...state, declined: true };
  const due = state.time === 'due' || (state.time === 'rebooted' && protocol.judgesByUptime);
  let next = state;
  if (state.decision === 'none') {
    if (!due) return state;
    next = decide(state, 'rollback', protocol);
  }
  if (protocol.stopsApplyFirst) next = { ...next, apply: null, guarded: false };
  if (protocol.removesTick === 'first') next = { ...next, tick: false, tickFlushed: false };
  return { ...next, back: { step: 0, did: false, failed: false } };
}

function backMoves(state: State, back: NonNullable<State['back']>, protocol: Protocol): Move[] {
  if (back.step === 0) {
    // A list of inverse commands stops at the first one that does not fit.
    if (!protocol.converges && !state.changed) return [{ what: 'back stops', to: { ...state, back: null } }];
    const next = { ...back, step: 1 as const, did: back.did || state.changed };
    const to = {
      ...state,
      changed: false,
      unkept: state.changed ? writing(state) : state.unkept,
      back: next,
    };
    return [{ what: 'back changes back', to }];
  }
  if (back.step === 1) {
    const next = { ...back, step: 2 as const };
    if (state.added === 0) return [{ what: 'back finds nothing', to: { ...state, back: next } }];
    const done = {
      what: 'back takes away',
      to: { ...state, added: 0 as const, unkept: writing(state), back: { ...next, did: true } },
    };
    const late = { what: 'back can not yet', to: { ...state, back: { ...next, failed: true } } };
    return state.time === 'rebooted' && !state.settledIn ? [done, late] : [done];
  }
  const clean = !back.did && !back.failed;
  // Clean for as long as the cache holds anything: then it holds nothing of the rollback's any more.
  const kept = protocol.removesTick !== 'once-kept' || state.unkept === null;
  const ends = (clean && kept) || protocol.removesTick === 'after-any-pass';
  return [
    {
      what: ends ? 'back ends, timer gone' : 'back ends',
      to: { ...state, back: null, tick: ends ? false : state.tick },
    },
  ];
}

/** What a power cut would bring back, from the first write on that is not kept. */
function writing({ unkept, added, changed }: State): Items {
  return unkept ?? { added, changed };
}

/** What the daemon does, or what becomes of what it sent; it may also do nothing for ever. */
function daemonMoves(state: State, protocol: Protocol): Move[] {
  const { daemon } = state;
  const idle = state.apply === null && state.back === null;
  switch (daemon) {
    case 'arming':
      return state.tick && (state.tickFlushed || !protocol.waitsForFlush)
        ? [{ what: 'daemon: armed', to: { ...state, daemon: 'apply' } }]
        : state.tick || state.decision !== 'none'
          ? []
          : [{ what: 'daemon: adds the timer', to: { ...state, tick: true } }];
    case 'apply':
      return [{ what: 'daemon: orders apply', to: { ...state, daemon: 'watch', ordered: true } }];
    case 'watch':
    case 'verified':
    case 'asked':
      return [...watching(state, idle, protocol)];
    case 'confirmed':
      if (state.decision !== 'confirm') return goesBack(state, protocol);
      return protocol.decisionOutlivesTick
        ? [{ what: 'daemon: removes the timer', to: { ...state, tick: false, daemon: 'clean-1' } }]
        : [{ what: 'daemon: removes the decision', to: { ...state, decision: 'none', daemon: 'clean-1' } }];
    case 'clean-1':
      if (protocol.decisionOutlivesTick && state.tick)
        return [{ what: 'daemon: looks again', to: { ...state, daemon: 'confirmed' } }];
      return [
        {
          what: 'daemon: removes the rest',
          to: { ...state, tick: false, decision: 'none', daemon: 'settled' },
        },
      ];
    case 'clean-2':
    case 'settled':
    case 'gone-back':
      return [];
  }
}

function watching(state: State, idle: boolean, protocol: Protocol): Move[] {
  const moves: Move[] = [];
  const believed = idle && state.decision === 'confirm' && isTarget(state);
  if (believed && state.declined)
    moves.push({ what: 'daemon: confirmed', to: { ...state, daemon: 'confirmed' } });
  if (
    state.daemon === 'watch' &&
    idle &&
    state.decision === 'none' &&
    state.applied &&
    (isTarget(state) || !protocol.verifiesBeforeConfirm)
  )
    moves.push({ what: 'daemon: verified', to: { ...state, daemon: 'verified', verified: true } });
  if (state.daemon === 'verified')
    moves.push({ what: 'daemon: asks to confirm', to: { ...state, daemon: 'asked', onItsWay: true } });
  // No answer: it may give up and decide the other way while its first word is still under way.
  if (state.daemon === 'asked')
    moves.push({ what: 'daemon: decides rollback', to: decide(state, 'rollback', protocol) });
  if (state.decision !== 'confirm') moves.push(...goesBack(state, protocol));
  return moves;
}

/** The daemon rolls back itself when the timer is gone, and believes it when it sees the base without a timer. */
function goesBack(state: State, protocol: Protocol): Move[] {
  const idle = state.apply === null && state.back === null && !state.ordered;
  if (!idle || state.tick) return [];
  // With a timer that went by itself the wait is over; the daemon's own passes wait likewise.
  if (isBase(state) && (protocol.removesTick !== 'once-kept' || state.unkept === null))
    return [{ what: 'daemon: rolled back', to: { ...state, daemon: 'gone-back' } }];
  const decided = decide(state, 'rollback', protocol);
  if (decided.decision !== 'rollback') return [];
  return [
    {
      what: 'daemon: runs the rollback',
      to: { ...decided, back: { step: 0, did: false, failed: false } },
    },
  ];
}

/** What befalls them: a late message, a power cut with or without the newest writes, a console that crashes. */
function mishaps(state: State, protocol: Protocol): Move[] {
  const moves: Move[] = [];
  if (state.ordered) {
    const armed = !protocol.guardsSteps || (state.tick && state.decision === 'none');
    moves.push({ what: 'the order arrives', to: { ...state, ordered: false, apply: armed ? 0 : null } });
    moves.push({ what: 'the order is lost', to: { ...state, ordered: false } });
  }
  if (state.onItsWay) {
    const arrived = { ...state, onItsWay: false };
    const inTime = state.time === 'early';
    moves.push({ what: 'confirm arrives', to: inTime ? decide(arrived, 'confirm', protocol) : arrived });
    moves.push({ what: 'confirm is lost', to: arrived });
  }
  if (state.tick && !state.tickFlushed)
    moves.push({ what: 'the cache is flushed', to: { ...state, tickFlushed: true } });
  if (state.unkept !== null) moves.push({ what: 'what went back is kept', to: { ...state, unkept: null } });
  if (state.cuts < 2) {
    const cut: State = {
      ...state,
      time: 'rebooted',
      apply: null,
      guarded: false,
      back: null,
      unkept: null,
      cuts: state.cuts + 1,
      settledIn: false,
    };
    moves.push({ what: 'power cut', to: cut });
    if (state.tick && !state.tickFlushed)
      moves.push({ what: 'power cut, the timer is lost', to: { ...cut, tick: false } });
    if (state.unkept !== null)
      moves.push({ what: 'power cut, what went back is lost', to: { ...cut, ...state.unkept } });
    // The decision may be as new as it likes: only the timer had to be flushed before anything was changed.
    if (state.decision !== 'none' && state.tick && state.daemon !== 'settled')
      moves.push({
        what: 'power cut, the decision is lost',
        to: { ...cut, decision: 'none', decidedOnce: 'none', declined: false },
      });
    if (state.daemon !== 'arming')
      moves.push({
        what: 'console crash',
        to: { ...state, apply: null, guarded: false, back: null, cuts: state.cuts + 1 },
      });
  }
  return moves;
}

/** What is wrong with a state, or null. */
function wrong(state: State): string | null {
  const { daemon, decision } = state;
  if (state.decidedOnce !== 'none' && decision !== 'none' && decision !== state.decidedOnce)
    return 'the decision was made twice';
  if (daemon === 'confirmed' && !state.verified) return 'confirmed and never verified';
  if (decision === 'confirm' && state.back !== null) return 'it rolls back what was confirmed';
  if (decision === 'confirm' && !isTarget(state)) return 'confirmed, and it is not the target';
  if (daemon === 'settled' && !isTarget(state)) return 'settled as confirmed, and it is not the target';
  if (daemon === 'gone-back' && (!isBase(state) || state.apply !== null))
    return 'rolled back, and it is not the base';
  if (state.added === 2) return 'twice is not once: a duplicate';
  return null;
}

/** Nothing has to happen any more: the base, or a target that was decided and seen. */
function isSafe(state: State): boolean {
  const idle = state.apply === null && state.back === null;
  const kept = state.decision === 'confirm' || state.daemon === 'clean-1' || state.daemon === 'settled';
  return idle && (isBase(state) || (isTarget(state) && kept));
}

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** The first broken promise found, with the shortest way to it. */
  readonly broken: { readonly what: string; readonly way: readonly string[] } | null;
}

interface Seen {
  readonly from: string | null;
  readonly what: string;
  readonly safe: boolean;
  /** Where the device comes to by itself, without any daemon. */
  readonly alone: readonly string[];
}

export function exploreProtocol(protocol: Protocol): Explored {
  const seen = new Map<string, Seen>();
  const key = (state: State): string => JSON.stringify(state);
  const queue: { readonly state: State; readonly from: string | null; readonly what: string }[] = [
    { state: start, from: null, what: 'start' },
  ];
  let transitions = 0;
  for (const { state, from, what } of queue) {
    const id = key(state);
    if (seen.has(id)) continue;
    const own = deviceMoves(state, protocol);
    seen.set(id, { from, what, safe: isSafe(state), alone: own.map(({ to }) => key(to)) });
    const problem = wrong(state);
    if (problem !== null)
      return { states: seen.size, transitions, broken: { what: problem, way: wayTo(seen, id) } };
    for (const move of [...own, ...daemonMoves(state, protocol), ...mishaps(state, protocol)]) {
      transitions += 1;
      queue.push({ state: move.to, from: id, what: move.what });
    }
  }
  const lost = withoutWayHome(seen);
  const broken =
    lost === null ? null : { what: 'no way home that the device finds by itself', way: wayTo(seen, lost) };
  return { states: seen.size, transitions, broken };
}

/** A state from which the device, left alone, never comes to base or kept target. */
function withoutWayHome(seen: ReadonlyMap<string, Seen>): string | null {
  const before = new Map<string, string[]>();
  for (const [id, { alone }] of seen) for (const to of alone) before.set(to, [...(before.get(to) ?? []), id]);
  const home = new Set([...seen].filter(([, { safe }]) => safe).map(([id]) => id));
  for (const id of home) for (const from of before.get(id) ?? []) home.add(from);
  return [...seen.keys()].find((id) => !home.has(id)) ?? null;
}

function wayTo(seen: ReadonlyMap<string, Seen>, end: string): string[] {
  const way: string[] = [];
  for (let at: string | null = end; at !== null; at = seen.get(at)?.from ?? null)
    way.unshift(seen.get(at)?.what ?? '');
  return way;
}
