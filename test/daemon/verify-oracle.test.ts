/**
 * Beside the installed ssh-keygen: what is accepted here, it accepts. Every known case, what it makes itself, and
 * 21,000 changed or made-up signatures, certificates, signer lines and revocation lists; it is asked only where
 * this accepts, some at a time.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../src/core/sshsig/allowed-signers.ts';
import { noRevocations, parseRevocations } from '../../src/core/sshsig/revocation.ts';
import type { SignatureAccepted } from '../../src/core/sshsig/verdict.ts';
import { verifySignature } from '../../src/core/sshsig/verify.ts';
import { mutate, pick, randomFrom } from '../support/mutation.ts';
import type { Random } from '../support/mutation.ts';
import { certify, keyTypes, makeSshKey, sshSignatureBlob, str, u32, u64 } from '../support/ssh-keys.ts';
import type { SshKey } from '../support/ssh-keys.ts';
import { armor } from '../support/ssh-signature.ts';

const installed = spawnSync('ssh-keygen', ['-?']).error === undefined;
const namespace = 'siteward-operational-v1@example.org';
const message = Buffer.from('what is signed\n');
const verifyTime = '20260601120000Z';
const nowMs = Date.parse('2026-06-01T12:00:00Z');

interface Question {
  readonly signature: Uint8Array;
  readonly signers: Uint8Array;
  readonly revoked: Uint8Array | null;
  readonly message: Uint8Array;
  readonly identity: string;
  readonly namespace: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-oracle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Null when it is refused. */
function judge(question: Question): SignatureAccepted | null {
  const parsed = parseAllowedSigners(question.signers, 'any');
  if (!parsed.ok) return null;
  const revocations =
    question.revoked === null
      ? { ok: true as const, revoked: noRevocations }
      : parseRevocations(question.revoked);
  if (!revocations.ok) return null;
  const verdict = verifySignature({
    ...question,
    allowedSigners: parsed.signers,
    revoked: revocations.revoked,
    nowMs,
  });
  return verdict.ok ? verdict : null;
}

let files = 0;

/** Whether ssh-keygen accepts it. It reads CRLF behind the header only from 9.5 on, so that is made LF for it. */
async function oracle(question: Question): Promise<boolean> {
  const path = join(folder, `${++files}`);
  const text = Buffer.from(question.signature).toString('latin1').replace('-----\r\n', '-----\n');
  const contents = { sig: Buffer.from(text, 'latin1'), signers: question.signers, revoked: question.revoked };
  const paths = Object.entries(contents).flatMap(([name, bytes]) => {
    if (bytes === null) return [];
    writeFileSync(`${path}.${name}`, bytes);
    return [`${path}.${name}`];
  });
  const argv = [
    '-Y',
    'verify',
    '-O',
    `verify-time=${verifyTime}`,
    '-I',
    question.identity,
    '-n',
    question.namespace,
  ];
  const [sig = '', signers = '', revoked] = paths;
  const child = spawn(
    'ssh-keygen',
    [...argv, '-s', sig, '-f', signers, ...(revoked === undefined ? [] : ['-r', revoked])],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  );
  // It may refuse before it reads.
  child.stdin.on('error', () => undefined);
  child.stdin.end(question.message);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  for (const one of paths) rmSync(one);
  return status === 0;
}

/** Asks ssh-keygen about all of them, three at a time; the ones that it refuses. */
async function refusedByOracle(questions: readonly Question[]): Promise<Question[]> {
  const refused: Question[] = [];
  const queue = questions.values();
  const worker = async (): Promise<void> => {
    for (const question of queue) if (!(await oracle(question))) refused.push(question);
  };
  await Promise.all([worker(), worker(), worker()]);
  return refused;
}

function shown(question: Question): Record<string, string> {
  return Object.fromEntries(
    Object.entries(question).map(([name, value]) => [
      name,
      Buffer.from((value as string | null) ?? '').toString('latin1'),
    ]),
  );
}

