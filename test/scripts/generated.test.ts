import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builtinRules } from '../../rules/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { optionsSchema, resolveRules } from '../../src/config/rules.ts';
import { configSchema } from '../../src/config/schema.ts';
import { GateError } from '../../src/engine/error.ts';
import type { AnyRule } from '../../src/engine/rule.ts';

interface Generator {
  generatedFiles(parts: object): Readonly<Record<string, string>>;
}

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
// The scripts are plain JavaScript, which the types of the tests do not cover.
const generator: Generator = await import(path.join(root, 'scripts/generated.js'));
const files = generator.generatedFiles({ configSchema, optionsSchema, builtinRules, read });

describe('what is generated from the metadata of the rules', () => {
  it.each(Object.keys(files))('%s is current (npm run generate)', (file) => {
    expect(read(file)).toBe(files[file]);
  });

  it('tells a stale file, where a summary has changed', () => {
    const changed = builtinRules.map((rule) => ({ ...rule, summary: `${rule.summary}, always` }));
    const other = generator.generatedFiles({ configSchema, optionsSchema, builtinRules: changed, read });
    expect(Object.keys(files).filter((file) => read(file) !== other[file])).toEqual([
      'ws-gate.schema.json',
      'README.md',
    ]);
  });
});

describe('the pages of the rules', () => {
  it.each(builtinRules.map(({ id, messages }) => [id, Object.keys(messages)] as const))(
    '%s has a row for each of its messages, and for no other',
    (id, messages) => {
      const table =
        /\n\| message +\|.*\n\|[- |]+\n((?:\|.*\n)+)/.exec(read(`rules/${id}/rule.md`))?.[1] ?? '';
      const rows = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, row]) => row);
      expect(rows.sort()).toEqual([...messages].sort());
    },
  );

  it.each(builtinRules.map((rule) => [rule.id, optionNames(rule)] as const))(
    '%s tells of each of its options',
    (id, options) => {
      const [, section = ''] = read(`rules/${id}/rule.md`).split('\n## Options\n');
      expect(
        options.filter((name) => !section.includes(`\`${name}\``) && !section.includes(`${name}:`)),
      ).toEqual([]);
    },
  );
});

