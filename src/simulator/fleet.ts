/** Many devices of one export in one process, for load: the export is read once, and its rows are shared. */
import { loadImage } from './device/image.ts';
import { startSimulator } from './simulator.ts';
import type { Simulator, SimulatorOptions } from './simulator.ts';

interface FleetOptions extends Omit<SimulatorOptions, 'exportText' | 'hostKey'> {
  readonly exportText: Uint8Array;
  readonly devices: number;
}

/** On consecutive ports from `listen.port`, or on free ones when that is 0. All or none are started. */
export async function startFleet(options: FleetOptions): Promise<readonly Simulator[]> {
  const { devices, exportText, listen = { host: '127.0.0.1', port: 0 }, ...rest } = options;
  const image = loadImage(exportText, { version: options.version, user: options.user ?? 'admin' });
  const started: Simulator[] = [];
  try {
    for (let index = 0; index < devices; index++) {
      const port = listen.port === 0 ? 0 : listen.port + index;
      started.push(await startSimulator({ ...rest, exportText: image, listen: { host: listen.host, port } }));
    }
  } catch (error) {
    await Promise.all(started.map((one) => one.close()));
    throw error;
  }
  return started;
}
