/**
 * What RouterOS itself says can be unset: the names that its console completes after `unset value-name=`, menu by menu,
 * out of command trees that were read from devices with their completions (tikoci/restraml, Unlicense:
 * `docs/<version>/deep-inspect.json`). Usage: node test/tools/make-unset-values.mjs TREE... > test/tools/unset-values.json
 * Only names are carried over. make-menus.mjs reads the result.
 */
import { readFileSync } from 'node:fs';

const found = new Map();
const versions = [];

function walk(node, path) {
  const names = Object.keys(node.unset?.['value-name']?._completion ?? {});
  if (names.length > 0) found.set(path, new Set([...(found.get(path) ?? []), ...names]));
  for (const [word, below] of Object.entries(node)) {
    if (typeof below === 'object' && ['dir', 'path'].includes(below?._type)) walk(below, `${path}/${word}`);
  }
}

for (const file of process.argv.slice(2)) {
  const tree = JSON.parse(readFileSync(file, 'utf8'));
  versions.push(tree._meta.version);
  walk(tree, '');
}
const lines = [...found]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([path, names]) => `    ${JSON.stringify(path)}: ${JSON.stringify([...names].sort())}`);
const head = { source: 'tikoci/restraml (Unlicense), docs/<version>/deep-inspect.json', versions };
process.stdout.write(
  `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "menus": {\n${lines.join(',\n')}\n  }\n}\n`,
);
