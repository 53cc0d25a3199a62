// Runs the gate over the TypeScript sources that npm packages ship, and prints what it saw, as a table.
//
//   npm run real-world -- [flags]
//
//   --into DIR         unpack there, and keep it: sources, reports and stats (default: a temporary directory)
//   --bare             install no dependencies: the gate has the sources alone
//   --more             the packages that use locks a lot, too
//   --only NAME        only this package (repeatable)
//   --unresolved       list what is unresolved, beside the findings
//   --gate FILE        run this program in place of bin/ws-gate.js
//   --timeout SECONDS  give a package up after that (600)
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from '../bench/measure.js';

/** What is checked each time: the versions are exact, so that two runs read the same sources. */
const PACKAGES = [
  'matrix-js-sdk@43.0.0',
  '@lodestar/beacon-node@1.44.0',
  'effect@4.1.0',
  'rxjs@7.8.2',
  'livekit-server-sdk@2.19.2',
];

/** What a developer has beside the dependencies of a package: without, nothing is known of Node's own streams. */
const NODE_TYPES = { '@types/node': '20.19.0' };

/** What `--more` adds. */
const MORE = [
  'livekit-client@2.23.0',
  '@livekit/agents@1.9.0',
  '@evolu/common@8.11.0',
  '@powersync/common@2.3.0',
  'mortice@3.3.1',
  '@xmtp/xmtp-js@13.0.4',
  '@buildonspark/spark-sdk@0.8.8',
  '@powersync/web@2.4.0',
  'rxdb@17.6.0',
  '@dxos/client-services@0.8.3',
  'mongodb@7.9.0',
  '@dxos/echo-pipeline@0.8.3',
  '@livekit/rtc-node@1.1.0',
  '@aztec/kv-store@5.2.0',
  '@electric-sql/client@1.5.28',
  '@ethereumjs/blockchain@10.1.3',
];

const root = path.dirname(import.meta.dirname);
const { values: flags } = parseArgs({
  options: {
    into: { type: 'string' },
    bare: { type: 'boolean', default: false },
    more: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    unresolved: { type: 'boolean', default: false },
    gate: { type: 'string', default: path.join(root, 'bin/ws-gate.js') },
    timeout: { type: 'string', default: '600' },
  },
});

const into = path.resolve(flags.into ?? mkdtempSync(path.join(os.tmpdir(), 'ws-gate-real-world-')));
const known = [...PACKAGES, ...MORE];
const wanted = flags.only.length > 0 ? known.filter(isWanted) : flags.more ? known : PACKAGES;
if (wanted.length === 0) throw new Error(`--only names none of ${known.join(', ')}`);
if (!existsSync(path.join(root, 'dist'))) run('npm', ['run', 'build'], root);

const rows = [];
for (const spec of wanted) rows.push(await examine(spec));
process.stdout.write(`${report(rows)}\n`);
if (flags.into === undefined) rmSync(into, { recursive: true, force: true });

/** @param {string} spec */
function isWanted(spec) {
  return flags.only.some((name) => spec === name || spec.startsWith(`${name}@`));
}

/** @param {string} spec a package with its exact version */
async function examine(spec) {
  const project = unpack(spec);
  const installed = !flags.bare && installDependencies(project);
  const result = await measure(
    {
      file: process.execPath,
      args: [path.resolve(flags.gate), 'check', '--no-config', '--format', 'json', '--stats'],
      cwd: project,
      env: { GITHUB_ACTIONS: '' },
    },
    Number(flags.timeout) * 1000,
  );
  const lines = countLines(project);
  if (result.code === null) return { spec, installed, lines, result };
  if (result.code > 1) throw new Error(`the gate ended with ${result.code} on ${spec}: ${result.stderr}`);
  writeFileSync(`${project}.json`, result.stdout);
  writeFileSync(`${project}.stats.txt`, result.stderr);
  return { spec, installed, lines, result, sites: sitesIn(result.stderr), found: JSON.parse(result.stdout) };
}

/** A project of its own, since the gate looks at nothing in `node_modules`. @param {string} spec */
function unpack(spec) {
  const name = spec.slice(1).replace(/[/@]/g, '-');
  const project = path.join(into, `${spec[0]}${name}`.replace(/^@/, ''));
  if (existsSync(path.join(project, 'package.json'))) return project;
  mkdirSync(project, { recursive: true });
  run('npm', ['pack', spec, '--silent', '--pack-destination', project], project);
  const tarball = readdirSync(project).find((file) => file.endsWith('.tgz'));
  run('tar', ['-xzf', String(tarball), '--strip-components=1'], project);
  // Where the search for a tsconfig ends, so that none of another project is found.
  mkdirSync(path.join(project, '.git'));
  return project;
}

