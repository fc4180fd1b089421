/** The files that the settings are and name: what a site needs beside its state, and no export of the state holds. */
import type { Settings } from './settings.ts';

/** Each once, in the order in which they are brought back: the settings first. */
export function filesBeside(settings: Settings): readonly string[] {
  const { file, devices, placeOf, trust, desired, secrets, history } = settings;
  const named = [
    file,
    ...devices.map(({ name }) => placeOf(name, 'address')?.file ?? null),
    trust.allowedSignersFile,
    trust.revokedKeysFile,
    ...[desired, history.remote].flatMap((server) =>
      server === null
        ? []
        : [server.identityFile, server.tokenFile, server.caFile, isPath(server.url) ? server.url : null],
    ),
    secrets.file,
    secrets.identityFile,
    ...devices.flatMap(({ identityFile, passwordFile }) => [identityFile, passwordFile]),
  ];
  return [...new Set(named.filter((one) => one !== null))];
}

function isPath(url: string): boolean {
  return url.startsWith('/');
}
