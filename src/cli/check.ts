/**
 * `siteward check [DEVICE]`: everything that can be wrong before the daemon starts, in one run: settings, permissions,
 * trust files, desired state, and each device, or this one, by one reading with its host key pinned. Changes nothing
 * anywhere.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import PQueue from 'p-queue';
import { formatPlace, messageOf } from '../core/errors.ts';
import type { SiteState } from '../core/site-state.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { DeviceRights } from '../drivers/driver.ts';
import type { Settings } from '../settings/settings.ts';
import { checkDesired, checkJournal } from './check-desired.ts';
import { checkHostKeys } from './check-host-keys.ts';
import { checkLogins, loginInForce } from './check-logins.ts';
import { checkHistory } from './check-history.ts';
import { failure } from './finding.ts';
import type { Finding } from './finding.ts';
import { requireDevice, setExit, settingsFileOf, wantsJson } from './common.ts';
import { count, paint, printJson, printLine, printTable, safe } from './terminal.ts';
import type { Tone } from './terminal.ts';

const devicesAtOnce = 8;

export function checkCommand(): Command {
  return new Command('check')
    .argument('[device]', 'only this device is asked')
    .option('--offline', 'only what is on this machine: no device and no git server is asked')
    .action(async (only: string | undefined, options: { offline?: boolean }, command: Command) => {
      const { loadSettings } = await import('../settings/settings.ts');
      const settings = await loadSettings(settingsFileOf(command));
      if (only !== undefined) requireDevice(settings.devices, only);
      const journal = await checkJournal(settings);
      const keys = await checkHostKeys(settings, journal.state);
      const isOffline = options.offline === true;
      const isAsked = ({ name }: DeviceSettings): boolean =>
        !isOffline && (only === undefined || name === only);
      const findings: Finding[] = [
        {
          what: 'settings',
          result: 'ok',
          code: 'valid',
          message: `${settings.file}: site ${settings.site}, ${count(settings.devices.length, 'device')}`,
        },
        ...checkUser(),
        ...(await checkTrust(settings)),
        await checkClock(settings),
        await checkState(settings),
        ...(await checkHistory(settings, isOffline)),
        ...journal.findings,
        ...(await checkDesired(settings, journal.state, isOffline)),
        ...(await checkCredentials(settings.devices)),
        ...keys.findings,
        ...(await checkLogins(settings, journal.state)),
        ...(await checkDevices(keys.devices.filter(isAsked), settings, journal.state)),
      ];
      setExit(findings.some(({ result }) => result === 'failed') ? 1 : 0);
      if (wantsJson(command)) printJson({ v: 1, checks: findings.map(checkAnswer) });
      else printFindings(findings);
    });
}

function checkAnswer({ place, ...finding }: Finding): object {
  return { ...finding, ...place };
}

function printFindings(findings: readonly Finding[]): void {
  const tones: Readonly<Record<Finding['result'], Tone>> = { ok: 'good', warning: 'warn', failed: 'bad' };
  printTable(
    findings.map(({ what, result, message, device, place }) => {
      const where =
        place === null || place === undefined || message.startsWith(place.file)
          ? ''
          : `${formatPlace(place)}: `;
      return [
        { text: result, tone: tones[result] },
        { text: safe(device ?? what) },
        { text: safe(`${where}${message}`) },
      ];
    }),
  );
  const failed = findings.filter(({ result }) => result === 'failed').length;
  printLine(
    failed === 0 ? paint('good', 'ready to run') : paint('bad', `${count(failed, 'thing')} to put right`),
  );
}

function checkUser(): Finding[] {
  if (process.geteuid?.() !== 0) return [];
  const message = 'this is root; the daemon needs no root, run it as a user of its own (the unit does)';
  return [{ what: 'user', result: 'warning', code: 'root', message }];
}

async function checkTrust(settings: Settings): Promise<Finding[]> {
  const [{ loadTrust }, { unknownMenus }] = await Promise.all([
    import('../settings/trust-files.ts'),
    import('../daemon/device-drivers.ts'),
  ]);
  try {
    await loadTrust({ ...settings.trust, organization: settings.organization });
  } catch (error) {
    return [failure('trust', error)];
  }
  const warning = (code: string, message: string): Finding => ({
    what: 'trust',
    result: 'warning',
    code,
    message,
  });
  const { people } = settings.trust;
  const able = people.filter(({ roles }) => roles.includes('operational')).length;
  const { operational: need } = settings.policy.approvals;
  const message = `${count(able, 'person', 'persons')} can sign operational changes and ${need} must; add people to \`trust:\``;
  const unknown = unknownMenus(settings.policy).map((entry) =>
    warning('unknown-menu', `policy: no menu is called "${entry}"; this rule does nothing, correct it`),
  );
  if (able < need) return [...unknown, warning('quorum-out-of-reach', message)];
  const fine = `${count(people.length, 'person', 'persons')} may sign`;
  return [...unknown, { what: 'trust', result: 'ok', code: 'valid', message: fine }];
}

/** As the daemon judges it; a mark that is not ours to read is for the daemon to judge. */
async function checkClock({ state }: Settings): Promise<Finding> {
  const [{ clockMarkFile, readClockMark }, { clockDistrust }] = await Promise.all([
    import('../daemon/clock-mark.ts'),
    import('../core/gate/clock-trust.ts'),
  ]);
  const file = clockMarkFile(state);
  const distrust = clockDistrust(Date.now(), await readClockMark(file));
  if (distrust === null)
    return { what: 'clock', result: 'ok', code: 'trusted', message: new Date().toISOString() };
  const message =
    `${distrust}; no signature counts until then: set the clock (timedatectl status), or if it is right now, ` +
    `run: date -u +%FT%TZ > ${file} && systemctl reload siteward`;
  return { what: 'clock', result: 'failed', code: 'clock-untrusted', message };
}

