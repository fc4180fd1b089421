import { Encrypter, armor, generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import { InvalidInput } from '../../../src/core/errors.ts';
import { readSecrets } from '../../../src/desired/secrets.ts';
import type { SealedFile } from '../../../src/desired/secrets.ts';

const at = (file: string, text: string | Uint8Array) => (): Promise<SealedFile> =>
  Promise.resolve({ file, bytes: Buffer.from(text) });

async function sealer(): Promise<{ identity: string; seal: (text: string) => Promise<Uint8Array> }> {
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const seal = async (text: string): Promise<Uint8Array> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    return await encrypter.encrypt(text);
  };
  return { identity: `# created: today\n${identity}\n`, seal };
}

function refusal(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    if (error instanceof InvalidInput) return `${error.code} ${error.place?.file ?? ''}`;
  }
  return 'none';
}

test('a name of the device counts before that of all, and this machine before the commit', async () => {
  const { identity, seal } = await sealer();
  const { of: secretOf } = await readSecrets(
    { local: at('local', 'a: here\ngw1/b: for gw1\nb: for all\n'), identity: at('key', identity) },
    { file: 'secrets.yaml.age', bytes: await seal('a: there\nc: 12\ngw1/d: "caf\u00e9"\n') },
  );
  const ask = (device: string): (string | null)[] =>
    ['a', 'b', 'c', 'd', 'e'].map((name) => secretOf(device, name));
  expect(ask('gw1')).toEqual(['here', 'for gw1', '12', 'caf\u00c3\u00a9', null]);
  expect(ask('gw2')).toEqual(['here', 'for all', '12', null, null]);
});

test('the file of this machine may be sealed too, in letters or in bytes', async () => {
  const { identity, seal } = await sealer();
  const sealed = await seal('a: x\n');
  for (const text of [sealed, armor.encode(sealed)]) {
    const { of: secretOf } = await readSecrets(
      { local: at('local', text), identity: at('key', identity) },
      null,
    );
    expect(secretOf('gw1', 'a')).toBe('x');
  }
});

test('what is wrong is told where a secret is asked for, with the file and never its content', async () => {
  const { identity, seal } = await sealer();
  const sealed = { file: 'sealed', bytes: await seal('a: x\n') };
  const other = await sealer();
  const none = { local: null, identity: null };
  const cases: [string, Parameters<typeof readSecrets>][] = [
    ['secrets-not-set ', [none, null]],
    ['secrets-sealed sealed', [none, sealed]],
    ['secrets-sealed sealed', [{ ...none, identity: at('key', other.identity) }, sealed]],
    ['invalid-value key', [{ ...none, identity: at('key', 'AGE-SECRET-KEY-1NOTHING\n') }, sealed]],
    ['invalid-value key', [{ ...none, identity: at('key', '# none\n') }, sealed]],
    ['secrets-in-the-open sealed', [none, { ...sealed, bytes: Buffer.from('a: x\n') }]],
    ['invalid-value local', [{ ...none, local: at('local', 'a b: x\n') }, null]],
    ['invalid-value local', [{ ...none, local: at('local', 'a: [x]\n') }, null]],
    [
      'secrets-sealed sealed',
      [
        { ...none, identity: at('key', identity) },
        { ...sealed, bytes: Buffer.from(sealed.bytes).fill(0, sealed.bytes.length - 8) },
      ],
    ],
  ];
  for (const [wanted, [sources, commit]] of cases) {
    const { of: secretOf } = await readSecrets(sources, commit);
    expect(refusal(() => secretOf('gw1', 'a'))).toBe(wanted);
  }
});

test('another value shows in the digest and so does what is wrong; a file that was sealed anew does not', async () => {
  const { identity, seal } = await sealer();
  const key = at('key', identity);
  const digest = async (text: string | Uint8Array): Promise<string> =>
    (await readSecrets({ local: at('local', text), identity: key }, null)).digest;
  const first = await digest('a: x\n');
  expect(await digest(await seal('a: x\n'))).toBe(first);
  expect(await digest('a: y\n')).not.toBe(first);
  expect(await digest('a: x\nb: y\n')).not.toBe(first);
  const wrong = await digest('a: [\n');
  expect(wrong).not.toBe(first);
  expect(await digest('a: {}\n')).not.toBe(wrong);
});
