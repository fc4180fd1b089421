/** The device's own times: uptime since boot, the start of the console, and wall time, which may be set or not. */
import type { SimulatorClock } from './clock.ts';

/** Where wall time begins on a device whose clock nobody set. */
const UNSET_CLOCK_MS = Date.UTC(1970, 0, 2);

export class DeviceClocks {
  private readonly clock: SimulatorClock;
  private readonly forgets: boolean;
  private bootedAt: number;
  private wallOffset = 0;
  /** Monotonic milliseconds. */
  consoleStartedAt: number;

  /** `forgets`: without a battery, wall time begins anew at each boot. */
  constructor(clock: SimulatorClock, uptimeMs: number, forgets: boolean) {
    this.clock = clock;
    this.forgets = forgets;
    this.bootedAt = clock.monotonic() - uptimeMs;
    this.consoleStartedAt = this.bootedAt;
    this.forget();
  }

  uptimeMs(): number {
    return this.clock.monotonic() - this.bootedAt;
  }

  wallMs(): number {
    return this.clock.now() + this.wallOffset;
  }

  jump(ms: number): void {
    this.wallOffset += ms;
  }

  restartConsole(): void {
    this.consoleStartedAt = this.clock.monotonic();
  }

  boot(): void {
    this.forget();
    this.bootedAt = this.clock.monotonic();
    this.restartConsole();
  }

  private forget(): void {
    if (this.forgets) this.wallOffset = UNSET_CLOCK_MS - this.clock.now();
  }
}
