// What is measured: the commands, what they must answer to count, and the goals they are held to.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PLANTED } from './generate/planted.js';

/**
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} label
 * @property {'corpus' | 'effect'} group
 * @property {import('./measure.js').Command} command
 * @property {(result: { code: number | null, stdout: string, stderr: string }) => string | undefined} problem
 *   why the result does not count; undefined when it does
 */

/**
 * @typedef {object} Corpus
 * @property {string} directory
 * @property {number} files
 * @property {number} lines
 * @property {number} looped inserts that a search without meaning finds inside of a loop
 */

const bench = import.meta.dirname;
const root = path.dirname(bench);

/** What the peers see of `node_modules`: the version that is installed, whatever is on the path. */
const peers = createRequire(path.join(bench, 'package.json'));
const own = createRequire(path.join(root, 'package.json'));

/**
 * @param {object} setup
 * @param {Readonly<Record<'full' | 'siteless' | 'lookalikes' | 'small' | 'large' | 'effect', Corpus | undefined>>} setup.corpora
 * @param {string} setup.gate the program under measurement
 * @param {Gate} setup.abilities
 * @returns {Scenario[]}
 */
export function createScenarios({ corpora, gate, abilities }) {
  const { full, siteless, lookalikes, small, large, effect } = corpora;
  const cold = abilities.hasCache ? ['--no-cache'] : [];
  /** @param {string} id @param {string} label @param {Corpus | undefined} corpus @param {readonly string[]} [args] @returns {Scenario[]} */
  const check = (id, label, corpus, args = cold) => {
    if (!corpus) return [];
    const command = node(corpus.directory, gate, 'check', '--format', 'compact', ...args);
    const group = corpus === effect ? 'effect' : 'corpus';
    const planted = corpus !== siteless && corpus !== lookalikes;
    const only = args.includes('--rule') ? args[args.indexOf('--rule') + 1] : undefined;
    const problem = group === 'effect' ? anyVerdict : planted ? finds(only) : clean;
    return [{ id, label, group, command, problem }];
  };
  const insertOnly = ['--rule', 'insert-in-loop', ...cold];
  const hasInsert = abilities.rules.includes('insert-in-loop');

  return [
    ...(full
      ? [
          /** @type {Scenario} */ ({
            id: 'node',
            label: '`node -e 0`',
            group: 'corpus',
            command: node(full.directory, '-e', '0'),
            problem: clean,
          }),
          /** @type {Scenario} */ ({
            id: 'list',
            label: 'list the files (globby)',
            group: 'corpus',
            command: node(full.directory, path.join(bench, 'list-files.js'), full.directory),
            problem: ({ stdout }) =>
              Number(stdout) === full.files ? undefined : `listed ${stdout.trim()} files`,
          }),
        ]
      : []),
    ...check('gate', 'ws-gate, all rules', full),
    ...(abilities.hasCache ? check('gate-warm', 'ws-gate, all rules, nothing changed', full, []) : []),
    ...(hasInsert ? check('gate-insert', 'ws-gate, `insert-in-loop` alone', full, insertOnly) : []),
    ...check('gate-siteless', 'ws-gate, no site, no config', siteless, ['--no-config', ...cold]),
    ...check('gate-lookalikes', 'ws-gate, no site, but the words of one', lookalikes),
    ...check('gate-small', `ws-gate, ${small?.files} files`, small),
    ...check('gate-large', `ws-gate, ${large?.files} files, the same sites`, large),
    ...(full ? peerScenarios('', 'corpus', full) : []),
    ...check('effect-gate', 'ws-gate, all rules', effect),
    ...(hasInsert ? check('effect-gate-insert', 'ws-gate, `insert-in-loop` alone', effect, insertOnly) : []),
    ...(effect ? peerScenarios('effect-', 'effect', effect) : []),
  ];
}

/**
 * @param {string} prefix
 * @param {Scenario['group']} group
 * @param {Corpus} corpus
 * @returns {Scenario[]}
 */
