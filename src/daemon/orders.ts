/**
 * What people order: start, try again, hold, let go. Each order says what became of it; a no is an answer with its
 * reason and the command that goes on. An order never goes round the gate.
 */
import type { AnswerOf, Client, Operations, RequestOf } from '../api/operations.ts';
import { rfc3339 } from '../core/clock.ts';
import { InvalidInput } from '../core/errors.ts';
import type { NewLogin, Resolution } from '../core/rollout/event-fields.ts';
import type { SitewardEvent } from '../core/rollout/events.ts';
import { makeKeyPair } from '../drivers/key-pair.ts';
import { loginKeyKind } from '../drivers/routeros/login-keys.ts';
import { waitsForPeople } from '../reconcile/waits-for-people.ts';
import { whyNoDrill } from '../reconcile/drill.ts';
import { enrolFor } from '../reconcile/next-command.ts';
import { standingFor } from './answers.ts';
import { markOf, readCredentials } from './device-drivers.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';

type Answer = AnswerOf<'apply'>['results'][number];

export function buildOrders(
  site: RunningSite,
): Pick<Operations, 'apply' | 'drill' | 'retry' | 'resolve' | 'rotate' | 'adopt' | 'hold' | 'release'> {
  return {
    apply: ({ device }) => Promise.resolve(results(select(site, device).map((one) => apply(site, one)))),
    drill: ({ device }) => Promise.resolve(results(select(site, device).map((one) => drill(site, one)))),
    retry: async ({ device: name }, client) => {
      const [device] = select(site, name);
      const standing = device === undefined ? null : standingFor(site, device);
      // A plan that was set aside earlier is no way out of this: what the device is to have has to be said first.
      if (standing?.state === 'diverged') {
        const { message, next } = standing;
        return results([{ ...no(name, 'diverged', message ?? 'diverged'), next }]);
      }
      if (device?.folded().quarantine == null) {
        return results([no(name, 'nothing-to-retry', 'no plan of this device is quarantined')]);
      }
      await record(site, { kind: 'retry', device: name }, client);
      device.loop.wake();
      return results([yes(name, 'retrying', 'the plan is made and tried again')]);
    },
    resolve: async ({ device: name, as }, client) => {
      const [device] = select(site, name);
      const told = device === undefined ? null : judgeResolve(device, as);
      if (device === undefined || told !== null) return results(told === null ? [] : [told]);
      const sealed = as === 'actual' ? null : whereBaseIs(device);
      await record(site, { kind: 'resolve-ordered', device: name, as, sealed }, client);
      device.loop.wake();
      const message = 'the device is read again; what would be done on it then waits for a signature';
      return results([{ ...yes(name, 'ordered', message), next: 'siteward pending' }]);
    },
    adopt: async ({ device: name, sections }, client) => {
      const [device] = select(site, name);
      if (device === undefined) return results([]);
      await record(site, { kind: 'adopt-ordered', device: name, sections }, client);
      device.loop.wake();
      const message = 'the device is read again; what would be taken over then waits for signatures';
      return results([{ ...yes(name, 'ordered', message), next: 'siteward pending' }]);
    },
    rotate: (request, client) => rotate(site, request, client),
    hold: async ({ device, reason, forMs }, client) => {
      const running = device === null ? [] : select(site, device);
      const until = forMs === undefined ? null : rfc3339(site.clock.now() + forMs);
      await record(site, { kind: 'held', device, reason, until }, client);
      const goesOn = running.flatMap((one) => one.folded().rollout?.id ?? [])[0];
      const also = goesOn === undefined ? '' : `; rollout ${goesOn}, which has begun, goes on`;
      return results([
        yes(device, 'held', `${until === null ? 'held until released' : `held until ${until}`}${also}`),
      ]);
    },
    release: async ({ device }, client) => {
      const devices = select(site, device ?? undefined);
      const held =
        device === null
          ? (site.ledger.state.siteHold ?? site.ledger.state.stopped)
          : devices[0]?.folded().hold;
      if (held == null) {
        const whole = device !== null && site.ledger.state.siteHold !== null;
        const message = whole ? 'the whole site is held, not this device' : 'nothing is held';
        return results([
          { ...no(device, 'not-held', message), next: whole ? 'siteward release --all' : null },
        ]);
      }
      await record(site, { kind: 'released', device }, client);
      for (const one of devices) one.loop.wake();
      return results([yes(device, 'released', 'the hold has ended')]);
    },
  };
}

/** States in which a person's word alone starts nothing. */
const standsStill: readonly string[] = [
  'pending-signature',
  'rolling-out',
  'held',
  'quarantined',
  'diverged',
  'error',
  'unreachable',
];

function apply(site: RunningSite, device: RunningDevice): Answer {
  const { name, manage } = device.settings;
  const { state, reason, message, next } = standingFor(site, device);
  if (manage !== 'rollout') return no(name, 'report-only', `the settings say manage: ${manage}`);
  if (standsStill.includes(state)) return { ...no(name, reason ?? state, message ?? reason ?? state), next };
  device.loop.wake({ apply: true });
  const planned = device.room.report.current().comparison?.planned ?? null;
  if (planned === null)
    return yes(name, 'reading', 'nothing to roll out as of the last reading; reading again');
  const { length } = planned.plan.actions;
  return yes(name, 'started', length === 1 ? '1 action' : `${length} actions`);
}