async function checkState(settings: Settings): Promise<Finding> {
  const what = 'state';
  const { state } = settings;
  try {
    const [{ judgeStateFolder }, { refuseUnfinishedImport }] = await Promise.all([
      import('../daemon/state-folder.ts'),
      import('../daemon/state-import.ts'),
    ]);
    if (await judgeStateFolder(state)) {
      await refuseUnfinishedImport(state);
      return await judgeRoom(state);
    }
    const parent = await stat(path.dirname(state)).catch(() => null);
    const message = `${state} will be made at first start${parent === null ? ', with the folders above it' : ''}`;
    return { what, result: 'ok', code: 'first-start', message };
  } catch (error) {
    return failure(what, error);
  }
}

/** With less the daemon stops to change anything: a rollout could begin and not be recorded to its end. */
async function judgeRoom(folder: string): Promise<Finding> {
  const { fileStorage, leastFreeBytes } = await import('../journal/storage.ts');
  const free = await fileStorage.freeBytes(folder);
  const what = 'state';
  const MiB = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  if (free >= leastFreeBytes)
    return { what, result: 'ok', code: 'valid', message: `${folder}, ${MiB(free)} free` };
  const message = `${folder} has ${MiB(free)} free and needs ${MiB(leastFreeBytes)}; make room: the daemon goes on by itself`;
  return { what, result: 'failed', code: 'disk-full', message };
}

/** Keys and password files: there, and nobody else's to read. One finding a file, however many devices share it. */
async function checkCredentials(devices: readonly DeviceSettings[]): Promise<Finding[]> {
  const what = 'credentials';
  const { readCredentials } = await import('../daemon/device-drivers.ts');
  const users = new Map<string, DeviceSettings[]>();
  for (const device of devices) {
    const file = device.identityFile ?? device.passwordFile ?? '';
    users.set(file, [...(users.get(file) ?? []), device]);
  }
  const findings: Finding[] = [];
  for (const [file, [first, ...others]] of users) {
    if (first === undefined) continue;
    try {
      await readCredentials(first);
    } catch (error) {
      const many = others.length === 0 ? '' : ` and ${count(others.length, 'more device')}`;
      findings.push({
        ...failure(what, error),
        message: `${messageOf(error)} (${first.name}${many})`,
        place: { file },
      });
    }
  }
  if (findings.length > 0) return findings;
  return [{ what, result: 'ok', code: 'valid', message: count(users.size, 'file') }];
}

async function checkDevices(
  devices: readonly DeviceSettings[],
  settings: Settings,
  state: SiteState | null,
): Promise<Finding[]> {
  const { probeDevice } = await import('../daemon/probe.ts');
  const queue = new PQueue({ concurrency: devicesAtOnce });
  const findings = await Promise.all(
    devices.map((device) =>
      queue.add(async (): Promise<Finding[]> => {
        const { ok, code, message, rights } = await probeDevice(device, () =>
          loginInForce(settings, state, device),
        );
        const well = ok && code !== 'readable' ? ('warning' as const) : ('ok' as const);
        const reading: Finding = {
          what: 'device',
          device: device.name,
          result: ok ? well : 'failed',
          code,
          message,
        };
        return rights === null ? [reading] : [reading, judgeRights(device, rights)];
      }),
    ),
  );
  return findings.flat();
}

function judgeRights({ name, manage }: DeviceSettings, { missing, of, remedy }: DeviceRights): Finding {
  const finding = (result: Finding['result'], code: string, message: string): Finding => {
    return { what: 'rights', device: name, result, code, message };
  };
  const level = `manage: ${manage}`;
  if (missing === null)
    return finding(
      'warning',
      'rights-unknown',
      `${of}: the device does not say what it may do; ${level} is tried as it is`,
    );
  if (remedy === null) return finding('ok', 'rights-sufficient', `${of}: all that ${level} needs`);
  const message = `${of}: ${level} needs ${missing.join(', ')} too; run on the router: ${remedy}`;
  return finding('failed', 'rights-missing', message);
}