function peerScenarios(prefix, group, { directory, files, looped }) {
  const strict = group === 'corpus';
  return [
    {
      id: `${prefix}tsc`,
      label: `\`tsc --noEmit\` (typescript ${version(own, 'typescript')})`,
      group,
      command: node(directory, binary(own, 'typescript', 'tsc'), '--noEmit'),
      problem: ({ stdout, code }) =>
        strict
          ? findsOnce(stdout.match(/^src\/planted\/peers\.ts\S* error TS2322/gm), stdout.match(/ error TS/g))
          : code === 0 || code === 2
            ? undefined
            : `exit code ${code}`,
    },
    {
      id: `${prefix}eslint`,
      label: `eslint ${version(peers, 'eslint')}, one typed rule (typescript-eslint ${version(peers, 'typescript-eslint')})`,
      group,
      command: node(
        directory,
        // A large program needs more than what Node allows itself.
        '--max-old-space-size=8192',
        binary(peers, 'eslint', 'eslint'),
        '-c',
        path.join(bench, 'peers', 'eslint.config.js'),
        'src',
      ),
      problem: (result) =>
        strict
          ? findsOnce(result.stdout.match(/no-floating-promises/g), result.stdout.match(/^ +\d+:\d+ /gm))
          : anyVerdict(result),
    },
    {
      id: `${prefix}ast-grep`,
      label: `ast-grep ${version(peers, '@ast-grep/cli')}, one rule`,
      group,
      command: {
        file: astGrep(),
        args: ['scan', '-r', path.join(bench, 'peers', 'insert-in-loop.yml'), 'src'],
        cwd: directory,
      },
      problem: ({ stdout, code }) => {
        const found = stdout.match(/^error\[insert-in-loop\]/gm)?.length ?? 0;
        if (strict && found !== looped) return `found ${found} inserts in a loop, not ${looped}`;
        return code === 0 || code === 1 ? undefined : `exit code ${code}`;
      },
    },
    {
      id: `${prefix}oxlint`,
      label: `oxlint ${version(peers, 'oxlint')}, its default rules`,
      group,
      command: node(directory, binary(peers, 'oxlint', 'oxlint'), 'src'),
      problem: ({ stdout }) => {
        const [, seen] = /on (\d+) files/.exec(stdout) ?? [];
        if (strict && !stdout.includes('no-debugger')) return 'missed the planted statement';
        return Number(seen) === files ? undefined : `linted ${seen ?? 'no'} files`;
      },
    },
  ];
}

/** @param {string} cwd @param {readonly string[]} args */
function node(cwd, ...args) {
  return { file: process.execPath, args, cwd };
}

/** @type {Scenario['problem']} */
const clean = ({ code, stdout, stderr }) =>
  code === 0 ? undefined : `exit code ${code}: ${(stderr || stdout).trim().split('\n')[0] ?? ''}`;

/**
 * Exactly the planted findings, and nothing else.
 *
 * @param {string | undefined} only the one rule that runs
 * @returns {Scenario['problem']}
 */
