/**
 * The schema of one device's settings and of what `defaults:` can say for all, key by key. Values that name paths stay as
 * written here; `device-settings.ts` resolves them.
 */
import * as z from 'zod';
import { isTimeZone, parseWeeklyTime } from '../core/maintenance.ts';
import type { WeeklyTime } from '../core/maintenance.ts';
import { probesSchema } from './probes.ts';
import { duration, oneOf, text, whole } from './schema-values.ts';

export const mapping = { error: 'expected a mapping of keys' };
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const nameWords = 'a name of letters, digits, dots, dashes and underscores, at most 63';
const port = (about: string) => whole(about, 1, 65535);
export const path = (about: string) => text('a path', about);

const managementSchema = z
  .strictObject(
    {
      address: text(
        'an address',
        'Address of the device that management uses, as the device sees it',
      ).optional(),
      port: port('Port that management uses, as the device sees it').optional(),
      from: text('an address', 'Address the daemon comes from, as the device sees it').optional(),
      interface: text(
        'the name of an interface',
        'Interface of the device that management comes in by',
      ).optional(),
    },
    mapping,
  )
  .describe(
    'The management path as the device sees it, where that differs from the session (behind NAT, on a simulator)',
  );

const weeklyWords = 'expected a time such as "Sat 02:00-04:00", "Mon-Fri 22:00-05:00" or "daily 03:00-04:00"';
const zoneWords = 'expected a time zone such as Europe/Budapest or UTC';

/** What `defaults:` can say for all devices. */
export const sharedShape = {
  driver: oneOf(['routeros'], 'What kind of device it is').optional(),
  port: port('SSH port; 22 if not said').optional(),
  user: text('a user name', 'User that the daemon logs in as').optional(),
  identity: path('Private key to log in with; relative to the settings file').optional(),
  'password-file': path('File that holds the password to log in with, instead of a key').optional(),
  manage: oneOf(
    ['backup', 'report', 'rollout'],
    'How far siteward goes: keep what the device has, report differences, or roll out; rollout if not said',
  ).optional(),
  rollout: oneOf(
    ['auto', 'manual', 'window'],
    'Whether a plan starts by itself, by `siteward apply`, or in the maintenance window; auto if not said',
  ).optional(),
  maintenance: z
    .strictObject(
      {
        times: z
          .array(
            z
              .string({ error: weeklyWords })
              .transform((text, context): WeeklyTime => {
                const time = parseWeeklyTime(text);
                if (time !== null) return time;
                context.issues.push({ code: 'custom', message: weeklyWords, input: text });
                return z.NEVER;
              })
              .describe('When the window is open, on the wall clock of the zone'),
            { error: 'expected a list of times' },
          )
          .min(1, { error: 'expected at least one time' })
          .max(50, { error: 'expected at most 50 times' }),
        zone: z
          .string({ error: zoneWords })
          .refine(isTimeZone, { error: zoneWords })
          .describe('Whose wall clock the times are on; UTC if not said')
          .default('UTC'),
      },
      mapping,
    )
    .optional()
    .describe('When rollouts may begin, with `rollout: window`'),
  drift: oneOf(['report'], 'What happens to drift: it is reported and left alone').optional(),
  read: duration('How often the device is read when nothing else asks; 15m if not said', {
    least: '1s',
    most: '7d',
  }).optional(),
  window: duration('The least time before the device rolls back by itself; 120s if not said', {
    least: '5s',
    most: '1d',
  }).optional(),
  tick: duration("How often the device's own timer looks; 10s if not said", {
    least: '1s',
    most: '10m',
  }).optional(),
  flush: duration('How long the device may cache writes; 45s if not said, 0s for CHR', {
    most: '10m',
  }).optional(),
  'min-uptime': duration('How long the device must have been up before a rollout; 5m if not said', {
    most: '1d',
  }).optional(),
  soak: duration('How long the target must hold before it is confirmed; 0s if not said', {
    most: '1d',
  }).optional(),
  probes: probesSchema.optional(),
  drill: duration(
    'How often the rollback of a device is drilled by itself: armed with no change and left to fire; never if not said',
    { least: '1h' },
  ).optional(),
  backup: z
    .strictObject(
      {
        every: duration('How long after the last one the next backup is made', {
          least: '1m',
          most: '52d',
        }).optional(),
        at: text(
          'a time of day such as 02:30',
          'When a backup is made each day, instead of `every`',
          /^(?:[01]\d|2[0-3]):[0-5]\d$/,
        ).optional(),
        zone: z
          .string({ error: zoneWords })
          .refine(isTimeZone, { error: zoneWords })
          .describe('Whose wall clock `at` is on; UTC if not said')
          .optional(),
        binary: z
          .boolean({ error: 'expected true | false' })
          .describe("Whether the device's own backup is kept with it, encrypted; false if not said")
          .optional(),
      },
      mapping,
    )
    .optional()
    .describe('When the device is backed up though nothing changed, and whether as a binary, too'),
  secrets: oneOf(
    ['hidden', 'compare'],
    'Whether each reading asks for secrets, to compare them by keyed digest (the login needs the policy sensitive); hidden if not said',
  ).optional(),
  'secrets-on-device': oneOf(
    ['allow', 'refuse'],
    'Whether a plan with a secret value may be staged on the device, where it can be read meanwhile; refuse if not said',
  ).optional(),
  management: managementSchema.optional(),
};

export const deviceSchema = z.strictObject(
  {
    address: text('a host name or address', 'Where the device is', /^[A-Za-z0-9._:%-]{1,255}$/),
    'host-key': text(
      'SHA256: and 43 characters, as `ssh-keygen -lf` prints it',
      "Fingerprint of the device's host key",
      /^SHA256:[A-Za-z0-9+/]{43}$/,
    ),
    ...sharedShape,
  },
  mapping,
);

export const deviceName = z.string().regex(namePattern, { error: `expected ${nameWords}` });

/** The form of `devices:` and of every file in `devices.d`. */
export const devicesSchema = z.record(deviceName, deviceSchema, {
  error: 'expected a mapping of device names',
});

export type RawDevice = z.output<typeof deviceSchema>;
