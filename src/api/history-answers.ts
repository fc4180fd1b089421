/** What the daemon answers about the past of a device. As in `answers.ts`: times are RFC 3339, nothing here is a secret. */
import * as z from 'zod';
import { devicePlanSchema } from './answers.ts';

const version = z.literal(1);
const time = z.string();

export const revisionSchema = z.object({
  /** The first 12 digits of the commit in the history. */
  rev: z.string(),
  at: time,
  why: z.enum(['first', 'rollout', 'drift', 'scheduled', 'manual', 'checkpoint']),
  /** Whoever changed the device, in its own words; `siteward` where it does not tell. */
  who: z.string(),
  /** Lines. */
  added: z.number().int(),
  removed: z.number().int(),
  labels: z.array(z.string()),
  /** The rollout that led here. */
  rollout: z.string().nullable().optional(),
  /** The revision that this rollout went back to. */
  restored: z.string().nullable().optional(),
  /** When the newest of the device's own backups of this state was made; null: there is none. */
  binary: time.nullable().optional(),
  /** First digits of the keyed digest of all secrets that are sealed with it; null: none are. */
  secrets: z.string().nullable().optional(),
});

export const binarySchema = z.object({
  v: version,
  device: z.string(),
  revision: revisionSchema,
  /** Encrypted with age to `history: recipients:`; base64. */
  content: z.base64(),
  /** As the device made it. */
  bytes: z.number().int(),
  sha256: z.string(),
});

/** What the text of a revision leaves out. */
export const sealedSchema = z.object({
  v: version,
  device: z.string(),
  revision: revisionSchema,
  /** Encrypted with age to `history: recipients:`; base64. */
  content: z.base64(),
});

/** The newest first. */
export const historySchema = z.object({
  v: version,
  device: z.string(),
  revisions: z.array(revisionSchema),
  /** Older ones are kept than were asked for. */
  more: z.boolean().optional(),
});

export const showSchema = z.object({
  v: version,
  device: z.string(),
  revision: revisionSchema,
  /** What the device said, without what changes by itself and without secrets. */
  text: z.string(),
});

/** The way to a state of a device's history, and what became of the order to go it. */
export const restoreSchema = z.object({
  v: version,
  device: z.string(),
  revision: revisionSchema,
  /** How `rollback` found it. */
  found: z.enum(['asked-for', 'checkpoint', 'before-rollout']),
  /** Null: the device has it, as far as it can be brought there. */
  plan: devicePlanSchema.nullable(),
  /** Actions by the part of the device. */
  categories: z.array(
    z.object({
      category: z.string(),
      add: z.number().int(),
      set: z.number().int(),
      remove: z.number().int(),
      move: z.number().int(),
      signed: z.number().int(),
    }),
  ),
  /** What stays as it is, and why. */
  notRestored: z.array(z.string()),
  /** Where secrets that are written come from, and how to have more of them. */
  secrets: z.array(z.string()).optional(),
  ordered: z.boolean(),
  /** Why it was not ordered although that was asked for; null: it was, or was not asked for. */
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
  next: z.string().nullable(),
});

export type RevisionAnswer = z.output<typeof revisionSchema>;