function finds(only) {
  const wanted = PLANTED.filter(({ rule }) => only === undefined || rule === only)
    .map(({ file, rule }) => `${file} ${rule}`)
    .sort();
  return ({ stdout, stderr }) => {
    const lines = [...stdout.matchAll(/^(\S+?):\d+:\d+: \w+ \[?([a-z-]+)/gm)];
    const found = lines.map(([, file, rule]) => `${file} ${rule}`).sort();
    if (found.join('\n') === wanted.join('\n')) return undefined;
    const missed = wanted.filter((one) => !found.includes(one));
    const [extra = stderr.trim().split('\n')[0] ?? ''] = found.filter((one) => !wanted.includes(one));
    return `missed ${missed.length} of ${wanted.length} planted findings${extra ? `, and said ${extra}` : ''}`;
  };
}

/** @param {readonly string[] | null} planted @param {readonly string[] | null} all */
function findsOnce(planted, all) {
  return planted?.length === 1 && all?.length === 1
    ? undefined
    : `found the planted mistake ${planted?.length ?? 0} times, and ${all?.length ?? 0} in all`;
}

/** @type {Scenario['problem']} */
const anyVerdict = ({ code }) => (code === 0 || code === 1 ? undefined : `exit code ${code}`);

/** @param {NodeJS.Require} require @param {string} name */
function manifest(require, name) {
  const file = require.resolve(`${name}/package.json`);
  return { directory: path.dirname(file), value: JSON.parse(readFileSync(file, 'utf8')) };
}

/** @param {NodeJS.Require} require @param {string} name */
function version(require, name) {
  return manifest(require, name).value.version;
}

/** @param {NodeJS.Require} require @param {string} name @param {string} command */
function binary(require, name, command) {
  const { directory, value } = manifest(require, name);
  return path.join(directory, typeof value.bin === 'string' ? value.bin : value.bin[command]);
}

/** The native program itself: what its package puts in front of it differs with the settings of npm. */
function astGrep() {
  const { directory, value } = manifest(peers, '@ast-grep/cli');
  const nested = createRequire(path.join(directory, 'package.json'));
  for (const name of Object.keys(value.optionalDependencies)) {
    if (!name.includes(`-${process.platform}-${process.arch}`)) continue;
    const file = path.join(
      path.dirname(nested.resolve(`${name}/package.json`)),
      process.platform === 'win32' ? 'ast-grep.exe' : 'ast-grep',
    );
    if (existsSync(file)) return file;
  }
  throw new Error(`@ast-grep/cli has no program for ${process.platform}-${process.arch}`);
}

/**
 * What the program under measurement can do so far.
 *
 * @typedef {{ readonly rules: readonly string[], readonly hasCache: boolean }} Gate
 */

/** @typedef {import('./summary.js').Summary} Summary */

/**
 * @typedef {object} Goal
 * @property {string} what
 * @property {string} needs the bound, in words
 * @property {readonly string[]} of the scenarios it takes
 * @property {number} most
 * @property {(get: (id: string) => Summary) => number} value
 * @property {'x' | 'MB'} unit
 */

/** @type {readonly Goal[]} */
export const GOALS = [
  ratio('all rules, cold', 'gate', 'tsc', 0.6, '`tsc --noEmit`'),
  ratio('all rules, cold', 'gate', 'eslint', 1 / 12, 'typed eslint'),
  ratio('`insert-in-loop` alone, cold', 'gate-insert', 'ast-grep', 1, 'ast-grep'),
  {
    what: 'no lock, insert or dispatch site',
    needs: '2.5 × `node -e 0`, plus the file listing',
    of: ['gate-siteless', 'node', 'list'],
    most: 1,
    value: (get) =>
      get('gate-siteless').wall / (2.5 * get('node').wall + get('list').wall - get('node').wall),
    unit: 'x',
  },
  {
    what: 'peak memory of the Node process, all rules',
    needs: '250 MB',
    of: ['gate'],
    most: 250,
    value: (get) => get('gate').rss / 1024 / 1024,
    unit: 'MB',
  },
  ratio('four times the files, the same sites', 'gate-large', 'gate-small', 2, 'a quarter of the files'),
  ratio('`effect`: all rules, cold', 'effect-gate', 'effect-tsc', 0.6, '`tsc --noEmit`'),
  ratio('`effect`: all rules, cold', 'effect-gate', 'effect-eslint', 1 / 12, 'typed eslint'),
  ratio('`effect`: `insert-in-loop` alone, cold', 'effect-gate-insert', 'effect-ast-grep', 1, 'ast-grep'),
];

/**
 * @param {string} what
 * @param {string} id
 * @param {string} base
 * @param {number} most
 * @param {string} than
 * @returns {Goal}
 */
function ratio(what, id, base, most, than) {
  const times = most < 0.1 ? `1/${Math.round(1 / most)}` : most.toFixed(1);
  return {
    what,
    needs: `${times} × ${than}`,
    of: [id, base],
    most,
    value: (get) => get(id).wall / get(base).wall,
    unit: 'x',
  };
}
