/**
 * The firewall walks that the session depends on: its first packet, the packets that follow, and the answers, through
 * every table that sees them, before and after.
 */
import { propertyOf, sectionOf } from '../../core/item.ts';
import type { PlanContext } from '../../core/dialect.ts';
import type { PathProof } from '../../core/plan/action.ts';
import { worldsOf, type Packet, type World } from './management-path-match.ts';
import type { Session } from './management-path-session.ts';
import {
  compareChanges,
  compareWalks,
  mayPass,
  walk,
  type Compared,
  type Step,
} from './management-path-walk.ts';

export interface FirewallProof {
  readonly proof: PathProof;
  /** Nothing in it changed for the session. */
  readonly same: boolean;
  /** The session as it is believed to look can have come through the base. */
  readonly plausible: boolean;
}

type Moment = 'first' | 'later' | 'answer';

interface Passage {
  readonly table: 'filter' | 'raw' | 'nat' | 'mangle';
  readonly chain: string;
  readonly moment: Moment;
}

/** Input of the filter first: it is the rule by which people know that they stay in. */
const passages: readonly Passage[] = [
  { table: 'filter', chain: 'input', moment: 'first' },
  { table: 'filter', chain: 'input', moment: 'later' },
  { table: 'filter', chain: 'output', moment: 'answer' },
  { table: 'raw', chain: 'prerouting', moment: 'first' },
  { table: 'raw', chain: 'output', moment: 'answer' },
  { table: 'nat', chain: 'dstnat', moment: 'first' },
  { table: 'nat', chain: 'input', moment: 'first' },
  { table: 'mangle', chain: 'prerouting', moment: 'first' },
  { table: 'mangle', chain: 'input', moment: 'first' },
  { table: 'mangle', chain: 'prerouting', moment: 'later' },
  { table: 'mangle', chain: 'input', moment: 'later' },
  { table: 'mangle', chain: 'output', moment: 'answer' },
  { table: 'mangle', chain: 'postrouting', moment: 'answer' },
];

export function walkFirewall(context: PlanContext, session: Session, egress: string | null): FirewallProof {
  const [before, after] = worldsOf(context.base, context.target);
  const way: Way = { session, egress, translated: isTranslated(before, session) };
  const compared = passages.map((passage): Compared & { readonly plausible: boolean } => {
    const [base, target] = [stepsOf(before, passage, way), stepsOf(after, passage, way)];
    const decides = passage.table === 'filter' || passage.table === 'raw';
    return {
      ...(decides ? compareWalks : compareChanges)(base, target),
      plausible: !decides || mayPass(base),
    };
  });
  const rank = (one: Compared): number =>
    ({ closed: 3, undecidable: 2, open: one.same ? 0 : 1, untouched: 0 })[one.kind];
  const [first] = compared;
  const worst = compared.reduce((a, b) => (rank(b) > rank(a) ? b : a));
  // The input chain is what people know; another one is named only if it is in the way.
  const shown = worst.kind === 'open' && first !== undefined ? first : worst;
  return {
    proof: { kind: shown.kind, by: shown.by },
    same: compared.every(({ same }) => same),
    plausible: compared.every(({ plausible }) => plausible),
  };
}

interface Way {
  readonly session: Session;
  readonly egress: string | null;
  /** The device itself may send the session on to another address or port of its own. */
  readonly translated: boolean;
}

function stepsOf(world: World, { table, chain, moment }: Passage, way: Way): readonly Step[] {
  const early = chain === 'prerouting' || chain === 'dstnat';
  return walk(world, `/ip firewall ${table}`, chain, packetOf(moment, early, way, isTracked(world)));
}

function isTranslated(base: World, session: Session): boolean {
  const way = { session, egress: null, translated: false };
  const steps = stepsOf(base, { table: 'nat', chain: 'dstnat', moment: 'first' }, way);
  return steps.some(({ effect }) => effect === 'unclear');
}

/** A connection that raw rules or the settings keep from being tracked has no state that is known here. */
function isTracked({ configuration }: World): boolean {
  const settings = sectionOf(configuration, '/ip firewall connection tracking')?.items ?? [];
  const rules = sectionOf(configuration, '/ip firewall raw')?.items ?? [];
  return (
    settings.every((item) => propertyOf(item, 'enabled') !== 'no') &&
    rules.every((rule) => propertyOf(rule, 'action') !== 'notrack')
  );
}

function packetOf(
  moment: Moment,
  early: boolean,
  { session, egress, translated }: Way,
  tracked: boolean,
): Packet {
  const { from, ingress, servicePort } = session;
  const answer = moment === 'answer';
  const port = early ? session.port : servicePort;
  const address = translated && !early ? null : session.address;
  return {
    direction: answer ? 'out' : 'in',
    from: answer ? address : from,
    to: answer ? from : address,
    fromPort: answer ? port : null,
    toPort: answer ? null : port,
    inInterface: answer ? null : ingress,
    outInterface: answer ? egress : null,
    state: tracked ? (moment === 'first' ? 'new' : 'established') : null,
  };
}
