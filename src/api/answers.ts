/**
 * What the socket answers, which is also what `--json` prints: part of the interface. Fields may be added,
 * never changed or removed. Times are RFC 3339 in UTC. No answer ever holds a secret.
 */
import * as z from 'zod';

const version = z.literal(1);
const time = z.string();
const label = z.enum(['desired', 'drift', 'conflict']);
const actionClass = z.enum(['benign', 'operational', 'recovery']);

export const deviceStates = [
  'in-sync',
  'behind',
  'drifted',
  'pending-signature',
  'rolling-out',
  'held',
  'quarantined',
  'unreachable',
  'unknown',
  'diverged',
  'backed-up',
  'error',
] as const;

const factsSchema = z.object({ model: z.string(), version: z.string(), identity: z.string() });

/** Who said stop, why, and until when (null: until somebody says go). */
const holdSchema = z.object({ by: z.string(), reason: z.string(), until: time.nullable() });

export const deviceStatusSchema = z.object({
  name: z.string(),
  driver: z.string(),
  state: z.enum(deviceStates),
  /** A code, with file and line where a person's text is at fault. */
  reason: z.string().nullable(),
  /** One exact command, where the state waits for a person. */
  next: z.string().nullable(),
  /** Last confirmed on this device. */
  commit: z.string().nullable(),
  rollout: z.object({ id: z.string(), state: z.string() }).nullable(),
  pending: z.array(z.string()),
  /** Items that drifted. */
  drift: z.number().int(),
  lastRead: time.nullable(),
  lastConfirmed: time.nullable(),
  lastDrill: time.nullable(),
  /** What came of it. */
  drill: z.object({ at: time, fired: z.boolean(), message: z.string() }).nullable().optional(),
  /** The reason in words. */
  message: z.string().nullable().optional(),
  /** Items that differ in any way from what is desired. */
  differences: z.number().int().optional(),
  hold: holdSchema.nullable().optional(),
  facts: factsSchema.nullable().optional(),
  /** When the device rolls back by itself, while a rollback is armed. */
  deadline: time.nullable().optional(),
});

export const statusSchema = z.object({
  v: version,
  site: z.string(),
  /** Last accepted. */
  commit: z.string().nullable(),
  desired: z.object({
    head: z.string().nullable(),
    /** `accepted`: the head is what is carried out; `held`: it waits for a person; `error`: it can't be read. */
    state: z.enum(['accepted', 'held', 'error', 'unknown']),
    reason: z.string().nullable(),
    message: z.string().nullable(),
    next: z.string().nullable(),
    subject: z.string().nullable().optional(),
    author: z.string().nullable().optional(),
    acceptedAt: time.nullable().optional(),
  }),
  journal: z.object({ seq: z.number().int(), head: z.string() }),
  devices: z.array(deviceStatusSchema),
  /** Why nothing is changed at the moment (`journal-damaged`, `journal-unwritable` …); null: nothing is in the way. */
  readOnly: z
    .object({ code: z.string(), message: z.string(), next: z.string().optional() })
    .nullable()
    .optional(),
  /** What a person should look at though the daemon goes on (`clock-untrusted`, trust files that can't be used …). */
  warnings: z
    .array(z.object({ code: z.string(), message: z.string(), next: z.string().nullable() }))
    .optional(),
  hold: holdSchema.nullable().optional(),
});

const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  file: z.string().optional(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
  /** The section that can't be planned because of it; null: the whole device. */
  section: z.string().nullable(),
});

export const plannedActionSchema = z.object({
  id: z.number().int(),
  label,
  class: actionClass,
  /** `floor`: always signed; `middle`: signed by default. */
  tier: z.enum(['floor', 'middle', 'benign']).optional(),
  reason: z.string(),
  section: z.string(),
  verb: z.enum(['add', 'set', 'remove', 'move']),
  item: z.string(),
  forward: z.array(z.string()),
  rollback: z.array(z.string()),
  /** Old and new values of a `set`, secrets masked; null: unset, which stands for `absent` where that is known. */
  changes: z
    .array(
      z.object({
        property: z.string(),
        from: z.string().nullable(),
        to: z.string().nullable(),
        absent: z.string().optional(),
      }),
    )
    .optional(),
  /** What a row without a name of its own says besides what changes, secrets masked. */
  row: z.string().optional(),
  /** Of a conflict, what was last confirmed where either side differs from it: `name=value`, secrets masked. */
  confirmed: z.array(z.string()).optional(),
});

