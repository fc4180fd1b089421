/** What the commands of menus know beyond the rows: who asks, what may be seen, and the device's peculiarities. */
import type { Random } from '../random.ts';
import type { Device } from './device.ts';

export interface CommandContext {
  readonly device: Device;
  /** Who gives the command. */
  readonly user: string;
  /** Whether secrets are shown to that login. */
  readonly maySeeSecrets: boolean;
  /** Off: a second script of the same name is accepted. */
  readonly uniqueNames: boolean;
  readonly wallMs: number;
  /** What refers to a removed item shows its id; otherwise such an item cannot be removed. */
  readonly ghosts: boolean;
  /** Shortly after boot. */
  readonly interfacesMissing: boolean;
  readonly random: Random;
  print(text: string): void;
}
