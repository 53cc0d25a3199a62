// Shows where a run of `ws-gate check` spends its time: by phase, by function, by package, and what the modules
// that it loads cost in a process of their own.
//
//   node bench/profile.js [--cwd DIR] [--bin FILE] [--top N] [-- flags for check]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './summary.js';

const bench = import.meta.dirname;
const root = path.dirname(bench);

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cwd: { type: 'string', default: path.join(bench, 'corpus', 'full') },
    bin: { type: 'string', default: path.join(root, 'bin', 'ws-gate.js') },
    top: { type: 'string', default: '25' },
  },
});

const ROUNDS = 5;

/**
 * What a run of `check` may load, and how.
 *
 * @type {readonly (readonly [name: string, code: string])[]}
 */
const MODULES = [
  ['zod', "import('zod')"],
  ['globby', "import('globby')"],
  ['picomatch', "import('picomatch')"],
  ['jiti', "import('jiti')"],
  ['picocolors', "import('picocolors')"],
  ['ts-morph (require)', "require('ts-morph')"],
  ['@ts-morph/common/dist/typescript.js (require)', "require('@ts-morph/common/dist/typescript.js')"],
  ['typescript/unstable/sync', "import('typescript/unstable/sync')"],
  ['typescript/unstable/ast', "import('typescript/unstable/ast')"],
  ['libpg-query', "import('libpg-query').then((sql) => sql.loadModule())"],
  ['ws-gate: command line', "import('./dist/src/cli/commands/check.js')"],
  ['ws-gate: all rules', "import('./dist/rules/index.js')"],
];

if (!existsSync(flags.cwd)) {
  throw new Error(
    `${flags.cwd} does not exist; \`npm run bench -- --quick\` writes corpora, --cwd takes any project`,
  );
}
const directory = mkdtempSync(path.join(os.tmpdir(), 'ws-gate-profile-'));
try {
  showRun();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
showModules();

function showRun() {
  const args = ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', directory];
  const run = spawnSync(
    process.execPath,
    [...args, path.resolve(flags.bin), 'check', '--stats', ...positionals],
    {
      cwd: flags.cwd,
      encoding: 'utf8',
    },
  );
  console.log(`${run.stdout.split('\n').slice(-2).join('\n')}\n${run.stderr}`);
  const [name] = readdirSync(directory).filter((one) => one.endsWith('.cpuprofile'));
  if (!name) throw new Error('the run left no profile');
  const profile = readProfile(path.join(directory, name));
  print('self time by package', profile.byPackage);
  print('self time by function', profile.byFunction);
  print('time by top-level code of a module, with all that it loads', profile.byModule);
}

/**
 * @typedef {object} ProfileNode
 * @property {number} id
 * @property {{ functionName: string, url: string, lineNumber: number }} callFrame
 * @property {readonly number[]} [children]
 */

/** @param {string} file */
function readProfile(file) {
  /** @type {{ nodes: readonly ProfileNode[], samples: readonly number[], timeDeltas: readonly number[] }} */
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));
  /** @type {Map<number, number>} */
  const self = new Map();
  samples.forEach((id, at) => {
    self.set(id, (self.get(id) ?? 0) + (timeDeltas[at] ?? 0) / 1000);
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Map<string, number>} */
  const byFunction = new Map();
  /** @type {Map<string, number>} */
  const byPackage = new Map();
  /** @type {Map<string, number>} */
  const byModule = new Map();
  const add = (/** @type {Map<string, number>} */ map, /** @type {string} */ key, /** @type {number} */ ms) =>
    map.set(key, (map.get(key) ?? 0) + ms);
  /** @param {ProfileNode} node @param {readonly string[]} inside */
  const visit = (node, inside) => {
    const { functionName, url, lineNumber } = node.callFrame;
    const ms = self.get(node.id) ?? 0;
    const place = shorten(url);
    add(byFunction, `${functionName || '(top level)'}${place ? ` ${place}:${lineNumber + 1}` : ''}`, ms);
    add(byPackage, packageOf(place, functionName), ms);
    const isTopLevel = functionName === '' && lineNumber === 0 && place !== '' && !place.startsWith('node:');
    const around = isTopLevel && !inside.includes(place) ? [...inside, place] : inside;
    for (const module of around) add(byModule, module, ms);
    for (const id of node.children ?? []) visit(/** @type {ProfileNode} */ (byId.get(id)), around);
  };
  if (nodes[0]) visit(nodes[0], []);
  return { byFunction, byPackage, byModule };
}

/** @param {string} url */
function shorten(url) {
  if (!url.startsWith('file:')) return url.startsWith(root) ? path.relative(root, url) : url;
  return path.relative(root, fileURLToPath(url));
}

/** @param {string} place @param {string} functionName */
function packageOf(place, functionName) {
  if (place === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (place.startsWith('node:')) return 'node';
  const inside = place.split('node_modules/').at(-1) ?? place;
  if (inside !== place)
    return inside
      .split('/')
      .slice(0, inside.startsWith('@') ? 2 : 1)
      .join('/');
  return place.split('/').slice(0, 4).join('/');
}

/** @param {string} title @param {ReadonlyMap<string, number>} times */
function print(title, times) {
  const rows = [...times].filter(([, ms]) => ms >= 0.5).sort((a, b) => b[1] - a[1]);
  console.log(`\n${title}, ms`);
  for (const [name, ms] of rows.slice(0, Number(flags.top)))
    console.log(`${ms.toFixed(1).padStart(9)}  ${name}`);
}

/** Each module in fresh processes, less what an empty process takes. */
function showModules() {
  const empty = timeOf('0') ?? 0;
  console.log(`\nmodules, ms beyond the ${empty.toFixed(1)} of an empty process (median of ${ROUNDS})`);
  for (const [name, code] of MODULES) {
    const ms = timeOf(code);
    console.log(`${ms === undefined ? 'failed'.padStart(9) : (ms - empty).toFixed(1).padStart(9)}  ${name}`);
  }
}

/** @param {string} code @returns {number | undefined} */
function timeOf(code) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    const { status } = spawnSync(process.execPath, ['--input-type=commonjs', '-e', code], { cwd: root });
    if (status !== 0) return undefined;
    times.push(performance.now() - started);
  }
  return median(times);
}
