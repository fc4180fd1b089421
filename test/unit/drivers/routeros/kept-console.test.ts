/** One connection is kept for readings, and nothing of a rollout ever goes over it. */
import { expect, test } from 'vitest';
import { virtualDevice } from '../../../support/virtual-device.ts';
import type { VirtualDevice } from '../../../support/virtual-device.ts';
import { virtualRollout } from '../../../support/virtual-rollout.ts';

const never = new AbortController().signal;
const exportText =
  '# 2026-11-21 10:00:00 by RouterOS 7.15.3\n# software id = \n#\n/ip dns static\nadd address=192.0.2.10 name=one.example.org\n';

const sessionsOf = ({ sent }: VirtualDevice): readonly number[] => [
  ...new Set(sent.map(({ session }) => session)),
];

test('readings share one connection, and it ends with the driver', async () => {
  const device = virtualDevice({ exportText });
  await device.driver.observe(never);
  await device.driver.rights(never);
  await device.driver.observe(never);
  expect(sessionsOf(device)).toHaveLength(1);
  expect(device.machine.sessions.list()).toHaveLength(1);
  await device.driver.close();
  expect(device.machine.sessions.list()).toEqual([]);
});

test('one that died meanwhile is replaced, and the reading goes well', async () => {
  const device = virtualDevice({ exportText });
  await device.driver.observe(never);
  device.machine.reboot();
  expect((await device.driver.observe(never)).facts.uptimeS).toBe(0);
  expect(sessionsOf(device)).toHaveLength(2);
});

test('one that died while nobody can come in: the reading fails, and the next one opens anew', async () => {
  const device = virtualDevice({ exportText });
  await device.driver.observe(never);
  device.machine.reboot();
  device.refuse = 'connection';
  await expect(device.driver.observe(never)).rejects.toMatchObject({ code: 'unreachable' });
  device.refuse = 'nothing';
  await device.driver.observe(never);
  expect(sessionsOf(device)).toHaveLength(2);
});

test('after an answer that is none the connection is not trusted with another', async () => {
  const device = virtualDevice({ exportText });
  await device.driver.observe(never);
  device.machine.faults.unreadableMenus.add('/ip dns static');
  await expect(device.driver.observe(never)).rejects.toMatchObject({ code: 'incomplete-export' });
  device.machine.faults.unreadableMenus.clear();
  await device.driver.observe(never);
  expect(sessionsOf(device)).toHaveLength(2);
});

test('no step of a rollout goes over it, and evidence has a connection of its own each time', async () => {
  const device = virtualDevice({ exportText });
  const made = await virtualRollout(device, (text) => text.replace('192.0.2.10', '192.0.2.11'));
  const [kept] = sessionsOf(device);
  const before = device.sent.length;
  const end = await made.toItsEnd();
  expect(end.outcome).toBe('confirmed');
  const later = device.sent.slice(before);
  expect(later.filter(({ session }) => session === kept)).toEqual([]);
  const exports = later.filter(({ line }) => line.startsWith('/export')).map(({ session }) => session);
  expect(new Set(exports).size).toBe(exports.length);
});