export const devicePlanSchema = z.object({
  device: z.string().nullable(),
  commit: z.string().nullable(),
  base: z.string().nullable(),
  actions: z.array(plannedActionSchema),
  /** Last confirmed: where the plan comes from. */
  from: z.string().nullable().optional(),
  class: actionClass.optional(),
  reason: z.string().nullable().optional(),
  /** Whether the daemon's own way to the device stays open, and which item decides it. */
  path: z
    .object({ kind: z.enum(['untouched', 'open', 'closed', 'undecidable']), by: z.string() })
    .nullable()
    .optional(),
  /** How the device rolls back, and after how long at least. */
  rollback: z
    .object({
      kind: z.string(),
      /** As set: the least. */
      windowMs: z.number().int(),
      /** With what the device took before, soak and probes. */
      effectiveMs: z.number().int().optional(),
      /** Secrets that the plan replaces and nobody here knows: none of them comes back. */
      lostSecrets: z.number().int().optional(),
    })
    .nullable()
    .optional(),
  planSha256: z.string().nullable().optional(),
  /** The plan text, as a signer reads it. */
  text: z.string().nullable().optional(),
  /** Items left out by rule. */
  ignored: z.number().int().optional(),
  /** Differences that nobody in git asked for: reported, not carried out. */
  drift: z
    .array(
      z.object({
        section: z.string(),
        verb: z.string(),
        item: z.string(),
        /** `name: old -> new` of a row that is another, `name=value` of one that came or went. */
        forward: z.array(z.string()),
        row: z.string().optional(),
      }),
    )
    .optional(),
  problems: z.array(problemSchema).optional(),
  facts: factsSchema.nullable().optional(),
  pending: z.array(z.string()).optional(),
  /** Where the device stands with this plan, as `status` says it; absent for a commit that is not the accepted one. */
  standing: z
    .object({
      state: z.enum(deviceStates),
      reason: z.string().nullable(),
      message: z.string().nullable(),
      next: z.string().nullable(),
    })
    .optional(),
});

/** What a device's files come to: canonical, secrets masked. */
export const renderSchema = z.object({
  v: version,
  device: z.string(),
  commit: z.string(),
  /** Of which the text is composed, in their order. */
  files: z.array(z.string()),
  text: z.string(),
  problems: z.array(problemSchema),
});

export const readingSchema = z.object({
  v: version,
  device: z.string(),
  version: z.string(),
  /** The device's own export, one code unit a byte; secrets are not in it. */
  text: z.string(),
  /** Sections of which it is not proved that the export holds them whole, and why. */
  unseen: z.array(z.object({ section: z.string(), code: z.string(), message: z.string() })),
});

export const planSchema = z.object({ v: version, devices: z.array(devicePlanSchema) });

export const pendingItemSchema = z.object({
  id: z.string(),
  kind: z.enum(['rollout', 'rotation', 'resolve', 'adopt', 'accept-commit']),
  class: z.enum(['operational', 'recovery']),
  devices: z.array(z.string()),
  issued: time.nullable(),
  expires: time.nullable(),
  approvals: z.object({ have: z.number().int(), need: z.number().int(), by: z.array(z.string()) }),
  reason: z.string().nullable().optional(),
  commit: z.string().nullable().optional(),
  /** What `ssh-keygen -Y sign -n` takes. */
  namespace: z.string().optional(),
  /** The plan text, or what else is asked for. */
  text: z.string().nullable().optional(),
  /** The item in whose place it came, and what is another since: lines of the text, or a sentence. */
  supersedes: z
    .object({ id: z.string(), changed: z.array(z.string()) })
    .nullable()
    .optional(),
});

export const pendingSchema = z.object({ v: version, pending: z.array(pendingItemSchema) });

export const documentSchema = z.object({
  v: version,
  id: z.string(),
  text: z.string(),
  namespace: z.string().optional(),
});

export const approveSchema = z.object({
  v: version,
  id: z.string(),
  results: z.array(
    z.object({
      kind: z.enum(['counted', 'refused']),
      person: z.string().optional(),
      fingerprint: z.string().optional(),
      code: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
  have: z.number().int(),
  need: z.number().int(),
  complete: z.boolean(),
  /** The journal's number before the approval: where `--follow` starts to read. */
  seq: z.number().int().optional(),
  devices: z.array(z.string()).optional(),
});

export const rejectSchema = z.object({ v: version, id: z.string() });

/** What became of an order to one or more devices. `done: false` is a no with its reason, not an error. */
export const orderSchema = z.object({
  v: version,
  results: z.array(
    z.object({
      /** Null: the whole site. */
      device: z.string().nullable(),
      done: z.boolean(),
      code: z.string(),
      message: z.string(),
      next: z.string().nullable().optional(),
    }),
  ),
});

export const refreshSchema = z.object({
  v: version,
  head: z.string().nullable(),
  commit: z.string().nullable(),
  state: z.enum(['accepted', 'held', 'error', 'unknown']),
  message: z.string().nullable(),
});

/** A journal record as it is kept; the kinds are in the journal's specification. */
const recordSchema = z.looseObject({
  v: version,
  seq: z.number().int(),
  at: time,
  prev: z.string(),
  kind: z.string(),
  actor: z.string(),
});

export const recordsSchema = z.object({
  v: version,
  records: z.array(recordSchema),
  head: z.object({ seq: z.number().int(), hash: z.string() }),
});

export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    device: z.string().optional(),
    file: z.string().optional(),
    line: z.number().int().optional(),
    column: z.number().int().optional(),
  }),
});

export type StatusAnswer = z.output<typeof statusSchema>;
export type DeviceStatus = z.output<typeof deviceStatusSchema>;
export type DeviceState = (typeof deviceStates)[number];
export type PlanAnswer = z.output<typeof planSchema>;
export type DevicePlan = z.output<typeof devicePlanSchema>;
export type PendingAnswer = z.output<typeof pendingSchema>;
export type PendingAnswerItem = z.output<typeof pendingItemSchema>;
export type ApproveAnswer = z.output<typeof approveSchema>;
export type OrderAnswer = z.output<typeof orderSchema>;
export type JournalRecord = z.output<typeof recordSchema>;
export type ErrorAnswer = z.output<typeof errorSchema>;
