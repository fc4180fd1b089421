// What is asked of a device to learn how it behaves. Those with `changes` make things called `siteward-record` and
// remove them again; the others only read. The numbers are those of docs/simulator.md.

const LIST = '/ip firewall address-list';
const SCRIPT = '/system script';
const NAME = 'siteward-record';
/** A source of so many bytes, then whether the device took it. */
const sourceOf = (doublings, bytes) =>
  `:global siteward "0123456789abcdef"; :for i from=1 to=${doublings} do={:set siteward ($siteward . $siteward)}; ` +
  `:do {${SCRIPT} add name=${NAME}-${bytes} source=$siteward; :put [:len [${SCRIPT} get ${NAME}-${bytes} source]]} on-error={:put refused}`;

export const questions = [
  { number: 'S03', switch: 'exitStatus', ask: '/ip address remove *FFFFFF0' },
  { number: 'S04', ask: '/nonsense' },
  { number: 'S04', ask: ':error "siteward-record"' },
  { number: 'S05', ask: '/ip/address/print count-only' },
  { number: 'S06', ask: ':put a\n:put b' },
  { number: 'S07', ask: '/system identity get name' },
  { number: 'S15', ask: ':put a; :error "stop"; :put b' },
  { number: 'S16', ask: ':do {:error "x"} on-error={:put caught}' },
  { number: 'S16', ask: ':do {/nonsense} on-error={:put caught}' },
  { number: 'S17', ask: ':onerror e in={:error "x"} do={:put $e}' },
  { number: 'S18', ask: ':put [:typeof [:len {1;2}]]; :put [:pick "abcdef" 1 3]; :put [:find "abc" "c"]' },
  { number: 'S19', ask: `${LIST} add nonsense=1` },
  { number: 'S20', ask: '/ip nonsense print' },
  { number: 'S21', ask: ':put "x$undefinedname"' },
  { number: 'S21', ask: ':put ab$c' },
  { number: 'S22', ask: `${LIST} add list= address=192.0.2.1` },
  { number: 'S23', ask: '/ip address add address=192.0.2.1/32 interface=siteward-nonsense' },
  { number: 'S24', ask: `${LIST} add address=192.0.2.1` },
  { number: 'S26', ask: `${LIST} remove *FFFFFF0` },
  { number: 'S27', ask: `${LIST} remove [find where list="siteward-nonsense"]; :put on` },
  { number: 'S54', ask: '/export nonsense' },
  { number: 'S58', ask: '/import siteward-nonsense.rsc' },
  { number: 'S64', ask: '/system backup load name=siteward-nonsense' },
  {
    number: 'S25',
    switch: 'uniqueNames',
    changes: true,
    ask: `${SCRIPT} add name=siteward-record source=""; ${SCRIPT} add name=siteward-record source=""`,
  },
  {
    number: 'S29',
    changes: true,
    ask: `:put [:typeof [${LIST} add list=siteward-record address=192.0.2.1]]`,
  },
  {
    number: 'S40',
    changes: true,
    ask: `${LIST} add list=siteward-record address=192.0.2.2 timeout=90m; :put [${LIST} get [find where address=192.0.2.2 list=siteward-record] timeout]`,
  },
  {
    number: 'S41',
    changes: true,
    ask: `${LIST} add list=siteward-record address=192.0.2.3/32; :put [${LIST} get [find where list=siteward-record address=192.0.2.3] address]`,
  },
  {
    number: 'S18',
    switch: 'findCompares',
    changes: true,
    ask:
      `${LIST} add list=${NAME} address=192.0.2.9 comment=Record; :put [:len [${LIST} find where list=${NAME} comment="record"]]; ` +
      `:put [:len [${LIST} find where list=${NAME} disabled="no"]]; :put [:len [${LIST} find where list=${NAME} disabled=false]]`,
  },
  { number: 'S70', changes: true, ask: ':put [:typeof [:execute ":delay 1s"]]' },
  {
    number: 'S63',
    changes: true,
    ask: '/system scheduler add name=siteward-record start-time=startup interval=1s on-event=":put 1"; :delay 2500ms; :put [/system scheduler get siteward-record run-count]',
  },
];

