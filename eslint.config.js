// Lint. The folders' import rules are one table, `MAY_IMPORT`, applied with ESLint's own no-restricted-imports.
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import svelteConfig from './web/svelte.config.js';

const PURE = ['errors', 'language', 'extents', 'relationship', 'cycle', 'points', 'machine', 'health', 'history', 'doctor', 'xml', 'cim', 'wsman', 'cimxml', 'text', 'notifications'];
const EVERYTHING = '*';

/** folder → folders that it may import besides itself. */
const MAY_IMPORT = {
  ...Object.fromEntries(PURE.map((folder) => [folder, PURE])),
  nbd: PURE,
  qmp: PURE,
  files: PURE,
  fingerprints: [...PURE, 'files'],
  engine: [...PURE, 'fingerprints'],
  storagedaemon: [...PURE, 'nbd', 'qmp'],
  hypervisor: [...PURE, 'nbd', 'qmp', 'storagedaemon', 'engine/ports'],
  scanning: [...PURE, 'nbd', 'fingerprints', 'engine/ports'],
  layers: [...PURE, 'files', 'nbd', 'qmp', 'storagedaemon', 'engine/ports'],
  media: [...PURE, 'files', 'fingerprints', 'engine/ports'],
  peer: [...PURE, 'files', 'engine/ports'],
  state: [...PURE, 'engine/ports'],
  testresults: [...PURE, 'files', 'engine/ports'],
  notifier: [...PURE, 'engine/ports'],
  service: [...PURE, 'engine', 'state', 'service', 'notifier'],
  metrics: [...PURE, 'engine', 'state', 'service', 'notifier'],
  api: [...PURE, 'service'],
  page: [...PURE, 'api'],
  client: ['language'],
  cli: [...PURE, 'backup', 'client'],
  providers: [...PURE, 'service'],
  interop: PURE,
  wbem: PURE,
  daemon: [EVERYTHING],
  simulation: [...PURE, 'engine', 'fingerprints', 'state'],
};
const FOLDERS = Object.keys(MAY_IMPORT);

const boundaryOf = (folder) => {
  const allowed = MAY_IMPORT[folder];
  if (allowed.includes(EVERYTHING)) return [];
  const portsOnly = allowed.includes('engine/ports');
  const forbidden = FOLDERS.filter((other) => other !== folder && !allowed.includes(other) && !(other === 'engine' && portsOnly));
  const group = forbidden.map((other) => `**/${other}/**`);
  if (portsOnly) group.push('**/engine/*.ts');
  const patterns = [{ group, message: `${folder}/ may import only ${allowed.join(', ') || 'itself'}.` }];
  if (PURE.includes(folder)) patterns.push({ group: ['node:*'], message: `${folder}/ is pure: no I/O, no clock.` });
  if (folder === 'client') patterns.push({ group: ['node:*'], message: 'The page runs client/ too: nothing of Node.js.' });
  return [{ files: [`src/${folder}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } }];
};

const pureGlobals = {
  files: PURE.map((folder) => `src/${folder}/**/*.ts`).concat('src/engine/**/*.ts'),
  rules: {
    'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'performance'],
    'no-restricted-properties': ['error', { object: 'Date', property: 'now' }, { object: 'Math', property: 'random' }],
  },
};

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'web/dist', '.cache', 'src/client/openapi.ts'] },
  ...tseslint.configs.strict,
  {
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true, IIFEs: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['src/**/*.ts', 'web/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts', 'guest/**/*.ts', 'packaging/**/*.ts', 'tests/**/*.ts'], rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' } },
  { files: ['tests/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts', 'guest/**/*.ts', 'packaging/**/*.ts', 'src/cli/**/*.ts'], rules: { 'no-console': 'off', 'max-lines-per-function': 'off' } },
  ...svelte.configs['flat/recommended'],
  {
    files: ['web/src/**/*.svelte', 'web/src/**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, svelteConfig } },
    // Links are plain: router.svelte.ts follows them.
    rules: { 'svelte/no-navigation-without-resolve': 'off', 'no-undef': 'off' },
  },
  pureGlobals,
  ...FOLDERS.flatMap(boundaryOf),
);
