/**
 * The settings as JSON Schema, for editors; made from the schema that the daemon checks with. Written to
 * config/settings.schema.json by `UPDATE_SCHEMA=1 npx vitest run --project unit test/unit/settings/json-schema`.
 */
import * as z from 'zod';
import { settingsSchema } from '../../src/settings/schema.ts';

export const schemaFile = new URL('../../config/settings.schema.json', import.meta.url);

export function settingsJsonSchema(): string {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ title: 'Settings of siteward', ...schema }, null, 2)}\n`;
}
