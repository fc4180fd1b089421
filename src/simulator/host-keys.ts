/** The device's SSH host key: made at the first start, made anew on request, kept over reboots. */
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';

export type HostKeyType = 'ed25519' | 'rsa';

/** In OpenSSH's form for ed25519, PEM for RSA; throws for a text that is no private key. */
export class HostKeys {
  private current: string;
  /** Called after each change. */
  onChange: () => void = () => undefined;

  constructor(given: string | undefined, type: HostKeyType) {
    this.current = given ?? makeHostKey(type, 2048);
    publicBytes(this.current);
  }

  get privateKey(): string {
    return this.current;
  }

  replace(privateKey: string): void {
    publicBytes(privateKey);
    this.current = privateKey;
    this.onChange();
  }

  /** `SHA256:…` without padding. */
  fingerprint(): string {
    return `SHA256:${createHash('sha256').update(publicBytes(this.current)).digest('base64').replace(/=+$/, '')}`;
  }

  type(): string {
    return parsed(this.current).type;
  }

  /** One line as in `known_hosts`, without a host. */
  publicLine(): string {
    return `${this.type()} ${publicBytes(this.current).toString('base64')}`;
  }
}

export function makeHostKey(type: HostKeyType, bits: number): string {
  // The library writes a key that it can't read itself about once in 256 times.
  for (;;) {
    const made =
      type === 'rsa'
        ? ssh2.utils.generateKeyPairSync('rsa', { bits })
        : ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(made.private) instanceof Error)) return made.private;
  }
}

function parsed(privateKey: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return key;
}

function publicBytes(privateKey: string): Buffer {
  return parsed(privateKey).getPublicSSH();
}
