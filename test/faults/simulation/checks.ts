/**
 * The promises as they can be seen from outside of the daemon: from the durable records on its disk, the commands that
 * leave it, and the device itself. Shares no code with what it judges. A broken promise ends the run.
 */
import type { SitewardRecord } from '../../../src/core/rollout/events.ts';
import type { SimulatedDevice } from './device.ts';
import type { Host } from './host.ts';
import type { Session } from './network.ts';

export class Violation extends Error {}

/** What an effect's command lines look like; a line may belong to several effects. */
const effectsOf: readonly { readonly pattern: RegExp; readonly effects: readonly string[] }[] = [
  {
    pattern: /^\/system script (add|set|remove) (\[find )?name="sw-[0-9a-f]{12}-back"/,
    effects: ['stage', 'roll-back', 'clean'],
  },
  {
    pattern: /^\/system script (add|set|remove) (\[find )?name="sw-[0-9a-f]{12}-(check|apply)"/,
    effects: ['stage', 'clean'],
  },
  { pattern: /^\/system script remove \[find name="sw-[0-9a-f]{12}-decision"/, effects: ['clean'] },
  { pattern: /^(:do {)?\/system script (add|set) (\[find )?name="sw-lock"/, effects: ['lock'] },
  { pattern: /^:foreach i in=\[\/system script find where name="sw-lock"\]/, effects: ['lock', 'clean'] },
  { pattern: /^\/system script (add|set) (\[find )?name="sw-witness"/, effects: ['witness'] },
  { pattern: /^:if .*name="sw-[0-9a-f]{12}-decision" source="confirm"/, effects: ['confirm'] },
  {
    pattern: /^:do {\/system script add name="sw-[0-9a-f]{12}-decision" source="rollback"/,
    effects: ['roll-back'],
  },
  { pattern: /^:if .*:execute "\/system script run sw-[0-9a-f]{12}-apply"/, effects: ['apply'] },
  { pattern: /^:execute .*-back"/, effects: ['roll-back'] },
  { pattern: /^:foreach i in=\[\/system script job find .*job remove/, effects: ['roll-back', 'clean'] },
  { pattern: /^\/system scheduler add /, effects: ['arm'] },
  { pattern: /^\/system scheduler remove /, effects: ['arm', 'clean'] },
];

/** What was served to a daemon that reads, as the only thing it may rest an outcome on. */
interface Reading {
  readonly session: number;
  readonly rows: readonly string[];
  readonly decision: string | null;
  readonly tick: boolean;
  readonly declined: number;
}

interface KnownRollout {
  readonly seq: number;
  readonly class: string;
  readonly plan: string;
  readonly base: string;
  authorized: boolean;
  /** People ended another rollout, and this one leads on from there. */
  resolving: boolean;
  challenge: string | null;
  inFlight: string | null;
  settled: boolean;
}

/** What the durable records of one machine come to, folded anew for each question. */
interface Told {
  readonly rollouts: Map<string, KnownRollout>;
  readonly plans: Map<string, number>;
  held: { readonly until: string | null; readonly seq: number } | null;
  quarantine: string | null;
  /** What people's word about a device that stood still allows. */
  next: string | null;
  readonly challenges: Set<string>;
}

export class Checks {
  readonly #device: SimulatedDevice;
  /** Challenges that a person of this world has signed for, with the plan and base they were for. */
  readonly signed = new Map<string, string>();
  readonly #told = new Map<Host, Told>();
  readonly #challengeOf = new Map<string, string>();
  readonly #readings = new Map<string, Reading>();
  readonly #facts = new Map<string, Omit<Reading, 'rows'>>();
  /** Session over which each machine asked for a rollout's confirm; a copy may ask too. */
  readonly #confirmSession = new Map<string, number>();
  /** Rollouts whose target was verified: from here on nothing has to lead back. */
  readonly #verified = new Set<string>();
  /** Runs of the timer when a machine began to verify a rollout. */
  readonly #tickedAtVerify = new Map<string, number>();
  readonly #witnessSeen = new Map<Host, string>();
  /** Somebody else took the net away or loaded another configuration: the device is no longer this daemon's alone. */
  netIsSacred = true;
  /** Rows that somebody else has written: what they come to is no rollout's doing. */
  readonly byHand = new Set<number>();
  /** The same journal lives twice: what the other one did with a rollout is in no record here. */
  twins = false;
  /** How many times each promise was judged. */
  readonly judged = new Map<string, number>();

  constructor(device: SimulatedDevice) {
    this.#device = device;
  }

  #count(promise: string): void {
    this.judged.set(promise, (this.judged.get(promise) ?? 0) + 1);
  }

  #require(holds: boolean, promise: string, what: string): void {
    this.#count(promise);
    if (!holds) throw new Violation(`${promise}: ${what}`);
  }

  /** A machine's disk now holds something else than it did: it lost power, or an older image was put back. */
  forget(host: Host): void {
    this.#told.delete(host);
    this.#witnessSeen.delete(host);
  }

  /** What was written when the copy was made was decided on what the first one had read. */
  copied(host: Host, copy: Host): void {
    const reading = this.#readings.get(host.name);
    if (reading !== undefined) this.#readings.set(copy.name, reading);
    for (const [key, session] of [...this.#confirmSession])
      if (key.startsWith(`${host.name} `))
        this.#confirmSession.set(key.replace(host.name, copy.name), session);
  }

  /** Before a command that may change the device leaves a machine. */
  onSend(host: Host, command: string, session: Session): void {
    const told = this.#toldBy(host);
    const id = /sw-([0-9a-f]{12})-/.exec(command)?.[1] ?? /rollout=([0-9a-f]{12})/.exec(command)?.[1] ?? null;
    const found = effectsOf.find(({ pattern }) => pattern.test(command));
    this.#require(found !== undefined, 'I1', `a command of no known effect: ${command.slice(0, 120)}`);
    const open = [...told.rollouts].filter(([, one]) => !one.settled);
    const [rolloutId, rollout] = open.find(([one]) => id === null || one === id) ?? [null, null];
    this.#require(
      rollout?.inFlight != null && found?.effects.includes(rollout.inFlight) === true,
      'I1',
      `sent without a durable announcement (${rollout?.inFlight ?? 'nothing is in flight'}): ${command.slice(0, 120)}`,
    );
    this.#require(
      rollout?.authorized === true,
      'I2',
      'a command of a rollout that nothing durable authorizes',
    );
    if (rollout != null && rolloutId !== null && rollout.class !== 'benign' && !rollout.resolving)
      this.#signature(rolloutId, rollout);
    if (!this.#isHarmless(command)) this.#witness(host);
    if (found?.effects[0] === 'confirm' && rolloutId !== null) {
      this.#confirmSession.set(`${host.name} ${rolloutId}`, session.id);
      const ran = this.#device.ticked > (this.#tickedAtVerify.get(`${host.name} ${rolloutId}`) ?? -1);
      this.#require(ran, 'I3', 'asked to confirm, and its rollback did not run while it was verified');
    }
  }

  /**
   * Taking away what bears this rollout's own name can hurt nobody else's, a name that is there is not added again, and
   * what asks for this rollout's timer first does nothing without it. What is staged under its own name is not run before
   * it is armed, which asks whose the device is.
   */
  #isHarmless(command: string): boolean {
    if (/^\/system (script|scheduler) remove /.test(command)) return true;
    const staged =
      /^\/system script (?:add|set) (?:\[find )?name="(sw-[0-9a-f]{12})-(?:check|apply|back)"/.exec(command);
    if (staged !== null && this.#device.tick?.name !== `${staged[1] ?? ''}-tick`) return true;
    const taken = /\/system (?:script|scheduler) add name="([^"]+)"/.exec(command)?.[1] ?? '';
    if (this.#device.scripts.has(taken) || this.#device.tick?.name === taken) return true;
    const timer = /^:if .*name="(sw-[0-9a-f]{12}-tick)"/.exec(command)?.[1];
    return timer !== undefined && this.#device.tick?.name !== timer;
  }

  #signature(id: string, rollout: KnownRollout): void {
    const { challenge } = rollout;
    const signedFor = challenge === null ? undefined : this.signed.get(challenge);
    this.#require(
      signedFor === `${rollout.plan} ${rollout.base}`,
      'I2',
      'nobody signed this plan on this base',
    );
    const user = this.#challengeOf.get(challenge ?? '');
    if (this.#device.jobs.some((job) => job.script === `sw-${id}-apply`)) {
      this.#require(user === undefined || user === id, 'I2', 'one authorization for two rollouts');
      this.#challengeOf.set(challenge ?? '', id);
    }
  }

  /** I6: who writes knows the journal up to what the device has seen of it. */
  #witness(host: Host): void {
    const source = this.#device.scripts.get('sw-witness')?.source ?? '';
    if (source === '' || this.#witnessSeen.get(host) === source) return;
    const match = /seq=(\d+) head=([0-9a-f]{64})$/.exec(source);
    const [seq, head] = [Number(match?.[1]), match?.[2] ?? ''];
    const accepted = host.records.some(
      (one) => one.kind === 'resolved' && one.witness?.seq === seq && one.witness.head === head,
    );
    const known = seq === 0 || host.hashAt(seq) === head || accepted;
    this.#require(
      known,
      'I6',
      `${host.name} changes a device that has seen record ${seq} of another journal`,
    );
    this.#witnessSeen.set(host, source);
  }

  /** A reading command was answered. */
  onRead(host: Host, command: string, session: Session): void {
    const id = /name="sw-([0-9a-f]{12})-tick"/.exec(command)?.[1];
    if (id !== undefined) {
      this.#facts.set(host.name, {
        session: session.id,
        decision: this.#device.decision(id),
        tick: this.#device.tick?.name === `sw-${id}-tick`,
        declined: this.#device.declined.get(id) ?? 0,
      });
    }
    if (command.startsWith('/export')) {
      const facts = this.#facts.get(host.name);
      if (facts?.session === session.id)
        this.#readings.set(host.name, { ...facts, rows: [...this.#device.rows] });
    }
  }

  /** A record has become durable: judged by what was durable before it. */
  onRecord(host: Host, record: SitewardRecord): void {
    const told = this.#toldBy(host);
    switch (record.kind) {
      case 'rollout-planned': {
        const { plan, base } = record;
        this.#require(
          told.quarantine !== `${plan} ${base}`,
          'I8',
          'a quarantined plan was begun again on its base',
        );
        break;
      }
      case 'lock-started': {
        const held = told.held !== null && (told.held.until === null || told.held.until > record.at);
        const before = (told.rollouts.get(record.rollout)?.seq ?? 0) > (told.held?.seq ?? Infinity);
        this.#require(!held || !before, 'hold', 'a rollout was begun while the device is held');
        break;
      }
      case 'authorization-consumed':
        this.#require(!told.challenges.has(record.challenge), 'I2', 'an authorization was consumed twice');
        break;
      case 'resolved':
        this.#require(this.signed.has(record.challenge), 'I2', 'resolved, and nobody signed it');
        this.#require(!told.challenges.has(record.challenge), 'I2', 'an authorization was consumed twice');
        // What the device has is kept by people's word, whatever it is.
        if (record.rollout !== null) this.#verified.add(record.rollout);
        break;
      case 'apply-started': {
        const rollout = told.rollouts.get(record.rollout);
        const key = `${rollout?.plan ?? ''} ${rollout?.base ?? ''}`;
        // What people sign is done as often as they sign it.
        const often = rollout?.resolving === true ? 0 : (told.plans.get(key) ?? 0);
        this.#require(often < 2, 'I8', 'a plan was applied a third time on its base');
        break;
      }
      case 'verify-started':
        this.#tickedAtVerify.set(`${host.name} ${record.rollout}`, this.#device.ticked);
        break;
      case 'confirmed':
        this.#confirmed(host, record.rollout);
        break;
      case 'rolled-back':
        this.#rolledBack(host, record.rollout);
        break;
      case 'not-started':
        this.#require(
          !this.#device.applied.has(record.rollout) || this.twins,
          'I5',
          'recorded as not started, and the device had changed',
        );
        break;
      case 'settled':
        this.#settled(record.rollout, record.outcome);
        break;
      default:
    }
    foldTold(told, record);
  }

  /** What a rollout came to is what the device has, and not only what was read when it was recorded. */
  #settled(id: string, outcome: string): void {
    const program = this.#device.programs.get(id);
    if (program === undefined || this.twins || outcome === 'resolved') return;
    const { base, target } = program;
    const meant = outcome === 'confirmed' ? target : base;
    const isMeant = base.every(
      (line, i) => line === target[i] || this.byHand.has(i) || this.#device.rows[i] === meant[i],
    );
    this.#require(isMeant, 'I5', `settled as ${outcome}, and the device has ${this.#device.rows.join('; ')}`);
  }

  #confirmed(host: Host, id: string): void {
    const reading = this.#readings.get(host.name);
    const program = this.#device.programs.get(id);
    const fresh =
      reading !== undefined && reading.session > (this.#confirmSession.get(`${host.name} ${id}`) ?? 0);
    this.#require(fresh, 'I4', 'confirmed without a reading over a new connection');
    this.#require(reading?.decision === 'confirm', 'I4', 'confirmed, and the device had not decided so');
    this.#require((reading?.declined ?? 0) > 0, 'I4', 'confirmed, and no run of the rollback had declined');
    const isTarget = program?.target.every(
      (line, i) => line === program.base[i] || line === reading?.rows[i],
    );
    this.#require(isTarget === true, 'I4', 'confirmed, and what was read is not the target');
    this.#verified.add(id);
  }

  #rolledBack(host: Host, id: string): void {
    const reading = this.#readings.get(host.name);
    const program = this.#device.programs.get(id);
    this.#require(
      reading?.tick === false,
      'I5',
      'recorded as rolled back while the rollback was still at it',
    );
    const isBase = program?.base.every((line, i) => line === program.target[i] || line === reading?.rows[i]);
    this.#require(
      isBase === true,
      'I5',
      `recorded as rolled back, and what was read is not the base: ${JSON.stringify([reading?.rows, program?.base, program?.target])}`,
    );
  }

  /** I3 and I6: after everything that the device does. */
  onDevice(): void {
    const { jobs, tick, programs } = this.#device;
    const applying = jobs.filter((job) => job.script.endsWith('-apply'));
    this.#require(
      new Set(applying.map((job) => job.script)).size <= 1,
      'I6',
      'two rollouts are applied at once',
    );
    if (!this.netIsSacred) return;
    for (const [id, { base, target }] of programs) {
      if (!this.#device.applied.has(id) || this.#verified.has(id)) continue;
      if (this.#device.decision(id) === 'confirm') continue;
      const lock = this.#device.scripts.get('sw-lock')?.source ?? '';
      if (!lock.endsWith(`rollout=${id}`)) continue;
      const changed = base.some((line, i) => line !== target[i] && this.#device.rows[i] !== line);
      const net = tick?.name === `sw-${id}-tick` && this.#device.scripts.has(`sw-${id}-back`);
      this.#require(!changed || net, 'I3', 'changed, not decided, and no rollback is armed');
    }
  }

  /** What a machine's disk tells; read anew when it was not there before. */
  #toldBy(host: Host): Told {
    let told = this.#told.get(host);
    if (told === undefined) {
      told = {
        rollouts: new Map(),
        plans: new Map(),
        held: null,
        quarantine: null,
        next: null,
        challenges: new Set(),
      };
      for (const record of host.records) foldTold(told, record);
      this.#told.set(host, told);
    }
    return told;
  }
}

