import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UserConfig } from '../../src/config/types.ts';
import { type CheckOptions, check } from '../../src/engine/check.ts';
import type { CheckResult, Finding } from '../../src/engine/finding.ts';
import type { Pass, ReportStep, Rule } from '../../src/engine/rule.ts';
import { stubRule } from '../support/rules.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Reports every `BANG`, with a step at the first `ECHO` of any file. */
const bang: Rule<unknown> = stubRule('no-bang', {
  messages: { found: { message: 'a {word}', why: 'noise', help: 'whisper' } },
  relevance: () => ({ words: ['BANG'] }),
  run(pass) {
    for (const file of pass.program.filesWith(['BANG'])) {
      for (const { index } of (pass.program.text(file) ?? '').matchAll(/BANG/g)) {
        const at = { file, start: index, end: index + 4 };
        pass.site(at);
        pass.report({ messageId: 'found', at, data: { word: 'BANG' }, trace: echoes(pass) });
      }
    }
  },
});

function echoes({ program }: Pass): ReportStep[] {
  return program.filesWith(['ECHO']).map((file) => {
    const start = program.text(file)?.indexOf('ECHO') ?? 0;
    return { at: { file, start, end: start + 4 }, message: 'rings' };
  });
}

interface Parts extends Omit<CheckOptions, 'overlay' | 'changedFiles'> {
  readonly config?: false;
  readonly changedFiles?: readonly string[];
}

async function run(
  files: Record<string, string>,
  config: UserConfig = {},
  { changedFiles, ...options }: Parts = {},
): Promise<CheckResult & { readonly dir: string }> {
  const dir = tempDir(files);
  const changed = changedFiles?.map((file) => path.join(dir, file));
  const result = await check({
    cwd: dir,
    inlineConfig: { include: ['**/*.ts'], ...config },
    rules: ['no-bang'],
    extraRules: [bang],
    ...options,
    ...(changed ? { changedFiles: changed } : {}),
  });
  return { ...result, dir };
}

const places = (findings: readonly Finding[]) =>
  findings.map(
    ({ ruleId, messageId, file, line, column }) => `${file}:${line}:${column} ${ruleId}/${messageId}`,
  );

describe('a run', () => {
  it('sorts findings by file, line and column', async () => {
    const { report } = await run({ 'b.ts': 'BANG\n', 'a.ts': '\n  BANG BANG\n', 'a/c.ts': 'BANG' });
    expect(places(report.findings)).toEqual([
      'a.ts:2:3 no-bang/found',
      'a.ts:2:8 no-bang/found',
      'a/c.ts:1:1 no-bang/found',
      'b.ts:1:1 no-bang/found',
    ]);
  });

  it.each([
    ['CRLF line ends', 'x;\r\n\r\n BANG\r\n', [3, 2]],
    ['a byte order mark', '\uFEFFBANG', [1, 1]],
    ['characters outside of the basic plane, two columns each', '/* 𝒳😀 */ BANG', [1, 12]],
    ['combining characters, a column each', "'e\u0301'; BANG", [1, 7]],
    ['line separators', 'x;\u2028y;\u2029BANG', [3, 1]],
    ['a lone carriage return', 'x;\rBANG', [2, 1]],
  ])('counts lines and columns with %s', async (_, text, place) => {
    const { report } = await run({ 'a.ts': text });
    expect(report.findings.map(({ line, column }) => [line, column])).toEqual([place]);
  });

  it('reports a file that does not parse, and analyses the rest', async () => {
    const { report } = await run(
      { 'a.ts': 'const = BANG;', 'b.ts': 'BANG;' },
      {},
      { extraRules: [parsingBang] },
    );
    expect(places(report.findings)).toEqual([
      'a.ts:1:7 gate-integrity/syntaxError',
      'a.ts:1:9 no-bang/found',
      'b.ts:1:1 no-bang/found',
    ]);
  });

  it('runs a rule on a program that holds none of its words, if the rule finds a file worth a look', async () => {
    const alert = (files: readonly string[]): Rule<unknown> => ({
      ...bang,
      relevance: () => ({ words: ['ALARM'], files: () => files }),
    });
    const found = async (files: readonly string[]) =>
      (await run({ 'a.ts': 'BANG' }, {}, { extraRules: [alert(files)] })).report.findings.length;
    expect(await found(['a.ts'])).toBe(1);
    expect(await found([])).toBe(0);
  });

  it('reports a file that vanishes after it was listed', async () => {
    const dir = tempDir({ 'a.ts': 'BANG', 'b.ts': 'BANG' });
    const vanishing = stubRule('no-bang', {
      ...bang,
      relevance: () => {
        rmSync(path.join(dir, 'b.ts'));
        return { words: ['BANG'] };
      },
    });
    const { report } = await check({
      cwd: dir,
      inlineConfig: { include: ['*.ts'] },
      rules: ['no-bang'],
      extraRules: [vanishing],
    });
    expect(report.findings.map(({ file, message }) => [file, message])).toEqual([
      ['a.ts', 'a BANG'],
      [
        'b.ts',
        `the file cannot be read: ENOENT: no such file or directory, open '${path.join(dir, 'b.ts')}'`,
      ],
    ]);
  });
});

