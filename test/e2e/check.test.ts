import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bangProject, type CliRun, program, ws, wsUnprivileged } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const NOISY = { 'src/a.ts': 'export const quiet = 1;\n\nexport const loud = BANG;\n' };
const CLEAN = { 'src/a.ts': 'export const quiet = 1;\n' };
const ONE_LINE = 'src/a.ts:3:21: error no-bang/found: there is a BANG\n';

/** The code and, one per line, what was found. */
function compact(dir: string, args: readonly string[] = [], env: Record<string, string> = {}): CliRun {
  return ws(dir, ['check', '-f', 'compact', ...args], env);
}

describe('ws-gate check', () => {
  it('exits with 0 when the code is clean', () => {
    const { code, stdout, stderr } = ws(tempDir(bangProject(CLEAN)), ['check']);
    expect([code, stdout.replace(/ · \d.*/, ''), stderr]).toEqual([0, '✔ no findings\n', '']);
  });

  it('a hole of other gates: exits with 1 for findings, not with 2', () => {
    expect(compact(tempDir(bangProject(NOISY)))).toEqual({ code: 1, stdout: ONE_LINE, stderr: '' });
  });

  it('prints what, why and what to do', () => {
    const { stdout } = ws(tempDir(bangProject(NOISY)), ['check']);
    expect(stdout.replace(/ · \d.*/, '')).toBe(`src/a.ts:3:21  error  no-bang/found
  × there is a BANG

    2 │
  ▸ 3 │ export const loud = BANG;
      │                     ~~~~
    4 │

  why  noise wakes the cat
  do   whisper

more: ws-gate explain no-bang

✖ 1 error (no-bang 1)
`);
  });

  it('prints the report as JSON', () => {
    const dir = tempDir(bangProject(NOISY));
    const { code, stdout, stderr } = ws(dir, ['check', '--format', 'json']);
    const report = JSON.parse(stdout);
    expect([code, stderr]).toEqual([1, '']);
    expect(report).toEqual({
      schemaVersion: 1,
      tool: { name: 'ws-gate', version: '0.1.0' },
      cwd: dir,
      summary: {
        files: 1,
        errors: 1,
        warnings: 0,
        suppressed: 0,
        baselined: 0,
        unresolved: 0,
        durationMs: expect.any(Number),
      },
      findings: [
        {
          ruleId: 'no-bang',
          messageId: 'found',
          severity: 'error',
          message: 'there is a BANG',
          file: 'src/a.ts',
          line: 3,
          column: 21,
          endLine: 3,
          endColumn: 25,
          symbol: '',
          fingerprint: expect.stringMatching(/^[\da-f]{16}$/),
          trace: [],
          help: 'whisper',
        },
      ],
      unresolved: [],
    });
  });

  it('prints the same bytes twice, the duration aside', () => {
    const dir = tempDir(bangProject({ 'src/b.ts': 'BANG; BANG;\n', 'src/a.ts': 'POP; BANG;\n' }));
    const [first, second] = [1, 2].map(() =>
      ws(dir, ['check', '-f', 'json']).stdout.replace(/"durationMs": .*/, ''),
    );
    expect(first).toBe(second);
    expect(
      JSON.parse(ws(dir, ['check', '-f', 'json']).stdout).findings.map(
        (f: { file: string; column: number }) => [f.file, f.column],
      ),
    ).toEqual([
      ['src/a.ts', 1],
      ['src/a.ts', 6],
      ['src/b.ts', 1],
      ['src/b.ts', 7],
    ]);
  });

  it('a hole of other gates: exits with 1 for 256 findings', () => {
    const { code, stdout } = compact(tempDir(bangProject({ 'src/a.ts': 'BANG;\n'.repeat(256) })));
    expect([code, stdout.trimEnd().split('\n').length]).toEqual([1, 256]);
  });

  it('a hole of other gates: exits with 1 for findings that go to a file', () => {
    const dir = tempDir(bangProject(NOISY));
    expect(ws(dir, ['check', '-f', 'compact', '-o', 'out/report.txt'])).toEqual({
      code: 1,
      stdout: '',
      stderr: '',
    });
    expect(readFileSync(path.join(dir, 'out/report.txt'), 'utf8')).toBe(ONE_LINE);
  });

  it('writes several formats at once', () => {
    const dir = tempDir(bangProject(NOISY));
    const { code, stdout } = ws(dir, [
      'check',
      '-f',
      'compact',
      '-f',
      'json=r.json',
      '--format=sarif=r.sarif',
    ]);
    const sarif = JSON.parse(readFileSync(path.join(dir, 'r.sarif'), 'utf8'));
    expect([code, stdout]).toEqual([1, ONE_LINE]);
    expect(JSON.parse(readFileSync(path.join(dir, 'r.json'), 'utf8')).findings).toHaveLength(1);
    expect(sarif.runs[0].results.map((result: { ruleId: string }) => result.ruleId)).toEqual(['no-bang']);
    expect(sarif.runs[0].tool.driver.rules.map((rule: { id: string }) => rule.id)).toContain('no-bang');
  });

  it('exits with 2 when the report cannot be written', () => {
    const dir = tempDir(bangProject(CLEAN));
    mkdirSync(path.join(dir, 'taken'));
    const { code, stderr } = ws(dir, ['check', '-o', 'taken']);
    expect([code, stderr.split('\n')[0]]).toEqual([2, 'ws-gate: the report cannot be written to taken']);
  });

  it('logs a run that failed in SARIF', () => {
    const dir = tempDir({ ...CLEAN, 'ws-gate.config.json': '{ "rulse": {} }' });
    const { code } = ws(dir, ['check', '-f', 'sarif=r.sarif']);
    const [run] = JSON.parse(readFileSync(path.join(dir, 'r.sarif'), 'utf8')).runs;
    expect([code, run.invocations[0].executionSuccessful]).toEqual([2, false]);
  });

  it('runs from another directory with --cwd', () => {
    const dir = tempDir(bangProject(NOISY));
    expect(ws(tempDir(), ['check', '--cwd', dir, '-f', 'compact']).stdout).toBe(ONE_LINE);
  });

  it('uses the named config, and none with --no-config', () => {
    const dir = tempDir({ ...bangProject(NOISY), 'ci.json': '{ "include": ["src/**/*.ts"] }' });
    expect(compact(dir, ['--config', 'ci.json'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(compact(dir, ['--no-config'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('checks the named paths', () => {
    const dir = tempDir(
      bangProject({ 'src/a/a.ts': 'BANG;\n', 'src/b/b.ts': 'BANG;\n', 'src/c.ts': 'BANG;\n' }),
    );
    const files = (...paths: string[]) => compact(dir, paths).stdout.match(/^[^:]+/gm);
    expect([files('src/a'), files('src/c.ts', 'src/b'), files('.')]).toEqual([
      ['src/a/a.ts'],
      ['src/b/b.ts', 'src/c.ts'],
      ['src/a/a.ts', 'src/b/b.ts', 'src/c.ts'],
    ]);
  });

  it('runs the selected rules alone, as errors', () => {
    const dir = tempDir(bangProject({ 'src/a.ts': 'BANG; POP;\n' }, "rules: { 'no-pop': 'off' }"));
    expect(compact(dir, ['--rule', 'no-pop'])).toEqual({
      code: 1,
      stdout: 'src/a.ts:1:7: error no-pop/found: there is a POP\n',
      stderr: '',
    });
  });

  describe('with warnings', () => {
    const dir = () => tempDir(bangProject({ 'src/a.ts': 'POP; POP;\n' }));

    it('passes', () => {
      expect(compact(dir()).code).toBe(0);
    });

    it('fails when there are more than --max-warnings, and says so', () => {
      const { code, stderr } = compact(dir(), ['--max-warnings', '1']);
      expect([code, stderr]).toEqual([1, 'ws-gate: 2 warnings are more than --max-warnings 1 allows\n']);
      expect(compact(dir(), ['--max-warnings=2'])).toMatchObject({ code: 0, stderr: '' });
    });

    it('hides them with --quiet, and counts them all the same', () => {
      expect(compact(dir(), ['--quiet'])).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(compact(dir(), ['--quiet', '--max-warnings', '0'])).toMatchObject({ code: 1, stdout: '' });
    });
  });

  it('applies overrides', () => {
    const dir = tempDir(
      bangProject(
        { 'src/a.ts': 'BANG;\n', 'src/lib/b.ts': 'BANG;\n', 'src/gen/c.ts': 'BANG;\n' },
        "overrides: [{ files: ['src/lib/**'], rules: { 'no-bang': 'warn' } }, { files: ['src/gen/**'], rules: { 'no-bang': 'off' } }]",
      ),
    );
    expect(compact(dir).stdout).toBe(
      'src/a.ts:1:1: error no-bang/found: there is a BANG\nsrc/lib/b.ts:1:1: warn no-bang/found: there is a BANG\n',
    );
  });

  it('prints times and counts to stderr with --stats', () => {
    const { stdout, stderr } = compact(tempDir(bangProject(NOISY)), ['--stats']);
    expect(stdout).toBe(ONE_LINE);
    expect(stderr).toMatch(/^no-bang +1 +1 +\d+\.\d$/m);
  });

  it('tells of a rule that throws as an internal error, with its stack', () => {
    const dir = tempDir(
      bangProject(NOISY, "customRules: [{ ...base.customRules[0], run() { throw new TypeError('oops'); } }]"),
    );
    const { code, stdout, stderr } = ws(dir, ['check']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/oops.*ws-gate\.config\.mjs/s);
  });
});

describe('suppressions', () => {
  const suppress = (comment: string) => tempDir(bangProject({ 'src/a.ts': `${comment}\nBANG;\n` }));

  it('silence a finding when they give a reason', () => {
    const dir = suppress('// ws-gate-disable-next-line no-bang -- the cat is deaf');
    expect(compact(dir)).toEqual({ code: 0, stdout: '', stderr: '' });
    const { summary } = JSON.parse(ws(dir, ['check', '-f', 'json']).stdout);
    expect([summary.errors, summary.suppressed]).toEqual([0, 1]);
  });

  it('silence nothing without a reason', () => {
    const { code, stdout } = compact(suppress('// ws-gate-disable-next-line no-bang'));
    expect([code, stdout.match(/[\w-]+\/\w+(?=: )/g)]).toEqual([
      1,
      ['gate-integrity/suppressionWithoutReason', 'no-bang/found'],
    ]);
  });

  it('are findings when they suppress nothing, a hole of other gates', () => {
    const dir = tempDir(
      bangProject({ 'src/a.ts': '// ws-gate-disable-next-line no-bang -- once was\nquiet;\n' }),
    );
    expect(compact(dir)).toEqual({
      code: 1,
      stdout:
        'src/a.ts:1:1: error gate-integrity/unusedSuppression: the suppression of no-bang suppresses nothing\n',
      stderr: '',
    });
    expect(compact(dir, ['--rule', 'no-pop']).stdout).toBe('');
  });

  it('in a string are no suppressions', () => {
    const text = 'const s = `\n// ws-gate-disable-next-line no-bang -- reason\n`; BANG;\n';
    expect(compact(tempDir(bangProject({ 'src/a.ts': text }))).stdout).toBe(
      'src/a.ts:3:4: error no-bang/found: there is a BANG\n',
    );
  });
});

describe('a gate that cannot see is not green', () => {
  const codes = ({ code, stdout }: CliRun) => [code, stdout.match(/[\w-]+\/\w+(?=: )/g)];

  it('a hole of other gates: a configured rule that examines nothing', () => {
    const dir = tempDir(bangProject(CLEAN, "rules: { 'no-bang': 'error' }"));
    expect(codes(compact(dir))).toEqual([1, ['gate-integrity/noSites']]);
  });

  it('a hole of other gates: an override whose files match nothing', () => {
    const dir = tempDir(
      bangProject(CLEAN, "overrides: [{ files: ['scr/**'], rules: { 'no-bang': 'off' } }]"),
    );
    expect(codes(compact(dir))).toEqual([1, ['gate-integrity/noFiles']]);
  });

  it('H3: one pattern of an include that matches nothing, beside one that does', () => {
    const dir = tempDir(
      bangProject(CLEAN, "include: ['src/**/*.ts', 'scr/**/*.ts', '!gen/**'], exclude: ['old/**']"),
    );
    const { code, stdout } = compact(dir);
    expect([code, stdout]).toEqual([
      1,
      "ws-gate.config.mjs:1:1: error gate-integrity/noFiles: include: 'scr/**/*.ts' matches no file\n",
    ]);
  });

  it.each([
    ['a directory without files', {}, []],
    ['an include that matches nothing', { 'ws-gate.config.json': '{ "include": ["scr/**"] }', ...CLEAN }, []],
    ['a named directory without files', { ...CLEAN, 'docs/readme.md': '' }, ['docs']],
    ['a named file that is not there', CLEAN, ['src/gone.ts']],
  ])('a hole of other gates: %s', (_, files, paths) => {
    const { code, stdout, stderr } = compact(tempDir(files as Record<string, string>), paths);
    expect([code, stdout, stderr.startsWith('ws-gate: ')]).toEqual([2, '', true]);
  });

  it.each([
    ['that the config leaves out', ['lib/a.ts']],
    ['that is no source', ['package.json']],
  ])('a hole of other gates: a named file %s', (_, paths) => {
    const dir = tempDir(bangProject({ ...CLEAN, 'lib/a.ts': 'BANG;\n' }));
    const { code, stdout, stderr } = compact(dir, paths);
    expect([code, stdout, stderr.startsWith(`ws-gate: ${paths[0]} `)]).toEqual([2, '', true]);
  });

  it('a file in scope that cannot be read', () => {
    const dir = tempDir({
      ...bangProject(CLEAN),
      'tsconfig.json': '{ "files": ["src/a.ts", "src/loop.ts"] }',
      'ws-gate.config.mjs': "import { customRules } from './rules.mjs';\nexport default { customRules };\n",
    });
    symlinkSync('loop.ts', path.join(dir, 'src/loop.ts'));
    expect(compact(dir).code).not.toBe(0);
  });

  it('a directory in scope that cannot be read', () => {
    const dir = tempDir({
      'ws-gate.config.json': '{ "include": ["src/**/*.ts"] }',
      'src/a.ts': ';\n',
      'src/locked/b.ts': ';\n',
    });
    chmodSync(dir, 0o755);
    chmodSync(path.join(dir, 'src/locked'), 0o000);
    const { code, stdout, stderr } = wsUnprivileged(dir, ['check', '-f', 'compact']);
    expect([code, stdout, stderr.startsWith('ws-gate: ')]).toEqual([2, '', true]);
  });

  it('a file in scope whose permissions forbid reading', () => {
    const dir = tempDir({ 'ws-gate.config.json': '{ "include": ["src/**/*.ts"] }', 'src/a.ts': ';\n' });
    chmodSync(dir, 0o755);
    chmodSync(path.join(dir, 'src/a.ts'), 0o000);
    expect(codes(wsUnprivileged(dir, ['check', '-f', 'compact']))).toEqual([
      1,
      ['gate-integrity/unreadableFile'],
    ]);
  });

  it('a file that does not parse', () => {
    const dir = tempDir(bangProject({ 'src/a.ts': 'export const x = ;\nBANG\n' }));
    expect(codes(compact(dir))).toEqual([1, ['gate-integrity/syntaxError', 'no-bang/found']]);
  });
});

describe('the environment', () => {
  const dir = () => tempDir(bangProject(NOISY));
  const hasColour = (run: CliRun) => run.stdout.includes('\u001b[');

  it.each<[readonly string[], Record<string, string>, boolean]>([
    [[], {}, false],
    [[], { FORCE_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [['--color'], { NO_COLOR: '1' }, true],
    [['--no-color'], { FORCE_COLOR: '1' }, false],
    [['--color', '-f', 'json'], {}, false],
    [['--color', '-f', 'sarif'], {}, false],
  ])('colours with %j and %j: %j', (flags, env, expected) => {
    expect(hasColour(ws(dir(), ['check', ...flags], env))).toBe(expected);
  });

  it('adds annotations and a summary in a GitHub job', () => {
    const project = dir();
    const summary = path.join(project, 'summary.md');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const { code, stdout } = compact(project, [], env);
    expect([code, stdout]).toEqual([
      1,
      `${ONE_LINE}::error file=src/a.ts,line=3,endLine=3,col=21,endColumn=25,title=no-bang::src/a.ts:3:21: there is a BANG%0Awhisper\n`,
    ]);
    expect(readFileSync(summary, 'utf8')).toContain('| error | no-bang | `src/a.ts:3` | there is a BANG |');
  });

  it('keeps a document on stdout whole in a GitHub job', () => {
    const { stdout, stderr } = ws(dir(), ['check', '-f', 'json'], { GITHUB_ACTIONS: 'true' });
    expect(JSON.parse(stdout).findings).toHaveLength(1);
    expect(stderr).toMatch(/^::error file=src\/a\.ts,/);
  });
});

describe('pipes', () => {
  it('carry a long report to its end', () => {
    const { code, stdout } = ws(tempDir(bangProject({ 'src/a.ts': 'BANG;\n'.repeat(5000) })), [
      'check',
      '-f',
      'json',
    ]);
    expect([code, JSON.parse(stdout).findings.length]).toEqual([1, 5000]);
  });

  it.runIf(existsSync('/dev/full'))('that take no more make the run fail', () => {
    const dir = tempDir(bangProject(CLEAN));
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [program, 'check'], {
      cwd: dir,
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([status, stderr]).toEqual([
      2,
      'ws-gate: the report cannot be written to stdout: ENOSPC: no space left on device, write\n',
    ]);
  });

  it('may be closed by the reader', async () => {
    const dir = tempDir(bangProject({ 'src/a.ts': 'BANG;\n'.repeat(5000) }));
    const child = spawn(process.execPath, [program, 'check', '-f', 'json'], { cwd: dir });
    child.stdout.once('data', () => child.stdout.destroy());
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect([code, stderr]).toEqual([1, '']);
  });
});
