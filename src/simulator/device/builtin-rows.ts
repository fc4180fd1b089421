/** Rows that come with every device whether its export names them or not. */

const PORTS: readonly (readonly [name: string, port: string])[] = [
  ['telnet', '23'],
  ['ftp', '21'],
  ['www', '80'],
  ['ssh', '22'],
  ['www-ssl', '443'],
  ['api', '8728'],
  ['winbox', '8291'],
  ['api-ssl', '8729'],
];

export interface Builtin {
  readonly selector: string;
  readonly given: readonly (readonly [name: string, value: string])[];
}

export function builtinRows(path: string, user: string): readonly Builtin[] {
  switch (path) {
    case '/ip service':
      return PORTS.map(([name, port]) => ({
        selector: name,
        given: [
          ['name', name],
          ['port', port],
          ['disabled', name === 'www-ssl' ? 'yes' : 'no'],
        ],
      }));
    case '/user':
      return [
        {
          selector: user,
          given: [
            ['name', user],
            ['group', 'full'],
          ],
        },
      ];
    case '/user group':
      return [
        {
          selector: 'read',
          given: [
            ['name', 'read'],
            ['policy', 'local,telnet,ssh,read,test,winbox,password,web,sniff,api,romon,rest-api'],
          ],
        },
        {
          selector: 'write',
          given: [
            ['name', 'write'],
            ['policy', 'local,telnet,ssh,read,write,test,winbox,password,web,sniff,api,romon,rest-api'],
          ],
        },
        {
          selector: 'full',
          given: [
            ['name', 'full'],
            [
              'policy',
              'local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon,rest-api',
            ],
          ],
        },
      ];
    default:
      return [];
  }
}

/** Names of ports that devices have from the factory. */
export function isPortName(name: string): boolean {
  return /^(ether|sfp|sfp-sfpplus|sfpplus|sfp28-|qsfp28-|qsfpplus|combo)\d+(-\d+)?$/.test(name);
}

/** How an export selects a builtin row, and the facts the row is found by; `key` is what the menu's rows are named by. */
export function selectorFacts(selector: string, key: readonly string[]): ReadonlyMap<string, string> {
  const find = /^\[ ?find (?:where )?([a-z-]+)="?([^"\]]*?)"? ?\]$/.exec(selector);
  if (find?.[1] !== undefined && find[2] !== undefined) return new Map([[find[1], find[2]]]);
  if (selector.startsWith('[') || /^(\d+|\*[0-9A-F]+)$/.test(selector)) return new Map();
  const name = selector.replace(/^"(.*)"$/, '$1');
  // A bare word names a row by what rows of the menu are told apart by.
  return new Map([...(key.length === 1 ? key : []), 'name'].map((property) => [property, name]));
}
