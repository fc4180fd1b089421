/**
 * `siteward verify`: stands in for `ssh-keygen -Y verify`, and judges signed git objects by the strict rule.
 * Reads files and standard input, needs no daemon and no settings. 0 accepted, 1 refused, 2 wrong usage.
 */
import { open } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { InvalidInput, fileProblem } from '../core/errors.ts';
import { maxSignersBytes, parseAllowedSigners, parseTime } from '../core/sshsig/allowed-signers.ts';
import type { SignerLine } from '../core/sshsig/allowed-signers.ts';
import { gitNamespace, maxObjectBytes, verifyGitObject } from '../core/sshsig/git-object.ts';
import type { GitObjectKind } from '../core/sshsig/git-object.ts';
import { maxRevocationBytes, noRevocations, parseRevocations } from '../core/sshsig/revocation.ts';
import type { Revocations } from '../core/sshsig/revocation.ts';
import { shownKeyType } from '../core/sshsig/public-key.ts';
import type { SignatureAccepted } from '../core/sshsig/verdict.ts';
import { verifySignature } from '../core/sshsig/verify.ts';
import { WireError, maxArmorBytes } from '../core/sshsig/wire.ts';
import { setExit, wantsJson } from './common.ts';
import { printJson, printLine, printNote, safe } from './terminal.ts';

interface VerifyOptions {
  readonly f: string;
  readonly I?: string;
  readonly n?: string;
  readonly s?: string;
  readonly r?: string;
  readonly O?: Choices;
  readonly gitObject?: GitObjectKind;
}

/** What `-O` can say, once or several times. */
interface Choices {
  readonly verifyTimeMs?: number;
  readonly requireUserVerification?: boolean;
}

/** Documents are about 1 MiB. */
const maxMessageBytes = 8 * 1024 * 1024;

export function verifyCommand(): Command {
  return new Command('verify')
    .description('verify an SSH signature over standard input, as ssh-keygen -Y verify does, but strictly')
    .requiredOption('-f <signers>', 'allowed_signers file')
    .option('-I <identity>', 'principal that must have signed')
    .option('-n <namespace>', 'namespace that it must have been signed for')
    .option('-s <signature>', 'signature file')
    .option('-r <revoked>', 'file of revoked keys')
    .addOption(
      new Option(
        '-O <option>',
        'verify-time=YYYYMMDD[HHMM[SS]][Z]; verify-required: only security keys that asked for a PIN or fingerprint',
      ).argParser(readChoice),
    )
    .addOption(
      new Option('--git-object <kind>', 'standard input is a raw signed git object').choices([
        'commit',
        'tag',
      ]),
    )
    .action(async (options: VerifyOptions, command: Command) => {
      const answer = await judge(options);
      if (wantsJson(command)) printJson({ v: 1, ...answer });
      else if (answer.ok) printLine(goodWords(answer));
      if (!answer.ok) printNote(safe(`refused: ${answer.code}: ${answer.reason}`));
      setExit(answer.ok ? 0 : 1);
    });
}

type Accepted = SignatureAccepted & { readonly namespace: string };

type Answer = Accepted | { readonly ok: false; readonly code: string; readonly reason: string };

function goodWords({ namespace, principal, fingerprint, keyType }: Accepted): string {
  const type = shownKeyType(keyType);
  return safe(`Good "${namespace}" signature for ${principal} with ${type} key ${fingerprint}`);
}