function optionNames(rule: AnyRule): string[] {
  const schema = optionsSchema(rule, z);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

const VALID: readonly object[] = [
  {},
  { $schema: './node_modules/ws-gate/ws-gate.schema.json' },
  { include: ['src/**'], exclude: [], tsconfig: 'tsconfig.json' },
  { locks: { order: ['A.mu', ['B.mu', 'C.mu']], leaf: ['D.mu'], disjoint: [['A.mu', 'D.mu']] } },
  { locks: { primitives: [{ type: 'Lock', acquire: ['lock'], keyArg: 0, grants: 'releaser' }] } },
  { rules: { 'lock-order': 'error', 'lock-cycle': ['warn'], 'gate-integrity': 'error' } },
  { rules: { 'lock-order': ['error', { expectNoSites: 'no locks yet' }] } },
  { rules: { 'insert-in-loop': ['warn', { tables: ['orders'], preflight: ['find'] }] } },
  { rules: { 'insert-in-loop': ['warn', { tables: ['orders'], expectNoSites: 'none yet' }] } },
  {
    rules: {
      'require-dispatcher': ['error', { dispatchers: [{ calls: ['B.stop'], allowIn: [], use: 'stop' }] }],
    },
  },
  { rules: { 'must-call': ['error', { functions: [{ function: 'f', calls: ['g'], args: { 0: 'x' } }] }] } },
  { rules: { 'route-guard': ['error', { routes: [{ prefix: '/admin', guard: 'auth' }] }] } },
  { overrides: [{ files: ['scripts/**'], rules: { 'lock-callback': 'off', 'lock-await': ['warn'] } }] },
];

const INVALID: readonly (readonly [why: string, config: object])[] = [
  ['an unknown key', { includes: ['src/**'] }],
  ['an include of nothing', { include: [] }],
  ['an empty pattern', { exclude: [''] }],
  ['an unknown key under locks', { locks: { oder: [] } }],
  ['an empty set of siblings', { locks: { order: [[]] } }],
  ['a pair of three', { locks: { disjoint: [['A', 'B', 'C']] } }],
  ['a primitive without a type', { locks: { primitives: [{ acquire: ['lock'] }] } }],
  ['a negative index', { locks: { primitives: [{ type: 'Lock', keyArg: -1 }] } }],
  ['an unknown rule', { rules: { 'lock-odrer': 'error' } }],
  ['an unknown severity', { rules: { 'lock-order': 'on' } }],
  ['three parts of a setting', { rules: { 'lock-order': ['error', {}, {}] } }],
  ['options of a rule that takes none', { rules: { 'lock-cycle': ['error', { tables: [] }] } }],
  ['an unknown option', { rules: { 'insert-in-loop': ['error', { table: 'orders' }] } }],
  [
    'an unknown option beside a right one',
    {
      rules: {
        'require-dispatcher': [
          'error',
          { dispatchers: [{ calls: ['B.stop'], allowIn: [], use: 'stop' }], calls: [] },
        ],
      },
    },
  ],
  ['an option of the wrong type', { rules: { 'insert-in-loop': ['error', { tables: 'orders' }] } }],
  ['a missing option', { rules: { 'must-call': ['error', { functions: [{ function: 'f' }] }] } }],
  [
    'an argument without a number',
    {
      rules: { 'must-call': ['error', { functions: [{ function: 'f', calls: ['g'], args: { x: 'y' } }] }] },
    },
  ],
  [
    'a path without its slash',
    { rules: { 'route-guard': ['error', { routes: [{ prefix: 'a', guard: 'g' }] }] } },
  ],
  ['no reason for no sites', { rules: { 'lock-order': ['error', { expectNoSites: ' ' }] } }],
  ['a gate that does not see', { rules: { 'gate-integrity': 'off' } }],
  ['an override of no files', { overrides: [{ files: [], rules: {} }] }],
  ['options in an override', { overrides: [{ files: ['a'], rules: { 'insert-in-loop': ['error', {}] } }] }],
  ['an unknown rule in an override', { overrides: [{ files: ['a'], rules: { 'lock-odrer': 'off' } }] }],
];

describe('ws-gate.schema.json', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(read('ws-gate.schema.json')));

  it.each(VALID.map((config) => [JSON.stringify(config), config] as const))(
    'takes what the program takes: %s',
    async (_, config) => {
      expect([validate(config), await isTaken(config)]).toEqual([true, true]);
    },
  );

  it.each(INVALID)('refuses what the program refuses: %s', async (_, config) => {
    expect([validate(config), await isTaken(config)]).toEqual([false, false]);
  });

  it('tells of every option what it means, but for lists of entries that have options of their own', () => {
    const { properties } = JSON.parse(read('ws-gate.schema.json')) as Schema;
    const rules = Object.entries(properties?.['rules']?.properties ?? {});
    expect(rules.length).toBe(builtinRules.length + 1);
    expect(rules.flatMap(([id, rule]) => undescribed(rule).map((name) => `${id} ${name}`))).toEqual([]);
  });

  it('knows the options of every rule', () => {
    const taking = builtinRules.filter((rule) => optionsSchema(rule, z));
    expect(taking.length).toBeGreaterThan(0);
    for (const { id } of builtinRules) {
      const settings = { rules: { [id]: ['error', { 'no such option': 1 }] } };
      expect([id, validate(settings)]).toEqual([id, false]);
    }
  });
});

async function isTaken(inlineConfig: object): Promise<boolean> {
  try {
    const config = await loadConfig({ cwd: root, inlineConfig });
    // Options are checked for rules that run.
    await resolveRules(config, builtinRules);
    return true;
  } catch (error) {
    if (error instanceof GateError) return false;
    throw error;
  }
}

/** As much of a JSON Schema as is looked at here. */
interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | false;
  readonly anyOf?: readonly Schema[];
  readonly prefixItems?: readonly Schema[];
}

function undescribed({ properties = {}, items, anyOf = [], prefixItems = [] }: Schema): string[] {
  const own = Object.entries(properties).filter(([, { description, items: entries }]) => {
    return description === undefined && !(entries && (entries.properties || entries.anyOf));
  });
  const inner = [...Object.values(properties), ...(items ? [items] : []), ...anyOf, ...prefixItems];
  return [...own.map(([name]) => name), ...inner.flatMap(undescribed)];
}
