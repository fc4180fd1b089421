import { describe, expect, test } from 'vitest';
import {
  addTickCommand,
  applyCommand,
  changesCommand,
  confirmCommand,
  exportCommand,
  factsCommand,
  rightsCommand,
  rolloutFactsCommand,
  stageCommands,
} from '../../../../src/drivers/routeros/commands.ts';
import {
  foreignObjects,
  objectsOf,
  parseLock,
  parseWitness,
  printLock,
  printWitness,
} from '../../../../src/drivers/routeros/objects.ts';

const names = objectsOf('0123456789ab');
const times = { windowMs: 120_000, tickMs: 10_000, flushMs: 0, minUptimeMs: 0, soakMs: 0 };

describe('commands', () => {
  test('RouterOS 6 is told to hide secrets, 7 hides them by itself', () => {
    expect(exportCommand('6.49.10')).toBe('/export hide-sensitive');
    expect(exportCommand('7.1')).toBe('/export');
    expect(exportCommand('10.2')).toBe('/export');
  });
  test('all are one line of printable ASCII in the space form', () => {
    const deadline = { armedUptimeS: 86_400, deadlineUptimeS: 86_620 };
    const commands = [
      factsCommand(),
      rightsCommand('site"ward'),
      changesCommand(),
      rolloutFactsCommand(names),
      applyCommand(names),
      addTickCommand(names, times),
      confirmCommand(names, deadline, times),
      ...stageCommands('sw-x', 'a\n\xe9\t"$?'),
    ];
    for (const command of commands) {
      expect(command).toMatch(/^[\x20-\x7e]+$/);
      expect(command).not.toMatch(/\/[a-z]+\/[a-z]/);
    }
  });
  test('the tick begins at startup, so that it also runs after a reboot', () => {
    expect(addTickCommand(names, times)).toContain(
      'start-time=startup interval=00:00:10 on-event="/system script run sw-0123456789ab-back"',
    );
  });
  test('confirm is only taken between arming and two ticks before the deadline', () => {
    const line = confirmCommand(names, { armedUptimeS: 86_400, deadlineUptimeS: 86_620 }, times);
    expect(line).toContain(
      '(1d00:00:00 <= [/system resource get uptime]) && ([/system resource get uptime] < 1d00:03:20)',
    );
    expect(line).toContain('source="confirm"');
  });
  test('a long script goes in pieces that each fit a line', () => {
    const commands = stageCommands('sw-x', 'abc"\n'.repeat(10_000));
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) expect(command.length).toBeLessThan(16_400);
    expect(commands[0]).toMatch(/^\/system script add name="sw-x"/);
    expect(commands[1]).toMatch(/^\/system script set \[find name="sw-x"\] source=\(\[\/system script get/);
  });
});

describe('lock and witness', () => {
  const lock = { daemon: 'a'.repeat(32), nonce: 'b'.repeat(16), rollout: '0123456789ab' };
  const witness = { site: 'bud-01', daemon: 'a'.repeat(32), seq: 42, head: 'c'.repeat(64) };
  test('come back as they were written', () => {
    expect(parseLock(printLock(lock))).toEqual(lock);
    expect(parseWitness(printWitness(witness))).toEqual(witness);
  });
  test.each(['', 'x', `${printLock(lock)} more`, printLock({ ...lock, rollout: 'zz' })])(
    '%j is no lock of ours',
    (text) => {
      expect(parseLock(text)).toBeNull();
    },
  );
  test.each(['', printWitness({ ...witness, head: 'short' }), `${printWitness(witness)}\n`])(
    '%j is no witness of ours',
    (text) => {
      expect(parseWitness(text)).toBeNull();
    },
  );
  test('only objects of other rollouts are foreign', () => {
    const all = ['sw-witness', 'sw-lock', names.back, names.tick, 'sw-ffffffffffff-tick'];
    expect(foreignObjects(all, '0123456789ab')).toEqual(['sw-ffffffffffff-tick']);
  });
});