function keygen(...argv: string[]): void {
  const done = spawnSync('ssh-keygen', ['-q', ...argv], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ssh-keygen ${argv.join(' ')}: ${done.stderr}`);
}

const write = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

describe.skipIf(!installed)('beside the installed ssh-keygen (skipped where there is none)', () => {
  test.each([
    ['ed25519', '256'],
    ['rsa', '2048'],
    ['rsa', '3072'],
    ['ecdsa', '256'],
    ['ecdsa', '384'],
    ['ecdsa', '521'],
  ])('a key and a certificate that it made (%s, %s bits) are accepted', async (type, bits) => {
    const name = `made-${type}-${bits}`;
    keygen('-t', type, '-b', bits, '-N', '', '-C', '', '-f', join(folder, name));
    keygen('-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, `${name}-ca`));
    const document = write(`${name}.doc`, message);
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    const base = { revoked: null, message, identity: 'alice', namespace };
    keygen('-Y', 'sign', '-n', namespace, '-f', join(folder, name), document);
    const signers = Buffer.from(`alice namespaces="${namespace}" ${read(`${name}.pub`)}`);
    const plain = { ...base, signature: Buffer.from(read(`${name}.doc.sig`)), signers };
    expect(judge(plain)).toMatchObject({ certificate: null });
    expect(await oracle(plain)).toBe(true);
    rmSync(`${document}.sig`);

    const asked = ['-I', 'ticket-42', '-n', 'bob,alice', '-z', '42', '-V', '20260101Z:20270101Z'];
    keygen('-s', join(folder, `${name}-ca`), ...asked, join(folder, `${name}.pub`));
    keygen('-Y', 'sign', '-n', namespace, '-f', join(folder, `${name}-cert.pub`), document);
    const certified = {
      ...base,
      signature: Buffer.from(read(`${name}.doc.sig`)),
      signers: Buffer.from(`* cert-authority ${read(`${name}-ca.pub`)}`),
    };
    expect(judge(certified)).toMatchObject({ certificate: { keyId: 'ticket-42', serial: '42' } });
    expect(await oracle(certified)).toBe(true);

    const lists: [string, string, boolean][] = [
      ['the key', read(`${name}.pub`), true],
      ['its digest', `sha256: ${read(`${name}.pub`)}`, true],
      ['its SHA-1', `sha1: ${read(`${name}.pub`)}`, true],
      ['the certificate', read(`${name}-cert.pub`), true],
      ['a serial', 'serial: 42\n', true],
      ['other serials', 'serial: 41\nserial: 43\n', false],
      ['a range', 'serial: 40-44\n', true],
      ['many serials', Array.from({ length: 40 }, (_, n) => `serial: ${n * 2 + 2}\n`).join(''), true],
      ['serials far apart', 'serial: 1-9\nserial: 42\nserial: 1000000-2000000\n', true],
      ['a name', 'id: ticket-42\n', true],
      ['another name', 'id: ticket-4\n', false],
      ['the authority', read(`${name}-ca.pub`), true],
    ];
    for (const [what, specification, hits] of lists) {
      const krl = join(folder, `${name}.krl`);
      keygen(
        '-k',
        '-f',
        krl,
        '-s',
        join(folder, `${name}-ca.pub`),
        '-z',
        '9',
        write(`${name}.spec`, specification),
      );
      const question = { ...certified, revoked: readFileSync(krl) };
      expect(judge(question) === null, what).toBe(hits);
      expect(await oracle(question), what).toBe(!hits);
      const parsed = parseRevocations(question.revoked);
      expect(parsed.ok && parsed.revoked.krl?.version, what).toBe(9n);
    }
  });

  const casesFolder = new URL('../../../shared/sshsig/cases/', import.meta.url);
  test.skipIf(!existsSync(casesFolder))(
    'it accepts each known case that is accepted here (skipped without ../shared)',
    () => {
      interface Case {
        id: string;
        argv: string[];
        message: string;
        siteward: string;
        tz: string;
      }
      const { cases } = JSON.parse(readFileSync(new URL('cases.json', casesFolder), 'utf8')) as {
        cases: Case[];
      };
      const wanted = cases.filter((one) => one.siteward === 'accept');
      expect(wanted.length).toBeGreaterThan(40);
      // That it is accepted here is tested elsewhere.
      for (const one of wanted) {
        const done = spawnSync('ssh-keygen', one.argv.slice(1), {
          cwd: casesFolder,
          input: readFileSync(new URL(one.message, casesFolder)),
          env: { ...process.env, TZ: one.tz },
        });
        expect(done.status, one.id).toBe(0);
      }
    },
  );

  /** A good question for each kind of key, plain and certified. */
  function seeds(): (Question & { key: SshKey; authority: SshKey | null })[] {
    const authority = makeSshKey('ecdsa-sha2-nistp256');
    const revoked = Buffer.from(`# gone\n${makeSshKey('ecdsa-sha2-nistp256').line} laptop\n`);
    return keyTypes.flatMap((type) => {
      const key = makeSshKey(type);
      const base = { message, identity: 'alice@example.org', namespace, key };
      const certificate = certify(authority, key, { principals: ['bob', base.identity] });
      return [
        {
          ...base,
          signature: Buffer.from(armor(sshSignatureBlob(key, namespace, message))),
          signers: Buffer.from(
            `"alice*,!eve" namespaces="siteward-*",valid-after="20260101Z" ${key.line} laptop\n`,
          ),
          revoked,
          authority: null,
        },
        {
          ...base,
          signature: Buffer.from(armor(sshSignatureBlob(key, namespace, message, { certificate }))),
          signers: Buffer.from(`*@example.org cert-authority,valid-before="20270101Z" ${authority.line}\n`),
          revoked: krl(randomFrom(1), authority),
          authority,
        },
      ];
    });
  }

  type Seed = ReturnType<typeof seeds>[number];
  type Change = readonly [
    name: string,
    rounds: number,
    change: (seed: Seed, random: Random) => Partial<Question>,
  ];

  const blobOf = (signature: Uint8Array): Buffer =>
    Buffer.from(Buffer.from(signature).toString('latin1').split('\n').slice(1, -2).join(''), 'base64');

  const changes: readonly Change[] = [
    ['armored signatures', 3000, (seed, random) => ({ signature: mutate(seed.signature, random) })],
    [
      'signatures',
      6000,
      (seed, random) => ({ signature: Buffer.from(armor(mutate(blobOf(seed.signature), random))) }),
    ],
    [
      'inner signatures',
      4000,
      ({ key, signature }, random) => {
        const certificate = blobOf(signature).subarray(14, 14 + blobOf(signature).readUInt32BE(10));
        const change = (inner: Buffer): Buffer => mutate(inner, random);
        return {
          signature: Buffer.from(armor(sshSignatureBlob(key, namespace, message, { certificate, change }))),
        };
      },
    ],
    ['signers', 2000, (seed, random) => ({ signers: mutate(seed.signers, random) })],
    [
      'lists of revoked keys',
      2000,
      (seed, random) => ({ revoked: mutate(seed.revoked ?? Buffer.alloc(0), random) }),
    ],
    [
      'messages, names and namespaces',
      500,
      (seed, random) => {
        const text = (value: string): string =>
          mutate(Buffer.from(value), random).toString('latin1').replaceAll('\0', '');
        return pick(random, [
          { message: mutate(seed.message, random) },
          { identity: text(seed.identity) },
          { namespace: text(seed.namespace) },
        ]);
      },
    ],
    [
      'certificates that the authority really signed',
      1500,
      ({ key, authority }, random) => {
        const by = authority ?? key;
        const certificate = certify(by, key, randomCertificate(random));
        return {
          signature: Buffer.from(
            armor(sshSignatureBlob(key, namespace, message, { certificate, flags: random(6) })),
          ),
          signers: Buffer.from(`*@example.org cert-authority ${by.line}\n`),
          revoked: krl(random, by),
        };
      },
    ],
    [
      'made-up lines of signers',
      1500,
      ({ key, signature, authority }, random) => ({
        signature,
        signers: randomSigners(random, authority ?? key),
      }),
    ],
    [
      'made-up binary lists',
      500,
      ({ key, authority }, random) => ({ revoked: krl(random, authority ?? key) }),
    ],
  ];

  test('21,000 changes: what is accepted here, it accepts', async () => {
    const all = seeds();
    for (const seed of all) expect(judge(seed), seed.key.type).not.toBeNull();
    expect(await refusedByOracle(all)).toEqual([]);
    expect(changes.reduce((sum, [, rounds]) => sum + rounds, 0)).toBe(21_000);
    for (const [name, rounds, change] of changes) {
      const random = randomFrom(20261121);
      const accepted: Question[] = [];
      for (let round = 0; round < rounds; round++) {
        const seed = pick(random, all);
        const { signature, signers, revoked } = seed;
        const question: Question = { ...seed, signature, signers, revoked, ...change(seed, random) };
        if (judge(question) !== null) accepted.push(question);
      }
      const refused = await refusedByOracle(accepted);
      expect(refused.map(shown), `${name}: ${refused.length} of ${accepted.length}`).toEqual([]);
      asked.push(`${name}: ${accepted.length} of ${rounds} accepted`);
    }
    // Nothing is shown when nothing is accepted: each kind of change must have let some through.
    expect(asked.filter((line) => / [1-9]\d* of/.test(line)).length, asked.join('; ')).toBeGreaterThanOrEqual(
      7,
    );
  }, 600_000);
  const asked: string[] = [];
});

