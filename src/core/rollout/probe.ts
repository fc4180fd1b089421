/**
 * What is asked after a rollout besides the device's own export, as the settings say: plain data, sealed with the rollout
 * so that it is judged to its end by the probes it began with.
 */

export type ProbeQuestion =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** By the device itself. */
  | { readonly kind: 'ping'; readonly address: string }
  | {
      readonly kind: 'dns';
      readonly server: string;
      readonly name: string;
      /** One of the addresses that must be in the answer; null: any will do. */
      readonly expect: string | null;
    }
  | { readonly kind: 'http'; readonly url: string; readonly status: number }
  /** On the device: its answer must hold that text. */
  | { readonly kind: 'command'; readonly command: string; readonly expect: string };

export interface Probe {
  readonly name: string;
  readonly question: ProbeQuestion;
  /** Within which it has to pass after a rollout. */
  readonly withinMs: number;
  /** What its failing before anything was changed means. */
  readonly redBefore: 'refuse' | 'ignore';
}

/** `said`: what came instead, in words for people. */
export type ProbeAnswer = { readonly well: true } | { readonly well: false; readonly said: string };

/** How the plan's text names what a rollout is verified by. */
export function verifiedBy(probes: readonly Probe[], soakMs: number): string {
  const names = probes.map(({ name }) => name).toSorted();
  const by = names.length === 0 ? 'login and export only' : `login, export and probes ${names.join(', ')}`;
  return soakMs === 0 ? by : `${by}, for ${soakMs / 1000}s`;
}
