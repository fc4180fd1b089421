/**
 * The schema of the settings file, key by key, with what each one expects in words. The JSON Schema for editors is
 * made from it. Values that name paths stay as written here; `settings.ts` resolves them.
 */
import * as z from 'zod';
import { isTimeZone, parseWeeklyTime } from '../core/maintenance.ts';
import type { WeeklyTime } from '../core/maintenance.ts';
import { probesSchema } from './probes.ts';
import { duration, oneOf, size, text, whole } from './schema-values.ts';

const mapping = { error: 'expected a mapping of keys' };
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const nameWords = 'a name of letters, digits, dots, dashes and underscores, at most 63';
const port = (about: string) => whole(about, 1, 65535);
const path = (about: string) => text('a path', about);

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
const sharedShape = {
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

const deviceName = z.string().regex(namePattern, { error: `expected ${nameWords}` });

/** The form of `devices:` and of every file in `devices.d`. */
export const devicesSchema = z.record(deviceName, deviceSchema, {
  error: 'expected a mapping of device names',
});

const personSchema = z.strictObject(
  {
    principals: z
      .array(
        text(
          'a principal as in the allowed signers file',
          'As in the allowed signers file',
          /^[^\s",*?!\0-\x1f]{1,200}$/,
        ),
        {
          error: 'expected a list of principals',
        },
      )
      .min(1, { error: 'expected at least one principal' }),
    roles: z
      .array(oneOf(['operational', 'recovery'], 'What the person may sign'), {
        error: 'expected a list of roles',
      })
      .min(1, { error: 'expected at least one role' }),
  },
  mapping,
);

const menus = (about: string, pattern: RegExp, words: string) =>
  z
    .array(text(words, about, pattern), { error: 'expected a list of menus' })
    .max(1000, { error: 'expected at most 1000 menus' })
    .optional()
    .describe(about);

const shareWords = 'expected a share such as 10%';

/** Other schemes send what they carry in the open; a password in the URL would be in every message about it. */
const serverUrl =
  /^(?:https:\/\/(?:[^\s/:@]+@)?[^\s/:@]+(?::\d{1,5})?\/\S+|ssh:\/\/[^\s/:@]+@[^\s/:@]+(?::\d{1,5})?\/\S+)$/;
const desiredUrl = new RegExp(`${serverUrl.source}|^(?![^/]*:)[^\\0-\\x1f\\x7f]{1,1000}$`);

/** How a git server lets the daemon in. */
const serverShape = {
  token: path('File with the token or password for https://').optional(),
  ca: path(
    'File with the certificate authorities to trust for https://, instead of the usual ones',
  ).optional(),
  identity: path('File with the private key for ssh://').optional(),
  'host-key': text(
    'a host key such as SHA256:…',
    'Host key of the git server for ssh://, as ssh-keygen -lf shows it',
    /^SHA256:[A-Za-z0-9+/]{43}$/,
  ).optional(),
};

export const settingsSchema = z.strictObject(
  {
    site: text(nameWords, 'Name of the site; the desired state must carry the same', namePattern),
    organization: text(
      'a domain name such as example.org',
      'Domain that signature namespaces are bound to',
      /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
    ),
    state: path('Folder of the journal and everything the daemon keeps; made at first start').default(
      '/var/lib/siteward',
    ),
    desired: z.strictObject(
      {
        url: text(
          'a path on this machine, https://HOST/PATH or ssh://USER@HOST/PATH, without a password in it',
          'Repository with the desired state: a local path, bare or not, https:// or ssh://',
          desiredUrl,
        ),
        ...serverShape,
        branch: text(
          'a branch name',
          'Branch that is followed',
          /^(?!-|\/)[^\s~^:?*[\\\0-\x1f\x7f]{1,200}$/,
        ).default('main'),
        path: text(
          'a folder inside the repository',
          'Where the site is in the repository; its root if not said',
        ).default(''),
        track: text(
          'branch, or tag and a pattern such as "tag deploy-*"',
          'Whether the branch is carried out, or the highest tag of a pattern; branch if not said',
          /^(?:branch|tag (?!-|\/)[^\s~^:?[\\\0-\x1f\x7f]{1,200})$/,
        ).default('branch'),
        signed: oneOf(
          ['required', 'off'],
          'Whether commits, or the tags that are followed, must be signed by a key of the allowed signers',
        ).default('required'),
        poll: duration('How often the branch is looked at; 60s if not said', {
          least: '1s',
          most: '1d',
        }).optional(),
        news: duration('How long no new commit may come before the metric desired_no_news says so', {
          least: '1h',
        }).optional(),
      },
      mapping,
    ),
    secrets: z
      .strictObject(
        {
          file: path(
            'YAML file with a value for each `${secret:NAME}`, plain (0600) or encrypted with age',
          ).optional(),
          identity: path('File with the age identity that opens encrypted secrets; 0600').optional(),
        },
        mapping,
      )
      .optional(),
    defaults: z
      .strictObject(sharedShape, mapping)
      .optional()
      .describe('For every device that does not say otherwise'),
    devices: devicesSchema
      .optional()
      .describe('The devices of the site, by name; more may be in devices.d/*.yaml'),
    trust: z.strictObject(
      {
        'allowed-signers': path('Who may sign, with which key: the form of ssh-keygen(1) ALLOWED SIGNERS'),
        'revoked-keys': path('Keys that no longer count').optional(),
        people: z
          .record(deviceName, personSchema, { error: 'expected a mapping of names' })
          .optional()
          .describe('Which principals are the same person, and what that person may sign'),
      },
      mapping,
    ),
    policy: z
      .strictObject(
        {
          approvals: z
            .strictObject(
              {
                operational: whole(
                  'Persons who must sign an operational change; 1 if not said',
                  1,
                  16,
                ).optional(),
                recovery: whole('Persons who must sign a rotation; 2 if not said', 1, 16).optional(),
              },
              mapping,
            )
            .optional(),
          expires: duration('How long a document can be signed and used; 1h if not said', {
            least: '1s',
            most: '7d',
          }).optional(),
          'user-verification': oneOf(
            ['required', 'off'],
            'Whether only security keys that checked who touched them (PIN, fingerprint) may sign; off if not said',
          ).optional(),
          'four-eyes': oneOf(
            ['required', 'off'],
            'Whether who wrote or signed a commit may not sign what comes of it; off if not said',
          ).optional(),
          sign: menus(
            'Menus whose changes need a signature though they would go through by themselves',
            /^(?:\*|\/[a-z0-9-]{1,40}(?: [a-z0-9-]{1,40}){0,7}\*?)$/,
            'a menu such as "/ip dns static", with * at its end also all below it, or "*" for everything',
          ),
          relax: menus(
            'Menus whose changes need no signature though traffic or exposure may change; never lowers the floor',
            /^\/[a-z0-9-]{1,40}(?: [a-z0-9-]{1,40}){0,7}\*?$/,
            'a menu such as "/ip firewall nat", with * at its end also all below it',
          ),
          removals: z
            .strictObject(
              {
                items: whole(
                  'Removed or reset items above which a plan needs a signature; 20 if not said',
                  0,
                  100_000,
                ).optional(),
                share: z
                  .string({ error: shareWords })
                  .regex(/^(?:100|\d{1,2})%$/, { error: shareWords })
                  .optional()
                  .describe('The same as a share of a section; 10% if not said'),
              },
              mapping,
            )
            .optional(),
          batch: whole('At most this many rollouts at once; 5 if not said', 1, 1000).optional(),
        },
        mapping,
      )
      .optional(),
    journal: z
      .strictObject(
        {
          segment: size(
            'How large a file of the journal grows before the next one; 16MiB if not said',
            64 * 1024,
          ).optional(),
          size: size(
            'All files together at most; the oldest go first. 1GiB if not said',
            64 * 1024,
          ).optional(),
          age: duration('How old records become at most; no limit if not said', {
            least: '1h',
            most: '36500d',
          }).optional(),
          files: whole('How many files are kept at most; no limit if not said', 1, 1_000_000).optional(),
        },
        mapping,
      )
      .optional()
      .describe('How much of the journal is kept. What is still needed is never lost with it'),
    history: z
      .strictObject(
        {
          keep: z
            .strictObject(
              {
                revisions: whole(
                  'How many revisions of a device are kept at most; no limit if not said',
                  2,
                  1_000_000,
                ).optional(),
                age: duration(
                  'How long ago a device may have had something else for it to be kept still; no limit if not said',
                  { least: '1h', most: '36500d' },
                ).optional(),
                size: size(
                  'All revisions of one device together at most; no limit if not said',
                  64 * 1024,
                ).optional(),
              },
              mapping,
            )
            .optional()
            .describe(
              'How much of the history of a device is kept. Its newest revision and its checkpoints always are',
            ),
          recipients: z
            .array(
              text(
                'an age recipient such as age1…',
                'Public key of an operator',
                /^age1[02-9ac-hj-np-z]{58}$/,
              ),
              {
                error: 'expected a list of age recipients',
              },
            )
            .min(1, { error: 'expected at least one recipient' })
            .max(20, { error: 'expected at most 20 recipients' })
            .optional()
            .describe('Whose age identities open what of the history holds secrets: binary backups'),
          remote: z
            .strictObject(
              {
                url: text(
                  'https://HOST/PATH or ssh://USER@HOST/PATH, without a password in it',
                  'Bare repository for the history alone: https:// or ssh://',
                  serverUrl,
                ),
                ...serverShape,
              },
              mapping,
            )
            .optional()
            .describe('A git server that every revision and checkpoint is pushed to; nowhere if not said'),
        },
        mapping,
      )
      .optional()
      .describe('What devices really had: how much of it is kept, and where else'),
    listen: text(
      'HOST:PORT such as 127.0.0.1:9464',
      'Where metrics and health are served; nowhere if not said',
      /^(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]{1,255}):\d{1,5}$/,
    ).optional(),
    socket: path('Where the command line talks to the daemon').default('/run/siteward/siteward.sock'),
  },
  mapping,
);

export type RawSettings = z.output<typeof settingsSchema>;
export type RawDevice = z.output<typeof deviceSchema>;
export type RawDefaults = NonNullable<RawSettings['defaults']>;