function randomCertificate(random: Random): Parameters<typeof certify>[2] {
  const empty = Buffer.alloc(0);
  const often = <T>(usual: T, ...others: T[]): T =>
    random(4) > 0 ? usual : pick(random, [usual, ...others]);
  return {
    serial: often(7n, 0n, 1n, 42n, 2n ** 64n - 1n),
    role: often(1, 2, 0, 3),
    keyId: often('id', '', 'ticket-42', 'a\0'),
    principals: often(
      ['alice@example.org'],
      [],
      ['*'],
      ['bob', 'alice@example.org'],
      ['alice@example.org', ''],
      ['bob'],
    ),
    validAfter: often(1767225600n, 0n, 1780315200n, 1780315201n, 2n ** 63n),
    validBefore: often(2n ** 64n - 1n, 1780315200n, 1780315201n, 0n, 2n ** 63n),
    critical: often<[string, Buffer][]>(
      [],
      [['verify-required', empty]],
      [['force-command', str('x')]],
      [['x', empty]],
    ),
    extensions: often<[string, Buffer][]>(
      [],
      [['permit-pty', empty]],
      [['no-touch-required', empty]],
      [['x@example.org', str('y')]],
    ),
    reserved: often('', 'x'),
    trailing: often(empty, Buffer.alloc(1)),
  };
}

