// Measures ws-gate against the goals and against other tools, all in one run on one machine.
//
//   npm run bench -- [--quick] [--only NAME]… [--rounds N] [--bin FILE] [--write]
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CONFIGURABLE_RULES, writeCorpus } from './corpus.js';
import { PLANTED_LOOPED } from './generate/planted.js';
import { measure } from './measure.js';
import { createScenarios, GOALS } from './scenarios.js';
import { goalTable, judge, resultTable, summarise } from './summary.js';

const bench = import.meta.dirname;
const root = path.dirname(bench);

const HELP = `Usage: npm run bench -- [flags]

  --quick       a small corpus, one round, no other package
  --only NAME   measure only this: the id of a scenario, or corpus or effect (repeatable)
  --rounds N    how often each command is measured (5)
  --timeout N   seconds after which a command is given up (600)
  --seed N      seed of the corpus (1)
  --bin FILE    measure this program in place of bin/ws-gate.js
  --write       put the tables into bench/README.md
`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    timeout: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    bin: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (flags.help) {
  process.stdout.write(HELP);
} else {
  await main();
}

async function main() {
  const gate = path.resolve(flags.bin ?? path.join(root, 'bin', 'ws-gate.js'));
  if (flags.bin === undefined) buildIfOlder();
  installPeers();
  const abilities = inspectGate(gate);
  const corpora = prepareCorpora(abilities.rules);
  const all = createScenarios({ corpora, gate, abilities });
  const unknown = flags.only.filter((name) => !all.some(({ id, group }) => name === id || name === group));
  if (unknown.length > 0) {
    throw new Error(`--only ${unknown[0]}: there are corpus, effect, ${all.map(({ id }) => id).join(', ')}`);
  }
  const scenarios = all.filter(
    ({ id, group }) => flags.only.length === 0 || flags.only.includes(id) || flags.only.includes(group),
  );
  const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 5));
  const { summaries, runs, load } = await measureAll(scenarios, rounds);
  report({ corpora, abilities, summaries, runs, rounds, load });
}

/**
 * Every command once to warm the disk cache and to see whether its answer counts, then all of them by turns, so
 * that a busy minute of the machine hits all alike.
 *
 * @param {readonly import('./scenarios.js').Scenario[]} scenarios
 * @param {number} rounds
 */
async function measureAll(scenarios, rounds) {
  const timeout = Number(flags.timeout) * 1000;
  /** @type {Map<string, import('./measure.js').Measurement[]>} */
  const runs = new Map(scenarios.map(({ id }) => [id, []]));
  /** @type {Map<string, string>} */
  const problems = new Map();
  const load = [os.loadavg()[0]];
  for (let round = flags.quick ? 1 : 0; round <= rounds; round += 1) {
    for (const { id, command, problem } of scenarios) {
      if (problems.has(id)) continue;
      note(`${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}: ${id}`);
      const result = await measure(command, timeout);
      const wrong = result.code === null ? `given up after ${flags.timeout} s` : problem(result);
      if (wrong !== undefined) problems.set(id, wrong);
      // What does not count is shown all the same, for what it is worth.
      if (round > 0 || wrong !== undefined) runs.get(id)?.push(result);
    }
    load.push(os.loadavg()[0]);
  }
  note('');
  const summaries = scenarios.map((one) => summarise(one, runs.get(one.id) ?? [], problems.get(one.id)));
  return { summaries, runs, load };
}

