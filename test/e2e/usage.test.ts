import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bangProject, program, ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const CLEAN = { 'src/a.ts': 'export const quiet = 1;\n' };

describe('ws-gate', () => {
  it.each([['--version'], ['-V']])('prints its version with %s', (flag) => {
    expect(ws(tempDir(), [flag])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('starts without loading what the command does not need', () => {
    const loader = `
      import { writeSync } from 'node:fs';
      export async function load(url, context, next) {
        if (url.includes('/node_modules/')) writeSync(2, url + '\\n');
        return next(url, context);
      }`;
    const register = `import { register } from 'node:module';register('data:text/javascript,${encodeURIComponent(loader)}');`;
    const hook = `--import=data:text/javascript,${encodeURIComponent(register)}`;
    const packagesFor = (...args: string[]) => {
      const { stderr } = spawnSync(process.execPath, [hook, program, ...args], {
        cwd: tempDir(),
        encoding: 'utf8',
      });
      return [...new Set(stderr.match(/(?<=node_modules\/)[^/\n]+/g))];
    };
    expect(packagesFor('--version')).toEqual([]);
    expect(packagesFor('check', '--help')).toEqual([]);
    expect(packagesFor('check', '-f', 'jsn')).not.toContain('globby');
  });

  it('serves a TypeScript config that imports the package without having it installed', () => {
    const dir = tempDir({
      ...CLEAN,
      'ws-gate.config.ts':
        "import { defineConfig } from 'ws-gate';\nexport default defineConfig({ include: ['src/**'] });\n",
    });
    expect(ws(dir, ['check', '-f', 'compact'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each([['--help'], ['-h']])('prints help with %s', (flag) => {
    const { code, stdout, stderr } = ws(tempDir(), [flag]);
    expect([code, stdout.split('\n')[0], stderr]).toEqual([
      0,
      'A gate for async TypeScript: lock order, idempotent inserts, dispatchers.',
      '',
    ]);
  });

  it('prints the help of a command, with every flag of it', () => {
    const { code, stdout } = ws(tempDir(), ['check', '--help']);
    expect([code, stdout.match(/--[\w-]+/g)]).toEqual([
      0,
      [
        ...[
          '--config',
          '--no-config',
          '--tsconfig',
          '--rule',
          '--format',
          '--output-file',
          '--changed',
          '--since',
        ],
        // The help of --since names the flag that it goes with.
        ...[
          '--changed',
          '--staged',
          '--max-warnings',
          '--strict',
          '--quiet',
          '--stats',
          '--cwd',
          '--color',
          '--no-color',
        ],
        ...['--help', '--version'],
      ],
    ]);
  });

  it('does not pass without a command', () => {
    const { code, stdout, stderr } = ws(tempDir(), []);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([
      2,
      '',
      'A gate for async TypeScript: lock order, idempotent inserts, dispatchers.',
    ]);
  });

  it('lists the rules', () => {
    const dir = tempDir(bangProject(CLEAN));
    const { code, stdout, stderr } = ws(dir, ['rules']);
    const lines = stdout.trimEnd().split('\n');
    expect([code, stderr]).toEqual([0, '']);
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(
      lines.map((line) => line.split(/\s+/)[0]).sort(),
    );
    expect(lines.find((line) => line.startsWith('no-bang'))).toMatch(/^no-bang +error +there is no BANG$/);
    expect(lines.find((line) => line.startsWith('gate-integrity'))).toMatch(/^gate-integrity +error +\S/);
  });

  it('explains a rule without a page from what the rule says of itself', () => {
    const dir = tempDir(bangProject(CLEAN));
    expect(ws(dir, ['explain', 'no-bang'])).toEqual({
      code: 0,
      stdout: `# no-bang

there is no BANG

## found

- What: there is a {word}
- Why: noise wakes the cat
- What to do: whisper
`,
      stderr: '',
    });
  });
});

describe('bad usage exits with 2, prints nothing to stdout, and says what to do', () => {
  const cases: [string, readonly string[], string][] = [
    [
      'an unknown flag',
      ['check', '--stagd'],
      'ws-gate: ws-gate check has no flag --stagd (did you mean "--staged"?)\n  do   run `ws-gate check --help` for the flags\n',
    ],
    [
      'an unknown command',
      ['evince'],
      'ws-gate: unknown command "evince"\n  do   the commands are check, prove, explain, rules, test, new, manager; to check a path, write ws-gate check evince\n',
    ],
    [
      'a hole of other gates: an unknown rule on the command line',
      ['check', '--rule', 'no-bnag'],
      'ws-gate: --rule: unknown rule "no-bnag" (did you mean "no-bang"?)\n  do   run `ws-gate rules` for the list of rules\n',
    ],
    [
      'an unknown rule to explain',
      ['explain', 'no-bnag'],
      'ws-gate: unknown rule "no-bnag" (did you mean "no-bang"?)\n  do   run `ws-gate rules` for the list of rules\n',
    ],
    [
      'an unknown format',
      ['check', '-f', 'jsn'],
      'ws-gate: unknown format "jsn" (did you mean "json"?)\n  do   the formats are pretty, json, sarif, github, compact\n',
    ],
    [
      'a number that is none',
      ['check', '--max-warnings', 'few'],
      'ws-gate: --max-warnings takes a whole number, not "few"\n  do   write --max-warnings 0, for example\n',
    ],
    [
      'a directory that is not there',
      ['check', '--cwd', 'gone'],
      'ws-gate: --cwd gone is not a directory\n  do   name a directory that exists\n',
    ],
    [
      'a config that is not there',
      ['check', '--config', 'gone.json'],
      'ws-gate: the config gone.json does not exist\n  do   correct the path given with --config\n',
    ],
    [
      'flags that contradict each other',
      ['check', '--staged', '--changed'],
      'ws-gate: --staged and --changed contradict each other\n  do   give one of them\n',
    ],
    [
      'a config and none',
      ['check', '--config', 'ws-gate.config.mjs', '--no-config'],
      'ws-gate: --config and --no-config contradict each other\n  do   give one of them\n',
    ],
    [
      'an argument where there is none',
      ['rules', 'all'],
      'ws-gate: rules takes no arguments: all\n  do   run `ws-gate rules --help`\n',
    ],
  ];

  it.each(cases)('%s', (_, args, stderr) => {
    expect(ws(tempDir(bangProject(CLEAN)), args)).toEqual({ code: 2, stdout: '', stderr });
  });

  it('a compiler that does not exist, even where there is nothing to compile', () => {
    expect(ws(tempDir(CLEAN), ['check'], { WS_GATE_ORACLE: 'tsc' })).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "ws-gate: WS_GATE_ORACLE is 'tsc'\n  do   set it to 'native' or 'reference', or leave it unset to let ws-gate choose\n",
    });
  });

  it('staged files outside of a repository', () => {
    const dir = tempDir(bangProject(CLEAN));
    expect(ws(dir, ['check', '--staged'])).toEqual({
      code: 2,
      stdout: '',
      stderr: `ws-gate: ${dir} is not in a git repository\n  why  --staged reads the index\n  do   leave the flag out, or run inside of a repository\n`,
    });
  });
});

describe('a bad config exits with 2', () => {
  it.each([
    [
      'an unknown key',
      { 'ws-gate.config.json': '{ "rulse": {} }' },
      'ws-gate: ws-gate.config.json is not a valid config\n  why  rulse: unknown key (did you mean "rules"?)\n  do   correct the entries named above\n',
    ],
    [
      'a config that throws',
      { 'ws-gate.config.ts': "throw new Error('no database' as string);" },
      'ws-gate: the config ws-gate.config.ts cannot be loaded\n  why  Error: no database\n  do   correct the config so that it loads without an error\n',
    ],
    [
      'a config that throws what is no error',
      { 'ws-gate.config.mjs': 'throw Object.create(null);' },
      'ws-gate: the config ws-gate.config.mjs cannot be loaded\n  why  [Object: null prototype] {}\n  do   correct the config so that it loads without an error\n',
    ],
    [
      'a config with a syntax error',
      { 'ws-gate.config.mjs': 'export default {\n  locks: [' },
      'ws-gate: the config ws-gate.config.mjs cannot be loaded\n  why  SyntaxError: Unexpected end of input\n  do   correct the config so that it loads without an error\n',
    ],
    [
      'a config that exports nothing',
      { 'ws-gate.config.ts': 'export const locks = {};' },
      'ws-gate: the config ws-gate.config.ts has no default export\n  do   write `export default defineConfig({ … })`\n',
    ],
    [
      'a config that ends the process',
      { 'ws-gate.config.mjs': 'process.exit(0);' },
      'ws-gate: the process ended before the check did\n  why  the config, or a rule in it, exits or waits for what never comes\n  do   let the config load to its end\n',
    ],
    [
      'a config that waits for ever',
      { 'ws-gate.config.mjs': 'await new Promise(() => {});\nexport default {};' },
      'ws-gate: the process ended before the check did\n  why  the config, or a rule in it, exits or waits for what never comes\n  do   let the config load to its end\n',
    ],
    [
      'a lock order in which one lock stands under two names',
      {
        'ws-gate.config.json': '{ "locks": { "order": ["A.mu", "mu"] }, "rules": { "lock-order": "error" } }',
        'src/a.ts':
          "import { Mutex } from 'async-mutex';\nexport class A {\n  mu = new Mutex();\n  act = () => this.mu.runExclusive(() => {});\n}\n",
      },
      'ws-gate: the config: locks.order names A.mu twice, at positions 1 and 2\n  why  A.mu would have to come before itself\n  do   keep one of the two entries of A.mu\n',
    ],
    [
      'an unknown rule',
      { 'ws-gate.config.json': '{ "rules": { "gate-integrty": "error" } }' },
      'ws-gate: ws-gate.config.json: rules: unknown rule "gate-integrty" (did you mean "gate-integrity"?)\n  do   run `ws-gate rules` for the list of rules\n',
    ],
    [
      'a lock order that contradicts itself',
      { 'ws-gate.config.json': '{ "locks": { "order": ["A.mu", "B.mu", "A.mu"] } }' },
      'ws-gate: ws-gate.config.json: locks.order names A.mu twice, at positions 1 and 3\n  why  A.mu would have to come before itself\n  do   keep one of the two entries of A.mu\n',
    ],
  ])('%s', (_, config, stderr) => {
    expect(ws(tempDir({ ...CLEAN, ...config } as Record<string, string>), ['check'])).toEqual({
      code: 2,
      stdout: '',
      stderr,
    });
  });

  it('a config that cannot be read', () => {
    const dir = tempDir(CLEAN);
    symlinkSync('ws-gate.config.json', path.join(dir, 'ws-gate.config.json'));
    const { code, stdout, stderr } = ws(dir, ['check']);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([
      2,
      '',
      `ws-gate: the config ${path.join(dir, 'ws-gate.config.json')} cannot be read`,
    ]);
  });
});
