import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliRun } from '../support/cli.ts';
import { writeFiles } from '../support/temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

/** Two functions that take the same two locks in opposite order. */
const DEADLOCK = `import { Mutex } from 'ws-gate/locks';

export class Shelf {
  readonly mu = new Mutex();
}

export class Desk {
  readonly mu = new Mutex();

  async take(shelf: Shelf): Promise<void> {
    using _desk = await this.mu.acquire();
    using _shelf = await shelf.mu.acquire();
  }

  async giveBack(shelf: Shelf): Promise<void> {
    using _shelf = await shelf.mu.acquire();
    using _desk = await this.mu.acquire();
  }
}
`;

const IMPORTS = `import { type CheckReport, check, defineConfig, GateError } from 'ws-gate';
import { Mutex, type Releaser } from 'ws-gate/locks';
import { Backend } from 'ws-gate/manager';
import { ManagerClient } from 'ws-gate/manager/client';
import { testRules } from 'ws-gate/testing';

export const config = defineConfig({ locks: { order: ['Desk.mu', 'Shelf.mu'] } });
// @ts-expect-error -- a misspelt key is an error, so the types are there
export const misspelt = defineConfig({ lock: {} });
export const report: Promise<CheckReport> = check({ inlineConfig: config });
export const held: Promise<Releaser> = new Mutex({ name: 'Desk.mu' }).acquire();
// @ts-expect-error -- a backend needs a builder
export const backend = new Backend({});
// @ts-expect-error -- the fixtures must be somewhere
export const tested = testRules({});
export const client = new ManagerClient({ baseUrl: 'http://127.0.0.1:7420' });
export const isGateError: boolean = new Error() instanceof GateError;
`;

/** The program is written for these rules, and gives nothing back where something fails. */
const CYCLES = ['--rule', 'lock-cycle', '--rule', 'lock-order'];

