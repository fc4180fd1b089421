/** What the last pass saw of a device: lost with the process, read again at start. */
import type { Place } from '../core/errors.ts';
import { formatPlace, InvalidInput, messageOf, codeOf } from '../core/errors.ts';
import type { Evidence } from '../core/rollout/rollout.ts';
import type { DeviceFacts, Observation } from '../drivers/driver.ts';
import type { Comparison } from './comparison.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly place: Place | null;
}

export interface Stuck {
  readonly code: string;
  readonly message: string;
}

export interface DeviceReport {
  /** Milliseconds since the epoch; null: not read since start. */
  readonly readAt: number | null;
  /** The accepted commit that the last reading was compared with; a reading alone says nothing of it. */
  readonly readCommit: string | null;
  readonly facts: DeviceFacts | null;
  /** The last whole reading, for previews of other commits. */
  readonly observation: Observation | null;
  /** Why the last pass could not be finished. */
  readonly failure: Failure | null;
  /** Why nothing is begun on the device, although it was read: a person has to decide. */
  readonly stuck: Stuck | null;
  /** What the reading and the accepted commit made of each other; null: no pass came that far. */
  readonly comparison: Comparison | null;
  /** A rollout was confirmed, and the first reading after it is still to come. */
  readonly justConfirmed: boolean;
  /** What the history knows of the last reading; null: no reading was kept since start. */
  readonly kept: {
    readonly fingerprint: string;
    /** When a reading was last known to be in the history. */
    readonly atMs: number;
    /** The newest rollout that was over by then. */
    readonly rollout: string | null;
  } | null;
  /** Why the last reading is not in the history. */
  readonly keepFailure: Stuck | null;
  /** Of backups that were due or ordered since start; milliseconds since the epoch. */
  readonly backup: {
    /** When a reading last counted as one. */
    readonly readMs: number | null;
    /** When the device's own was last kept; known from the first pass on. */
    readonly binaryMs: number | null;
    readonly triedMs: number | null;
    /** Why the last of its own was not kept. */
    readonly failure: Stuck | null;
  };
  /** The newest look at the device while a rollout is in flight. */
  readonly sight: { readonly evidence: Evidence | null; readonly code: string | null } | null;
  /** What the probes said once a rollout had been taken back; null: none was, or it had no probes. */
  readonly probesAfter: { readonly rollout: string; readonly failing: readonly string[] } | null;
}

export const unreadReport: DeviceReport = {
  readAt: null,
  readCommit: null,
  facts: null,
  observation: null,
  failure: null,
  stuck: null,
  comparison: null,
  justConfirmed: false,
  kept: null,
  keepFailure: null,
  backup: { readMs: null, binaryMs: null, triedMs: null, failure: null },
  sight: null,
  probesAfter: null,
};

/** What the last reading said of the device's hardware, as a field of a record; none where it said nothing. */
export function hardwareIn({ observation }: DeviceReport): { readonly hardware?: string } {
  const hardware = observation?.hardware ?? null;
  return hardware === null ? {} : { hardware };
}

export function failureOf(error: unknown): Failure {
  const place = error instanceof InvalidInput ? error.place : null;
  return { code: codeOf(error), message: messageOf(error), place };
}

export function describeFailure(failure: Failure): string {
  const { place, message } = failure;
  // Some messages begin with the file they are about.
  if (place === null || message.startsWith(place.file)) return message;
  return `${formatPlace(place)}: ${message}`;
}

/** A report that is replaced piece by piece by the passes and read by whoever answers questions. */
export interface ReportCell {
  current(): DeviceReport;
  update(patch: Partial<DeviceReport>): void;
}

export function reportCell(): ReportCell {
  let report = unreadReport;
  return {
    current: () => report,
    update: (patch) => {
      report = { ...report, ...patch };
    },
  };
}
