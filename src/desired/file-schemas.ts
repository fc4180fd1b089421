/** The forms of `site.yaml` and `device.yaml` in the desired-state repository. */
import * as z from 'zod';
import type { IgnoreRule, Owns } from '../core/plan/scope.ts';

const nameWords = 'expected the name of a site';

export const siteFileSchema = z.strictObject(
  { site: z.string({ error: nameWords }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, { error: nameWords }) },
  { error: 'expected a mapping of keys' },
);

const sectionWords = 'expected the path of a section such as /ip firewall address-list';
const propertyWords = 'expected the name of a property';
const property = z
  .string({ error: propertyWords })
  .regex(/^[A-Za-z0-9.*-]{1,100}$/, { error: propertyWords });
const value = z
  .union([z.string().max(4096), z.number(), z.boolean()], { error: 'expected a text' })
  // Values of a configuration are bytes: what a person wrote in UTF-8 is compared byte by byte.
  .transform((written) => Buffer.from(plain(written), 'utf8').toString('latin1'));

function plain(written: string | number | boolean): string {
  return typeof written === 'boolean' ? (written ? 'yes' : 'no') : String(written);
}

const ignoreSchema = z
  .strictObject(
    {
      section: z
        .string({ error: sectionWords })
        .regex(/^\/[a-z0-9-]+(?:[ /][a-z0-9-]+){0,9}$/i, { error: sectionWords }),
      where: z.record(property, value, { error: 'expected a mapping of properties to values' }).optional(),
      properties: z
        .array(property, { error: 'expected a list of properties' })
        .min(1, { error: 'expected at least one property' })
        .optional(),
    },
    { error: 'expected a mapping with "section", and "where" or "properties"' },
  )
  .refine((rule) => rule.where !== undefined || rule.properties !== undefined, {
    error: 'expected "where" or "properties" too: a whole section is left out by not naming it in config.rsc',
  })
  .transform((rule): IgnoreRule => ({
    section: `/${rule.section.slice(1).replaceAll('/', ' ')}`,
    where: rule.where ?? {},
    properties: rule.properties ?? null,
  }));

const pathWords = 'expected the path of a file such as groups/base.rsc, without ".." and not from "/"';
const includePath = z
  .string({ error: pathWords })
  .regex(/^(?!\.)[\x21-\x7e]{1,200}$/, { error: pathWords })
  .refine((path) => path.split('/').every((word) => word !== '' && !word.startsWith('.')), {
    error: pathWords,
  });

const variableWords = 'expected a name of letters, digits, dashes and underscores';
const variable = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, { error: variableWords });

export interface DeviceFile {
  readonly owns: Owns;
  readonly ignore: readonly IgnoreRule[];
  /** Null: `config.rsc` alone. */
  readonly include: readonly string[] | null;
  readonly vars: ReadonlyMap<string, string>;
}

export const deviceFileSchema = z
  .strictObject(
    {
      owns: z
        .enum(['sections', 'items', 'everything'], { error: 'expected sections | items | everything' })
        .default('sections'),
      ignore: z
        .array(ignoreSchema, { error: 'expected a list of rules' })
        .max(200, { error: 'expected at most 200 rules' })
        .default([]),
      include: z
        .array(includePath, { error: 'expected a list of files' })
        .min(1, { error: 'expected at least one file' })
        .max(50, { error: 'expected at most 50 files' })
        .refine((paths) => new Set(paths).size === paths.length, { error: 'expected each file once' })
        .optional(),
      vars: z.record(variable, value, { error: 'expected a mapping of names to values' }).default({}),
    },
    { error: 'expected a mapping of keys' },
  )
  .transform(({ owns, ignore, include, vars }): DeviceFile => ({
    owns,
    ignore,
    include: include ?? null,
    vars: new Map(Object.entries(vars)),
  }));
