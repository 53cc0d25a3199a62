// Writes a TypeScript project of any size: server code as it is written everywhere, with a known number of places
// that the rules are about. It keeps to its config and type-checks under `strict`, but for the planted mistakes.
//
//   node bench/corpus.js --files 3000 --lines 100 --locks 30 --inserts 30 --dispatches 30 --planted --seed 1 --out DIR
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CORE_FILES, SITE_CORE_FILES } from './generate/core.js';
import { capitalise, KINDS } from './generate/features.js';
import { PLANTED_FILES, PLANTED_TABLE } from './generate/planted.js';
import { createRandom } from './generate/random.js';
import { dispatchFile, insertFile, LOOKALIKE_FILE, lockFile, lookalikeFile } from './generate/sites.js';
import { DOMAINS, ENTITIES, FIELDS, STATUSES } from './generate/vocabulary.js';

/**
 * @typedef {object} CorpusOptions
 * @property {number} files source files in all
 * @property {number} lines per file, on average
 * @property {number} locks files that take locks
 * @property {number} inserts files that insert rows
 * @property {number} dispatches files that call a dispatcher
 * @property {number} lookalikes files that hold the words of a site, and none
 * @property {boolean} planted whether the mistakes of `generate/planted.js` are in it
 * @property {number} seed
 * @property {readonly string[]} rules the ids of the rules that the config may name
 */

/** @typedef {import('./generate/features.js').Feature} Feature */

/** The rules whose options the config of a corpus knows how to write. */
export const CONFIGURABLE_RULES = [
  'lock-order',
  'lock-cycle',
  'lock-reentry',
  'insert-in-loop',
  'require-dispatcher',
];

const STAMP = '.corpus.json';

/**
 * Writes a corpus, unless the directory holds this very one already.
 *
 * @param {string} directory
 * @param {CorpusOptions} options
 * @returns {{ files: number, lines: number, written: boolean }}
 */
export function writeCorpus(directory, options) {
  const key = JSON.stringify([options, generatorHash()]);
  const stamp = path.join(directory, STAMP);
  if (existsSync(stamp)) {
    const known = JSON.parse(readFileSync(stamp, 'utf8'));
    if (known.key === key) return { files: known.files, lines: known.lines, written: false };
  }
  rmSync(directory, { recursive: true, force: true });
  const project = createProject(options);
  let lines = 0;
  for (const [name, text] of Object.entries(project)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (name.endsWith('.ts')) lines += text.split('\n').length - 1;
  }
  const files = Object.keys(project).filter((name) => name.endsWith('.ts')).length;
  writeFileSync(stamp, JSON.stringify({ key, files, lines }));
  return { files, lines, written: true };
}

/** A corpus written by another version of the generator is another corpus. */
function generatorHash() {
  const hash = createHash('sha256');
  for (const file of ['corpus.js', ...readdirSync(path.join(import.meta.dirname, 'generate')).sort()]) {
    const folder = file === 'corpus.js' ? '.' : 'generate';
    hash.update(readFileSync(path.join(import.meta.dirname, folder, file)));
  }
  return hash.digest('hex');
}

/**
 * The project as text by path.
 *
 * @param {CorpusOptions} options
 * @returns {Record<string, string>}
 */
export function createProject(options) {
  const { files, lines, locks, inserts, dispatches, lookalikes, planted, seed } = options;
  const hasSites = locks + inserts + dispatches > 0;
  /** @type {Record<string, string>} */
  const sources = {
    ...CORE_FILES,
    ...(hasSites ? SITE_CORE_FILES : {}),
    ...(planted ? PLANTED_FILES : {}),
  };
  const ordinary = files - Object.keys(sources).length - locks - inserts - dispatches - lookalikes;
  if (ordinary < KINDS.length) throw new RangeError(`${files} files are too few for that many sites`);

  const random = createRandom(seed);
  /** @type {Feature[]} */
  const features = [];
  for (let written = 0; written < ordinary; ) {
    const feature = createFeature(features, random);
    features.push(feature);
    for (const { file, write } of KINDS.slice(0, ordinary - written)) {
      const length = Math.round(lines * (0.6 + 0.8 * (random.below(1000) / 1000)));
      sources[`${feature.dir}/${file}`] = write(feature, random, length);
      written += 1;
    }
  }

  // The last feature may lack a file that the others have, and sites build on those.
  const complete = features.slice(0, Math.floor(ordinary / KINDS.length));
  const spread = spreadOver(complete);
  const locked = spread(locks);
  const inserting = spread(inserts);
  locked.forEach((feature, at) => {
    sources[`${feature.dir}/ledger.ts`] = lockFile(feature, random, at);
  });
  inserting.forEach((feature, at) => {
    sources[`${feature.dir}/import.ts`] = insertFile(feature, random, at);
  });
  for (const feature of spread(dispatches))
    sources[`${feature.dir}/machine.ts`] = dispatchFile(feature, random);
  spread(lookalikes).forEach((feature, at) => {
    sources[`${feature.dir}/${LOOKALIKE_FILE}`] = lookalikeFile(feature, random, at);
  });
  return {
    'package.json': toJson({
      name: 'bench-corpus',
      private: true,
      type: 'module',
      ...(hasSites ? { dependencies: { 'async-mutex': '0.5.0' } } : {}),
    }),
    'tsconfig.json': toJson(TSCONFIG),
    'ws-gate.config.json': toJson(createConfig(options, locked, inserting)),
    ...sources,
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
  },
  include: ['src'],
};

