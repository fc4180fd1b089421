/**
 * What the simulated device answers to the command lines of the driver. It knows exactly the lines that the driver
 * sends and stops the run at any other, so that a new command can't go by unmodelled.
 */
import type { SimulatedDevice } from './device.ts';
import { seconds, timeText } from './times.ts';

export const version = '7.18.2';

/** Rows of a configuration with the section each belongs to; '' where there is none. */
export interface Layout {
  readonly sections: readonly string[];
}

/** The whole configuration as an export: a header, and each section with its rows. */
export function exportText(layout: Layout, rows: readonly string[], elsewhere: number, atMs: number): string {
  const time = new Date(Date.UTC(2026, 0, 1) + atMs).toISOString().slice(0, 19).replace('T', ' ');
  return `# ${time} by RouterOS ${version}\n# software id = SIMU-0001\n#\n${bodyText(layout, rows, elsewhere)}`;
}

export function bodyText({ sections }: Layout, rows: readonly string[], elsewhere: number): string {
  const names = [...new Set(sections)];
  const parts = names.map((name) => {
    const lines = rows.filter((row, i) => row !== '' && sections[i] === name);
    return lines.length === 0 ? '' : `${name}\n${lines.join('\n')}\n`;
  });
  const others = elsewhere === 0 ? '' : `/ip pool\nadd name=other${elsewhere} ranges=192.0.2.200\n`;
  return `${parts.join('')}${others}/system identity\nset name=gw1\n`;
}

/** `text` is what the device prints; `failed`: an error, after which the rest of the line is not run. */
export interface Printed {
  readonly text: string;
  readonly failed: boolean;
}

const said = (lines: readonly string[] | string): Printed => ({
  text: typeof lines === 'string' ? lines : lines.map((line) => `${line}\r\n`).join(''),
  failed: false,
});
const failed = (line: string): Printed => ({ text: `${line}\r\n`, failed: true });

interface Rule {
  readonly pattern: RegExp;
  /** May change something: only after an announcement (I1). */
  readonly changes: boolean;
  readonly run: (device: SimulatedDevice, words: readonly string[], layout: Layout) => Printed;
}

const quoted = '"((?:[^"\\\\]|\\\\.)*)"';
const rule = (pattern: string, changes: boolean, run: Rule['run']): Rule => ({
  pattern: new RegExp(`^${pattern}$`),
  changes,
  run,
});

const addScript: Rule['run'] = (device, [name = '', source = '']) =>
  device.addScript(name, source)
    ? said('')
    : failed('failure: item with this name already exists (/system/script/add; line 1)');