describe('the published package', () => {
  let dir: string;

  beforeAll(() => {
    dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'ws-gate-package-')));
    const packed = run(root, 'npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', dir]);
    expect(packed).toMatchObject({ code: 0 });
    writeFiles(dir, {
      'package.json': '{ "name": "app", "private": true, "type": "module" }',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          target: 'es2023',
          lib: ['es2023', 'esnext.disposable', 'dom'],
          module: 'nodenext',
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: true,
          noEmit: true,
          types: [],
        },
        include: ['src'],
      }),
      'src/desk.ts': DEADLOCK,
      'src/imports.ts': IMPORTS,
    });
    const install = ['install', `./${packed.stdout.trim()}`, '--prefer-offline', '--no-audit', '--no-fund'];
    expect(run(dir, 'npm', install)).toMatchObject({ code: 0 });
  }, 120_000);

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('finds a deadlock through npx', () => {
    const { code, stdout } = run(dir, 'npx', [
      '--no-install',
      'ws-gate',
      'check',
      ...CYCLES,
      '-f',
      'compact',
    ]);
    expect([code, stdout]).toEqual([
      1,
      'src/desk.ts:12:26: error lock-cycle/cycle: Desk.mu and Shelf.mu are acquired in a cycle: Desk.mu → Shelf.mu → Desk.mu\n',
    ]);
  });

  it('holds a declared order that a config in TypeScript imports from the package', () => {
    writeFiles(dir, {
      'order.config.ts':
        "import { defineConfig } from 'ws-gate';\nexport default defineConfig({ locks: { order: ['Desk.mu', 'Shelf.mu'] } });\n",
    });
    const args = ['ws-gate', 'check', '--config', 'order.config.ts', ...CYCLES, '-f', 'compact'];
    const { code, stdout } = run(dir, 'npx', ['--no-install', ...args]);
    expect([code, stdout]).toEqual([
      1,
      'src/desk.ts:17:25: error lock-order/contradictsOrder: acquires Desk.mu while holding Shelf.mu; the declared order is Desk.mu → Shelf.mu\n',
    ]);
  });

  it('finds the same on a platform that has no native compiler', () => {
    const check = () => run(dir, 'npx', ['--no-install', 'ws-gate', 'check', '-f', 'compact', '--stats']);
    const native = check();
    // An npm that installs for such a platform leaves out the package with the program.
    const [platform = ''] = readdirSync(path.join(dir, 'node_modules/@typescript'));
    const program = path.join(dir, 'node_modules/@typescript', platform);
    renameSync(program, path.join(dir, 'elsewhere'));
    try {
      const reference = check();
      const compiler = /^compiler +(\w+)$/m;
      expect([native, reference].map(({ stderr }) => compiler.exec(stderr)?.[1])).toEqual([
        'native',
        'reference',
      ]);
      expect([reference.code, reference.stdout]).toEqual([1, native.stdout]);
    } finally {
      renameSync(path.join(dir, 'elsewhere'), program);
    }
  });

  it('explains every rule', () => {
    const rules = run(dir, 'npx', ['--no-install', 'ws-gate', 'rules']);
    const ids = rules.stdout.match(/^[a-z-]+/gm) ?? [];
    const pages = readdirSync(path.join(root, 'rules'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect([...ids].sort()).toEqual(pages.map(({ name }) => name).sort());
    const installed = path.join(dir, 'node_modules/ws-gate/rules');
    expect(ids.map((id) => readFileSync(path.join(installed, id, 'rule.md'), 'utf8').split('\n')[0])).toEqual(
      ids.map((id) => `# ${id}`),
    );
  });

  it('types what it exports', () => {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    expect(run(dir, process.execPath, [tsc, '-p', '.'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('exports at run time what the types promise', () => {
    const script = `
      for (const entry of ['ws-gate', 'ws-gate/locks', 'ws-gate/manager', 'ws-gate/manager/client', 'ws-gate/testing']) {
        const names = Object.keys(await import(entry));
        console.log(entry, ['check', 'Mutex', 'Backend', 'ManagerClient', 'testRules'].filter((name) => names.includes(name)).join());
      }`;
    expect(run(dir, process.execPath, ['--input-type=module', '-e', script])).toEqual({
      code: 0,
      stdout:
        'ws-gate check\nws-gate/locks Mutex\nws-gate/manager Backend\nws-gate/manager/client ManagerClient\nws-gate/testing testRules\n',
      stderr: '',
    });
  });

  it('brings a schema that tells a right config in JSON from a wrong one', () => {
    const schema = JSON.parse(
      readFileSync(path.join(dir, 'node_modules/ws-gate/ws-gate.schema.json'), 'utf8'),
    );
    const validate = new Ajv2020({ strict: false }).compile(schema);
    const valid = {
      $schema: './node_modules/ws-gate/ws-gate.schema.json',
      include: ['src/**/*.ts'],
      locks: { order: ['Desk.mu', ['Shelf.mu', 'Drawer.mu']] },
      rules: { 'lock-order': 'error', 'insert-in-loop': ['warn', { tables: ['orders'] }] },
    };
    expect(
      [
        valid,
        { ...valid, locks: { oder: [] } },
        { ...valid, rules: { 'lock-order': 'on' } },
        { ...valid, rules: { 'insert-in-loop': ['warn', { table: 'orders' }] } },
      ].map((config) => validate(config)),
    ).toEqual([true, false, false, false]);
  });

  it('installs nothing that only its development or the manager needs', () => {
    const manifest: Manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    const { dependencies, devDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
    const unwanted = [...Object.keys(devDependencies), ...Object.keys(peerDependencies)];
    const installed = unwanted.filter((name) => existsSync(path.join(dir, 'node_modules', name)));
    expect(installed.filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
    expect(Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional)).toEqual([]);
  });

  it('says which library the manager lacks', () => {
    const { code, stdout, stderr } = run(dir, 'npx', [
      '--no-install',
      'ws-gate',
      'manager',
      '--data',
      ':memory:',
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^ws-gate: the manager needs the package (\S+), which is not installed\n {2}why {2}.*\n {2}do {3}run npm install \1\n$/,
    );
  });
});

/** Runs a program without what an npm that runs the tests has left in the environment. */
function run(cwd: string, command: string, args: readonly string[]): CliRun {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD$|NODE_ENV$|VITEST)/.test(name)),
  );
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (error) throw error;
  return { code: status, stdout, stderr };
}