/**
 * @param {readonly Feature[]} earlier
 * @param {import('./generate/random.js').Random} random
 * @returns {Feature}
 */
function createFeature(earlier, random) {
  const at = earlier.length;
  const domain = /** @type {string} */ (DOMAINS[at % DOMAINS.length]);
  const round = Math.floor(at / DOMAINS.length);
  const number = Math.floor(round / ENTITIES.length);
  const entity = `${ENTITIES[round % ENTITIES.length]}${number === 0 ? '' : number + 1}`;
  const Name = `${capitalise(domain)}${capitalise(entity)}`;
  return {
    dir: `src/${domain}/${entity}`,
    Name,
    name: `${domain}${capitalise(entity)}`,
    CONSTANT: `${domain}_${entity}`.toUpperCase(),
    table: `${domain}_${entity}s`,
    label: `${domain} ${entity}`,
    fields: random.sample(FIELDS, 7 + random.below(6)),
    statuses: random.sample(STATUSES, 3 + random.below(4)),
    uses: at > 0 && random.chance(0.6) ? [random.pick(earlier)] : [],
  };
}

/**
 * Chooses features at even distances, so that the sites of a corpus lie all over it.
 *
 * @param {readonly Feature[]} features
 * @returns {(count: number) => Feature[]}
 */
function spreadOver(features) {
  return (count) => {
    if (count > features.length)
      throw new RangeError(`${features.length} features have no room for ${count} sites`);
    return Array.from({ length: count }, (_, at) => {
      return /** @type {Feature} */ (features[Math.floor((at * features.length) / count)]);
    });
  };
}

/**
 * @param {CorpusOptions} options
 * @param {readonly Feature[]} locked
 * @param {readonly Feature[]} inserting
 */
function createConfig({ dispatches, planted, rules }, locked, inserting) {
  const ledgers = locked.map(({ Name }) => `${Name}Ledger.mu`);
  const preflight = inserting.filter((_, at) => at % 4 === 2).map(({ Name }) => `lookup${Name}`);
  /** @type {Record<string, unknown>} */
  const settings = {};
  for (const id of CONFIGURABLE_RULES.filter((one) => rules.includes(one))) {
    if (id.startsWith('lock-') && locked.length > 0) settings[id] = 'error';
    if (id === 'insert-in-loop' && inserting.length > 0) {
      const tables = inserting.map(({ table }) => table);
      settings[id] = ['error', { tables: planted ? [...tables, PLANTED_TABLE] : tables, preflight }];
    }
    if (id === 'require-dispatcher' && dispatches > 0) settings[id] = ['error', { dispatchers: DISPATCHERS }];
  }
  return {
    ...(locked.length > 0
      ? {
          locks: {
            order: ['TenantRegistry.mu', ...(ledgers.length > 0 ? [ledgers] : []), 'AuditLog.mu'],
            leaf: ['AuditLog.mu'],
          },
        }
      : {}),
    ...(Object.keys(settings).length > 0 ? { rules: settings } : {}),
  };
}

const DISPATCHERS = [
  {
    calls: ['Provisioner.provisionMachine'],
    allowIn: ['src/core/provisioner.ts#startMachine'],
    use: 'startMachine',
  },
  {
    calls: ['Provisioner.retireMachine'],
    allowIn: ['src/core/provisioner.ts#stopMachine'],
    use: 'stopMachine',
  },
];

/** @param {unknown} value */
function toJson(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '3000' },
      lines: { type: 'string', default: '100' },
      locks: { type: 'string' },
      inserts: { type: 'string' },
      dispatches: { type: 'string' },
      lookalikes: { type: 'string', default: '0' },
      planted: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: path.join(import.meta.dirname, 'corpus', 'custom') },
    },
  });
  const files = Number(values.files);
  const share = Math.round(files / 100);
  const written = writeCorpus(path.resolve(values.out), {
    files,
    lines: Number(values.lines),
    locks: Number(values.locks ?? share),
    inserts: Number(values.inserts ?? share),
    dispatches: Number(values.dispatches ?? share),
    lookalikes: Number(values.lookalikes),
    planted: values.planted,
    seed: Number(values.seed),
    rules: CONFIGURABLE_RULES,
  });
  console.log(`${written.files} files, ${written.lines} lines in ${values.out}`);
}