const rules: readonly Rule[] = [
  rule(':put \\("version=" [^]*:put "conditions=".*', false, (device) =>
    said([...standing(device), ...scripts(device), 'conditions=', ...conditions]),
  ),
  rule(':put \\(\\[/system device-mode get scheduler.*', false, () => said(['true advanced'])),
  rule(':put \\("version=" [^]*', false, (device) => said([...standing(device), ...scripts(device)])),
  rule(':put \\("uptime=" .*name="sw-([0-9a-f]{12})-tick".*', false, (device, [id = '']) =>
    said([...ofRollout(device, id), ...scripts(device)]),
  ),
  rule(':put \\[/system resource get version\\]', false, () => said([version])),
  rule(':put \\[:len \\[(/[a-z0-9 -]+) find where !dynamic\\]\\]', false, (device, [section = ''], layout) =>
    said([String(device.rows.filter((row, i) => row !== '' && layout.sections[i] === section).length)]),
  ),
  rule('(?::if \\([^{]*\\) do=\\{)?/export\\}?', false, (device, _words, layout) =>
    said(exportText(layout, device.rows, device.elsewhere, device.nowMs).replaceAll('\n', '\r\n')),
  ),
  rule(`/system script add name=${quoted} source=${quoted} dont-require.*`, true, addScript),
  rule(
    `:do {/system script add name=${quoted} source=${quoted} dont-require.*} on-error={}`,
    true,
    (...all) => {
      addScript(...all);
      return said('');
    },
  ),
  rule(
    `/system script set \\[find name=${quoted}\\] source=${quoted}`,
    true,
    (device, [name = '', text = '']) => {
      device.setSource(name, text);
      return said('');
    },
  ),
  rule(
    `/system script set \\[find name=${quoted}\\] source=\\(\\[.*\\] \\. ${quoted}\\)`,
    true,
    (device, [name = '', text = '']) => {
      device.setSource(name, (device.scripts.get(name)?.source ?? '') + text);
      return said('');
    },
  ),
  rule(`:put \\[/system script get \\[find name=${quoted}\\] source\\]`, false, (device, [name = '']) => {
    const script = device.scripts.get(name);
    return script === undefined
      ? failed('no such item')
      : said(`${script.source.replaceAll('\n', '\r\n')}\r\n`);
  }),
  rule(`:put \\[:len \\[/system script find where name=${quoted}\\]\\]`, false, (device, [name = '']) =>
    said([device.scripts.has(name) ? (device.habits.uniqueNames ? '1' : '2') : '0']),
  ),
  rule(`/system script remove \\[find name=${quoted}\\]`, true, (device, [name = '']) => {
    device.removeScript(name);
    return said('');
  }),
  rule(
    `:foreach i in=\\[/system script find where name=${quoted}\\] do=\\{:if \\(.* = ${quoted}\\) do=\\{/system script remove \\$i\\}\\}`,
    true,
    (device, [name = '', source = '']) => {
      if (device.scripts.get(name)?.source === source) device.removeScript(name);
      return said('');
    },
  ),
  rule(
    `:foreach i in=\\[/system script find where name=${quoted}\\] do=\\{:if \\(.* = ${quoted}\\) do=\\{/system script set \\$i source=${quoted}\\}\\}`,
    true,
    (device, [name = '', was = '', source = '']) => {
      if (device.scripts.get(name)?.source === was) device.setSource(name, source);
      return said('');
    },
  ),
  rule('/system script run sw-([0-9a-f]{12})-check', false, (device, [id = '']) => said(check(device, id))),
  rule(':execute "/system script run (\\S+)"', true, (device, [name = '']) => {
    device.execute(name);
    return said('');
  }),
  rule(
    `:foreach i in=\\[/system script job find where script=${quoted}\\] do=\\{/system script job remove \\$i\\}`,
    true,
    (device, [name = '']) => {
      device.jobs = device.jobs.filter((job) => job.script !== name);
      return said('');
    },
  ),
  rule(
    `/system scheduler add name=${quoted} start-time=startup interval=(\\S+) on-event=${quoted} policy=.*`,
    true,
    (device, [name = '', interval = '', onEvent = '']) => {
      const [h = 0, m = 0, s = 0] = interval.split(':').map(Number);
      const intervalMs = ((h * 60 + m) * 60 + s) * 1000;
      if (device.tick !== null && device.tick.name === name) {
        return failed('failure: item with this name already exists');
      }
      device.addTick({
        name,
        intervalMs,
        onEvent,
        runCount: 0,
        nextMs: device.nowMs + intervalMs,
        enabled: true,
      });
      return said('');
    },
  ),
  rule(':put \\(\\[/system scheduler get \\[find name="(\\S+)"\\] interval\\].*', false, (device, [name]) => {
    const { tick } = device;
    if (tick?.name !== name || tick === null) return failed('no such item');
    const s = tick.intervalMs / 1000;
    const two = (n: number): string => String(n).padStart(2, '0');
    const interval = `00:${two(Math.floor(s / 60))}:${two(s % 60)}`;
    return said([`${interval} ${tick.runCount} ${String(!tick.enabled)} ${tick.onEvent}`]);
  }),
  rule(`/system scheduler remove \\[find name=${quoted}\\]`, true, (device, [name = '']) => {
    device.removeTick(name);
    return said('');
  }),
  rule(
    ':if \\(\\(\\[:len \\[/system scheduler find .*do=\\{:execute "/system script run sw-([0-9a-f]{12})-apply"\\} else=\\{:error "sw-not-armed"\\}',
    true,
    (device, [id = '']) => {
      const armed = device.tick?.name === `sw-${id}-tick` && device.tick.enabled;
      if (!armed || device.decision(id) !== null) return failed('sw-not-armed');
      device.execute(`sw-${id}-apply`);
      return said('');
    },
  ),
  rule(
    `:if \\(\\((\\S+) <= \\[.*?\\]\\) && \\(\\[.*?\\] < (\\S+)\\)\\) do=\\{:do \\{/system script add name=${quoted} source="confirm" .*`,
    true,
    (device, [from = '', until = '', name = '']) => {
      const up = Math.floor(device.uptimeMs / 1000);
      if ((seconds(from) ?? 0) <= up && up < (seconds(until) ?? 0)) device.addScript(name, 'confirm');
      return said('');
    },
  ),
];

