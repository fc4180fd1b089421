/** Import directions of the house; `npm run check` fails on any other. See docs/architecture.md. */
const room = (name) => `^src/${name}/`;
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-is-pure',
      comment: 'core imports core, node:crypto and the second signature verifiers only',
      severity: 'error',
      from: { path: room('core') },
      to: { pathNot: ['^src/core/', '^crypto$', '^node:crypto$', 'node_modules/(tweetnacl|sshpk|zod)/'] },
    },
    {
      name: 'adapters-never-import-each-other',
      severity: 'error',
      from: { path: '^src/(desired|drivers|journal|history|api|telemetry)/' },
      to: {
        path: '^src/(desired|drivers|journal|history|api|telemetry|reconcile|daemon|cli|simulator)/',
        pathNot: '^src/$1/',
      },
    },
    {
      name: 'packs-imports-nothing',
      severity: 'error',
      from: { path: room('packs') },
      to: { path: '^src/', pathNot: room('packs') },
    },
    {
      name: 'dialects-are-pure',
      comment: 'in a driver folder all but driver.ts and effects/ is pure: no network, disk, or timers',
      severity: 'error',
      from: { path: '^src/drivers/[^/]+/', pathNot: '^src/drivers/[^/]+/((driver|menus)\\.ts$|effects/)' },
      to: {
        path: [
          '^(node:)?(fs|net|child_process|timers|http|dns)',
          '^src/drivers/ssh-session',
          'node_modules/ssh2/',
        ],
      },
    },
    {
      name: 'one-importer-of-ssh2',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(drivers/ssh-session|simulator/)' },
      to: { path: 'node_modules/(@types/)?ssh2/' },
    },
    {
      name: 'reconcile-sees-contracts-only',
      severity: 'error',
      from: { path: room('reconcile') },
      to: {
        path: '^src/(desired|drivers|journal|history|api|telemetry|daemon|cli|settings)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'simulator-shares-nothing-with-the-driver',
      comment: 'a shared parser would hide its own defects; the facts table is the only thing in common',
      severity: 'error',
      from: { path: room('simulator') },
      to: { path: '^src/', pathNot: ['^src/simulator/', '^src/drivers/routeros/menus\\.(json|ts)$'] },
    },
    {
      name: 'nobody-imports-the-simulator-but-its-command',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(simulator|cli)/' },
      to: { path: room('simulator') },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['^src/main\\.ts$', '\\.json$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