/**
 * What the simulator has as a switch because nobody knows: by the switch's name in `src/simulator/behaviour.ts`. `then` is
 * asked after it, `cut` ends the connection half a second after the question.
 */
questions.push(
  { number: 'S37', switch: 'dynamicRows', ask: ':put [:len [/ip route find dynamic]]' },
  { number: 'S59', switch: 'disk', ask: ':put [:len [/file find where name=flash]]' },
  { number: 'S63', switch: 'deviceMode', ask: ':put [/system device-mode get mode]' },
  ...[
    [8, 4096],
    [10, 16384],
    [12, 65536],
  ].map(([doublings, bytes]) => ({
    number: 'S61',
    switch: 'sourceLimit',
    changes: true,
    ask: sourceOf(doublings, bytes),
  })),
  {
    number: 'S36',
    switch: 'removedReference',
    changes: true,
    ask:
      `/interface bridge add name=${NAME}; /interface list add name=${NAME}; :local m [/interface list member add list=${NAME} interface=${NAME}]; ` +
      `:do {/interface list remove [find where name=${NAME}]; :put removed} on-error={:put refused}; /interface list member remove $m`,
  },
  {
    number: 'S56',
    switch: 'importParsesFirst',
    changes: true,
    ask:
      `/file add name=${NAME}.rsc contents="${LIST} add list=${NAME} address=192.0.2.7\\n/nonsense\\n"; ` +
      `:do {/import file-name=${NAME}.rsc} on-error={}; :put [:len [${LIST} find where list=${NAME} address=192.0.2.7]]`,
  },
  {
    number: 'S64',
    switch: 'backupPlace',
    changes: true,
    ask:
      `/system backup save name=${NAME} dont-encrypt=yes; ` +
      `:foreach i in=[/file find where name~"${NAME}.backup"] do={:put [/file get $i name]}`,
  },
  {
    number: 'S48',
    switch: 'exportsUsers',
    changes: true,
    ask: `/user add name=${NAME} group=read password="Rec-0rd-only"; /user export`,
  },
  {
    number: 'S63',
    switch: 'startupCountsFrom',
    changes: true,
    ask:
      `/system scheduler add name=${NAME}-far start-time=startup interval=1w on-event=":put 1"; ` +
      `:put [:pick [/system scheduler get ${NAME}-far next-run] 0 10]; :put [:pick [/system clock get date] 0 10]`,
  },
  {
    number: 'S69',
    switch: 'channelEndStops',
    changes: true,
    cut: true,
    ask: `:delay 2s; ${LIST} add list=${NAME} address=192.0.2.6`,
    waitMs: 3_000,
    then: `:put [:len [${LIST} find where list=${NAME} address=192.0.2.6]]`,
  },
  // A rollout beside somebody's safe mode: what the preflight counts, and whether a command's safe mode outlives it.
  {
    number: 'S66',
    switch: 'safeModeOverExec',
    changes: true,
    ask: `/safe-mode take; ${LIST} add list=${NAME} address=192.0.2.8; :put [:len [/system history find where floating-undo]]`,
    then: `:put [:len [${LIST} find where list=${NAME} address=192.0.2.8]]; :put [:len [/system history find where floating-undo]]`,
  },
);

/** Run at the end whatever happened before. */
export const cleanUp = [
  '/safe-mode release',
  `${LIST} remove [find where list="${NAME}"]`,
  `${SCRIPT} remove [find where name~"^${NAME}"]`,
  `/system scheduler remove [find where name~"^${NAME}"]`,
  `/interface list member remove [find where list="${NAME}"]`,
  `/interface list remove [find where name="${NAME}"]`,
  `/interface list member remove [find where interface="${NAME}"]`,
  `/interface bridge remove [find where name="${NAME}"]`,
  `/file remove [find where name~"${NAME}"]`,
  `/user remove [find where name="${NAME}"]`,
];