/**
 * With the dependencies the compiler knows the types of what is imported; without, the gate has the sources alone.
 *
 * @param {string} project
 * @returns {boolean} whether they could be installed
 */
function installDependencies(project) {
  if (existsSync(path.join(project, 'node_modules', '.package-lock.json'))) return true;
  const manifest = path.join(project, 'package.json');
  // What its developers ask of their own checkout (a package manager, tools) is none of ours.
  const { devDependencies, devEngines, packageManager, scripts, ...rest } = JSON.parse(
    readFileSync(manifest, 'utf8'),
  );
  rest.dependencies = { ...NODE_TYPES, ...rest.dependencies };
  writeFileSync(manifest, `${JSON.stringify(rest, null, 2)}\n`);
  const args = ['install', '--omit=dev', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', [...args, '--silent'], {
    cwd: project,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  return status === 0;
}

/** Lines of the sources that the gate reads when it has no config: no declarations, no tests. @param {string} project */
function countLines(project) {
  const test = /\.(?:test|spec)\.|[\\/](?:__tests__|__mocks__|tests?)(?:[\\/]|$)/;
  return readdirSync(path.join(project, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.[cm]?tsx?$/.test(entry.name))
    .filter((entry) => !test.test(path.relative(project, path.join(entry.parentPath, entry.name))))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8').split('\n').length - 1)
    .reduce((sum, lines) => sum + lines, 0);
}

/** @param {string} stats the columns of `--stats` @returns {Map<string, number>} */
function sitesIn(stats) {
  const rule = /^([a-z-]+) +(\d+) +\d+ +[\d.]+$/gm;
  return new Map([...stats.matchAll(rule)].map(([, id, sites]) => [String(id), Number(sites)]));
}

/** @param {readonly Awaited<ReturnType<typeof examine>>[]} rows */
function report(rows) {
  const head = [
    'package',
    'version',
    'dependencies',
    'files',
    'lines',
    'lock sites',
    'insert sites',
    'findings',
    'unresolved',
    's',
    's, CPU',
    'MB',
    'MB, all',
  ];
  const table = [head, head.map(() => '---'), ...rows.map(cellsOf)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const places = rows.flatMap(({ spec, found }) => {
    const findings = found?.findings ?? [];
    const unresolved = flags.unresolved ? (found?.unresolved ?? []) : [];
    return [
      ...findings.map((one) => `${spec} ${one.file}:${one.line} ${one.ruleId}: ${one.message}`),
      ...unresolved.map((one) => `${spec} ${one.file}:${one.line} unresolved: ${one.message}`),
    ];
  });
  const how = `Node ${process.versions.node}, ${os.availableParallelism()} cores.`;
  return [how, '', ...table, '', ...places].join('\n');
}

/** @param {Awaited<ReturnType<typeof examine>>} row */
function cellsOf({ spec, installed, lines, sites, result, found }) {
  const at = spec.lastIndexOf('@');
  const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(0);
  return [
    `\`${spec.slice(0, at)}\``,
    spec.slice(at + 1),
    installed ? 'yes' : 'no',
    found ? found.summary.files.toLocaleString('en') : '',
    lines.toLocaleString('en'),
    sites?.get('lock-cycle') ?? '',
    sites?.get('insert-in-loop') ?? '',
    found ? perRule(found.findings) : whyNone(result.wall),
    found?.summary.unresolved ?? '',
    (result.wall / 1000).toFixed(1),
    (result.cpu / 1000).toFixed(1),
    megabytes(result.rss),
    megabytes(result.treeRss),
  ];
}

/**
 * A run without a code was stopped when its time was up, or killed by a signal of its own: out of memory, mostly.
 *
 * @param {number} wall milliseconds
 */
function whyNone(wall) {
  return wall < Number(flags.timeout) * 1000 ? 'crashed' : `given up after ${flags.timeout} s`;
}

/** @param {readonly { ruleId: string }[]} findings */
function perRule(findings) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { ruleId } of findings) counts.set(ruleId, (counts.get(ruleId) ?? 0) + 1);
  return [...counts].map(([id, count]) => `${id} ${count}`).join(', ') || 'none';
}

/** @param {string} file @param {readonly string[]} args @param {string} cwd */
function run(file, args, cwd) {
  const { status, error } = spawnSync(file, args, {
    cwd,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}`);
}
