/** IPv4 addresses as numbers, and the ways in which RouterOS writes several of them. What is no such text is null. */

export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

export function ipv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const octets = match.slice(1).map(Number);
  return octets.some((octet) => octet > 255) ? null : octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** One address, a prefix, or first-last. */
export function rangeOf(text: string): AddressRange | null {
  const [left = '', right] = text.split('-');
  if (right !== undefined) {
    const [first, last] = [ipv4(left), ipv4(right)];
    return first === null || last === null || first > last ? null : { first, last };
  }
  const [address = '', length = '32'] = text.split('/');
  const inside = ipv4(address);
  if (inside === null || !/^\d{1,2}$/.test(length) || Number(length) > 32) return null;
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(inside / size) * size;
  return { first, last: first + size - 1 };
}

export function isIn(address: number, range: AddressRange): boolean {
  return range.first <= address && address <= range.last;
}

/** Addresses that no router outside the site forwards: whoever comes from one through the internet was translated. */
export function isPrivate(address: number): boolean {
  return privateRanges.some((range) => isIn(address, range));
}

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8']
  .map(rangeOf)
  .filter((range) => range !== null);