function foldTold(told: Told, record: SitewardRecord): void {
  if (record.kind === 'held') told.held = { until: record.until, seq: record.seq };
  if (record.kind === 'released') told.held = null;
  if (record.kind === 'quarantined') told.quarantine = `${record.plan} ${record.base}`;
  if (record.kind === 'retry' || record.kind === 'commit-accepted') {
    if (record.kind === 'retry') told.quarantine = null;
    told.plans.clear();
  }
  if (record.kind === 'rollout-planned') {
    const { class: needs, plan, base } = record;
    told.rollouts.set(record.rollout, {
      seq: record.seq,
      class: needs,
      plan,
      base,
      authorized: false,
      resolving: false,
      challenge: null,
      inFlight: null,
      settled: false,
    });
  }
  if (record.kind === 'resolved') {
    told.next = record.next;
    told.challenges.add(record.challenge);
    // One of its own that was in flight is gone with it.
    for (const one of told.rollouts.values()) one.settled = true;
    // Another's rollout, or one of records that are lost: it is this journal's from here on.
    if (record.rollout !== null)
      told.rollouts.set(record.rollout, {
        seq: record.seq,
        class: 'operational',
        plan: '',
        base: '',
        authorized: true,
        resolving: true,
        challenge: record.challenge,
        inFlight: null,
        settled: false,
      });
  }
  const rollout =
    'rollout' in record && record.rollout !== null ? told.rollouts.get(record.rollout) : undefined;
  if (rollout === undefined) return;
  if (record.kind === 'authorized') {
    rollout.resolving = record.reason === 'resolved' && told.next === record.rollout;
    rollout.authorized = rollout.class === 'benign' || rollout.resolving;
  }
  if (record.kind === 'authorization-consumed') {
    rollout.authorized = true;
    const { challenge } = record as { challenge: string };
    rollout.challenge = challenge;
    told.challenges.add(challenge);
  }
  const effect = /^(.*)-(started|finished)$/.exec(record.kind);
  if (effect?.[2] === 'started') rollout.inFlight = effect[1] ?? null;
  if (effect?.[2] === 'finished' && 'result' in record && record.result !== 'unknown')
    rollout.inFlight = null;
  const key = `${rollout.plan} ${rollout.base}`;
  if (record.kind === 'apply-started' && !rollout.resolving)
    told.plans.set(key, (told.plans.get(key) ?? 0) + 1);
  if (record.kind === 'settled') {
    rollout.settled = true;
    if (record.outcome === 'confirmed') told.plans.delete(key);
  }
}
