/** The rendered scripts as they come back from the sealed store: checked, since they were JSON in between. Pure. */
import { assert } from '../../../core/errors.ts';
import type { Rollout } from '../../../core/rollout/rollout.ts';
import type { RolloutScripts } from '../scripts.ts';

export function payloadOf(rollout: Rollout): RolloutScripts {
  const { payload } = rollout;
  assert(typeof payload === 'object' && payload !== null, 'a rollout carries its scripts');
  const text = (name: 'check' | 'apply' | 'back'): string => {
    const value: unknown = Reflect.get(payload, name);
    assert(typeof value === 'string' && value !== '', `a rollout carries its ${name} script`);
    return value;
  };
  return { check: text('check'), apply: text('apply'), back: text('back') };
}