/** Whether a command line may change the device. Throws for one that nobody has modelled. */
export function changes(command: string): boolean {
  return ruleFor(command).found.changes;
}

export function answer(device: SimulatedDevice, command: string, layout: Layout): Printed {
  const { found, words } = ruleFor(command);
  return found.run(device, words.map(unescaped), layout);
}

function ruleFor(command: string): { readonly found: Rule; readonly words: readonly string[] } {
  // The questions that are asked most often come first.
  for (const found of rules) {
    const match = found.pattern.exec(command);
    if (match !== null) return { found, words: match.slice(1) };
  }
  throw new Error(`the simulated device does not know this command: ${command.slice(0, 300)}`);
}

function unescaped(text: string): string {
  const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return text.replace(/\\([0-9A-F]{2}|.)/g, (_all, code: string) =>
    code.length === 2 ? String.fromCharCode(parseInt(code, 16)) : (letters[code] ?? code),
  );
}

function standing(device: SimulatedDevice): readonly string[] {
  return [`version=${version} (stable)`, 'board=CHR', `uptime=${uptime(device)}`, 'identity=gw1'];
}

const conditions = [
  'group=siteward-rollout',
  'disabled=false',
  'policy=ssh;read;write;test;policy;sensitive;password',
  'date=2026-01-01',
  'free=100000000',
  'floating=0',
];

function uptime(device: SimulatedDevice): string {
  return timeText(Math.floor(device.uptimeMs / 1000));
}

function scripts(device: SimulatedDevice): readonly string[] {
  const own = [...device.scripts.keys()].filter((name) => name.startsWith('sw-'));
  const source = (name: string): string | undefined => device.scripts.get(name)?.source;
  const [lock, witness] = [source('sw-lock'), source('sw-witness')];
  return [
    ...own.map((name) => `script=${name}`),
    ...(device.tick === null ? [] : [`scheduler=${device.tick.name}`]),
    ...(lock === undefined ? [] : [`lock=${lock}`]),
    ...(witness === undefined ? [] : [`witness=${witness}`]),
  ];
}

function ofRollout(device: SimulatedDevice, id: string): readonly string[] {
  const name = (part: string): string => `sw-${id}-${part}`;
  const { tick } = device;
  const decision = device.decision(id);
  const comment = (part: string): readonly string[] => {
    const script = device.scripts.get(name(part));
    return script === undefined ? [] : [`${part}=${script.comment}`];
  };
  return [
    `uptime=${uptime(device)}`,
    ...['apply', 'back']
      .filter((part) => device.jobs.some((job) => job.script === name(part)))
      .map((part) => `job=${part}`),
    ...(tick?.name === name('tick') ? [`tick=${tick.runCount} ${String(!tick.enabled)}`] : []),
    ...(decision === null ? [] : [`decision=${decision}`]),
    ...comment('apply'),
    ...comment('back'),
  ];
}

function check(device: SimulatedDevice, id: string): readonly string[] {
  const program = device.programs.get(id);
  if (program === undefined) return [];
  return program.base.flatMap((line, i) => {
    if (line === program.target[i]) return [];
    const row = device.rows[i];
    return [`${i + 1} ${row === line ? 'base' : row === program.target[i] ? 'target' : 'other'}`];
  });
}
