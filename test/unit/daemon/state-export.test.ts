/** A state on the disk, taken out and put back without a daemon: what is in the way, what is cut, what changes meanwhile. */
import { randomBytes } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { cutState, StateMoved } from '../../../src/daemon/state-export.ts';
import { exportState, importFile } from '../../../src/daemon/state-file.ts';
import { importState } from '../../../src/daemon/state-import.ts';
import { openSiteJournal } from '../../../src/daemon/site-journal.ts';
import { openStateFiles } from '../../../src/daemon/state-files.ts';
import { openStateKey } from '../../../src/daemon/state-key.ts';
import { systemClock } from '../../../src/daemon/system-clock.ts';
import { writeTar } from '../../../src/daemon/state-tar.ts';
import { openArchive } from '../../../src/history/archive.ts';
import { fileDisk } from '../../../src/history/disk.ts';
import { packedObjects } from '../../../src/history/packed-objects.ts';

const now = { nowMs: 1_700_000_000_000, version: '0.0.0-test', beside: ['/etc/siteward/settings.yaml'] };
const daemon = '9f'.repeat(16);

let folder: string;
let recipient: string;
let identity: Uint8Array;
const at = (name: string): string => path.join(folder, name);
const archiveIn = (state: string) =>
  openArchive({
    folder: path.join(state, 'history.git'),
    site: 'bud-01',
    disk: fileDisk,
    packed: packedObjects(path.join(state, 'history.git')),
  });

/** A journal of one confirmed device, its desired text, and two revisions of which one has a name. */
async function makeState(state: string): Promise<string> {
  mkdirSync(state, { mode: 0o700 });
  const journal = { segmentBytes: 2_000, keep: { bytes: null, ageMs: null, segments: null } };
  const opened = await openSiteJournal({ site: 'bud-01', state, journal }, systemClock, (error) => {
    throw error;
  });
  const trust = {};
  await opened.begin(daemon, { kind: 'daemon-started', nonce: 'aa', version: '0', trust });
  const files = await openStateFiles(state, await openStateKey(state, null, randomBytes));
  const desired = await files.put('desired', Buffer.from('/ip dns\n'));
  await files.put('document', Buffer.from('of a pending item that is over'));
  const commit = '1'.repeat(40);
  await opened.ledger.append({
    kind: 'commit-accepted',
    commit,
    previous: null,
    reason: 'first',
    signer: null,
  });
  for (let many = 0; many < 20; many++)
    await opened.ledger.append({ kind: 'read-confirmed', device: 'gw1', commit, desired });
  await opened.journal.close();
  const archive = archiveIn(state);
  for (const [index, text] of ['a\n', 'b\n'].entries()) {
    const reading = { device: 'gw1', text, changer: null, rollout: null, restored: null };
    const kept = await archive.keep({ ...reading, why: 'drift', atMs: index * 1000 });
    if (index === 0) await archive.label(kept.revision, { name: 'good', by: 'alice', atS: 0 });
  }
  return desired;
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const text = await generateIdentity();
  identity = Buffer.from(`${text}\n`);
  recipient = await identityToRecipient(text);
});

const takeOut = (): Promise<unknown> =>
  exportState({ folder: at('state'), file: at('out.age'), lock: { recipients: [recipient] } }, now);
const putIn = (site: string | null = 'bud-01') =>
  importFile({ folder: at('new'), file: at('out.age'), key: { file: 'age.txt', identity }, site });

