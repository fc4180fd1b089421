// Asks a RouterOS device the questions of device-questions.mjs over SSH and prints the answers as JSON, so that whoever
// owns one can check what the simulator guesses: `node test/tools/record-device.mjs HOST:PORT --user NAME
// (--password P | --identity FILE) [--host-key SHA256:…] [--changes] [--compare FIXTURE]`. Reads only, unless
// `--changes` is given. With --compare it prints what differs and ends with 1.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { clearTimeout, setTimeout } from 'node:timers';
import { parseArgs } from 'node:util';
import ssh2 from 'ssh2';
import { cleanUp, questions } from './device-questions.mjs';

const ANSWER_LIMIT = 65_536;
const ANSWER_MS = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    user: { type: 'string', default: 'admin' },
    password: { type: 'string' },
    identity: { type: 'string' },
    'host-key': { type: 'string' },
    changes: { type: 'boolean', default: false },
    compare: { type: 'string' },
  },
});
const target = /^(.+):(\d{1,5})$/.exec(positionals[0] ?? '');
if (target === null || (values.password === undefined && values.identity === undefined)) {
  console.error(
    'usage: record-device.mjs HOST:PORT --user NAME (--password P | --identity FILE) [--changes]',
  );
  process.exit(2);
}

let hostKey = '';
let hostKeyType = '';
let banner = '';

function connect() {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client));
    client.once('error', reject);
    client.connect({
      host: target[1],
      port: Number(target[2]),
      username: values.user,
      ...(values.password === undefined ? {} : { password: values.password }),
      ...(values.identity === undefined ? {} : { privateKey: readFileSync(values.identity) }),
      algorithms: { serverHostKey: ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] },
      hostVerifier(key) {
        hostKey = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
        hostKeyType = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
        return values['host-key'] === undefined || values['host-key'] === hostKey;
      },
      debug(line) {
        const found = /Remote ident: '(.*)'/.exec(line);
        if (found !== null) banner = found[1];
      },
    });
  });
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks, ends the connection under the command where that is the question, and asks after it. */
async function record({ number, switch: about, ask: question, cut, waitMs, then }) {
  const own = cut === true ? await connect() : client;
  const asked = ask(own, question);
  if (cut === true) {
    await sleep(500);
    own.destroy();
  }
  const answer = cut === true ? { output: '', errors: '', status: null } : await asked;
  asked.catch(() => undefined);
  const asks = { number, ...(about === undefined ? {} : { switch: about }), ask: question };
  if (then === undefined) return { ...asks, ...answer };
  await sleep(waitMs ?? 500);
  const { output } = await ask(client, then);
  return { ...asks, ...answer, then: output };
}

function ask(client, command) {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      const answer = { output: '', errors: '', status: null };
      const timer = setTimeout(() => {
        answer.timedOut = true;
        channel.close();
        resolve(answer);
      }, ANSWER_MS);
      channel.on('data', (bytes) => {
        if (answer.output.length < ANSWER_LIMIT) answer.output += bytes.toString('latin1');
      });
      channel.stderr.on('data', (bytes) => (answer.errors += bytes.toString('latin1')));
      channel.on('exit', (status) => (answer.status = status));
      channel.on('close', () => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  });
}

const client = await connect();
console.error(`host key ${hostKeyType} ${hostKey}`);
const answers = [];
try {
  for (const question of questions.filter(({ changes }) => values.changes || changes !== true))
    answers.push(await record(question));
} finally {
  if (values.changes) for (const line of cleanUp) await ask(client, line);
}
const fact = async (line) => (await ask(client, line)).output.trim();
const recorded = {
  v: 1,
  version: await fact(':put [/system resource get version]'),
  board: await fact(':put [/system resource get board-name]'),
  banner,
  hostKeyType,
  answers,
};
client.end();

if (values.compare === undefined) console.log(JSON.stringify(recorded, null, 2));
else {
  const other = JSON.parse(readFileSync(values.compare, 'utf8'));
  let differences = 0;
  for (const answer of answers) {
    const before = other.answers.find(({ ask: asked }) => asked === answer.ask);
    if (before === undefined) continue;
    for (const part of ['output', 'errors', 'status', 'then']) {
      if (before[part] === answer[part]) continue;
      differences++;
      console.log(`${answer.number} ${answer.ask}`);
      console.log(`  ${part} recorded ${JSON.stringify(before[part])}`);
      console.log(`  ${part} here     ${JSON.stringify(answer[part])}`);
    }
  }
  console.log(`${differences} differences from ${other.version}`);
  process.exitCode = differences > 0 ? 1 : 0;
}
