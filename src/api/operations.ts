/**
 * The one table of what can be asked over the socket: name, request, answer. The server, the client and the
 * daemon's implementation are typed from it. Nothing that a client sends carries authority: an approval
 * counts by its signature, whoever brings it.
 */
import * as z from 'zod';
import { resolutions, rotated } from '../core/rollout/event-fields.ts';
import {
  approveSchema,
  documentSchema,
  orderSchema,
  pendingSchema,
  planSchema,
  readingSchema,
  recordsSchema,
  refreshSchema,
  renderSchema,
  rejectSchema,
  statusSchema,
} from './answers.ts';
import { binarySchema, historySchema, restoreSchema, sealedSchema, showSchema } from './history-answers.ts';

const name = z.string().min(1).max(64);
const reason = z.string().trim().min(1).max(500);
const device = z.strictObject({ device: name });
const anyDevice = z.strictObject({ device: name.optional() });
const rev = z.string().min(1).max(100);
const id = z.string().min(1).max(128);

const weekMs = 7 * 24 * 3600 * 1000;

export const operations = {
  status: { request: anyDevice, answer: statusSchema },
  plan: {
    request: z.strictObject({ device: name.optional(), rev: z.string().min(1).max(256).optional() }),
    answer: planSchema,
  },
  /** The composed text of the accepted commit, or of another of the repository. */
  render: {
    request: z.strictObject({ device: name, rev: z.string().min(1).max(256).optional() }),
    answer: renderSchema,
  },
  /** What the device has, read now. */
  /** `sections`: what they hold is to be proved although the export may not name them. */
  reading: {
    request: z.strictObject({ device: name, sections: z.array(z.string().max(200)).max(1000).optional() }),
    answer: readingSchema,
  },
  pending: { request: z.strictObject({ ids: z.array(id).max(1000).optional() }), answer: pendingSchema },
  /** Makes the document at the first call; the same bytes until expired, consumed or superseded. */
  document: { request: z.strictObject({ id }), answer: documentSchema },
  approve: {
    request: z.strictObject({
      id,
      signatures: z
        .array(
          z
            .string()
            .min(1)
            .max(64 * 1024),
        )
        .min(1)
        .max(16),
    }),
    answer: approveSchema,
  },
  reject: { request: z.strictObject({ id, reason }), answer: rejectSchema },
  apply: { request: anyDevice, answer: orderSchema },
  /** Arms the net with no change and lets it fire. */
  drill: { request: device, answer: orderSchema },
  retry: { request: device, answer: orderSchema },
  /** For a device that stands still: what it is to have. Nothing is done before it is signed. */
  resolve: { request: z.strictObject({ device: name, as: z.enum(resolutions) }), answer: orderSchema },
  /** Puts what a device has in these sections before people, to count as made by siteward; none: all its file names. */
  adopt: {
    request: z.strictObject({
      device: name,
      sections: z.array(z.string().regex(/^(?:\/[a-z0-9-]{1,40}(?: [a-z0-9-]{1,40}){0,7})$/)).max(200),
    }),
    answer: orderSchema,
  },
  /** Puts another host key or credential before people. Nothing is replaced before it is signed. */
  rotate: {
    request: z.strictObject({ device: name, what: z.enum(rotated), emergency: z.boolean() }),
    answer: orderSchema,
  },
  /** `device: null` is the whole site. */
  hold: {
    request: z.strictObject({
      device: name.nullable(),
      reason,
      forMs: z
        .number()
        .int()
        .positive()
        .max(52 * weekMs)
        .optional(),
    }),
    answer: orderSchema,
  },
  release: { request: z.strictObject({ device: name.nullable() }), answer: orderSchema },
  /** Reads the device now and keeps what it has; with a label it has a name from then on. */
  backup: {
    request: z.strictObject({ device: name.optional(), label: z.string().min(1).max(63).optional() }),
    answer: orderSchema,
  },
  history: {
    request: z.strictObject({ device: name, limit: z.number().int().min(1).max(10_000) }),
    answer: historySchema,
  },
  /** `rev`: a hash, a label, `~n` or a time. */
  show: { request: z.strictObject({ device: name, rev }), answer: showSchema },
  /** The newest of the device's own backups of that state. */
  binary: { request: z.strictObject({ device: name, rev }), answer: binarySchema },
  /** What the text of that state leaves out, as it was sealed. */
  secrets: { request: z.strictObject({ device: name, rev }), answer: sealedSchema },
  /**
   * The way back to a state of the device's history, as of a reading made now; without `rev` the newest checkpoint, or
   * the state before the last rollout. With `order` it is ordered, bound to the plan shown; `plan`: to that of an earlier
   * preview.
   */
  restore: {
    request: z.strictObject({
      device: name,
      rev: rev.optional(),
      order: z.boolean(),
      plan: z
        .string()
        .regex(/^[0-9a-f]{8,64}$/)
        .optional(),
      /** What the answer to `secrets` holds, opened by who asks; base64. */
      secrets: z.base64().optional(),
    }),
    answer: restoreSchema,
  },
  /** Reads the desired state now instead of at the next poll. */
  refresh: { request: z.strictObject({}), answer: refreshSchema },
  /**
   * Records after `sinceSeq`, in order; `last`: the newest `limit` of them instead of the oldest.
   * `since` is RFC 3339; `device` leaves only records that name it.
   */
  records: {
    request: z.strictObject({
      sinceSeq: z.number().int().min(0),
      since: z.iso.datetime({ offset: true }).optional(),
      device: name.optional(),
      limit: z.number().int().min(1).max(1000),
      last: z.boolean().optional(),
    }),
    answer: recordsSchema,
  },
} as const satisfies Record<string, { request: z.ZodType; answer: z.ZodType }>;

export type OperationName = keyof typeof operations;
export type RequestOf<Name extends OperationName> = z.output<(typeof operations)[Name]['request']>;
export type AnswerOf<Name extends OperationName> = z.output<(typeof operations)[Name]['answer']>;

/**
 * Who asks, as far as it can be known: Node can't ask the kernel for the peer's user, so `uid` is what the client says of itself,
 * and `claimed` is its whole word for the journal's `actor` (`uid:1000`). Both null: it said nothing.
 */
export interface Client {
  readonly uid: number | null;
  readonly claimed: string | null;
}

/** What the daemon implements. A throw of `SitewardError` becomes an error answer with its code. */
export type Operations = {
  readonly [Name in OperationName]: (request: RequestOf<Name>, client: Client) => Promise<AnswerOf<Name>>;
};

export function isOperationName(text: string): text is OperationName {
  return Object.hasOwn(operations, text);
}
