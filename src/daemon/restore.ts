/**
 * The way back to a state of a device's history: shown as of a reading made now, and ordered when that is asked for. The
 * order is for what was shown and nothing else; it goes through the gate like every change.
 */
import type { AnswerOf, Client, RequestOf } from '../api/operations.ts';
import { InvalidInput } from '../core/errors.ts';
import type { PlannedAction } from '../core/plan/action.ts';
import type { Observation } from '../drivers/driver.ts';
import { findRevision, wayBack } from '../history/find-revision.ts';
import type { WayBack } from '../history/find-revision.ts';
import type { Revision } from '../history/revision.ts';
import { archiveReading } from '../reconcile/archive-reading.ts';
import { chooseSecrets, sourceWords, withSecrets } from '../reconcile/past-secrets.ts';
import type { ChosenSecrets } from '../reconcile/past-secrets.ts';
import { activeHold } from '../reconcile/standing.ts';
import { planRestore } from '../reconcile/restore-device.ts';
import type { RestorePlan } from '../reconcile/restore-device.ts';
import { actionAnswer, rollbackAnswer } from './answers.ts';
import { notesOf, requireQuiet, revisionAnswer } from './history.ts';
import { record, select } from './orders.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';

type Answer = AnswerOf<'restore'>;

export async function restore(
  site: RunningSite,
  { device: name, rev, order, plan: bound, secrets }: RequestOf<'restore'>,
  client: Client,
): Promise<Answer> {
  const [running] = select(site, name);
  if (running === undefined) throw new InvalidInput('unknown-device', `no device ${name}`);
  requireQuiet(running);
  const { room } = running;
  const observation = await room.driver.observe(room.signal);
  requireQuiet(running);
  // What it has now is kept first: `~1` is the one before that, and what is left can be gone back to.
  await archiveReading(room, observation);
  const { revision, what } = await find(site, running, rev);
  const { chosen, hints, text } = await textOf(running, site, observation, revision, secrets ?? null);
  const made = await planRestore(room, observation, revision.oid, text);
  const refusal = order ? refusalOf(site, running, made, bound ?? null) : null;
  const { planned } = made;
  if (order && refusal === null && planned !== null) {
    const { digest: plan, plan: whole } = planned;
    const ids = { device: name, revision: revision.oid, text: await site.files.put('desired', text) };
    await record(site, { kind: 'restore-ordered', ...ids, plan, base: whole.baseDigest }, client);
    running.loop.wake();
  }
  return {
    v: 1,
    device: name,
    revision: revisionAnswer(revision, await notesOf(site, name)),
    found: what,
    plan: planned === null ? null : planAnswer(running, planned),
    categories: categoriesOf(running, planned?.plan.actions ?? []),
    notRestored: [...made.notRestored],
    secrets: [...(chosen === null || planned === null ? [] : [sourceWords[chosen.source]]), ...hints],
    ordered: order && refusal === null,
    refusal,
    next: nextOf(name, revision.oid, made, order ? refusal : undefined),
  };
}

/** Of the revision, with the secrets that go with it. */
async function textOf(
  { room }: RunningDevice,
  { archive }: RunningSite,
  observation: Observation,
  revision: Revision,
  opened: string | null,
): Promise<ChosenSecrets & { readonly text: Buffer }> {
  const text = Buffer.from(await archive.text(revision), 'latin1');
  const given = opened === null ? null : Buffer.from(opened, 'base64').toString('latin1');
  const now = (await archive.newest(revision.device))?.revision.secrets ?? null;
  const { chosen, hints } = await chooseSecrets(room, { observation, revision, now, text, given });
  return { chosen, hints, text: withSecrets(text, chosen) };
}

