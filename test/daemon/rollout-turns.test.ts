/** Rollouts that get nowhere: they keep nobody from a turn, stop their commit for the site, and are never forgotten. */
import { describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';

const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';

/** Its rollout has begun to change it, and from now on it answers nobody. */
async function cutInFlight(one: World): Promise<void> {
  one.edit((text) => text + line);
  await one.untilRecord('apply-finished');
  one.device().stopListening();
  one.device().cutSessions();
}

describe('a device that is gone in the middle of its rollout', () => {
  test('stops the commit for the site, keeps nobody from a turn, and is finished when it is back', async () => {
    const one = await buildWorld({
      devices: { gw1: { exportText: demoExport }, gw2: { exportText: demoExport } },
      policy: '{ approvals: { operational: 1 }, batch: 1 }',
    });
    try {
      await one.start();
      for (const name of ['gw1', 'gw2']) await one.untilSettled(name);
      await cutInFlight(one);
      await one.untilRecord('wave-stopped');
      const gone = await one.untilDevice('gw1 is unknown', ({ rollout }) => rollout?.state === 'unknown');
      expect(gone.state).toBe('rolling-out');
      // The next commit is another one: it was not stopped, and its turn is not taken.
      one.edit((text) => text + line, 'gw2');
      await one.untilSettled('gw2');
      expect((await one.status()).devices.find(({ name }) => name === 'gw1')?.rollout).not.toBeNull();
      one.device().resumeListening();
      await one.untilRecord('settled', 'gw1', { rollout: gone.rollout?.id });
    } finally {
      await one.close();
    }
  });

  test('is told by status and check when the settings no longer name it, and goes on when they do', async () => {
    const one = await buildWorld({
      devices: { gw1: { exportText: demoExport }, gw2: { exportText: demoExport } },
    });
    try {
      await one.start();
      for (const name of ['gw1', 'gw2']) await one.untilSettled(name);
      await cutInFlight(one);
      one.changeSettings((text) => text.replace('  gw1: ', '  gw9: '));
      await one.restart();
      const words =
        /^gw1: rollout [0-9a-f]{12} \([a-z-]+\) is in flight there, and the settings no longer name/;
      const { warnings } = await one.status();
      expect(warnings).toMatchObject([
        {
          code: 'rollout-of-unserved-device',
          message: expect.stringMatching(words) as string,
          next: 'siteward check',
        },
      ]);
      const check = await runCli('check', '--offline', '--json', '--settings', one.settingsFile);
      expect(check.code).toBe(1);
      const { checks } = JSON.parse(check.out) as { checks: { code: string; message: string }[] };
      expect(checks.find(({ code }) => code === 'rollout-of-unserved-device')?.message).toMatch(words);
      one.changeSettings((text) => text.replace('  gw9: ', '  gw1: '));
      one.device().resumeListening();
      await one.restart();
      await one.untilRecord('settled');
      expect((await one.status()).warnings).toEqual([]);
    } finally {
      await one.close();
    }
  });
});
