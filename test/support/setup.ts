/** Keeps every test away from the user's own git and ssh configuration and from any agent. */
import { tmpdir } from 'node:os';

process.env['GIT_CONFIG_GLOBAL'] = '/dev/null';
process.env['GIT_CONFIG_SYSTEM'] = '/dev/null';
process.env['HOME'] = tmpdir();
delete process.env['SSH_AUTH_SOCK'];
