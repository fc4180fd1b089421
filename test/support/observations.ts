/** What a reading of a device gives, for tests of what is made of it. */
import type { Observation } from '../../src/drivers/driver.ts';
import { fingerprint } from '../../src/drivers/routeros/fingerprint.ts';

/** Of a device that carries the export and nothing of anybody's rollout. */
export function observationOf(text: string): Observation {
  const exportText = Buffer.from(text, 'latin1');
  return {
    exportText,
    fingerprint: fingerprint(exportText),
    facts: { model: 'CHR', version: '7.18.2', identity: 'gw1', uptimeS: 86_400 },
    hostKey: 'SHA256:x',
    hardware: null,
    localAddress: '192.0.2.2',
    witness: null,
    lock: null,
    leftovers: [],
    obstacles: [],
    logins: [],
  };
}
