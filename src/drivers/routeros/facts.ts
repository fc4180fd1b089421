/**
 * Reads the answers to the driver's questions: lines of `tag=value`, strictly. A line that is not understood is
 * an error of its own, since a fact that is missed could mean a net that is not there. Pure.
 */
import { DeviceError } from '../../core/errors.ts';
import type { Login } from '../driver.ts';
import { linesOf } from './console.ts';
import { witnessName } from './objects.ts';
import { parseRights } from './rights.ts';
import type { UserRights } from './rights.ts';
import { parseTime } from './times.ts';

/** Everything siteward has on the device, and what people put there for it. */
export interface OwnObjects {
  /** Names of scripts and schedulers that begin with `sw-`. */
  readonly names: readonly string[];
  readonly held: boolean;
  readonly lock: string | null;
  readonly witness: string | null;
}

export interface StandingFacts extends OwnObjects {
  readonly version: string;
  readonly board: string;
  readonly uptimeS: number;
  readonly identity: string;
}

/** What only a preflight asks for; null: the device does not say. */
export interface Conditions {
  /** `refused`: the login may not even read that. */
  readonly rights: UserRights | 'refused';
  /** As the device prints it. */
  readonly date: string;
  readonly freeBytes: number | null;
  /** Changes that are taken back when somebody's safe mode ends. */
  readonly floating: number;
  /** Who else is logged in, and by what. */
  readonly logins: readonly Login[];
  /** From 7.17 on; null before. */
  readonly deviceMode: { readonly mode: string; readonly scheduler: boolean } | null;
}

export interface RolloutFacts extends OwnObjects {
  readonly uptimeS: number;
  readonly applyJob: boolean;
  readonly backJob: boolean;
  readonly tick: { readonly runCount: number; readonly enabled: boolean } | null;
  readonly decision: 'confirm' | 'rollback' | null;
  readonly applyNote: string;
  readonly backNote: string;
}

type Tags = ReadonlyMap<string, readonly string[]>;

export function parseStandingFacts(text: string): StandingFacts {
  const tags = tagsOf(text);
  return {
    version: one(tags, 'version').split(' ')[0] ?? '',
    board: one(tags, 'board'),
    uptimeS: uptimeOf(tags),
    identity: one(tags, 'identity'),
    ...ownObjects(tags),
  };
}

export function parseRolloutFacts(text: string): RolloutFacts {
  const tags = tagsOf(text);
  const jobs = tags.get('job') ?? [];
  return {
    uptimeS: uptimeOf(tags),
    applyJob: jobs.includes('apply'),
    backJob: jobs.includes('back'),
    tick: tickOf(tags.get('tick')?.[0]),
    decision: decisionOf(tags.get('decision') ?? []),
    applyNote: tags.get('apply')?.[0] ?? '',
    backNote: tags.get('back')?.[0] ?? '',
    ...ownObjects(tags),
  };
}

function ownObjects(tags: Tags): OwnObjects {
  return {
    names: [...(tags.get('script') ?? []), ...(tags.get('scheduler') ?? [])],
    held: tags.has('hold'),
    lock: tags.get('lock')?.[0] ?? null,
    witness: tags.get('witness')?.[0] ?? null,
  };
}

/** The first script of that name decides, as it does for the scripts on the device. */
function decisionOf(values: readonly string[]): 'confirm' | 'rollback' | null {
  const [value] = values;
  if (value === undefined) return null;
  if (value === 'confirm' || value === 'rollback') return value;
  throw notUnderstood('the decision on the device is neither confirm nor rollback');
}

function tickOf(value: string | undefined): RolloutFacts['tick'] {
  if (value === undefined) return null;
  const match = /^(\d{1,9}) (true|false|yes|no)$/.exec(value);
  if (match === null) throw notUnderstood("the timer's run count");
  return { runCount: Number(match[1]), enabled: match[2] === 'false' || match[2] === 'no' };
}

function uptimeOf(tags: Tags): number {
  const seconds = parseTime(one(tags, 'uptime'));
  if (seconds === null) throw notUnderstood('its uptime');
  return seconds;
}

function one(tags: Tags, tag: string): string {
  const values = tags.get(tag);
  if (values?.length !== 1) throw notUnderstood(`its ${tag}`);
  return values[0] ?? '';
}

const knownTags = new Set(
  'version board uptime identity script scheduler hold lock witness job tick decision apply back'.split(' '),
);

function tagsOf(text: string): Tags {
  const tags = new Map<string, string[]>();
  for (const line of linesOf(text)) {
    const equals = line.indexOf('=');
    const tag = line.slice(0, Math.max(0, equals));
    if (!knownTags.has(tag)) throw notUnderstood('a line of its answer');
    tags.set(tag, [...(tags.get(tag) ?? []), line.slice(equals + 1)]);
  }
  return tags;
}

function notUnderstood(what: string): DeviceError {
  return new DeviceError('unsupported', `the device answered, but ${what} can't be read`);
}

const mostText = 100;
const mostLogins = 50;

/** The answer to `conditionsCommand`; the device-mode is another question. */
export function parseConditions(text: string): {
  readonly facts: StandingFacts;
  readonly conditions: Conditions;
} {
  const lines = linesOf(text);
  const at = lines.indexOf('conditions=');
  if (at < 0) throw notUnderstood('what it was asked before a rollout');
  const more = lines.slice(at + 1);
  const valuesOf = (tag: string): readonly string[] =>
    more.flatMap((line) => (line.startsWith(`${tag}=`) ? [line.slice(tag.length + 1)] : []));
  const own = more.filter((line) => /^(?:group|disabled|policy)=/.test(line));
  const [free = '', floating = ''] = ['free', 'floating'].map((tag) => valuesOf(tag)[0] ?? '');
  return {
    facts: parseStandingFacts(lines.slice(0, at).join('\n')),
    conditions: {
      rights: more.includes('refused=') ? 'refused' : parseRights(own.join('\n')),
      date: (valuesOf('date')[0] ?? '').slice(0, mostText),
      freeBytes: /^\d{1,15}$/.test(free) ? Number(free) : null,
      floating: /^\d{1,6}$/.test(floating) ? Number(floating) : 0,
      logins: valuesOf('login').slice(0, mostLogins).map(loginOf),
      deviceMode: null,
    },
  };
}

function loginOf(value: string): Login {
  const [via = '', address = '', ...name] = value.slice(0, mostText).split(' ');
  return { user: name.join(' '), via, address };
}

/** The answer to `deviceModeCommand`. */
export function parseDeviceMode(text: string): Conditions['deviceMode'] {
  const match = /^(true|yes|false|no) ([a-z-]{1,40})$/.exec(text.trim());
  if (match === null) throw notUnderstood('its device-mode');
  return { scheduler: match[1] === 'true' || match[1] === 'yes', mode: match[2] ?? '' };
}

/** What a rollout must not find: everything of any siteward but the witness; a witness that is not ours counts. */
export function leftoversOf(facts: OwnObjects, witnessReadable: boolean): readonly string[] {
  return facts.names.filter((name) => name !== witnessName || !witnessReadable);
}

/** Every line of the check says `N base`; anything else means that a selector does not mean what the plan means. */
export function checkVerdict(text: string): 'base' | 'mismatch' | 'silent' {
  const lines = linesOf(text);
  if (lines.length === 0) return 'silent';
  return lines.every((line) => /^\d+ base$/.test(line)) ? 'base' : 'mismatch';
}
