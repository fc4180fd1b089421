/**
 * Probes from this machine: a TCP connection, a DNS question, an HTTP status. Each ends within its time, needs no
 * privileges, and says in words what came instead. It follows no redirect and keeps no connection.
 */
import { promises as dns } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { messageOf } from '../core/errors.ts';
import type { ProbeAnswer, ProbeQuestion } from '../core/rollout/probe.ts';

type NetworkQuestion = Extract<ProbeQuestion, { kind: 'tcp' | 'dns' | 'http' }>;

const timeoutMs = 5_000;

export function probeNetwork(question: NetworkQuestion, signal: AbortSignal): Promise<ProbeAnswer> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  switch (question.kind) {
    case 'tcp':
      return answered(() => connects(question.host, question.port, either));
    case 'dns':
      return answered(() => resolves(question, either));
    case 'http':
      return answered(() => answersWith(question.url, question.status, either));
  }
}

/** Null is well; else what came instead. */
async function answered(ask: () => Promise<string | null>): Promise<ProbeAnswer> {
  try {
    const said = await ask();
    return said === null ? { well: true } : { well: false, said };
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    const late = name === 'TimeoutError' || name === 'AbortError';
    return { well: false, said: late ? `no answer within ${timeoutMs / 1000} s` : codeOrMessage(error) };
  }
}

function codeOrMessage(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
}

function connects(host: string, port: number, signal: AbortSignal): Promise<null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const onAbort = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      resolve(null);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

async function resolves(
  { server, name, expect }: Extract<ProbeQuestion, { kind: 'dns' }>,
  signal: AbortSignal,
): Promise<string | null> {
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([server]);
  const cancel = (): void => {
    resolver.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const addresses =
      expect?.includes(':') === true ? await resolver.resolve6(name) : await resolver.resolve4(name);
    if (expect === null || addresses.includes(expect)) return null;
    return `${name} is ${addresses.slice(0, 5).join(', ')}, expected ${expect}`;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function answersWith(url: string, status: number, signal: AbortSignal): Promise<string | null> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'GET', agent: false, signal }, (response) => {
      resolve(
        response.statusCode === status ? null : `HTTP status ${response.statusCode ?? 0}, expected ${status}`,
      );
      response.destroy();
    });
    sent.once('error', reject);
    sent.end();
  });
}
