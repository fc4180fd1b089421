import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Device } from '../../../src/simulator/device/device.ts';
import { readExport } from '../../../src/simulator/device/reader.ts';
import { quote, writeExport } from '../../../src/simulator/device/writer.ts';
import { SMALL_EXPORT, START_MS, startMachine } from './started-machine.ts';

const folder = new URL('../../../../shared/routeros/exports/', import.meta.url);
const present = existsSync(folder);
const files = present ? readdirSync(folder).filter((name) => name.endsWith('.rsc')) : [];

function printed(bytes: Uint8Array, nowMs = START_MS): Buffer {
  const device = new Device(bytes, { version: undefined, user: 'admin', monotonic: () => 0, flushMs: 0 });
  const parts = writeExport(device, {
    hideSecrets: false,
    terse: false,
    verbose: false,
    users: true,
    below: undefined,
    nowMs,
  });
  const lines = parts.flatMap((part) => part.lines);
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
}

/** Sections, rows and properties; lines of one singleton count together. */
function meaning(bytes: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, readonly string[]>();
  for (const { path, items } of readExport(bytes).sections) {
    const single = new Map<string, string | null>();
    const rows = items.flatMap((item) => {
      if (item.verb === 'add' || item.selector !== '') {
        return [
          JSON.stringify([
            item.verb,
            item.selector,
            [...item.properties].sort(([a], [b]) => (a < b ? -1 : 1)),
          ]),
        ];
      }
      for (const [name, value] of item.properties) single.set(name, value);
      return [];
    });
    if (single.size > 0) rows.push(JSON.stringify([...single].sort(([a], [b]) => (a < b ? -1 : 1))));
    if (rows.length > 0) sections.set(path, rows);
  }
  return sections;
}

describe('export of an unchanged device', () => {
  it.skipIf(!present).each(files)(
    '%s: same meaning as what was loaded (skipped without ../shared)',
    (name) => {
      const bytes = readFileSync(new URL(name, folder));
      expect(meaning(printed(bytes))).toEqual(meaning(bytes));
    },
  );

  it.skipIf(!present).each(files)(
    '%s: loaded again it prints the same but for the date (skipped without ../shared)',
    (name) => {
      const once = printed(readFileSync(new URL(name, folder)));
      const twice = printed(once, START_MS + 60_000);
      const body = (text: Buffer): string => text.toString('latin1').replace(/^.*\n/, '');
      expect(body(twice)).toBe(body(once));
    },
  );

  it.skipIf(!present)('wrapped exports come back line for line (skipped without ../shared)', () => {
    for (const name of ['016.rsc', '018.rsc', '023.rsc', '041.rsc', '056.rsc', '074.rsc']) {
      const lines = readFileSync(new URL(name, folder), 'latin1').replaceAll('\r', '').split('\n');
      const own = new Set(
        printed(readFileSync(new URL(name, folder)))
          .toString('latin1')
          .split('\n'),
      );
      expect(lines.filter((line) => line !== '' && !line.startsWith('#') && !own.has(line))).toEqual([]);
    }
  });

  it('prints what was loaded, with the date of now', () => {
    const own = printed(Buffer.from(SMALL_EXPORT, 'latin1')).toString('latin1');
    expect(own).toBe(SMALL_EXPORT.replace('2026-01-30 10:00:00', '2026-01-31 12:00:00'));
  });
});

describe('export text', () => {
  it('has the date of its version (S46)', () => {
    const first = (version: string): string =>
      startMachine(`# x by RouterOS ${version}\n/system identity\nset name=a\n`).run('/export')[0] ?? '';
    expect(first('6.49.18')).toBe('# jan/31/2026 12:00:00 by RouterOS 6.49.18');
    expect(first('7.9.2')).toBe('# jan/31/2026 12:00:00 by RouterOS 7.9.2');
    expect(first('7.10')).toBe('# 2026-01-31 12:00:00 by RouterOS 7.10');
  });

  it('hides secrets on version 7 and shows them on version 6 unless told otherwise (S51)', () => {
    const text = (version: string): string =>
      `# x by RouterOS ${version}\n/ppp secret\nadd name=alice password=planted\n`;
    const shows = (version: string, command: string): boolean =>
      startMachine(text(version)).run(command).join('\n').includes('planted');
    expect(shows('7.18.2', '/export')).toBe(false);
    expect(shows('7.18.2', '/export show-sensitive')).toBe(true);
    expect(shows('6.49.18', '/export')).toBe(true);
    expect(shows('6.49.18', '/export hide-sensitive')).toBe(false);
  });

  it('groups sub-properties by a leading dot (S47)', () => {
    const bench = startMachine();
    bench.run('/interface wifi add name=w configuration.ssid=home .mode=ap');
    expect(bench.run('/interface wifi export').at(-1)).toBe('add configuration.mode=ap .ssid=home name=w');
  });

  it('wraps at 79 columns, breaks at line ends of values, and starts no line with a blank (S48)', () => {
    const bench = startMachine();
    const source = `:put 1\r\n${'word '.repeat(60)}\n:put 2`;
    bench.run(`/system script add name=long source=${quote(source)}`);
    const lines = bench.run('/export');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(79);
    expect(lines.some((line) => line === '    \\n:put 2"' || line.startsWith('    \\n:put 2'))).toBe(true);
    expect(lines.some((line) => /^ {5}/.test(line))).toBe(false);
    const again = startMachine(lines.map((line) => `${line}\n`).join(''));
    expect(again.run(':put [/system script get long source]')).toEqual([source]);
  });

  it('puts a new section where real exports have it, and terse prints one line an item (S50, S54)', () => {
    const bench = startMachine();
    bench.run('/ip dns static add name=a.example address=192.0.2.7');
    const sections = bench.run('/export').filter((line) => line.startsWith('/'));
    expect(sections).toEqual([
      '/interface bridge',
      '/interface list',
      '/ip pool',
      '/interface list member',
      '/ip address',
      '/ip dns static',
      '/ip firewall filter',
      '/ip service',
      '/system identity',
    ]);
    expect(bench.run('/export terse')).toContain('/ip dns static add address=192.0.2.7 name=a.example');
  });

  it('leaves out lines that no device printed, and says which', () => {
    const bench = startMachine(
      '# x by RouterOS 7.18.2\n/ip pool\nadd name=a ranges=192.0.2.1\n[erased]\nadd name="b\n',
    );
    expect(bench.machine.device.notes).toEqual([
      'line 4: not a line of an export, left out',
      'line 5: not a line of an export, left out',
    ]);
    expect(bench.run('/ip pool print count-only')).toEqual(['1']);
  });
});
