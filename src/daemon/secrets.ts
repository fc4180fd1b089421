/** The files of the settings that hold secrets, read anew each time, so that a changed one counts at the next look. */
import { readSecrets } from '../desired/secrets.ts';
import type { SealedFile, Secrets } from '../desired/secrets.ts';
import type { SiteFiles } from '../desired/site-files.ts';
import type { Settings } from '../settings/settings.ts';
import { readSecretFile } from '../settings/trust-files.ts';
import { maxYamlBytes } from '../settings/yaml-file.ts';

export function secretsOfSite({
  secrets,
}: Pick<Settings, 'secrets'>): (files: SiteFiles) => Promise<Secrets> {
  const reader = (file: string | null): (() => Promise<SealedFile>) | null =>
    file === null ? null : async () => ({ file, bytes: await readSecretFile(file, maxYamlBytes) });
  const sources = { local: reader(secrets.file), identity: reader(secrets.identityFile) };
  return ({ sealed }) => readSecrets(sources, sealed);
}
