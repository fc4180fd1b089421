/**
 * Pushing to a git server: what it has, and commands with a pack, each command with the name that the server is expected
 * to have there, so that nothing of anybody's is overwritten. Its report is believed only where it names each command.
 */
import { InvalidInput } from '../../core/errors.ts';
import { bounded, gather, remoteFault } from './git-remote.ts';
import type { GitRemote } from './git-remote.ts';
import { flush, linesUpToFlush, pktLine } from './pkt-lines.ts';

export interface Advertised {
  /** Object names by reference. */
  readonly refs: ReadonlyMap<string, string>;
  readonly capabilities: ReadonlySet<string>;
}

export interface PushedRef {
  readonly ref: string;
  /** What the server has there; null: it has no such reference. */
  readonly from: string | null;
  readonly to: string;
}

export interface Parcel {
  readonly updates: readonly PushedRef[];
  /** Commits of the pack whose parents neither side has. */
  readonly shallow: readonly string[];
  readonly pack: Uint8Array;
}

export interface Declined {
  readonly ref: string;
  /** In the server's words, as printable ASCII. */
  readonly reason: string;
}

const none = '0'.repeat(40);
const mostAnswerBytes = 1024 * 1024;
const patienceMs = 120_000;

/** Throws `InvalidInput` not-a-git-server, unsupported, and as the remote does. */
export function advertisedBy(remote: GitRemote, stop: AbortSignal): Promise<Advertised> {
  return patiently(stop, async (signal) => parseAdvertised(await remote.advertisement(signal)));
}

async function patiently<T>(stop: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await work(AbortSignal.any([stop, AbortSignal.timeout(patienceMs)]));
  } catch (error) {
    stop.throwIfAborted();
    throw remoteFault(error);
  }
}

export function parseAdvertised(bytes: Uint8Array): Advertised {
  const refs = new Map<string, string>();
  const capabilities = new Set<string>();
  for (const line of linesUpToFlush(bytes)) {
    const text = line.toString('latin1').replace(/\n$/, '');
    const [names = '', said] = text.split('\0');
    for (const one of said?.split(' ') ?? []) if (one !== '') capabilities.add(one);
    const [, oid = '', ref = ''] = /^([0-9a-f]{40}) (refs\/\S+)$/.exec(names) ?? [];
    if (ref !== '') refs.set(ref, oid);
  }
  const format = [...capabilities].find((one) => one.startsWith('object-format='));
  if (format !== undefined && format !== 'object-format=sha1')
    throw new InvalidInput(
      'unsupported',
      `the repository on the git server has ${printable(format)}; make one with sha1 for the history`,
    );
  if (!capabilities.has('report-status'))
    throw new InvalidInput(
      'unsupported',
      'the git server does not say what becomes of a push; use another server for the history',
    );
  return { refs, capabilities };
}

/** Resolves with what was declined, nothing when all of it arrived. Throws `InvalidInput` as the remote does. */
export function pushTo(
  remote: GitRemote,
  { capabilities }: Pick<Advertised, 'capabilities'>,
  parcel: Parcel,
  stop: AbortSignal,
): Promise<readonly Declined[]> {
  return patiently(stop, async (signal) => {
    const answer = await remote.request(pushRequest(capabilities, parcel), signal);
    return parseReport(await gather(bounded(answer, mostAnswerBytes)), capabilities, parcel.updates);
  });
}

export function pushRequest(
  capabilities: Advertised['capabilities'],
  { updates, shallow, pack }: Parcel,
): Buffer {
  const asked = ['report-status', ...bandOf(capabilities), 'agent=siteward'].join(' ');
  const commands = updates.map(({ ref, from, to }, i) =>
    pktLine(`${from ?? none} ${to} ${ref}${i === 0 ? `\0 ${asked}` : ''}`),
  );
  return Buffer.concat([...shallow.map((oid) => pktLine(`shallow ${oid}`)), ...commands, flush, pack]);
}

/** With it the server says why it declines, in its own words. */
function bandOf(capabilities: Advertised['capabilities']): readonly string[] {
  return capabilities.has('side-band-64k') ? ['side-band-64k'] : [];
}

/** Throws `InvalidInput` push-unanswered for a report that is not one. */
export function parseReport(
  answer: Uint8Array,
  capabilities: Advertised['capabilities'],
  updates: readonly PushedRef[],
): readonly Declined[] {
  const { report, remarks } =
    bandOf(capabilities).length === 0 ? { report: answer, remarks: '' } : demultiplexed(answer);
  const [first = '', ...lines] = linesUpToFlush(report).map((line) => line.toString('latin1').trimEnd());
  const unpack = /^unpack (.+)$/.exec(first)?.[1];
  if (unpack === undefined) throw unanswered(remarks);
  const about = (reason: string): string =>
    printable(remarks === '' ? reason : `${reason} ("${remarks.trim()}")`);
  if (unpack !== 'ok') return updates.map(({ ref }) => ({ ref, reason: about(unpack) }));
  const said = new Map<string, string | null>();
  for (const line of lines) {
    const [, verdict, ref = '', reason = ''] = /^(ok|ng) (\S+)(?: (.*))?$/.exec(line) ?? [];
    if (verdict === undefined) throw unanswered(remarks);
    said.set(ref, verdict === 'ok' ? null : reason);
  }
  return updates.flatMap(({ ref }) => {
    const reason = said.get(ref);
    if (reason === undefined) throw unanswered(remarks);
    return reason === null ? [] : [{ ref, reason: about(reason) }];
  });
}

/** Band 1 is the report, 2 what the server's hooks say, 3 why it gave up. */
function demultiplexed(answer: Uint8Array): { readonly report: Buffer; readonly remarks: string } {
  const bands: Record<string, Buffer[]> = { 1: [], 2: [], 3: [] };
  for (const line of linesUpToFlush(answer)) bands[String(line[0])]?.push(line.subarray(1));
  const textOf = (band: string): string => Buffer.concat(bands[band] ?? []).toString('latin1');
  const remarks = `${textOf('2')} ${textOf('3')}`.replace(/\s+/g, ' ').trim();
  const report = Buffer.concat(bands['1'] ?? []);
  if (report.length === 0) throw unanswered(remarks);
  return { report, remarks };
}

function unanswered(remarks: string): InvalidInput {
  const words = remarks === '' ? '' : ` ("${printable(remarks)}")`;
  return new InvalidInput(
    'push-unanswered',
    `the git server does not say what became of the push${words}; it is asked again`,
  );
}

/** Of a remark the end is what tells. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(-300);
}
