// What is asked of a device to learn how it behaves. Those with `changes` make things called `siteward-record` and
// remove them again; the others only read. The numbers are those of docs/simulator.md.

const LIST = '/ip firewall address-list';
const SCRIPT = '/system script';

export const questions = [
  { number: 'S03', ask: '/ip address remove *FFFFFF0' },
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
  { number: 'S70', changes: true, ask: ':put [:typeof [:execute ":delay 1s"]]' },
  {
    number: 'S63',
    changes: true,
    ask: '/system scheduler add name=siteward-record start-time=startup interval=1s on-event=":put 1"; :delay 2500ms; :put [/system scheduler get siteward-record run-count]',
  },
];

/** Run at the end whatever happened before. */
export const cleanUp = [
  `${LIST} remove [find where list="siteward-record"]`,
  `${SCRIPT} remove [find where name="siteward-record"]`,
  '/system scheduler remove [find where name="siteward-record"]',
];