async function judge(options: VerifyOptions): Promise<Answer> {
  const { gitObject, I: identity, n: namespace, s: signatureFile, O: choices = {} } = options;
  const { verifyTimeMs: nowMs = Date.now(), requireUserVerification = false } = choices;
  if (
    gitObject === undefined &&
    (identity === undefined || namespace === undefined || signatureFile === undefined)
  ) {
    throw usage('verify needs -I IDENTITY, -n NAMESPACE and -s SIGNATURE, or --git-object');
  }
  if (gitObject !== undefined && (namespace !== undefined || signatureFile !== undefined)) {
    throw usage(
      'verify: -n and -s do not go with --git-object; the signature is inside, for the namespace git',
    );
  }
  const signature = signatureFile === undefined ? null : await readBounded(signatureFile, maxArmorBytes);
  const message = await readInput(gitObject === undefined ? maxMessageBytes : maxObjectBytes);
  const files = await readTrustFiles(options.f, options.r);
  if (!files.ok) return files;
  const { allowedSigners, revoked } = files;
  if (gitObject !== undefined) {
    const verdict = verifyGitObject({
      kind: gitObject,
      raw: message,
      identity: identity ?? null,
      allowedSigners,
      revoked,
      nowMs,
      requireUserVerification,
    });
    return verdict.ok
      ? { ...verdict, namespace: gitNamespace }
      : { ok: false, code: verdict.code, reason: verdict.reason };
  }
  if (signature === null || namespace === undefined || identity === undefined)
    throw usage('verify: flags are missing');
  const verdict = verifySignature({
    message,
    signature,
    namespace,
    identity,
    allowedSigners,
    revoked,
    nowMs,
    requireUserVerification,
  });
  return verdict.ok ? { ...verdict, namespace } : { ok: false, code: verdict.code, reason: verdict.reason };
}

type TrustFiles =
  | { readonly ok: true; readonly allowedSigners: readonly SignerLine[]; readonly revoked: Revocations }
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** A file that says who counts, and can't be read or says it wrongly, is a refusal: nobody counts then. */
async function readTrustFiles(signersFile: string, revokedFile: string | undefined): Promise<TrustFiles> {
  const no = (code: string, reason: string): TrustFiles => ({ ok: false, code, reason });
  try {
    const signers = parseAllowedSigners(await readBounded(signersFile, maxSignersBytes), 'any');
    if (!signers.ok) return no('signers-unreadable', `${signersFile}:${signers.line}: ${signers.reason}`);
    const allowedSigners = signers.signers;
    if (revokedFile === undefined) return { ok: true, allowedSigners, revoked: noRevocations };
    const revocations = parseRevocations(await readBounded(revokedFile, maxRevocationBytes));
    if (!revocations.ok)
      return no(revocations.code, `${revokedFile}:${revocations.line}: ${revocations.reason}`);
    return { ok: true, allowedSigners, revoked: revocations.revoked };
  } catch (error) {
    if (error instanceof InvalidInput) return no(error.code, error.message);
    throw error;
  }
}

async function readBounded(file: string, maxBytes: number): Promise<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      return await collect(handle.createReadStream({ autoClose: false }), maxBytes, file);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    throw new InvalidInput('unreadable', `${file} ${fileProblem(error)}`, { file }, { cause: error });
  }
}

function readInput(maxBytes: number): Promise<Buffer> {
  if (process.stdin.isTTY)
    throw usage('verify reads what was signed from standard input: siteward verify … < FILE');
  return collect(process.stdin, maxBytes, 'standard input');
}

async function collect(stream: AsyncIterable<unknown>, maxBytes: number, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > maxBytes)
      throw new InvalidInput('too-large', `${name} is larger than ${maxBytes} bytes`, { file: name });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function readChoice(text: string, before: Choices = {}): Choices {
  if (text === 'verify-required') return { ...before, requireUserVerification: true };
  return { ...before, verifyTimeMs: readVerifyTime(text) };
}

/** `verify-time=…`; without a Z it is this machine's local time, as ssh-keygen takes it. */
function readVerifyTime(text: string): number {
  const match = /^verify-time=(\d{8}(?:\d{4}(?:\d\d)?)?)(Z?)$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('Only verify-time=YYYYMMDD[HHMM[SS]][Z] and verify-required are known.');
  const [, digits = '', zone = ''] = match;
  try {
    const asUtcMs = parseTime(`${digits}Z`) * 1000;
    if (zone === 'Z') return asUtcMs;
    const utc = new Date(asUtcMs);
    const day = [utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate()] as const;
    return new Date(...day, utc.getUTCHours(), utc.getUTCMinutes(), utc.getUTCSeconds()).getTime();
  } catch (error) {
    if (error instanceof WireError) throw new InvalidArgumentError(`It has ${error.message}.`);
    throw error;
  }
}

function usage(message: string): InvalidInput {
  return new InvalidInput('usage', message);
}
