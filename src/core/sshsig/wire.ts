/**
 * The bytes of SSH: a bounds-checked reader, the armor, and the SSHSIG blob. Strict: one spelling of each
 * value, nothing before or behind it, sizes capped before anything is decoded. Where `ssh-keygen` is lenient
 * (text behind the footer, version 0, the unsigned reserved field) this refuses.
 */
/** What kind of "no" it becomes where it was met in a signature. */
export type WireErrorCode =
  'malformed-signature' | 'weak-key' | 'unsupported-key-type' | 'unsupported-signature-type';

/** The only error this folder throws; `verify.ts` turns it into a refusal. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  constructor(message: string, code: WireErrorCode = 'malformed-signature') {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}

export const maxArmorBytes = 64 * 1024;
export const maxKeyBytes = 16 * 1024;
const maxNameBytes = 1024;

/** The same bytes, not copied. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bufferOf(bytes);
  }

  take(length: number): Buffer {
    const at = this.#pass(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Every read goes through here. Where it begins. */
  #pass(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new WireError('it ends too early');
    this.#at = at + length;
    return at;
  }

  /** How far it has read. */
  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Bytes that were read already. */
  since(position: number): Buffer {
    return this.#bytes.subarray(position, this.#at);
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#pass(1));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#pass(4));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#pass(8));
  }

  /** A length and that many bytes. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  /** A string that is a name: short, without NUL. One code unit is one byte. */
  name(): string {
    const bytes = this.string();
    if (bytes.length > maxNameBytes) throw new WireError('a name in it is too long');
    if (bytes.includes(0)) throw new WireError('a name in it holds a NUL');
    return bytes.toString('latin1');
  }

  /** A whole number from 0 in its one right form; its bytes without the sign's. */
  unsigned(): Buffer {
    const bytes = this.string();
    const [first = 0, second = 0] = bytes;
    if (first >= 0x80) throw new WireError('a number in it is negative');
    if (bytes.length > 0 && first === 0 && second < 0x80)
      throw new WireError('a number in it is not in its one right form');
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at);
  }

  end(): void {
    if (!this.isAtEnd) throw new WireError('there are bytes behind its end');
  }
}

/** A length and the bytes, as the wire wants it. */
export function wireString(bytes: Uint8Array | string): Buffer {
  const whole = Buffer.allocUnsafe(4 + bytes.length);
  whole.writeUInt32BE(bytes.length);
  if (typeof bytes === 'string') whole.write(bytes, 4, 'latin1');
  else whole.set(bytes, 4);
  return whole;
}

/** A whole number from 0, given by its bytes without leading zeros. */
export function wireUnsigned(bytes: Uint8Array): Buffer {
  return wireString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

/** Base64 in its one right spelling: the standard alphabet, padded, no bits left over. */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text) throw new WireError('it is not proper base64');
  return bytes;
}

const header = '-----BEGIN SSH SIGNATURE-----';
const footer = '-----END SSH SIGNATURE-----';

/** The blob in an armored signature, which must be the only thing in the text. Lines may end in CRLF. */
export function decodeArmor(armored: Uint8Array): Buffer {
  if (armored.length > maxArmorBytes) throw new WireError(`it is larger than ${maxArmorBytes} bytes`);
  const text = bufferOf(armored).toString('latin1');
  const plain = text.includes('\r') ? text.replaceAll('\r\n', '\n').replace(/\r$/, '') : text;
  const end = plain.endsWith('\n') ? plain.length - 1 : plain.length;
  // Bytes beyond ASCII fit neither of these two nor base64.
  if (!plain.startsWith(header) || (end > header.length && plain[header.length] !== '\n'))
    throw new WireError(`it does not begin with ${header}`);
  const last = end - footer.length;
  if (last <= header.length || !plain.endsWith(footer, end) || plain[last - 1] !== '\n')
    throw new WireError(`it does not end with ${footer}`);
  const body = plain.slice(header.length, last);
  if (body.includes('\n\n')) throw new WireError('there is an empty line in it');
  return decodeBase64(body.replaceAll('\n', ''));
}

export interface SignatureBlob {
  /** The whole key blob (or certificate), as it was signed with. */
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hashAlgorithm: 'sha256' | 'sha512';
  /** Namespace, reserved field and hash as they stand in it: part of what was signed. */
  readonly signedFields: Buffer;
  readonly signature: InnerSignature;
}

/** What a key made: of which type, its bytes, and what follows them (a security key's flags and counter). */
export interface InnerSignature {
  readonly type: string;
  readonly body: Buffer;
  readonly trailer: Buffer;
}

/** The same form in an SSH signature and at the end of a certificate. */
export function decodeInnerSignature(bytes: Uint8Array): InnerSignature {
  const reader = new Reader(bytes);
  return { type: reader.name(), body: reader.string(), trailer: reader.rest() };
}

export function decodeSignatureBlob(blob: Uint8Array): SignatureBlob {
  const reader = new Reader(blob);
  if (reader.take(6).toString('latin1') !== 'SSHSIG') throw new WireError('it is no SSH signature');
  const version = reader.uint32();
  if (version !== 1) throw new WireError(`its version is ${version}, not 1`);
  const publicKey = reader.string();
  if (publicKey.length > maxKeyBytes) throw new WireError('the key in it is too large');
  const fields = reader.position;
  const namespace = reader.name();
  if (namespace === '') throw new WireError('its namespace is empty');
  // Outside what is signed, so anybody could fill it.
  if (reader.string().length !== 0) throw new WireError('its reserved field is not empty');
  const hashAlgorithm = reader.name();
  if (hashAlgorithm !== 'sha256' && hashAlgorithm !== 'sha512')
    throw new WireError('its hash is neither sha256 nor sha512');
  const signedFields = reader.since(fields);
  const signature = decodeInnerSignature(reader.string());
  reader.end();
  return { publicKey, namespace, hashAlgorithm, signedFields, signature };
}
