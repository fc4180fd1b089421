/** IPv4 in the device's spellings, for the simulated network alone: octets and masks, as netfilter compares them. */

function toWord(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || octets.some((octet) => !/^\d{1,3}$/.test(octet) || Number(octet) > 255)) {
    return undefined;
  }
  return octets.reduce((word, octet) => ((word << 8) | Number(octet)) >>> 0, 0);
}

function maskOf(length: number): number {
  return length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
}

/** Whether `address` is what `spec` names: one address, `network/length` or `first-last`. */
export function isNamedBy(spec: string, address: string): boolean {
  const word = toWord(address);
  if (word === undefined) return false;
  const dash = spec.indexOf('-');
  if (dash >= 0) {
    const [low, high] = [toWord(spec.slice(0, dash)), toWord(spec.slice(dash + 1))];
    return low !== undefined && high !== undefined && low <= word && word <= high;
  }
  const slash = spec.indexOf('/');
  const network = toWord(slash < 0 ? spec : spec.slice(0, slash));
  const mask = maskOf(prefixLength(spec));
  return network !== undefined && (network & mask) >>> 0 === (word & mask) >>> 0;
}

export function prefixLength(spec: string): number {
  const slash = spec.indexOf('/');
  return slash < 0 ? 32 : Math.min(32, Number(spec.slice(slash + 1)));
}
