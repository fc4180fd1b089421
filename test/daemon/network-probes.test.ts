/** The probes that go out from this machine, against small servers of their own. */
import { createSocket } from 'node:dgram';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeNetwork } from '../../src/drivers/network-probes.ts';

const never = new AbortController().signal;
const web = createHttp((request, response) => {
  response.statusCode = request.url === '/gone' ? 410 : 200;
  response.end('hello');
});
const silent = createServer(() => undefined);
const names = createSocket('udp4');
let [webPort, silentPort, namesPort, closedPort] = [0, 0, 0, 0];

/** Any name is 192.0.2.7, but for those that begin with `no`. */
function answerTo(question: Buffer): Buffer {
  const isKnown = question[13] !== 'n'.charCodeAt(0);
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(isKnown ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const end = question.indexOf(0, 12) + 5;
  const record = Buffer.from('c00c000100010000003c0004c0000207', 'hex');
  return Buffer.concat([header, question.subarray(12, end), ...(isKnown ? [record] : [])]);
}

beforeAll(async () => {
  const listens = (server: typeof silent): Promise<number> =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  webPort = await listens(web);
  silentPort = await listens(silent);
  names.on('message', (question, from) => {
    names.send(answerTo(question), from.port, from.address);
  });
  await new Promise<void>((resolve) => names.bind(0, '127.0.0.1', resolve));
  namesPort = names.address().port;
  const closed = createServer();
  closedPort = await listens(closed);
  await new Promise((resolve) => closed.close(resolve));
});
afterAll(() => {
  web.close();
  silent.close();
  names.close();
});

const tcp = (port: number) => ({ kind: 'tcp', host: '127.0.0.1', port }) as const;
const http = (port: number, path = '/', status = 200) =>
  ({ kind: 'http', url: `http://127.0.0.1:${port}${path}`, status }) as const;
const dns = (name: string, expected: string | null) =>
  ({ kind: 'dns', server: `127.0.0.1:${namesPort}`, name, expect: expected }) as const;

describe('passes', () => {
  test.each([
    ['a port that takes connections', () => tcp(silentPort)],
    ['a status that is expected', () => http(webPort)],
    ['another status that is expected', () => http(webPort, '/gone', 410)],
    ['a name that has an address', () => dns('example.org', null)],
    ['a name that has this address', () => dns('example.org', '192.0.2.7')],
  ])('%s', async (_, question) => {
    expect(await probeNetwork(question(), never)).toEqual({ well: true });
  });
});

describe('says what came instead', () => {
  test.each([
    ['a closed port', () => tcp(closedPort), 'ECONNREFUSED'],
    ['another status', () => http(webPort, '/gone'), 'HTTP status 410, expected 200'],
    ['no web server', () => http(closedPort), 'ECONNREFUSED'],
    [
      'another address',
      () => dns('example.org', '192.0.2.8'),
      'example.org is 192.0.2.7, expected 192.0.2.8',
    ],
    ['no such name', () => dns('nowhere.example.org', null), 'ENOTFOUND'],
  ])('%s', async (_, question, said) => {
    expect(await probeNetwork(question(), never)).toEqual({ well: false, said });
  });

  test('a server that never answers costs the time of a probe, or less when the daemon ends', async () => {
    const ending = new AbortController();
    const asked = probeNetwork(http(silentPort), ending.signal);
    ending.abort();
    expect(await asked).toMatchObject({ well: false });
  });
});
