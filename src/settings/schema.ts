/**
 * The schema of the settings file, key by key, with what each one expects in words. The JSON Schema for editors is
 * made from it. Values that name paths stay as written here; `settings.ts` resolves them.
 */
import * as z from 'zod';
import {
  deviceName,
  devicesSchema,
  mapping,
  namePattern,
  nameWords,
  path,
  sharedShape,
} from './device-schema.ts';
import { duration, oneOf, size, text, whole } from './schema-values.ts';

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
export type RawDefaults = NonNullable<RawSettings['defaults']>;
