/** Everything that can be made to go wrong, by name: for the command line, for standard input, and for tests. */
import { parseDuration } from './language/duration.ts';
import type { Simulator } from './simulator.ts';

interface FaultKind {
  /** What stands after `=`; undefined: nothing does. */
  readonly value?: 'BYTES' | 'DURATION' | 'MENU' | 'ADDRESS';
  readonly says: string;
  apply(simulator: Simulator, value: string): void;
}

const ms = (text: string): number => parseDuration(text) ?? 0;

const FAULTS: Readonly<Record<string, FaultKind>> = {
  cut: {
    value: 'BYTES',
    says: 'the next answer that reaches so many bytes ends there, and the connection with it',
    apply: ({ faults }, value) => (faults.nextCut = { how: 'cut', afterBytes: Number(value) }),
  },
  stall: {
    value: 'BYTES',
    says: 'the next answer that reaches so many bytes goes no further; the connection stays',
    apply: ({ faults }, value) => (faults.nextCut = { how: 'stall', afterBytes: Number(value) }),
  },
  'slow-export': {
    value: 'DURATION',
    says: 'exports take so long for each section',
    apply: ({ faults }, value) => (faults.exportSectionMs = ms(value)),
  },
  'unreadable-menu': {
    value: 'MENU',
    says: 'exports have an error line in place of that menu, as in unreadable-menu=/ip/ssh',
    apply: ({ faults }, value) => void faults.unreadableMenus.add(menuPath(value)),
  },
  note: {
    value: 'MENU',
    says: 'exports have a passing remark before the first item of that menu',
    apply: ({ faults }, value) => void faults.exportNotes.set(menuPath(value), ['inactive time']),
  },
  'silent-host': {
    value: 'ADDRESS',
    says: 'that address no longer answers to pings of the device',
    apply: ({ faults }, value) => void faults.silentHosts.add(value),
  },
  'full-flash': {
    says: 'no file can be written, and changes of the configuration are gone after the next reboot',
    apply: ({ machine }) => (machine.files.full = true),
  },
  'free-flash': {
    says: 'there is room again',
    apply: ({ machine }) => (machine.files.full = false),
  },
  reboot: { says: 'the device reboots now', apply: (simulator) => simulator.reboot() },
  'power-cut': {
    says: 'the device loses power and comes back, without some of what was written shortly before',
    apply: (simulator) => simulator.powerCut(),
  },
  'lose-writes': {
    says: 'from now on a power cut loses everything that was not written yet',
    apply: ({ faults }) => (faults.loseAllUnwritten = true),
  },
  'console-crash': {
    says: 'jobs and globals are gone, uptime goes on',
    apply: (simulator) => simulator.consoleCrash(),
  },
  'clock-jump': {
    value: 'DURATION',
    says: 'wall time jumps, back with a minus: clock-jump=-1h',
    apply: (simulator, value) => simulator.jumpClock(ms(value)),
  },
  'cut-sessions': { says: 'every connection ends', apply: (simulator) => simulator.cutSessions() },
  'refuse-connections': {
    says: 'new connections are dropped',
    apply: (simulator) => simulator.stopListening(),
  },
  'take-connections': {
    says: 'new connections are taken again',
    apply: (simulator) => simulator.resumeListening(),
  },
};

export const faultList: readonly { readonly name: string; readonly says: string }[] = Object.entries(
  FAULTS,
).map(([name, { value, says }]) => ({ name: value === undefined ? name : `${name}=${value}`, says }));

export interface Fault {
  /** How long after the start, or after it was asked for. */
  readonly afterMs: number;
  apply(simulator: Simulator): void;
}

/** `NAME[=VALUE][@DURATION]`; a text says what is wrong with it. */
export function parseFault(text: string): Fault | string {
  const match = /^([a-z-]+)(?:=([^@]*))?(?:@(.+))?$/.exec(text.trim());
  const kind = FAULTS[match?.[1] ?? ''];
  if (match === null || kind === undefined) {
    return `${text.trim()}: no such fault; there are ${Object.keys(FAULTS).join(', ')}`;
  }
  const [, name = '', value = '', when = '0s'] = match;
  const afterMs = parseDuration(when);
  if (afterMs === undefined || afterMs < 0) return `${name}: after @ a duration such as 30s is expected`;
  if (kind.value === undefined) {
    if (value !== '') return `${name}: takes no value`;
  } else if (!VALUES[kind.value].isGood(value)) {
    return `${name}: expected ${name}=${kind.value}, as in ${name}=${VALUES[kind.value].example}`;
  }
  return { afterMs, apply: (simulator) => kind.apply(simulator, value) };
}

const VALUES: Readonly<
  Record<NonNullable<FaultKind['value']>, { readonly example: string; isGood(value: string): boolean }>
> = {
  BYTES: { example: '20000', isGood: (value) => /^\d{1,9}$/.test(value) },
  DURATION: { example: '500ms', isGood: (value) => parseDuration(value) !== undefined },
  ADDRESS: { example: '192.0.2.1', isGood: (value) => /^[0-9A-Fa-f.:]{2,64}$/.test(value) },
  MENU: { example: '/ip/ssh', isGood: (value) => /^\/[a-z]/.test(value) },
};

const menuPath = (text: string): string => `/${text.slice(1).replaceAll('/', ' ')}`;