function filesIn(state: string): Record<string, string> {
  const all = readdirSync(state, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return Object.fromEntries(
    all.map((one) => {
      const file = path.join(one.parentPath, one.name);
      return [path.relative(state, file), readFileSync(file, 'latin1')];
    }),
  );
}

test('every byte comes back, but for locks, the copy of the git repository and what was being written', async () => {
  await makeState(at('state'));
  const before = filesIn(at('state'));
  mkdirSync(at('state/desired.git'));
  mkdirSync(at('state/lock'));
  for (const name of ['desired.git/HEAD', 'plans/0.new', 'history.git/HEAD.lock'])
    writeFileSync(at(`state/${name}`), 'x');
  await takeOut();
  const imported = await putIn();
  expect(imported).toMatchObject({ accepted: '1'.repeat(40), devices: 1, revisions: 2, faults: [] });
  expect(imported.head).toMatchObject({ daemon, site: 'bud-01', beside: now.beside });
  expect(Object.keys(before).length).toBeGreaterThan(15);
  expect(filesIn(at('new'))).toEqual(before);
  for (const one of readdirSync(at('new'), { recursive: true, withFileTypes: true }))
    expect(statSync(path.join(one.parentPath, one.name)).mode & 0o777).toBe(one.isFile() ? 0o600 : 0o700);
  execFileSync('git', ['-C', at('new/history.git'), 'fsck', '--strict', '--full'], { stdio: 'pipe' });
});

test('what git has packed comes back too', async () => {
  await makeState(at('state'));
  execFileSync('git', ['-C', at('state/history.git'), 'gc', '-q'], { stdio: 'pipe' });
  await takeOut();
  expect(await putIn()).toMatchObject({ revisions: 2, faults: [] });
  execFileSync('git', ['-C', at('new/history.git'), 'fsck', '--strict', '--full'], { stdio: 'pipe' });
});

test('the journal ends at the cut, whatever is recorded while it is read', async () => {
  await makeState(at('state'));
  const cut = await cutState(at('state'), now);
  const last = readdirSync(at('state/journal')).sort().at(-1) ?? '';
  appendFileSync(at(`state/journal/${last}`), '{"of a record that comes later');
  expect(await importState(at('new'), writeTar(cut.parts), null)).toMatchObject({ faults: [] });
  expect(readFileSync(at(`new/journal/${last}`), 'utf8')).not.toContain('later');
});

test('a file of the cut that goes while it is read ends that cut', async () => {
  const desired = await makeState(at('state'));
  const cut = await cutState(at('state'), now);
  rmSync(at(`state/desired/${desired}`));
  await expect(importState(at('new'), writeTar(cut.parts), null)).rejects.toThrow();
  const again = await cutState(at('state'), now);
  const parts = async (): Promise<void> => {
    for await (const part of again.parts) void part;
  };
  await expect(parts()).rejects.toBeInstanceOf(StateMoved);
  await expect(takeOut()).rejects.toMatchObject({ code: 'state-busy' });
  expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
});

test('damage of the history is told, and the state is in place all the same', async () => {
  await makeState(at('state'));
  const objects = at('state/history.git/objects');
  const [first = ''] = readdirSync(objects).filter((name) => name.length === 2);
  rmSync(path.join(objects, first), { recursive: true });
  await takeOut();
  const { faults } = await putIn();
  expect(faults).toMatchObject([{ what: 'history of gw1', code: 'history-damaged' }]);
  expect(existsSync(at('new/importing'))).toBe(false);
});

test('a damaged journal is not exported', async () => {
  await makeState(at('state'));
  const file = at('state/journal/00000001.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace('daemon-created', 'daemon-creates'));
  await expect(takeOut()).rejects.toMatchObject({ code: 'journal-damaged' });
});

test('nothing is written over: neither a file nor a state', async () => {
  await makeState(at('state'));
  await takeOut();
  await expect(takeOut()).rejects.toMatchObject({ code: 'file-exists' });
  mkdirSync(at('new'), { mode: 0o700 });
  writeFileSync(at('new/clock'), '2026-01-01T00:00:00Z\n');
  await expect(putIn()).rejects.toMatchObject({ code: 'state-not-empty' });
  expect(readdirSync(at('new'))).toEqual(['clock']);
});

test('a folder that others may look into, or that is in use, is refused', async () => {
  await makeState(at('state'));
  await takeOut();
  mkdirSync(at('new'), { mode: 0o700 });
  chmodSync(at('new'), 0o755);
  await expect(putIn()).rejects.toMatchObject({ code: 'readable-by-others' });
});

const nothingLeft = (): void => {
  expect(readdirSync(at('new'))).toEqual([]);
};

test("another site's state, another key, a cut or changed file: refused, and nothing is left", async () => {
  await makeState(at('state'));
  await takeOut();
  await expect(putIn('bud-02')).rejects.toMatchObject({ code: 'wrong-site' });
  nothingLeft();
  const whole = readFileSync(at('out.age'));
  const other = Buffer.from(await generateIdentity());
  const key = { file: 'age.txt', identity: other };
  await expect(importFile({ folder: at('new'), file: at('out.age'), key, site: null })).rejects.toMatchObject(
    { code: 'state-sealed' },
  );
  nothingLeft();
  for (const change of [
    (bytes: Buffer) => bytes.subarray(0, bytes.length - 1),
    (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
    (bytes: Buffer) => bytes.fill(0, bytes.length - 40),
    () => Buffer.from('no age file'),
    () => Buffer.alloc(0),
  ]) {
    writeFileSync(at('out.age'), change(Buffer.from(whole)));
    await expect(putIn()).rejects.toMatchObject({ code: 'state-sealed' });
    nothingLeft();
  }
});

test('an import that is killed leaves what no import goes on from, and the command it names cleans up', async () => {
  await makeState(at('state'));
  const pieces: Uint8Array[] = [];
  const cut = await cutState(at('state'), now);
  for await (const piece of writeTar(cut.parts)) pieces.push(piece);
  const copies: string[] = [];
  function* slowly(): Generator<Uint8Array> {
    for (const [index, piece] of pieces.entries()) {
      if (index % 25 === 0) {
        copies.push(at(`killed-${index}`));
        cpSync(at('new'), at(`killed-${index}`), { recursive: true });
      }
      yield piece;
    }
  }
  await importState(at('new'), Readable.from(slowly(), { highWaterMark: 1 }), null);
  expect(copies.length).toBeGreaterThan(2);
  for (const copy of copies) {
    // The lease of a dead process is waited for by time; that is the lock's own test.
    rmSync(path.join(copy, 'lock'), { recursive: true, force: true });
    chmodSync(copy, 0o700);
    const again = importState(copy, writeTar((await cutState(at('state'), now)).parts), null);
    const error: unknown = await again.catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'import-unfinished' });
    const command = /run: (find .* -delete) /.exec((error as Error).message)?.[1] ?? '';
    expect(spawnSync('sh', ['-c', command]).status).toBe(0);
    expect(readdirSync(copy)).toEqual([]);
  }
});

test('a passphrase does as well, but not a short one', async () => {
  await makeState(at('state'));
  const passphrase = Buffer.from('correct horse battery\n');
  const sealing = (words: Uint8Array, file: string): Promise<unknown> =>
    exportState({ folder: at('state'), file: at(file), lock: { file: 'words', passphrase: words } }, now);
  await expect(sealing(Buffer.from('horse\n'), 'short.age')).rejects.toMatchObject({ code: 'invalid-value' });
  await sealing(passphrase, 'out.age');
  expect(readFileSync(at('out.age'), 'latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/);
  // Opening one as hard as that takes seconds; one that is easier to open is opened in the same way.
  const easy = new Encrypter();
  easy.setPassphrase('correct horse battery');
  easy.setScryptWorkFactor(8);
  const { parts } = await cutState(at('state'), now);
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTar(parts)) pieces.push(piece);
  writeFileSync(at('easy.age'), await easy.encrypt(Buffer.concat(pieces)));
  const key = { file: 'words', passphrase };
  const imported = await importFile({ folder: at('new'), file: at('easy.age'), key, site: null });
  expect(imported.faults).toEqual([]);
});
