/** Other people's clients against the simulator: Ansible's network_cli, paramiko, netmiko, an interactive ssh. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import {
  clientFolder,
  hasProgram,
  hasPythonModule,
  python,
  run,
  type ClientFolder,
} from '../support/ssh-clients.ts';
import { simulatorOfTest } from '../support/simulator.ts';

const hasParamiko = hasPythonModule('paramiko');
const hasNetmiko = hasPythonModule('netmiko');
const hasAnsible =
  hasProgram('ansible-playbook', '--version') && hasPythonModule('ansible_collections.community.routeros');

let folder: ClientFolder;

beforeAll(() => {
  folder = clientFolder();
});
afterAll(() => folder.remove());

const start = (options: Partial<SimulatorOptions> = {}): Promise<Simulator> =>
  simulatorOfTest({ password: 'planted', ...options });

async function runPython(script: string, port: number): Promise<string> {
  writeFileSync(folder.at('script.py'), script);
  const answer = await run(python, ['-W', 'ignore', folder.at('script.py'), String(port)]);
  expect(answer.errors).toBe('');
  return answer.output;
}

describe.skipIf(!hasParamiko)('paramiko (skipped where python3-paramiko is not installed)', () => {
  const connect = `
import sys, paramiko
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect("127.0.0.1", port=int(sys.argv[1]), username="admin", password="planted", look_for_keys=False, allow_agent=False)
`;

  it('S02 S04 runs a command, sees its status, and reads an export', async () => {
    const { port } = await start();
    const output = await runPython(
      `${connect}
_, out, err = client.exec_command(":put hello")
print(repr(out.read()), out.channel.recv_exit_status(), repr(err.read()))
_, out, _ = client.exec_command("/export")
print(b"set name=gw1" in out.read())
client.close()
`,
      port,
    );
    expect(output).toBe("b'hello\\r\\n' 0 b''\nTrue\n");
  });

  it('S59 moves files by SFTP', async () => {
    const { port } = await start();
    const output = await runPython(
      `${connect}
sftp = client.open_sftp()
with sftp.open("a.txt", "w") as f: f.write("from python")
print(sftp.listdir("."), sftp.stat("a.txt").st_size, sftp.open("a.txt").read())
sftp.remove("a.txt")
print(sftp.listdir("/"))
client.close()
`,
      port,
    );
    expect(output).toBe("['a.txt'] 11 b'from python'\n[]\n");
  });

  it('S09 talks to the console: licence, Enter, the probe of the terminal, prompt, safe mode', async () => {
    const running = await start({ behaviour: { dialogs: ['licence', 'press-enter', 'probe'] } });
    const output = await runPython(
      `${connect}
shell = client.invoke_shell()
seen = ""
def until(text):
    global seen
    while text not in seen: seen += shell.recv(4096).decode("latin1")
    before, seen = seen.split(text, 1)
    return before
until("[Y/n]: "); shell.send("n")
until("to continue!"); shell.send("\\r")
until("\\x1b[6n"); shell.send("\\x1b[24;80R")
until("[admin@gw1] > ")
shell.send("/ip pool\\r"); until("[admin@gw1] /ip/pool> ")
shell.send("\\x18"); until("<SAFE> ")
shell.send("add name=gone ranges=192.0.2.1\\r"); until("<SAFE> ")
shell.send("\\x04")
while not shell.exit_status_ready(): shell.recv(4096)
print("over")
client.close()
`,
      running.port,
    );
    expect(output).toBe('over\n');
    expect(await running.console('/ip pool print count-only where name=gone')).toBe('0\n');
  });

  it('S11 an RSA host key of version 6 is taken', async () => {
    const { port } = await start({ version: '6.49.18', behaviour: { hostKeyType: 'rsa' } });
    const output = await runPython(
      `${connect}
print(client.get_transport().get_remote_server_key().get_name())
client.close()
`,
      port,
    );
    expect(output).toBe('ssh-rsa\n');
  });
});

describe.skipIf(!hasNetmiko)('netmiko (skipped where python3-netmiko is not installed)', () => {
  it('S08 finds the prompt and reads what commands print', async () => {
    const { port } = await start();
    const output = await runPython(
      `
import sys
from netmiko import ConnectHandler
device = ConnectHandler(device_type="mikrotik_routeros", host="127.0.0.1", port=int(sys.argv[1]), username="admin", password="planted", global_delay_factor=2)
print(device.find_prompt())
print(device.send_command(":put (40+2)"))
# It ends a command with CR and LF, which is a prompt more, and takes the first prompt it sees for the end of an answer.
print("name=gw1" in device.send_command("/export", expect_string="name=gw1"))
device.disconnect()
`,
      port,
    );
    expect(output).toContain('[admin@gw1] >\n42\nTrue');
  });
});

describe.skipIf(!hasAnsible)("Ansible (skipped where Debian's ansible is not installed)", () => {
  it('S09 community.routeros runs commands over network_cli and reads facts', async () => {
    const device = await start();
    writeFileSync(
      folder.at('inventory.ini'),
      `[r]\ngw1 ansible_host=127.0.0.1 ansible_port=${device.port} ansible_user=admin ansible_password=planted ansible_connection=ansible.netcommon.network_cli ansible_network_os=community.routeros.routeros ansible_host_key_checking=false ansible_network_cli_ssh_type=paramiko\n`,
    );
    writeFileSync(
      folder.at('play.yml'),
      `- hosts: r
  gather_facts: false
  tasks:
    - community.routeros.command:
        commands: [":put (40+2)", "/ip pool add name=ansible ranges=192.0.2.77", "/system identity print"]
      register: answer
    - ansible.builtin.debug:
        msg: "{{ answer.stdout[0] }} {{ answer.stdout[2] }}"
`,
    );
    const answer = await run(
      'ansible-playbook',
      ['-i', folder.at('inventory.ini'), folder.at('play.yml')],
      '',
      {
        HOME: folder.path,
        LC_ALL: 'C.UTF-8',
        ANSIBLE_LOCALHOST_WARNING: 'false',
        ANSIBLE_HOST_KEY_CHECKING: 'false',
      },
    );
    expect(answer.output).toMatch(/42 .*name: gw1/s);
    expect(answer).toMatchObject({ status: 0 });
    expect(await device.console('/ip pool print count-only where name=ansible')).toBe('1\n');
  });
});
