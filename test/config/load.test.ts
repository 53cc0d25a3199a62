import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { tempDir } from '../support/temp-dir.ts';

const EXCLUDE = { exclude: ['legacy/**'] };

describe('loadConfig', () => {
  it.each([
    [
      'ws-gate.config.ts',
      "import { defineConfig } from 'ws-gate';\nexport default defineConfig({ exclude: ['legacy/**'] });",
    ],
    ['ws-gate.config.ts', "const exclude: readonly string[] = ['legacy/**'];\nexport default { exclude };"],
    ['ws-gate.config.mts', "export default { exclude: ['legacy/**'] satisfies string[] };"],
    ['ws-gate.config.js', "export default { exclude: ['legacy/**'] };"],
    ['ws-gate.config.mjs', "export default { exclude: ['legacy/**'] };"],
    ['ws-gate.config.json', JSON.stringify({ $schema: './schema.json', ...EXCLUDE })],
    ['ws-gate.config.json', `\uFEFF${JSON.stringify(EXCLUDE)}`],
    ['package.json', JSON.stringify({ name: 'app', 'ws-gate': EXCLUDE })],
  ])('reads %s', async (name, text) => {
    const cwd = tempDir({ 'package.json': '{ "type": "module" }', [name]: text });
    const config = await loadConfig({ cwd });
    expect(config).toEqual({
      file: path.join(cwd, name),
      root: cwd,
      include: undefined,
      exclude: ['legacy/**'],
      tsconfig: undefined,
      locks: { order: [], leaf: [], brief: [], reentrant: [], disjoint: [], primitives: [] },
      rules: {},
      overrides: [],
      customRules: [],
    });
  });

  it('searches upwards, and takes the nearest', async () => {
    const dir = tempDir({
      'ws-gate.config.json': '{ "exclude": ["outer"] }',
      'packages/app/ws-gate.config.json': '{ "exclude": ["inner"] }',
      'packages/app/src/index.ts': '',
    });
    const near = await loadConfig({ cwd: path.join(dir, 'packages/app/src') });
    const far = await loadConfig({ cwd: path.join(dir, 'packages') });
    expect([near.root, near.exclude]).toEqual([path.join(dir, 'packages/app'), ['inner']]);
    expect([far.root, far.exclude]).toEqual([dir, ['outer']]);
  });

  it('passes over a package.json without the key', async () => {
    const dir = tempDir({
      'ws-gate.config.json': '{ "exclude": ["outer"] }',
      'app/package.json': '{ "devDependencies": { "ws-gate": "1.0.0" } }',
    });
    expect((await loadConfig({ cwd: path.join(dir, 'app') })).exclude).toEqual(['outer']);
  });

  it('goes without a file when told to', async () => {
    const cwd = tempDir({ 'ws-gate.config.json': '{ "exclude": ["x"] }' });
    const config = await loadConfig({ cwd, config: false });
    expect([config.file, config.root, config.exclude]).toEqual([undefined, cwd, undefined]);
  });

  it('reads the named file, relative to the working directory', async () => {
    const cwd = tempDir({ 'ws-gate.config.json': '{}', 'ci/strict.json': '{ "exclude": ["x"] }' });
    const config = await loadConfig({ cwd, config: 'ci/strict.json' });
    expect([config.file, config.root, config.exclude]).toEqual([
      path.join(cwd, 'ci/strict.json'),
      path.join(cwd, 'ci'),
      ['x'],
    ]);
  });

  it('takes an inline config before any file', async () => {
    const cwd = tempDir({ 'ws-gate.config.json': '{ "exclude": ["file"] }' });
    const config = await loadConfig({ cwd, inlineConfig: { exclude: ['inline'] }, configRoot: '/elsewhere' });
    expect([config.file, config.root, config.exclude]).toEqual([undefined, '/elsewhere', ['inline']]);
  });

  it.each([
    {
      case: 'a config that throws',
      files: { 'ws-gate.config.mjs': "throw new TypeError('no database');" },
      error: {
        message: 'the config ws-gate.config.mjs cannot be loaded',
        why: 'TypeError: no database',
        help: 'correct the config so that it loads without an error',
      },
    },
    {
      case: 'a TypeScript config that throws',
      files: { 'ws-gate.config.ts': "const message: string = 'no database';\nthrow new Error(message);" },
      error: {
        message: 'the config ws-gate.config.ts cannot be loaded',
        why: 'Error: no database',
        help: 'correct the config so that it loads without an error',
      },
    },
    {
      case: 'a config without a default export',
      files: { 'ws-gate.config.ts': 'export const config = {};' },
      error: {
        message: 'the config ws-gate.config.ts has no default export',
        why: undefined,
        help: 'write `export default defineConfig({ … })`',
      },
    },
    {
      case: 'JSON with a syntax error',
      files: { 'ws-gate.config.json': '{ rules: {} }' },
      error: {
        message: 'ws-gate.config.json is not valid JSON',
        why: expect.any(String),
        help: 'correct the syntax; JSON takes no comments',
      },
    },
    {
      case: 'two configs in one directory',
      files: { 'ws-gate.config.json': '{}', 'ws-gate.config.mjs': 'export default {};' },
      error: {
        message: expect.stringMatching(
          / holds more than one config: ws-gate\.config\.mjs, ws-gate\.config\.json$/,
        ),
        why: undefined,
        help: 'keep one of them, or name the one to use with --config',
      },
    },
  ])('refuses $case', async ({ files, error }) => {
    const cwd = tempDir(files as unknown as Record<string, string>);
    expect(await gateErrorOf(() => loadConfig({ cwd }))).toEqual(error);
  });

  it('refuses a named config that does not exist', async () => {
    const cwd = tempDir();
    expect(await gateErrorOf(() => loadConfig({ cwd, config: 'gone.json' }))).toEqual({
      message: 'the config gone.json does not exist',
      why: undefined,
      help: 'correct the path given with --config',
    });
  });

  it('refuses a named file that is no config', async () => {
    const cwd = tempDir({ 'notes.txt': '' });
    expect(await gateErrorOf(() => loadConfig({ cwd, config: 'notes.txt' }))).toEqual({
      message: 'notes.txt is not a config file',
      why: undefined,
      help: 'use a file that ends in .ts, .mts, .js, .mjs, .json, or a package.json with the key "ws-gate"',
    });
  });

  it('refuses a config that cannot be read, instead of searching on', async () => {
    const cwd = tempDir();
    symlinkSync('ws-gate.config.json', path.join(cwd, 'ws-gate.config.json'));
    const { message, help } = await gateErrorOf(() => loadConfig({ cwd }));
    expect([message, help]).toEqual([
      `the config ${path.join(cwd, 'ws-gate.config.json')} cannot be read`,
      'make it a readable file',
    ]);
  });

  it('does not take a directory for a config', async () => {
    const cwd = tempDir({ 'ws-gate.config.mjs': "export default { exclude: ['x'] };" });
    mkdirSync(path.join(cwd, 'ws-gate.config.ts'));
    expect((await loadConfig({ cwd })).exclude).toEqual(['x']);
  });
});
