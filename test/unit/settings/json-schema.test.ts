import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { schemaFile, settingsJsonSchema } from '../../tools/make-settings-schema.ts';

test('config/settings.schema.json is the schema that the daemon checks with (UPDATE_SCHEMA=1 writes it)', () => {
  const wanted = settingsJsonSchema();
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(schemaFile, wanted);
  expect(existsSync(schemaFile)).toBe(true);
  expect(JSON.parse(readFileSync(schemaFile, 'utf8'))).toEqual(JSON.parse(wanted));
});

test('it knows every key and says what each is for', () => {
  const schema = JSON.parse(settingsJsonSchema()) as {
    additionalProperties: boolean;
    properties: Record<string, object>;
  };
  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining([
      'site',
      'organization',
      'state',
      'desired',
      'defaults',
      'devices',
      'trust',
      'policy',
      'listen',
      'socket',
    ]),
  );
});
