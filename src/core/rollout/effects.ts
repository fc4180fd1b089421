/**
 * Which records announce an effect on a device, which tell its end, and of which effect. Asked for each record of a
 * journal: looked up, and not put together from its parts.
 */
import { assert } from '../errors.ts';
import type { EffectName } from './event-fields.ts';
import { effectNames } from './event-fields.ts';
import type { EffectFinished, EffectStarted, SitewardEvent } from './events.ts';

interface OfEffect {
  readonly effect: EffectName;
  readonly end: 'started' | 'finished';
}

const byKind = new Map<string, OfEffect>(
  (['started', 'finished'] as const).flatMap((end) =>
    effectNames.map((effect) => [`${effect}-${end}`, { effect, end }]),
  ),
);

export function isOfEffect(event: SitewardEvent): event is EffectStarted | EffectFinished {
  return byKind.has(event.kind);
}

export function isEffectStarted(event: SitewardEvent): event is EffectStarted {
  return byKind.get(event.kind)?.end === 'started';
}

export function isEffectFinished(event: SitewardEvent): event is EffectFinished {
  return byKind.get(event.kind)?.end === 'finished';
}

export function effectOf({ kind }: EffectStarted | EffectFinished): EffectName {
  const of = byKind.get(kind);
  assert(of !== undefined, `journal: ${kind} is of no effect`);
  return of.effect;
}
