import { chmodSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliRun, ws, wsUnprivileged } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Two rules that look at each `cat` and report each `BANG`: the first is broken by one, the second by nothing it knows. */
const CONFIG = `

const rule = (id, text) => ({
  id,
  summary: 'there is no BANG',
  defaultSeverity: 'error',
  messages: { found: { message: 'a bang', why: 'noise', help: 'whisper' } },
  defaultOptions: {},
  relevance: () => ({ words: ['cat'] }),
  run(pass) {
    for (const file of pass.program.filesWith(['cat'])) {
      pass.program.tree(file);
      const code = pass.program.text(file);
      for (const { index } of code.matchAll(/cat/g)) pass.site({ file, start: index, end: index + 3 });
      for (const { index } of code.matchAll(/BANG/g)) pass.report({ messageId: 'found', at: { file, start: index, end: index + 4 } });
    }
  },
  prove: async () => [{
    id: 'wake',
    summary: 'puts something beside each cat',
    mutants: ({ sites }) => sites.map(({ file, end }) => ({ edits: [{ file, start: end, end, text }] })),
  }],
});
export const customRules = [rule('no-bang', '/* BANG */'), rule('no-hush', '/* hush */')];
export default { include: ['src/**/*.ts'], customRules };
`;

const CAT = 'export const cat = 1;\n';

const project = (files: Record<string, string> = { 'src/a.ts': CAT }): string =>
  tempDir({ 'package.json': '{ "name": "app", "type": "module" }', 'ws-gate.config.mjs': CONFIG, ...files });

/** With no time in it. */
function proof(dir: string, args: readonly string[]): CliRun {
  const { code, stdout, stderr } = ws(dir, ['prove', ...args]);
  return { code, stdout: stdout.replace(/[\d.]+ s\n$/, 'N s\n'), stderr };
}

const HOLDS =
  'no-bang  ✔ wake  1/1\n\n✔ every rule bites · 1 of 1 mutant killed · 0 of 0 rewrites noisy · N s\n';

const SURVIVED = `no-hush  ✖ wake  0/1  1 survived

survived  no-hush · wake
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,1 +1,1 @@
-export const cat = 1;
+export const cat/* hush */ = 1;

✖ the gate has holes · 0 of 1 mutant killed · 0 of 0 rewrites noisy · N s
`;