function randomSigners(random: Random, key: SshKey): Buffer {
  const often = (usual: string, ...others: string[]): string =>
    random(3) > 0 ? usual : pick(random, others);
  const [namespaces, after, before] = ['namespaces=', 'valid-after=', 'valid-before='];
  const line = (): string => {
    const principals = often(
      pick(random, [
        'alice@example.org',
        '*',
        'a?ice@*',
        '"bob,alice@example.org"',
        '*@example.org,!*@example.net',
      ]),
      ...['*,!alice@example.org', 'ALICE@example.org', '"alice', 'b"o"b', '!bob', ',', '"*,"', '!*', '*,!'],
    );
    const options = [
      often('', 'cert-authority', 'Cert-Authority', 'cert-authority='),
      often(
        '',
        `${namespaces}"*"`,
        `${namespaces}"git,${namespace}"`,
        `${namespaces}"!git,*"`,
        'NAMESPACES=""',
      ),
      often(
        '',
        `${namespaces}git`,
        `${namespaces}"a\\"b,*"`,
        `${namespaces}"*,!siteward-*"`,
        'Namespaces="s*"',
      ),
      often(
        '',
        `${after}"20260101Z"`,
        `${after}"20260601120000Z"`,
        `${after}"20260601120001Z"`,
        `${after}"20260231Z"`,
      ),
      often('', `${before}"20260601120000Z"`, `${before}"202606011159Z"`, `${before}"20990101Z"`, 'no-such'),
    ].filter((option) => option !== '');
    const joined = options.join(often(',', ', ', ',,'));
    const blank = often(' ', '\t', '  ');
    const end = often('', ' comment', ' "comment', '\r', ' \r', ' #x');
    return `${often('', ' ', '# ')}${principals}${blank}${joined}${joined === '' ? '' : blank}${key.line}${end}`;
  };
  const lines = Array.from({ length: 1 + random(3) }, line);
  return Buffer.from(lines.join(pick(random, ['\n', '\n\n', '\n# x\n', '\r\n'])));
}

/** A binary list with some sections about others, and now and then one about the authority or a broken one. */
function krl(random: Random, authority: SshKey): Buffer {
  const section = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), str(body)]);
  const serials = (): bigint => pick(random, [1n, 5n, 6n, 8n, 41n, 1000n, 2n ** 64n - 1n, 7n, 0n]);
  const ways: readonly (() => Buffer)[] = [
    () => section(0x20, Buffer.concat(Array.from({ length: random(4) }, () => u64(serials())))),
    () => section(0x21, Buffer.concat([u64(serials()), u64(serials())])),
    () => section(0x22, Buffer.concat([u64(serials()), str(Buffer.from([random(2), random(256)]))])),
    () => section(0x23, str(pick(random, ['x', 'id2', 'ticket-4', '', 'id']))),
    () => section(pick(random, [0x23, 0x20, 0x24, 0x39]), Buffer.alloc(0)),
  ];
  const kinds: readonly (() => Buffer)[] = [
    () =>
      section(
        1,
        Buffer.concat([
          str(pick(random, [authority.blob, Buffer.alloc(0), someKey.blob])),
          str(pick(random, ['', 'x'])),
          ...Array.from({ length: random(3) }, () => pick(random, ways)()),
        ]),
      ),
    () => section(2, str(pick(random, [someKey.blob, Buffer.from('x'), Buffer.alloc(0)]))),
    () => section(3, str(Buffer.alloc(pick(random, [20, 20, 20, 32]), 3))),
    () => section(5, str(Buffer.alloc(pick(random, [32, 32, 32, 20]), 3))),
    () => section(pick(random, [2, 3, 5, 4, 9, 255]), Buffer.alloc(0)),
  ];
  const head = [
    u32(random(20) === 0 ? 2 : 1),
    u64(BigInt(random(9))),
    u64(1n),
    u64(BigInt(random(2))),
    str(pick(random, ['', 'r'])),
    str('comment'),
  ];
  const sections = Array.from({ length: random(4) }, () => pick(random, kinds)());
  return Buffer.concat([Buffer.from('SSHKRL\n\0', 'latin1'), ...head, ...sections]);
}

const someKey = makeSshKey('ecdsa-sha2-nistp384');