/** As `bang`, and has the files parsed. */
const parsingBang: Rule<unknown> = {
  ...bang,
  run(pass) {
    for (const file of pass.program.filesWith(['BANG'])) pass.program.tree(file);
    return bang.run(pass);
  },
};

describe('fingerprints', () => {
  const disable = '// ws-gate-disable-next-line no-bang -- heard\n';

  it('tell a suppressed finding from an equal one that is not', async () => {
    const { report, suppressed } = await run({ 'a.ts': `BANG;\n${disable}BANG;\nBANG;\n${disable}BANG;\n` });
    const prints = [...report.findings, ...suppressed.map(({ finding }) => finding)].map(
      ({ fingerprint }) => fingerprint,
    );
    expect([report.findings.length, suppressed.length, new Set(prints).size]).toEqual([2, 2, 4]);
  });

  it('of a suppressed finding are what they are without the suppression', async () => {
    const [without, suppressing] = [
      await run({ 'a.ts': 'BANG;\nBANG;\n' }),
      await run({ 'a.ts': `BANG;\n${disable}BANG;\n` }),
    ];
    expect(suppressing.suppressed.map(({ finding }) => finding.fingerprint)).toEqual([
      without.report.findings[1]?.fingerprint,
    ]);
  });

  it('are the same when only changed files are reported', async () => {
    const files = { 'a.ts': 'BANG;\n', 'b.ts': 'BANG;\n' };
    const [all, changed] = [await run(files), await run(files, {}, { changedFiles: ['b.ts'] })];
    expect(changed.report.findings).toEqual([all.report.findings[1]]);
  });

  it('tell findings that lie in no code by what they say', async () => {
    const overrides = ['x', 'y'].map((name) => ({
      files: [`${name}/**`],
      rules: { 'no-bang': 'off' as const },
    }));
    const one = await run({ 'a.ts': 'BANG' }, { overrides });
    const other = await run({ 'a.ts': 'BANG' }, { overrides: overrides.slice(1) });
    const printOf = ({ report }: CheckResult, pattern: string) =>
      report.findings.find(({ message }) => message.endsWith(`'${pattern}' matches no file`))?.fingerprint;
    expect(printOf(other, 'y/**')?.length).toBe(16);
    expect(printOf(one, 'x/**')).not.toBe(printOf(one, 'y/**'));
  });
});

describe('a run about changed files', () => {
  it('reports what touches them, by its place or by its way', async () => {
    const files = { 'a.ts': 'BANG', 'b.ts': 'BANG', 'c.ts': 'ECHO', 'd.ts': '' };
    expect(places((await run(files, {}, { changedFiles: ['b.ts'] })).report.findings)).toEqual([
      'b.ts:1:1 no-bang/found',
    ]);
    expect((await run(files, {}, { changedFiles: ['c.ts'] })).report.findings.length).toBe(2);
    expect((await run(files, {}, { changedFiles: ['d.ts'] })).report.findings).toEqual([]);
    expect((await run(files, {}, { changedFiles: [] })).report.findings).toEqual([]);
  });

  it('reports what is wrong with the config in any case', async () => {
    const overrides = [{ files: ['gone/**'], rules: { 'no-bang': 'off' as const } }];
    const { report } = await run({ 'a.ts': 'BANG' }, { overrides }, { changedFiles: [] });
    expect(report.findings.map(({ ruleId, file, message }) => [ruleId, file, message])).toEqual([
      ['gate-integrity', 'ws-gate.config.ts', "overrides[0].files: 'gone/**' matches no file"],
    ]);
  });

  it('does not report other findings in the config that did not change', async () => {
    const { report } = await run({ 'ws-gate.config.ts': 'BANG' }, {}, { changedFiles: [] });
    expect(report.findings).toEqual([]);
  });
});
