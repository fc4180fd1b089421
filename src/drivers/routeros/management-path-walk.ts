/**
 * Walks a firewall table for one packet and compares two walks. A walk lists every rule that may see the packet do
 * something, up to the first that surely ends it; where a rule may or may not match, both ways are followed.
 */
import { itemIdentity } from '../../core/digest.ts';
import { propertyOf, sectionOf, type Item } from '../../core/item.ts';
import type { PathProof } from '../../core/plan/action.ts';
import { isSecretProperty } from './menus.ts';
import { matches, ruleKey, type Packet, type World } from './management-path-match.ts';
import { isEnabled } from './management-path-session.ts';

/**
 * `accept` and `refuse` end the packet's way through the table; `fill` puts an address into a list; `untrack` hides
 * its state; `unclear` may do anything.
 */
type Effect = 'accept' | 'refuse' | 'jump' | 'return' | 'fill' | 'untrack' | 'unclear' | 'nothing';

export interface Step {
  /** Equal keys: the packet fares equally here. */
  readonly key: string;
  readonly effect: Effect;
  readonly certain: boolean;
  /** Section and identity, and the comment by which people know it. */
  readonly by: string;
}

const effects: Readonly<Record<string, Effect>> = {
  accept: 'accept',
  drop: 'refuse',
  reject: 'refuse',
  tarpit: 'refuse',
  jump: 'jump',
  return: 'return',
  log: 'nothing',
  passthrough: 'nothing',
  'fasttrack-connection': 'nothing',
  'add-src-to-address-list': 'fill',
  'add-dst-to-address-list': 'fill',
  notrack: 'untrack',
};

/** More steps than this, and the walk is given up: chains that jump to each other can grow without bound. */
const mostSteps = 5_000;

export function walk(world: World, path: string, root: string, packet: Packet): readonly Step[] {
  const rules = sectionOf(world.configuration, path)?.items.filter(isEnabled) ?? [];
  const inChain = (chain: string): readonly Item[] =>
    rules.filter((rule) => propertyOf(rule, 'chain') === chain);
  const steps: Step[] = [];
  /** True when the packet surely goes no further than this chain. */
  const through = (chain: string, above: readonly string[]): boolean => {
    let mayHaveLeft = false;
    for (const rule of inChain(chain)) {
      const truth = matches(rule, packet, world);
      const effect = effects[propertyOf(rule, 'action') ?? 'accept'] ?? 'unclear';
      if (truth === false || effect === 'nothing') continue;
      const certain = truth === true;
      steps.push({ key: ruleKey(rule, certain, world), effect, certain, by: nameOf(rule) });
      if (effect === 'jump') {
        const to = propertyOf(rule, 'jump-target') ?? '';
        if (above.includes(to) || to === chain || steps.length > mostSteps)
          steps.push({ key: 'too deep', effect: 'unclear', certain: false, by: nameOf(rule) });
        else if (through(to, [...above, chain]) && certain) return !mayHaveLeft;
      } else if (effect === 'return') {
        if (certain) return false;
        mayHaveLeft = true;
      } else if (certain && (effect === 'accept' || effect === 'refuse')) return !mayHaveLeft;
    }
    return false;
  };
  if (!through(root, []))
    steps.push({
      key: `end of ${root}`,
      effect: 'accept',
      certain: true,
      by: `${path} end of chain ${root}`,
    });
  return steps;
}

export function nameOf(item: Item): string {
  const comment = propertyOf(item, 'comment');
  return `${item.section} ${itemIdentity(item, { isSecret: isSecretProperty })}${comment ? ` "${comment}"` : ''}`;
}

export interface Compared extends PathProof {
  /** The packet fares as before for the same reasons. */
  readonly same: boolean;
}

/** Null: the two walks are one. */
function firstDifference(base: readonly Step[], target: readonly Step[]): Step | null {
  for (let i = 0; i < Math.max(base.length, target.length); i++)
    if (base[i]?.key !== target[i]?.key) return target[i] ?? base[i] ?? null;
  return null;
}

/** Filter and raw: whether the packet still gets through, given that it does in the base. */
export function compareWalks(base: readonly Step[], target: readonly Step[]): Compared {
  const difference = firstDifference(base, target);
  if (difference === null) return { kind: 'open', by: decidingStep(target).by, same: true };
  const untracked = [...base, ...target].find(({ effect }) => effect === 'untrack');
  // A base that lets nothing through although somebody is in is not as it is read here.
  if (untracked !== undefined || !mayPass(base))
    return { kind: 'undecidable', by: difference.by, same: false };
  const rest = restOf(base, target);
  if (rest.every(isHarmless)) return { kind: 'open', by: decidingStep(target).by, same: false };
  if (!target.some(({ effect }) => effect === 'accept' || effect === 'unclear')) {
    return {
      kind: 'closed',
      by: (target.findLast(({ effect }) => effect === 'refuse') ?? difference).by,
      same: false,
    };
  }
  const doubt = rest.find((step) => !isHarmless(step)) ?? difference;
  return { kind: 'undecidable', by: doubt.by, same: false };
}

function isHarmless({ effect }: Step): boolean {
  return effect !== 'refuse' && effect !== 'unclear';
}

/**
 * What of the target's walk the base does not answer for. The base let the packet through, so as long as both walks
 * agree nothing in them refused it; a refusal that is gone did not meet it; one more accept only lets more through.
 */
function restOf(base: readonly Step[], target: readonly Step[]): readonly Step[] {
  let [i, j] = [0, 0];
  for (;;) {
    const [was, is] = [base[i], target[j]];
    // What is left of the base lets nothing through, so it was let through by what both have.
    if (is === undefined || !mayPass(base.slice(i))) return [];
    if (was?.key === is.key) [i, j] = [i + 1, j + 1];
    else if (is.effect === 'accept') j += 1;
    else if (was?.effect === 'refuse') i += 1;
    else return target.slice(j);
  }
}

/** By which rule one stays in: the first that surely accepts, else the first that may. */
function decidingStep(steps: readonly Step[]): Step {
  const accepts = steps.filter(({ effect }) => effect === 'accept');
  const step = accepts.find(({ certain }) => certain) ?? accepts[0] ?? steps[0];
  return step ?? { key: '', effect: 'accept', certain: true, by: '' };
}

/** NAT and mangle: rules there change packets, so either none may meet the session or all stay as they are. */
export function compareChanges(base: readonly Step[], target: readonly Step[]): Compared {
  const difference = firstDifference(base, target);
  const by = decidingStep(target).by;
  if (difference === null) return { kind: 'open', by, same: true };
  const unclear = [...target, ...base].find(({ effect }) => effect === 'unclear' || effect === 'refuse');
  if (unclear === undefined) return { kind: 'open', by, same: false };
  return { kind: 'undecidable', by: unclear.by, same: false };
}

/** Whether a packet of that walk can get through at all. */
export function mayPass(steps: readonly Step[]): boolean {
  return steps.some(({ effect }) => effect === 'accept' || effect === 'unclear');
}
