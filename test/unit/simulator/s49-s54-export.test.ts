/** Exports beyond the usual: bytes, notes, errors of version 6, verbose, where, path, into a file. */
import { describe, expect, it } from 'vitest';
import { SMALL_EXPORT, startMachine } from './started-machine.ts';

describe('export', () => {
  it('S49 every byte comes back by its escape', () => {
    const bench = startMachine();
    bench.run('/ip pool add name=x ranges=192.0.2.1 comment="\\D0\\9E \\"\\$\\\\ \\t\\n"');
    expect(bench.run('/ip pool export').join('')).toContain('comment="\\D0\\9E \\"\\$\\\\ \\t');
  });

  it('S52 remarks stand before the first item of their section', () => {
    const bench = startMachine();
    bench.machine.faults.exportNotes.set('/ip firewall filter', ['inactive time']);
    const lines = bench.run('/export');
    const at = lines.indexOf('/ip firewall filter');
    expect(lines[at + 1]).toBe('# inactive time');
    expect(lines[at + 2]).toMatch(/^add /);
  });

  it('S53 version 6 stops at a menu that it cannot read', () => {
    const bench = startMachine(SMALL_EXPORT.replace('7.18.2', '6.49.18'));
    bench.machine.faults.unreadableMenus.add('/ip firewall filter');
    const lines = bench.run('/export');
    expect(lines.slice(-2)).toEqual(['#error exporting /ip firewall filter', '#interrupted']);
  });

  it('S33 S54 verbose prints defaults and what is unset', () => {
    const bench = startMachine();
    const text = bench.run('/ip firewall filter export verbose').join(' ');
    expect(text).toContain('disabled=no');
    expect(text).toMatch(/ !\w/);
    expect(
      startMachine(`${bench.run('/export verbose').join('\n')}\n`)
        .run('/export')
        .slice(1),
    ).toEqual(expect.arrayContaining(['/system identity', 'set name=gw1']));
  });

  it('S54 where is there from 7.13 on, path from 7.23 on', () => {
    const at = (version: string, line: string): readonly string[] =>
      startMachine(SMALL_EXPORT.replace('7.18.2', version)).run(line);
    expect(at('7.18.2', '/ip firewall filter export where action=drop').at(-1)).toContain('action=drop');
    expect(at('7.12.2', '/ip firewall filter export where action=drop')[0]).toMatch(
      /^expected end of command/,
    );
    const some = at('7.23.3', '/export path=/ip/pool').filter((line) => line.startsWith('/'));
    expect(some).toEqual(['/ip pool']);
    const others = at('7.23.3', '/export path=!/ip').filter((line) => line.startsWith('/ip '));
    expect(others).toEqual([]);
    expect(at('7.18.2', '/export path=/ip/pool')[0]).toMatch(/^expected end of command/);
  });

  it('S54 file= writes it to the disk', () => {
    const bench = startMachine();
    expect(bench.run('/export file=now')).toEqual([]);
    expect(bench.machine.files.find('now.rsc')?.bytes.toString('latin1')).toContain('set name=gw1\n');
  });
});
