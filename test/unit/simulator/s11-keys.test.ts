/** Users' keys and the host key as commands change them; over real SSH they are tried in test/daemon. */
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { SMALL_EXPORT, startMachine } from './started-machine.ts';

const publicLine = (): string => {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'alice' }).public;
    if (!(ssh2.utils.parseKey(made) instanceof Error)) return made;
  }
};

describe('keys (S10, S11)', () => {
  it('S11 a host key made anew is another one, of the type that is set', () => {
    const bench = startMachine();
    const { hostKeys } = bench.machine;
    const first = hostKeys.fingerprint();
    bench.run('/ip ssh set host-key-type=ed25519');
    expect(bench.run('/ip ssh regenerate-host-key; :put done')).toEqual(['done']);
    expect(hostKeys.fingerprint()).not.toBe(first);
    expect(hostKeys.type()).toBe('ssh-ed25519');
    bench.run('/ip ssh set host-key-type=rsa host-key-size=1024');
    bench.run('/ip ssh regenerate-host-key');
    expect(hostKeys.type()).toBe('ssh-rsa');
  });

  it('S11 the host key goes to files and comes back from one', () => {
    const bench = startMachine();
    const { hostKeys, files } = bench.machine;
    const first = hostKeys.fingerprint();
    expect(bench.run('/ip ssh export-host-key key-file-prefix=old')).toEqual([]);
    expect(files.list().map(({ name }) => name)).toEqual(['old_ed25519.pem', 'old_ed25519.pub']);
    bench.run('/ip ssh regenerate-host-key');
    expect(bench.run('/ip ssh import-host-key private-key-file=old_ed25519.pem')).toEqual([]);
    expect(hostKeys.fingerprint()).toBe(first);
    expect(bench.run('/ip ssh import-host-key private-key-file=old_ed25519.pub')).toEqual([
      'unable to load key file (wrong format or bad passphrase)!',
    ]);
  });

  it('S10 a key is added by its text, imported from a file that is then gone, removed by its row', () => {
    const bench = startMachine();
    const [added, imported] = [publicLine(), publicLine()];
    expect(bench.run(`/user ssh-keys add user=admin key="${added}"`)).toEqual([]);
    bench.machine.files.write('new.pub', Buffer.from(`${imported}\n`));
    expect(bench.run('/user ssh-keys import public-key-file=new.pub user=admin')).toEqual([]);
    expect(bench.machine.files.list()).toEqual([]);
    expect(bench.run(':put [:len [/user ssh-keys find where user=admin]]')).toEqual(['2']);
    expect(bench.run(':put [/user ssh-keys get 0 key-owner]; :put [/user ssh-keys get 0 key-type]')).toEqual([
      'alice',
      'ed25519',
    ]);
    expect(bench.run('/user ssh-keys remove [find where user=admin]')).toEqual([]);
    expect(bench.run('/user ssh-keys print count-only')).toEqual(['0']);
  });

  it('S10 a key of nobody, in no form, or from no file is refused', () => {
    const bench = startMachine();
    expect(bench.run(`/user ssh-keys add user=nobody key="${publicLine()}"`)).toEqual([
      'input does not match any value of user',
    ]);
    expect(bench.run('/user ssh-keys add user=admin key="ssh-rsa nonsense"')).toEqual([
      'unable to load key file (wrong format or bad passphrase)!',
    ]);
    expect(bench.run('/user ssh-keys import user=admin public-key-file=none.pub')).toEqual([
      'input does not match any value of public-key-file',
    ]);
  });

  it('S10 version 6 imports RSA keys only, and cannot add one by its text', () => {
    const bench = startMachine(SMALL_EXPORT.replace('7.18.2', '6.49.18'));
    bench.machine.files.write('new.pub', Buffer.from(publicLine()));
    expect(bench.run('/user ssh-keys import public-key-file=new.pub user=admin')).toEqual([
      'unable to load key file (wrong format or bad passphrase)!',
    ]);
    expect(bench.run('/user ssh-keys add user=admin key=x')).toEqual([
      'bad command name add (line 1 column 16)',
    ]);
  });

  it('S10 keys and passwords stand in no export', () => {
    const bench = startMachine();
    bench.run(`/user add name=alice group=read password=planted`);
    bench.run(`/user ssh-keys add user=alice key="${publicLine()}"`);
    const text = bench.run('/export show-sensitive').join('\n');
    expect(text).toContain('add group=read name=alice');
    expect(text).not.toMatch(/planted|ssh-ed25519|ssh-keys/);
  });
});
