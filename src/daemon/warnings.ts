/** What stands in the way of signing though the daemon runs, in words for `status`, each with what comes next. */
import type { StatusAnswer } from '../api/answers.ts';
import { strandedRollouts } from '../reconcile/stranded-rollouts.ts';
import type { RunningSite } from './running-site.ts';

export function warningsOf(
  site: Pick<RunningSite, 'trust' | 'trustProblem' | 'ledger' | 'settings'>,
): NonNullable<StatusAnswer['warnings']> {
  const { distrust } = site.trust();
  const problem = site.trustProblem();
  const next = 'siteward check';
  const clock = {
    code: 'clock-untrusted',
    message: `no signature counts: ${distrust ?? ''}; what needs none goes on`,
    next,
  };
  const stranded = strandedRollouts(site.ledger.state, site.settings.devices);
  return [
    ...stranded.map(({ message }) => ({ code: 'rollout-of-unserved-device', message, next })),
    ...(distrust === null ? [] : [clock]),
    ...(problem === null
      ? []
      : [{ code: problem.code, message: `older trust files stay in force: ${problem.message}`, next }]),
  ];
}