/** Builds ws-gate when its source is newer than what was built. `WS_GATE_SKIP_BUILD=1` takes it as it is. */
function buildIfOlder() {
  if (process.env.WS_GATE_SKIP_BUILD === '1') return;
  if (!existsSync(path.join(root, 'node_modules', 'typescript'))) {
    // Scripts of its own would build it here, and it is built below.
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], root);
  }
  const built = statSync(path.join(root, 'dist/src/cli/main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...['src', 'rules'].map((name) => newestIn(path.join(root, name))));
  if (newest > built) run('npm', ['run', 'build'], root);
}

/** @param {string} directory */
function newestIn(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .reduce(
      (newest, entry) => Math.max(newest, statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
      0,
    );
}

/** Installs the tools to compare with, unless what is there is what the manifest asks for. */
function installPeers() {
  const { dependencies } = JSON.parse(readFileSync(path.join(bench, 'package.json'), 'utf8'));
  const missing = Object.entries(dependencies).filter(([name, wanted]) => {
    const manifest = path.join(bench, 'node_modules', name, 'package.json');
    return !existsSync(manifest) || JSON.parse(readFileSync(manifest, 'utf8')).version !== wanted;
  });
  if (missing.length > 0) run('npm', ['ci', '--no-audit', '--no-fund'], bench);
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

/** @param {string} gate @returns {import('./scenarios.js').Gate} */
function inspectGate(gate) {
  const ask = (/** @type {string[]} */ ...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [gate, ...args], {
      cwd: bench,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`ws-gate ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  const rules = ask('rules')
    .split('\n')
    .map((line) => line.split(/\s/)[0] ?? '')
    .filter((id) => id !== '');
  return { rules, hasCache: ask('check', '--help').includes('--no-cache') };
}

/** @param {readonly string[]} known the rules that the program has */
function prepareCorpora(known) {
  const rules = CONFIGURABLE_RULES.filter((id) => known.includes(id));
  const [files, small, large] = flags.quick ? [600, 200, 800] : [3000, 1000, 4000];
  const share = files / 100;
  const fewer = small / 100;
  const common = { lines: 100, seed: Number(flags.seed), rules };
  return {
    full: generate('full', { ...common, files, ...sites(share) }),
    siteless: generate('siteless', { ...common, files, ...sites(0) }),
    lookalikes: generate('lookalikes', { ...common, files, ...sites(0), lookalikes: share }),
    small: generate('small', { ...common, files: small, ...sites(fewer) }),
    large: generate('large', { ...common, files: large, ...sites(fewer) }),
    effect: flags.quick && !flags.only.some((name) => name.startsWith('effect')) ? undefined : copyEffect(),
  };
}

/** @param {number} count */
function sites(count) {
  return { locks: count, inserts: count, dispatches: count, lookalikes: 0, planted: count > 0 };
}

/**
 * @param {string} name
 * @param {import('./corpus.js').CorpusOptions} options
 */
function generate(name, options) {
  const directory = path.join(bench, 'corpus', flags.quick ? `quick-${name}` : name);
  const { files, lines } = writeCorpus(directory, options);
  markAsRepository(directory);
  // Of four kinds of insert, the first and the third stand in a loop that a reader of one file can see.
  return {
    directory,
    files,
    lines,
    looped:
      Math.ceil(options.inserts / 4) +
      Math.floor((options.inserts + 1) / 4) +
      (options.planted ? PLANTED_LOOPED : 0),
  };
}

/** The sources of a large package, as a project of their own. */
function copyEffect() {
  const source = path.join(bench, 'node_modules', 'effect');
  const { version } = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
  const directory = path.join(bench, 'corpus', 'effect');
  const stamp = path.join(directory, '.version');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== version) {
    rmSync(directory, { recursive: true, force: true });
    cpSync(path.join(source, 'src'), path.join(directory, 'src'), { recursive: true });
    // Modules of the package import it by its own name.
    const manifest = {
      name: 'effect',
      private: true,
      type: 'module',
      exports: { '.': './src/index.ts', './*': './src/*.ts' },
    };
    const tsconfig = {
      compilerOptions: {
        target: 'es2022',
        lib: ['esnext', 'dom', 'dom.iterable'],
        module: 'nodenext',
        moduleDetection: 'force',
        allowImportingTsExtensions: true,
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: true,
        types: ['node'],
        noEmit: true,
      },
      include: ['src'],
    };
    writeFileSync(path.join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    writeFileSync(path.join(directory, 'tsconfig.json'), `${JSON.stringify(tsconfig, null, 2)}\n`);
    writeFileSync(path.join(directory, 'ws-gate.config.json'), '{}\n');
    writeFileSync(stamp, version);
  }
  markAsRepository(directory);
  const names = readdirSync(path.join(directory, 'src'), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  const lines = files.reduce(
    (sum, entry) =>
      sum + readFileSync(path.join(entry.parentPath, entry.name), 'utf8').split('\n').length - 1,
    0,
  );
  return { directory, files: files.length, lines, looped: 0 };
}

/** Corpora are ignored by the repository around them, and by tools that heed its ignore file, but for this. */
function markAsRepository(/** @type {string} */ directory) {
  mkdirSync(path.join(directory, '.git'), { recursive: true });
}

/** @param {string} text one line on a terminal, written over by the next */
function note(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}

/**
 * @param {object} outcome
 * @param {ReturnType<typeof prepareCorpora>} outcome.corpora
 * @param {import('./scenarios.js').Gate} outcome.abilities
 * @param {readonly import('./summary.js').Summary[]} outcome.summaries
 * @param {ReadonlyMap<string, readonly import('./measure.js').Measurement[]>} outcome.runs
 * @param {number} outcome.rounds
 * @param {readonly (number | undefined)[]} outcome.load
 */
function report({ corpora, abilities, summaries, runs, rounds, load }) {
  const verdicts = judge(GOALS, summaries);
  const busiest = Math.max(...load.map((one) => one ?? 0));
  const cores = os.availableParallelism();
  const { full, effect } = corpora;
  const sections = [
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cores} cores, median of ${rounds}. Load average ${load
      .map((one) => one?.toFixed(1))
      .join(
        ', ',
      )}${busiest > cores + 1 ? ': **the machine was busy with other work, so the times are too long**' : ''}.`,
    ...(flags.quick ? ['A small corpus, which shows that all works: the goals are for the large one.'] : []),
    goalTable(verdicts),
  ];
  const groups = /** @type {const} */ ([
    ['corpus', full, 'gate', 'The generated corpus'],
    ['effect', effect, 'effect-gate', 'The sources of `effect`'],
  ]);
  for (const [group, corpus, base, title] of groups) {
    const part = summaries.filter((one) => one.group === group);
    if (part.length === 0 || !corpus) continue;
    const count = (/** @type {number} */ value) => value.toLocaleString('en');
    sections.push(
      `${title}: ${count(corpus.files)} files, ${count(corpus.lines)} lines.`,
      resultTable(part, base),
    );
  }
  const text = sections.join('\n\n');
  process.stdout.write(`${text}\n`);

  const results = path.join(bench, 'results');
  mkdirSync(results, { recursive: true });
  const record = {
    date: new Date().toISOString(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cores,
    load,
    quick: flags.quick,
    rules: abilities.rules,
    goals: verdicts,
    summaries,
    // The output of the tools is of no use later.
    runs: Object.fromEntries(
      [...runs].map(([id, list]) => [
        id,
        list.map(({ wall, cpu, rss, treeRss, code }) => ({ wall, cpu, rss, treeRss, code })),
      ]),
    ),
  };
  writeFileSync(path.join(results, 'latest.json'), `${JSON.stringify(record, null, 2)}\n`);
  if (flags.write) writeIntoReadme(text);
}

/** @param {string} text */
function writeIntoReadme(text) {
  const file = path.join(bench, 'README.md');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(
    /(<!-- results -->\n)[\s\S]*(<!-- \/results -->)/,
    (_, open, close) => `${open}\n${text}\n\n${close}`,
  );
  if (after === before && !before.includes(text)) throw new Error(`${file} has no place for the results`);
  writeFileSync(file, after);
}