async function find(
  site: RunningSite,
  { settings: { name: device }, folded }: RunningDevice,
  rev: string | undefined,
): Promise<Pick<WayBack, 'revision'> & { readonly what: Answer['found'] }> {
  if (rev !== undefined)
    return { revision: await findRevision(site.archive, device, rev), what: 'asked-for' };
  const further = `to go further back: siteward history ${device}, then siteward restore ${device} REV`;
  const last = folded().lastRollout;
  const newest = await site.archive.newest(device);
  // Whoever asks for the state before a rollout that went back by itself must not lose the good one before that.
  const wentBack = last?.outcome === 'rolled-back' && last.restores === null;
  if (wentBack && newest !== null && newest.revision.rollout !== last.id)
    throw new InvalidInput(
      'already-there',
      `${device}: the last rollout was rolled back, so it has the state before it already; ${further}`,
    );
  const back = await wayBack(site.archive, device);
  if (back === null) {
    const message = `${device}: nothing was rolled out since it is kept, and no checkpoint is another state; run: siteward history ${device}`;
    throw new InvalidInput('no-way-back', message);
  }
  if (back.isThere) {
    const where = back.label === null ? 'the state before the last rollout' : `checkpoint ${back.label}`;
    throw new InvalidInput('already-there', `${device}: it has ${where} already; ${further}`);
  }
  return back;
}

/** Why it can't be ordered; null: it can. */
function refusalOf(
  site: RunningSite,
  { settings, room, folded }: RunningDevice,
  { planned }: RestorePlan,
  bound: string | null,
): Answer['refusal'] {
  const no = (code: string, message: string): Answer['refusal'] => ({ code, message });
  const { broken } = site.ledger.journal;
  const { stuck } = room.report.current();
  const { resolve } = folded();
  const hold = activeHold(site.ledger.state, folded(), site.clock.now());
  if (broken !== null) return no(broken.code, broken.message);
  if (settings.manage !== 'rollout') return no('report-only', `the settings say manage: ${settings.manage}`);
  if (stuck !== null) return no(stuck.code, stuck.message);
  if (resolve !== null) return no('resolve-unfinished', 'what it is to have was ordered with resolve');
  if (hold !== null && hold.restored !== true)
    return no('held', `it is held: "${hold.reason}" by ${hold.by}`);
  if (planned === null) return no('nothing-to-do', 'the device has it, as far as it can be brought there');
  if (planned.obstacle !== null) return no(planned.obstacle.code, planned.obstacle.message);
  if (bound !== null && !planned.digest.startsWith(bound))
    return no('moved', 'the way there is no longer the one that was shown; look at it again');
  return null;
}

/** `refusal` undefined: it was only to be shown. */
function nextOf(
  device: string,
  oid: string,
  { planned }: RestorePlan,
  refusal: Answer['refusal'] | undefined,
): string | null {
  const rev = oid.slice(0, 12);
  if (planned === null) return null;
  if (refusal === undefined) return `siteward restore ${device} ${rev} --plan ${planned.digest.slice(0, 16)}`;
  if (refusal === null)
    return planned.plan.class === 'benign' ? `siteward status ${device}` : 'siteward pending';
  return refusal.code === 'moved'
    ? `siteward restore ${device} ${rev} --preview`
    : `siteward status ${device}`;
}

function planAnswer(
  running: RunningDevice,
  { plan, text, digest, commit }: NonNullable<RestorePlan['planned']>,
): NonNullable<Answer['plan']> {
  return {
    device: running.settings.name,
    commit,
    base: plan.baseDigest,
    actions: plan.actions.map((action) => actionAnswer(running, action, [])),
    class: plan.class,
    reason: plan.reason,
    path: plan.path,
    rollback: rollbackAnswer(running, plan),
    planSha256: digest,
    text,
  };
}

function categoriesOf(running: RunningDevice, actions: readonly PlannedAction[]): Answer['categories'] {
  const { dialect } = running.room.driver;
  const found = new Map<string, Answer['categories'][number]>();
  for (const { action, class: cls } of actions) {
    const category = dialect.category(action.section);
    const sum = found.get(category) ?? { category, add: 0, set: 0, remove: 0, move: 0, signed: 0 };
    found.set(category, {
      ...sum,
      [action.verb]: sum[action.verb] + 1,
      signed: sum.signed + (cls === 'benign' ? 0 : 1),
    });
  }
  return [...found.values()];
}
