/**
 * Exports made from a fixed seed, as large as those of busy devices: for measuring where no real ones are at hand. As on a
 * device no two rows are the same item.
 */
import { seededRandom } from '../../src/simulator/random.ts';

export function madeExports(): readonly Uint8Array[] {
  return [1, 2, 3, 4, 5, 6, 7, 8].map(madeExport);
}

export function madeExport(seed: number): Uint8Array {
  const { below } = seededRandom(seed);
  const lines = ['# 2026-01-30 10:00:00 by RouterOS 7.18.2', '# software id = X', '#'];
  const given = new Set<string>();
  const address = (): string => {
    const one = `192.0.${below(256)}.${below(256)}`;
    if (given.has(one)) return address();
    given.add(one);
    return one;
  };
  lines.push('/interface vlan');
  for (let i = 0; i < 40; i++) lines.push(`add interface=bridge1 name=vlan${i} vlan-id=${100 + i}`);
  lines.push('/ip firewall address-list');
  for (let i = 0; i < 300; i++)
    lines.push(`add address=${address()} comment="customer ${below(9999)}" list=customers`);
  lines.push('/ip firewall filter');
  for (let i = 0; i < 200; i++) {
    lines.push(`add action=accept chain=forward comment="rule ${i}: \\"quoted\\"" connection-state=\\`);
    lines.push(`    established,related dst-address=${address()} protocol=tcp src-port=${below(65536)}`);
  }
  lines.push('/ip dhcp-server lease');
  for (let i = 0; i < 300; i++) {
    lines.push(
      `add address=${address()} client-id=1:0:0:5e:0:53:${below(100)} mac-address=00:00:5E:00:53:${10 + below(90)} server=dhcp1`,
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1');
}