function drill(site: RunningSite, device: RunningDevice): Answer {
  const { settings, room, loop } = device;
  const { name } = settings;
  const why = whyNoDrill(room);
  if (why !== null) {
    const raised = why.code === 'report-only' ? enrolFor(settings, 'rollout') : null;
    const next = raised ?? standingFor(site, device).next ?? `siteward status ${name}`;
    return { ...no(name, why.code, why.message), next };
  }
  loop.wake({ drill: true });
  const message =
    'a drill is ordered; it begins with the next reading, if that finds nothing to roll out and no fault, ' +
    'and takes some minutes';
  return { ...yes(name, 'drilling', message), next: `siteward log ${name}` };
}

/** The rollout that says what base and target are: the one in flight, or the one that an unfinished order is about. */
function whereBaseIs({ folded }: Pick<RunningDevice, 'folded'>): string | null {
  const { rollout, resolve } = folded();
  const tells = rollout?.mayHaveChanged === true && rollout.phase !== 'resolved';
  return tells ? rollout.sealed : (resolve?.sealed ?? null);
}

/** Why this order makes no sense now; null: it does. */
function judgeResolve({ settings, room, folded }: RunningDevice, as: Resolution): Answer | null {
  const { name } = settings;
  const { rollout, resolve, changed, confirmed } = folded();
  const waits = rollout !== null && waitsForPeople(rollout) !== null;
  if (room.report.current().stuck === null && !waits && resolve === null) {
    const message = 'the device does not wait for a decision';
    return { ...no(name, 'nothing-to-resolve', message), next: `siteward status ${name}` };
  }
  if (as === 'actual' || whereBaseIs({ folded }) !== null) return null;
  // One that is no longer what was left can have what git wants, or what was last confirmed.
  if (changed !== null && (as === 'target' || confirmed !== null)) return null;
  const message = `no rollout of this journal may have changed the device, so nothing says what its ${as} is`;
  return { ...no(name, 'nothing-to-go-to', message), next: `siteward resolve ${name} --as actual` };
}

async function rotate(
  site: RunningSite,
  { device: name, what, emergency }: RequestOf<'rotate'>,
  client: Client,
): Promise<AnswerOf<'rotate'>> {
  const [device] = select(site, name);
  if (device === undefined) return results([]);
  const made = what === 'credential' ? await newLogin(site, device) : null;
  if (made !== null && 'no' in made) return results([made.no]);
  await record(site, { kind: 'rotation-ordered', device: name, what, emergency, ...made }, client);
  device.loop.wake();
  const shown = what === 'host-key' ? 'the host key that it shows then' : 'what would be done on it then';
  const message = `the device is asked again; ${shown} waits for signatures`;
  return results([{ ...yes(name, 'ordered', message), next: 'siteward pending' }]);
}

/** A key pair or a password for this device alone, what is secret of it in the state. A no where none can be made now. */
async function newLogin(
  site: RunningSite,
  { settings: device, room, folded }: RunningDevice,
): Promise<{ readonly login: NewLogin } | { readonly no: Answer }> {
  const { name } = device;
  const version = room.report.current().facts?.version;
  if (folded().credential !== null)
    return { no: { ...no(name, 'rotating', 'a new one is being put on it'), next: `siteward log ${name}` } };
  if (version === undefined) {
    const message = 'it was not read yet, so nobody knows what it takes';
    return { no: { ...no(name, 'not-read-yet', message), next: `siteward status ${name}` } };
  }
  const said = await readCredentials(device);
  const loginName = `siteward-${site.random(6).toString('hex')}`;
  const fresh = said.password === undefined ? freshKey(version, loginName) : freshPassword(site);
  // Before anything is said to the device.
  const sealed = await site.files.put('credential', fresh.secret);
  return {
    login: { sealed, line: fresh.line, name: loginName, settingsKey: markOf(said, fresh.secret) ?? '' },
  };
}

interface Fresh {
  readonly line: string;
  readonly secret: Buffer;
}

function freshKey(version: string, name: string): Fresh {
  const pair = makeKeyPair(loginKeyKind(version), name);
  return {
    line: pair.publicKey.split(' ').slice(0, 2).join(' '),
    secret: Buffer.from(pair.privateKey, 'latin1'),
  };
}

/** Letters of both cases, a digit and a sign, for devices that ask for each. */
function freshPassword(site: RunningSite): Fresh {
  return { line: '', secret: Buffer.from(`Sw1-${site.random(20).toString('hex')}`, 'latin1') };
}

function results(answers: readonly Answer[]): AnswerOf<'apply'> {
  return { v: 1, results: [...answers] };
}

function yes(device: string | null, code: string, message: string): Answer {
  return { device, done: true, code, message };
}

function no(device: string | null, code: string, message: string): Answer {
  return { device, done: false, code, message };
}

/** The devices that are meant: all, or the one of that name. Throws `InvalidInput` unknown-device. */
export function select(site: RunningSite, name: string | undefined): readonly RunningDevice[] {
  if (name === undefined) return site.devices;
  const device = site.devices.find((one) => one.settings.name === name);
  if (device !== undefined) return [device];
  throw new InvalidInput(
    'unknown-device',
    `this daemon knows no device ${JSON.stringify(name)} (siteward status lists them); if the settings name it by now, ` +
      'it was started before: systemctl restart siteward',
  );
}

export function actorOf(client: Client): string {
  return client.claimed ?? 'socket';
}

export async function record(site: RunningSite, event: SitewardEvent, client: Client): Promise<void> {
  await site.ledger.append(event, actorOf(client));
}
