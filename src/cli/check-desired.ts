/**
 * The journal and the desired state for `siteward check`, read by the very code that the daemon reads them with: the
 * head is judged against what the journal accepted last, every device's files are composed and parsed. The journal
 * is only read; what would be recorded is folded in memory and forgotten.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rfc3339 } from '../core/clock.ts';
import type { Dialect } from '../core/dialect.ts';
import { InvalidInput } from '../core/errors.ts';
import type { JournalWriter, RecordEnvelope } from '../core/journal.ts';
import { emptySiteState } from '../core/site-state.ts';
import type { SiteState } from '../core/site-state.ts';
import type { Settings } from '../settings/settings.ts';
import { failure } from './finding.ts';
import type { Finding } from './finding.ts';

export interface CheckedJournal {
  /** Null: there is none yet, or it can't be read. */
  readonly state: SiteState | null;
  readonly findings: readonly Finding[];
}

export async function checkJournal(settings: Settings): Promise<CheckedJournal> {
  const what = 'journal';
  try {
    const [{ readSiteJournal }, { strandedRollouts }] = await Promise.all([
      import('../daemon/site-journal.ts'),
      import('../reconcile/stranded-rollouts.ts'),
    ]);
    const read = await readSiteJournal(settings);
    if (read === null) return { state: null, findings: [] };
    const { state, broken } = read;
    const stranded = strandedRollouts(state, settings.devices).map(({ device, message }): Finding => {
      return { what, result: 'failed', code: 'rollout-of-unserved-device', message, device };
    });
    const found: Finding =
      broken === null
        ? { what, result: 'ok', code: 'valid', message: `${state.starts} starts of the daemon` }
        : { what, result: 'failed', ...broken };
    return { state, findings: [found, ...stranded] };
  } catch (error) {
    return { state: null, findings: [failure(what, error)] };
  }
}

/**
 * A copy of a git server's repository is made for this question and thrown away: the daemon's own is the daemon's.
 * `isOffline`: a git server is not asked.
 */
export async function checkDesired(
  settings: Settings,
  state: SiteState | null,
  isOffline: boolean,
): Promise<Finding[]> {
  const what = 'desired';
  const { isRemoteUrl } = await import('../desired/open-repository.ts');
  if (isOffline && isRemoteUrl(settings.desired.url))
    return [{ what, result: 'ok', code: 'not-asked', message: 'the git server is asked without --offline' }];
  const copy = await mkdtemp(path.join(tmpdir(), 'siteward-check-'));
  const signal = AbortSignal.timeout(repositoryPatienceMs);
  try {
    const [
      { openDesiredRepository },
      { openDesiredState },
      { openLedger },
      { composeDevice },
      { secretsOfSite },
      { routerosDialect },
    ] = await Promise.all([
      import('../daemon/git-remote.ts'),
      import('../reconcile/desired-state.ts'),
      import('../reconcile/ledger.ts'),
      import('../desired/compose.ts'),
      import('../daemon/secrets.ts'),
      import('../drivers/routeros/dialect.ts'),
    ]);
    const desired = openDesiredState({
      site: settings.site,
      repository: await openDesiredRepository(settings, path.join(copy, 'desired.git'), signal),
      ledger: openLedger(forgetful(), state ?? emptySiteState()),
      compose: composeDevice,
      secretsOf: secretsOfSite(settings),
      judgeSignature: await signatureJudge(settings),
      // Whether a device knows another state of this site is asked at the start itself.
      firstStartObstacle: () => Promise.resolve(null),
      gate: null,
    });
    await desired.refresh();
    const head = desired.head();
    if (head.state !== 'accepted')
      return [
        { what, result: 'failed', code: head.reason ?? head.state, message: head.message ?? head.state },
      ];
    const subject = desired.files()?.subject ?? '';
    const message = `${(head.head ?? '').slice(0, 7)} "${subject}" on ${settings.desired.branch}`;
    const faults = await Promise.all(
      settings.devices
        .filter(({ manage }) => manage !== 'backup')
        .map(({ name }) => checkText(name, () => desired.textFor(name, routerosDialect), routerosDialect)),
    );
    return [{ what, result: 'ok', code: 'valid', message }, ...faults.flat()];
  } catch (error) {
    return [failure(what, error)];
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** A file that was made from a device says this where the device does; only where they differ does it stop a plan. */
const asDevicesSay = 'ghost-reference';

async function checkText(
  device: string,
  read: () => Promise<{ readonly text: Uint8Array; readonly file: string }>,
  dialect: Dialect,
): Promise<Finding[]> {
  try {
    const { text, file } = await read();
    return dialect.parseDesired(text, file).problems.map(({ code, message, place }) => {
      const found = failure('desired', new InvalidInput(code, message, place), device);
      if (code !== asDevicesSay) return found;
      return { ...found, result: 'warning', message: `${message}; nothing is planned where it has the same` };
    });
  } catch (error) {
    return [failure('desired', error, device)];
  }
}

async function signatureJudge(settings: Settings) {
  if (settings.desired.signed !== 'required') return null;
  const [{ loadTrust }, { commitSignatureJudge }] = await Promise.all([
    import('../settings/trust-files.ts'),
    import('../daemon/commit-signature.ts'),
  ]);
  const trust = await loadTrust({ ...settings.trust, organization: settings.organization });
  return commitSignatureJudge(() => trust, { latest: () => Date.now() });
}

/** A journal that keeps nothing. */
function forgetful(): JournalWriter {
  let seq = 0;
  return {
    head: { seq: 0, hash: '0'.repeat(64) },
    broken: null,
    append: (record): Promise<RecordEnvelope> => {
      seq += 1;
      return Promise.resolve({ v: 1, seq, at: rfc3339(Date.now()), prev: '', ...record });
    },
  };
}
const repositoryPatienceMs = 180_000;
