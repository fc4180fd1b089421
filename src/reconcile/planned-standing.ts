/**
 * Where a device stands that has a plan, in the order in which something is in its way: what was tried before, people,
 * the rest of the site, the device, and what the settings say of when. Pure.
 */
import { rfc3339Seconds } from '../core/clock.ts';
import { openingAt } from '../core/maintenance.ts';
import { frozenBy, itemsFor } from '../core/gate/pending.ts';
import type { PendingState } from '../core/gate/pending.ts';
import { sectionsOf } from '../core/plan/action.ts';
import type { Quarantine, SiteState } from '../core/site-state.ts';
import { lookAt } from './next-command.ts';
import type { PlannedDevice } from './comparison.ts';
import type { Judge, Look, Standing } from './standing.ts';

const quarantineMessages: Readonly<Record<Quarantine['reason'], string>> = {
  'rolled-back': 'this plan was rolled back on this base; correct it in git, or let it be tried once more',
  diverged:
    'this plan ended on this base with a device that had neither; correct it in git, or let it be tried once more',
  'not-converging': 'the device does not keep what was rolled out and confirmed',
  rejected: 'this plan was rejected',
};

const stopWords: Readonly<Record<NonNullable<SiteState['stopped']>['why'], string>> = {
  'rolled-back': 'rolled this commit back',
  diverged: 'has neither what it had nor this commit',
  unknown: 'could not be asked what became of this commit',
};

/** Of one plan, and of whom it waits for. */
type PlanJudge = (look: Look, planned: PlannedDevice, asked: PendingState | null) => Standing | null;

const inTheWay: readonly PlanJudge[] = [triedBefore, frozen, unsigned, waveStopped, obstructed, setLater];

export const waitingForItsTurn: Judge = (look) => {
  const { folded, report, site, device } = look;
  const different = report.comparison !== null && report.comparison.differences.length > 0;
  if (folded.quarantine?.reason === 'not-converging' && different)
    return quarantined(look, folded.quarantine);
  const planned = report.comparison?.planned ?? null;
  if (planned === null) return null;
  const asked = itemsFor(site.pending, device.name).find(({ kind }) => kind === 'rollout') ?? null;
  for (const judge of inTheWay) {
    const standing = judge(look, planned, asked);
    if (standing !== null) return standing;
  }
  return { state: 'behind', reason: 'rollout-due', message: null, next: null };
};

function triedBefore(look: Look, planned: PlannedDevice): Standing | null {
  const { quarantine } = look.folded;
  if (quarantine?.plan !== planned.digest || quarantine.base !== planned.plan.baseDigest) return null;
  return quarantined(look, quarantine);
}

function quarantined({ device, folded, report }: Look, { reason, cause, found, at }: Quarantine): Standing {
  const why = cause === null ? '' : `, ${cause}${found == null || found === '' ? '' : `: ${found}`}`;
  const probes = reason === 'rolled-back' ? probesWords(folded, report) : '';
  const message = `${quarantineMessages[reason]} (${at.slice(0, 19)}Z${why}${probes})`;
  return { state: 'quarantined', reason, message, next: `siteward retry ${device.name}` };
}

/** Of the rollout that was the last one; of others it says nothing any more. */
function probesWords({ lastRollout }: Look['folded'], { probesAfter }: Look['report']): string {
  if (probesAfter === null || probesAfter.rollout !== lastRollout?.id) return '';
  const { failing } = probesAfter;
  return failing.length === 0
    ? '; back at the base its probes pass again'
    : `; back at the base, too, ${failing.join('; ')}`;
}

function frozen({ device, site, approvals, nowMs }: Look, { plan }: PlannedDevice): Standing | null {
  if (plan.class !== 'benign') return null;
  const by = frozenBy(site.pending, device.name, sectionsOf(plan), approvals, nowMs);
  if (by === null) return null;
  const message =
    `people are asked to sign ${by.id} about the same sections; what is planned now begins when that is signed, rejected, ` +
    `or expired (${by.document?.expires ?? ''})`;
  return { state: 'behind', reason: 'frozen', message, next: `siteward pending ${by.id}` };
}

/** With its signatures it waits for nothing more here. */
function unsigned(look: Look, _planned: PlannedDevice, asked: PendingState | null): Standing | null {
  if (asked === null) return null;
  const next = `siteward pending ${asked.id}`;
  if (asked.refusal?.device === look.device.name) {
    const { code, message } = asked.refusal;
    return { state: 'pending-signature', reason: code, message, next };
  }
  if (asked.approvals.length >= look.approvals[asked.class]) return null;
  return { state: 'pending-signature', reason: asked.reason, message: null, next };
}

function waveStopped({ site: { stopped, accepted } }: Look): Standing | null {
  if (stopped === null || stopped.commit !== accepted?.commit) return null;
  const message = `${stopped.device} ${stopWords[stopped.why]}; nothing more of this commit is rolled out`;
  return { state: 'held', reason: 'wave-stopped', message, next: 'siteward release --all' };
}

function obstructed({ device }: Look, { obstacle }: PlannedDevice): Standing | null {
  if (obstacle === null) return null;
  return { state: 'held', reason: obstacle.code, message: obstacle.message, next: lookAt(device) };
}

function setLater({ device, nowMs }: Look): Standing | null {
  const behind = (reason: string, message: string | null, next: string): Standing => ({
    state: 'behind',
    reason,
    message,
    next,
  });
  if (device.manage !== 'rollout') return behind('report-only', null, `siteward plan ${device.name}`);
  if (device.rollout === 'manual') return behind('manual', null, `siteward apply ${device.name}`);
  if (device.rollout !== 'window') return null;
  const opening = device.maintenance === null ? null : openingAt(device.maintenance, nowMs);
  if (opening !== null && opening.from <= nowMs) return null;
  const begins = opening === null ? 'never' : `at ${rfc3339Seconds(opening.from)}`;
  const message = `it begins with the maintenance window, ${begins}; apply begins it now`;
  return behind('window', message, `siteward apply ${device.name}`);
}
