/** The settings of probes: one question each, and how it is judged. */
import * as z from 'zod';
import type { Probe, ProbeQuestion } from '../core/rollout/probe.ts';
import { duration, oneOf, text, whole } from './schema-values.ts';

const questions = ['tcp', 'ping', 'dns', 'http', 'command'] as const;
const oneQuestion = `expected one of ${questions.join(' | ')}`;
const host = /^(?:\[[0-9A-Fa-f:.%]{1,64}\]|[A-Za-z0-9._-]{1,255})$/;

/** What each question can be told besides; all else has no meaning there. */
const belongs: Readonly<Record<(typeof questions)[number], readonly string[]>> = {
  tcp: [],
  ping: [],
  dns: ['server', 'expect'],
  http: ['status'],
  command: ['expect'],
};

const probeSchema = z
  .strictObject(
    {
      tcp: text(
        'HOST:PORT such as 192.0.2.7:443',
        'This machine can open a TCP connection to it',
        /^(?:\[[0-9A-Fa-f:.%]{1,64}\]|[A-Za-z0-9._-]{1,255}):\d{1,5}$/,
      ).optional(),
      ping: text('an address', 'The device itself can ping it', /^[0-9A-Fa-f:.]{2,64}$/).optional(),
      dns: text('a host name', 'A DNS server gives an address for that name', host).optional(),
      server: text(
        'the address of a DNS server',
        'Whom the DNS question goes to',
        /^[0-9A-Fa-f:.]{2,64}(?::\d{1,5})?$/,
      ).optional(),
      http: text(
        'a URL such as https://example.org/',
        'This machine gets an answer from it',
        /^https?:\/\/[^\s/@]+(?:\/\S*)?$/,
      ).optional(),
      status: whole('HTTP status that is expected; 200 if not said', 100, 599).optional(),
      command: text(
        'one line of printable characters',
        'Its answer on the device holds what is expected. It must not change anything',
        /^[\x20-\x7e]{1,1000}$/,
      ).optional(),
      expect: text(
        'a text',
        'Of a command: what its answer holds. Of a DNS question: one of the addresses',
      ).optional(),
      within: duration('How long after a rollout it may take to pass; 30s if not said', {
        most: '1h',
      }).optional(),
      'red-before': oneOf(
        ['refuse', 'ignore'],
        'What it means when it fails before anything was changed: no rollout, or nothing is judged by it; refuse if not said',
      ).optional(),
    },
    { error: 'expected a mapping of keys' },
  )
  .superRefine((probe, context) => {
    const asked = questions.filter((name) => probe[name] !== undefined);
    const [question] = asked;
    if (question === undefined || asked.length > 1) {
      context.addIssue({ code: 'custom', message: oneQuestion });
      return;
    }
    for (const key of ['server', 'status', 'expect'] as const)
      if (probe[key] !== undefined && !belongs[question].includes(key))
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `"${key}" means nothing with "${question}"`,
        });
    const missing = question === 'dns' ? 'server' : question === 'command' ? 'expect' : null;
    if (missing !== null && probe[missing] === undefined)
      context.addIssue({ code: 'custom', message: `expected "${missing}" with "${question}"` });
  });

export const probesSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/, {
      error: 'expected a name of letters, digits, dots, dashes and underscores, at most 31',
    }),
    probeSchema,
    { error: 'expected a mapping of names' },
  )
  .refine((probes) => Object.keys(probes).length <= 32, { error: 'expected at most 32 probes' })
  .describe(
    'What is asked before and after each rollout; without any it is verified by login and export only',
  );

type RawProbes = z.output<typeof probesSchema>;

export function probesOf(raw: RawProbes): readonly Probe[] {
  return Object.entries(raw).flatMap(([name, probe]) => {
    const question = questionOf(probe);
    if (question === null) return [];
    return [{ name, question, withinMs: probe.within ?? 30_000, redBefore: probe['red-before'] ?? 'refuse' }];
  });
}

function questionOf(probe: RawProbes[string]): ProbeQuestion | null {
  const { tcp, ping, dns, http, command } = probe;
  if (tcp !== undefined) {
    const at = tcp.lastIndexOf(':');
    return { kind: 'tcp', host: tcp.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(tcp.slice(at + 1)) };
  }
  if (ping !== undefined) return { kind: 'ping', address: ping };
  if (dns !== undefined)
    return { kind: 'dns', name: dns, server: probe.server ?? '', expect: probe.expect ?? null };
  if (http !== undefined) return { kind: 'http', url: http, status: probe.status ?? 200 };
  return command === undefined ? null : { kind: 'command', command, expect: probe.expect ?? '' };
}
