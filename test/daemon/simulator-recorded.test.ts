/** The recorder against the simulator: it reads, cleans up after itself, and finds where two devices differ. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { USUAL_BEHAVIOUR, type Behaviour } from '../../src/simulator/behaviour.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { clientFolder, run, type Answer, type ClientFolder } from '../support/ssh-clients.ts';
import { simulatorOfTest } from '../support/simulator.ts';

const tool = fileURLToPath(new URL('../tools/record-device.mjs', import.meta.url));
let folder: ClientFolder;

beforeAll(() => {
  folder = clientFolder();
});
afterAll(() => folder.remove());

const start = (behaviour: SimulatorOptions['behaviour'] = {}): Promise<Simulator> =>
  simulatorOfTest({ password: 'planted', behaviour });

const record = ({ port }: Simulator, ...words: string[]): Promise<Answer> =>
  run(process.execPath, [tool, `127.0.0.1:${port}`, '--user', 'admin', '--password', 'planted', ...words]);

interface Recorded {
  readonly version: string;
  readonly banner: string;
  readonly answers: readonly {
    readonly number: string;
    readonly switch?: string;
    readonly ask: string;
    readonly output: string;
  }[];
}

it('asks everything, and leaves nothing behind', async () => {
  const device = await start();
  const before = await device.console('/export');
  const answer = await record(device, '--changes');
  expect(answer.status).toBe(0);
  const recorded = JSON.parse(answer.output) as Recorded;
  expect(recorded).toMatchObject({ v: 1, version: '7.18.2 (stable)', banner: 'SSH-2.0-ROSSSH' });
  expect(recorded.answers.find(({ number }) => number === 'S25')?.output).toBe(
    'failure: item with this name already exists\r\n',
  );
  const body = (text: string): string => text.replace(/^.*\n/, '');
  expect(body(await device.console('/export'))).toBe(body(before));
});

it('says where a device differs from what was recorded', async () => {
  const fixture = folder.at('fixture.json');
  writeFileSync(fixture, (await record(await start())).output);
  expect(await record(await start(), '--compare', fixture)).toMatchObject({
    status: 0,
    output: '0 differences from 7.18.2 (stable)\n',
  });
  const other = await record(await start({ exitStatus: 'strict' }), '--compare', fixture);
  expect(other.status).toBe(1);
  expect(other.output).toContain(
    'S03 /ip address remove *FFFFFF0\n  status recorded 0\n  status here     1\n',
  );
});

/** The other side of each switch that can be asked for, and why nobody is asked about the rest. */
const otherSide = {
  exitStatus: 'strict',
  uniqueNames: false,
  startupCountsFrom: 'boot',
  findCompares: 'own-type',
  channelEndStops: true,
  sourceLimit: 8_192,
  removedReference: 'refused',
  importParsesFirst: false,
  disk: 'flash-and-memory',
  backupPlace: 'flash',
  safeModeOverExec: 'kept',
  exportsUsers: false,
  dynamicRows: true,
} as const satisfies Partial<Behaviour>;
const power = 'shows in a power cut or a reboot, which are not for a tool to cause';
const notAsked: Readonly<Record<Exclude<keyof Behaviour, keyof typeof otherSide>, string>> = {
  flushMs: power,
  lossOrder: power,
  bootMs: power,
  lateInterfacesMs: power,
  clock: power,
  recomputeAfterJump: 'the clock would have to be set',
  startupFollowsWallClock: 'the clock would have to be set',
  hostKeyChange: 'the host key would have to be made anew',
  hostKeyType: 'recorded by itself',
  safeModeTimeoutMs: 'takes nine minutes of a lost connection',
  stallsBelowWindow: 'shows in the export of a large device only',
  commandMs: 'no guess: how fast it is',
  diskBytes: 'no guess: how large it is',
  withoutPolicies: 'no guess: what the login may do',
  menusVanish: 'shows with a login of few rights: run it as one',
  deviceMode: 'no guess: asked and recorded',
  dialogs: 'no guess: a login without a terminal meets none',
  versionGates: 'no guess: the version is recorded',
};

it('asks about every switch, and each of its sides answers otherwise', async () => {
  expect(Object.keys({ ...otherSide, ...notAsked }).sort()).toEqual(Object.keys(USUAL_BEHAVIOUR).sort());
  const answersOf = async (behaviour: SimulatorOptions['behaviour']): Promise<Recorded['answers']> =>
    (JSON.parse((await record(await start(behaviour), '--changes')).output) as Recorded).answers;
  const usual = await answersOf({});
  const other = await answersOf(otherSide);
  const about = (answers: Recorded['answers'], name: string): Recorded['answers'] =>
    answers.filter(({ switch: asked }) => asked === name);
  for (const name of Object.keys(otherSide)) {
    expect(about(usual, name).length, name).toBeGreaterThan(0);
    expect(about(other, name), name).not.toEqual(about(usual, name));
  }
});

it('goes nowhere else than to the host key that it was given', async () => {
  const answer = await record(await start(), '--host-key', 'SHA256:other');
  expect(answer.status).not.toBe(0);
  expect(answer.output).toBe('');
});