describe('ws-gate prove', () => {
  it('exits with 0 when the rule notices, and shows no progress where nobody looks', () => {
    expect(proof(project(), ['--rule', 'no-bang'])).toEqual({ code: 0, stdout: HOLDS, stderr: '' });
  });

  it('exits with 1 and shows the change that the rule does not notice', () => {
    expect(proof(project(), ['--rule', 'no-hush'])).toEqual({ code: 1, stdout: SURVIVED, stderr: '' });
  });

  it('says the same where it looks at everything', () => {
    expect(proof(project(), ['--rule', 'no-bang', '--full'])).toEqual({ code: 0, stdout: HOLDS, stderr: '' });
  });

  it('proves each rule that runs, and lists those that have nothing to protect', () => {
    const { code, stdout } = proof(project(), []);
    const rows = stdout.split('\n').filter((line) => /^no-(bang|hush)|^lock-order/.test(line));
    // The columns are as wide as the longest name.
    expect([code, rows.map((row) => row.replace(/ {2,}/g, '  '))]).toEqual([
      1,
      ['lock-order  · nothing to protect', 'no-bang  ✔ wake  1/1', 'no-hush  ✖ wake  0/1  1 survived'],
    ]);
  });

  it('writes the report of mutation testers', () => {
    const { code, stdout, stderr } = ws(project(), ['prove', '--rule', 'no-hush', '--format', 'json']);
    const { files } = JSON.parse(stdout);
    expect([code, stderr, files['src/a.ts'].mutants]).toEqual([
      1,
      '',
      [
        {
          id: '1',
          mutatorName: 'no-hush/wake',
          replacement: '/* hush */',
          location: { start: { line: 1, column: 17 }, end: { line: 1, column: 17 } },
          status: 'Survived',
          statusReason: 'no rule reports it',
        },
      ],
    ]);
  });

  it('writes the report to a file', () => {
    const dir = project();
    const run = proof(dir, ['--rule', 'no-bang', '--output-file', 'proof.txt']);
    expect(run).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(path.join(dir, 'proof.txt'), 'utf8').replace(/[\d.]+ s\n$/, 'N s\n')).toBe(HOLDS);
  });

  it('takes the files of a tsconfig', () => {
    const dir = project({
      'src/a.ts': CAT,
      'src/b.ts': CAT,
      'one.json': '{ "files": ["src/b.ts"] }',
      'ws-gate.config.mjs': CONFIG.replace("include: ['src/**/*.ts'], ", ''),
    });
    const { code, stdout } = ws(dir, ['prove', '--rule', 'no-bang', '--tsconfig', 'one.json', '-f', 'json']);
    expect([code, Object.keys(JSON.parse(stdout).files)]).toEqual([0, ['src/b.ts']]);
  });

  it.each<[string, string[], string]>([
    [
      'an unknown rule',
      ['--rule', 'no-bnag'],
      'ws-gate: --rule: unknown rule "no-bnag" (did you mean "no-bang"?)\n  do   run `ws-gate rules` for the list of rules\n',
    ],
    [
      'an unknown format',
      ['--format', 'sarif'],
      'ws-gate: prove has no format "sarif"\n  do   the formats are pretty and json\n',
    ],
  ])('refuses %s', (_, args, stderr) => {
    expect(ws(project(), ['prove', ...args])).toEqual({ code: 2, stdout: '', stderr });
  });

  it('refuses a gate that is red before any change', () => {
    const dir = project({ 'src/a.ts': 'export const cat = "BANG";\n' });
    expect(ws(dir, ['prove', '--rule', 'no-bang'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'ws-gate: the gate is red before any change: no-bang/found in src/a.ts\n  why  where findings are, a further one proves nothing\n  do   run `ws-gate check`, and mend what it reports\n',
    });
  });

  // Where there is one processor only, there are no threads.
  it.runIf(availableParallelism() > 1)('tells what ends a thread, and does not wait for it', () => {
    const ended = (statement: string): CliRun =>
      ws(
        project({
          'src/a.ts': CAT,
          'ws-gate.config.mjs': `import { isMainThread } from 'node:worker_threads';\nif (!isMainThread) ${statement};\n${CONFIG}`,
        }),
        ['prove', '--rule', 'no-bang'],
      );
    const stderr = (why: string): string =>
      `ws-gate: a thread of the proof could not do its work\n  why  ${why}\n  do   see that the config can be loaded in a thread, and that there is enough memory; \`--rule\` needs less\n`;
    expect(ended('process.exit(3)')).toEqual({
      code: 2,
      stdout: '',
      stderr: stderr('it ended with code 3 before its work was done'),
    });
    expect(ended("throw new Error('not in a thread')")).toEqual({
      code: 2,
      stdout: '',
      stderr: stderr('the config ws-gate.config.mjs cannot be loaded'),
    });
  });

  it('works in a directory that nobody may write to', () => {
    const dir = project();
    chmodSync(dir, 0o555);
    chmodSync(path.join(dir, 'src'), 0o555);
    const { code, stderr } = wsUnprivileged(dir, ['prove', '--rule', 'no-bang']);
    chmodSync(dir, 0o755);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('prints its help', () => {
    const { code, stdout, stderr } = ws(project(), ['prove', '--help']);
    expect([code, stdout.split('\n')[0], stderr]).toEqual([
      0,
      'Break the code in memory, one place at a time, and show that the rules notice.',
      '',
    ]);
  });
});
