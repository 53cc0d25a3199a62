import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckOptions } from '../../src/engine/check.ts';
import { GateError } from '../../src/engine/error.ts';
import type { CheckResult, Finding } from '../../src/engine/finding.ts';
import { type RuleTestOptions, type RuleTestReport, testRules } from '../../src/testing/fixtures.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { resultOf } from '../support/results.ts';
import { stubRule } from '../support/rules.ts';
import { tempDir } from '../support/temp-dir.ts';

const rule = stubRule('no-bang', { messages: { bang: { message: 'm', why: 'w', help: 'h' } } });

/** An engine with one rule: every `BANG` in a file in scope is a finding. */
async function bangCheck({ cwd = '', files = [] }: CheckOptions): Promise<CheckResult> {
  const findings = files.flatMap((file) =>
    readFileSync(path.join(cwd, file), 'utf8')
      .split('\n')
      .flatMap((text, index) => (text.includes('BANG') ? [bangAt(file, index + 1)] : [])),
  );
  return resultOf({ findings });
}

function bangAt(file: string, line: number, parts: Partial<Finding> = {}): Finding {
  return {
    ...{ ruleId: 'no-bang', messageId: 'bang', severity: 'error', message: 'there is a bang', file, line },
    ...{ column: 1, endLine: line, endColumn: 5, symbol: '', fingerprint: '', trace: [], help: '' },
    ...parts,
  };
}

const BAD = 'BANG; // want no-bang "a bang$"\n';

function test(dir: string, options: Partial<RuleTestOptions> = {}): Promise<RuleTestReport> {
  return testRules({ dir, rules: [rule], check: bangCheck, ...options });
}

async function problemsOf(files: Record<string, string>, options: Partial<RuleTestOptions> = {}) {
  const { problems } = await test(tempDir(files), options);
  return problems;
}

describe('testRules', () => {
  it('passes when findings and expectations agree', async () => {
    const dir = tempDir({
      'no-bang/plain.bad.ts': BAD,
      'no-bang/plain.good.ts': 'fine;\n',
      'no-bang/known.fp.mts': BAD,
      'no-bang/missed.fn.tsx': 'b.a.n.g;\n',
      'no-bang/hatched.hatch.ts': 'fine;\n',
      'no-bang/parts.bad/main.ts': "import './deep/part.ts';\n",
      'no-bang/parts.bad/deep/part.ts': BAD,
      'no-bang/parts.bad/node_modules/lib/index.ts': 'BANG;\n',
      'no-bang/parts.bad/types.d.ts': 'BANG;\n',
      'no-bang/README.md': 'BANG\n',
    });
    const { rules, problems } = await test(dir);
    expect(problems).toEqual([]);
    expect(
      rules.map(({ ruleId, fixtures }) => [ruleId, fixtures.map((fixture) => [fixture.path, fixture.wants])]),
    ).toEqual([
      [
        'no-bang',
        [
          ['no-bang/hatched.hatch.ts', 0],
          ['no-bang/known.fp.mts', 1],
          ['no-bang/missed.fn.tsx', 0],
          ['no-bang/parts.bad', 1],
          ['no-bang/plain.bad.ts', 1],
          ['no-bang/plain.good.ts', 0],
        ],
      ],
    ]);
  });

  it('fails on a finding that nothing wants, and on an expectation that nothing meets', async () => {
    expect(
      await problemsOf({
        'no-bang/a.bad.ts': `${BAD}BANG;\n`,
        'no-bang/b.bad.ts': 'x; // want no-bang "y"\n',
      }),
    ).toEqual([
      { path: 'no-bang/a.bad.ts', line: 2, message: 'unexpected no-bang/bang: there is a bang' },
      { path: 'no-bang/b.bad.ts', line: 1, message: 'no finding matches want no-bang "y"' },
    ]);
  });

  it('names the file inside of a directory fixture', async () => {
    expect(await problemsOf({ 'no-bang/a.bad/x.ts': BAD, 'no-bang/a.bad/sub/y.ts': 'BANG;\n' })).toEqual([
      { path: 'no-bang/a.bad/sub/y.ts', line: 1, message: 'unexpected no-bang/bang: there is a bang' },
    ]);
  });

  it.each([
    [
      'a bad fixture without an expectation',
      { 'no-bang/a.bad.ts': BAD, 'no-bang/b.bad.ts': 'x;\n' },
      [
        {
          path: 'no-bang/b.bad.ts',
          message: 'a .bad fixture needs a // want comment: it shows what is reported',
        },
      ],
    ],
    [
      'a good fixture with an expectation',
      { 'no-bang/a.bad.ts': BAD, 'no-bang/a.good.ts': BAD },
      [
        {
          path: 'no-bang/a.good.ts',
          message: 'a .good fixture cannot want a finding: it shows what is not reported',
        },
      ],
    ],
    [
      'a known miss with an expectation',
      { 'no-bang/a.bad.ts': BAD, 'no-bang/a.fn.ts': BAD },
      [
        {
          path: 'no-bang/a.fn.ts',
          message: 'a .fn fixture cannot want a finding: it shows what is not reported',
        },
      ],
    ],
    [
      'H9: a rule with good fixtures only, which also never fires',
      { 'no-bang/a.good.ts': 'x;\n' },
      [
        { path: 'no-bang', message: 'the rule has no .bad fixture' },
        { path: 'no-bang', message: 'the rule never fires' },
        { path: 'no-bang', message: 'no fixture produces the message bang' },
      ],
    ],
    [
      'a malformed regular expression',
      { 'no-bang/a.bad.ts': `${BAD}// want no-bang "("\n` },
      [
        {
          path: 'no-bang/a.bad.ts',
          line: 2,
          message: 'malformed regular expression: Invalid regular expression: /(/: Unterminated group',
        },
      ],
    ],
    [
      'a folder that is named after no rule',
      { 'no-bang/a.bad.ts': BAD, 'no-bnag/a.bad.ts': BAD },
      [{ path: 'no-bnag', message: 'there is no rule "no-bnag" (did you mean "no-bang"?)' }],
    ],
    [
      'a file that does not say what it shows',
      { 'no-bang/a.bad.ts': BAD, 'no-bang/b.baad.ts': BAD, 'no-bang/c/x.ts': BAD },
      [
        {
          path: 'no-bang/b.baad.ts',
          message: 'the name must end in one of .bad, .good, .hatch, .assume, .fn, .fp',
        },
        { path: 'no-bang/c', message: 'the name must end in one of .bad, .good, .hatch, .assume, .fn, .fp' },
      ],
    ],
    [
      'a directory fixture without sources',
      { 'no-bang/a.bad.ts': BAD, 'no-bang/b.bad/notes.md': '' },
      [{ path: 'no-bang/b.bad', message: 'the directory holds no source file' }],
    ],
    [
      'a config that is not JSON',
      { 'no-bang/a.bad.ts': BAD, 'no-bang/b.good.ts': '// config { rules }\n' },
      [
        {
          path: 'no-bang/b.good.ts',
          message: expect.stringMatching(/^b\.good\.ts: the config is not valid JSON: /),
        },
      ],
    ],
    [
      'a config that is neither strict nor not',
      { 'no-bang/a.bad.ts': BAD, 'no-bang/b.good.ts': '// config { "strict": "yes" }\n' },
      [{ path: 'no-bang/b.good.ts', message: 'b.good.ts: strict must be true or false' }],
    ],
    [
      'two configs',
      {
        'no-bang/a.bad.ts': BAD,
        'no-bang/b.good/x.ts': '// config {}\n',
        'no-bang/b.good/ws-gate.config.json': '{}',
      },
      [{ path: 'no-bang/b.good', message: 'the fixture has more than one config' }],
    ],
  ])('fails on %s', async (_, files, expected) => {
    expect(await problemsOf(files as unknown as Record<string, string>)).toEqual(expected);
  });

  it('fails on a rule without any fixture', async () => {
    const other = stubRule('no-whimper');
    expect(await problemsOf({ 'no-bang/a.bad.ts': BAD }, { rules: [rule, other] })).toEqual([
      { path: 'no-whimper', message: 'the rule has no fixtures' },
    ]);
  });

  it('H8: fails on a rule that never fires', async () => {
    expect(await problemsOf({ 'no-bang/a.bad.ts': BAD }, { check: async () => resultOf({}) })).toEqual([
      { path: 'no-bang/a.bad.ts', line: 1, message: 'no finding matches want no-bang "a bang$"' },
      { path: 'no-bang', message: 'the rule never fires' },
      { path: 'no-bang', message: 'no fixture produces the message bang' },
    ]);
  });

  it('lists the messages that no fixture produces', async () => {
    const text = { message: 'm', why: 'w', help: 'h' };
    const wordy = stubRule('no-bang', { messages: { bang: text, boom: text, crash: text } });
    expect(await problemsOf({ 'no-bang/a.bad.ts': BAD }, { rules: [wordy] })).toEqual([
      { path: 'no-bang', message: 'no fixture produces the message boom, crash' },
    ]);
  });

  it('runs each fixture as a program of its own, with its rule and its config', async () => {
    const dir = tempDir({
      'no-bang/a.bad.ts': `// config { "locks":\n//   { "leaf": ["A"] } }\n${BAD}`,
      'no-bang/b[1].bad/x.ts': BAD,
      'no-bang/b[1].bad/ws-gate.config.json': '{ "rules": { "no-bang": ["error", { "loud": true }] } }',
      'no-bang/c{2}.bad.ts': `// config { "strict": true, "include": ["c{2}.bad.ts"] }\n${BAD}`,
    });
    const asked: CheckOptions[] = [];
    await test(dir, {
      check: (options) => {
        asked.push(options);
        return bangCheck({ ...options, files: options.files ?? options.inlineConfig?.include ?? [] });
      },
    });
    expect(asked).toEqual([
      {
        cwd: path.join(dir, 'no-bang'),
        files: ['a.bad.ts'],
        inlineConfig: { locks: { leaf: ['A'] }, rules: { 'no-bang': 'error' } },
        strict: false,
        compiler: expect.anything(),
        rules: ['no-bang'],
        extraRules: [rule],
      },
      {
        cwd: path.join(dir, 'no-bang/b[1].bad'),
        files: ['x.ts'],
        inlineConfig: { rules: { 'no-bang': ['error', { loud: true }] } },
        strict: false,
        compiler: expect.anything(),
        rules: ['no-bang'],
        extraRules: [rule],
      },
      {
        cwd: path.join(dir, 'no-bang'),
        inlineConfig: { include: ['c{2}.bad.ts'], rules: { 'no-bang': 'error' } },
        strict: true,
        compiler: expect.anything(),
        rules: ['no-bang'],
        extraRules: [rule],
      },
    ]);
  });

  it('counts a finding about the config to the line of the config', async () => {
    const stale = bangAt('', 0, {
      ruleId: 'gate-integrity',
      messageId: 'staleEntry',
      message: 'the entry is stale',
    });
    const check = async (options: CheckOptions) => {
      const { report } = await bangCheck(options);
      return resultOf({ findings: [...report.findings, stale] });
    };
    const wanted = `${BAD}// want-below gate-integrity/staleEntry "stale"\n// config {}\n`;
    expect(await problemsOf({ 'no-bang/a.bad.ts': wanted }, { check })).toEqual([]);
    expect(await problemsOf({ 'no-bang/a.bad.ts': `${BAD}// config {}\n` }, { check })).toEqual([
      {
        path: 'no-bang/a.bad.ts',
        line: 2,
        message: 'unexpected gate-integrity/staleEntry: the entry is stale',
      },
    ]);
  });

  it('lets a clean fixture hold nothing that the rule examines', async () => {
    const idle = bangAt('', 0, { ruleId: 'gate-integrity', messageId: 'noSites' });
    const check = async (options: CheckOptions) => {
      const { report } = await bangCheck(options);
      return resultOf({ findings: [...report.findings, idle] });
    };
    expect(await problemsOf({ 'no-bang/a.bad.ts': BAD, 'no-bang/a.good.ts': 'x;\n' }, { check })).toEqual([]);
  });

  it('reports what the engine refuses, and goes on', async () => {
    const check = async (options: CheckOptions) => {
      if (options.inlineConfig?.locks)
        throw new GateError('the order contradicts itself', 'h', { why: 'a cycle' });
      return bangCheck(options);
    };
    const files = { 'no-bang/a.good.ts': '// config { "locks": {} }\n', 'no-bang/b.bad.ts': BAD };
    expect(await problemsOf(files, { check })).toEqual([
      { path: 'no-bang/a.good.ts', message: 'the order contradicts itself: a cycle' },
    ]);
  });

  it('runs the selected rules only', async () => {
    const other = stubRule('no-whimper');
    const files = { 'no-bang/a.bad.ts': BAD, 'no-whimper/a.oops.ts': '' };
    expect(await problemsOf(files, { rules: [rule, other], only: ['no-bang'] })).toEqual([]);
  });

  it('refuses an unknown rule in the selection', async () => {
    const dir = tempDir({ 'no-bang/a.bad.ts': BAD });
    const { message } = await gateErrorOf(() => test(dir, { only: ['no-bnag'] }));
    expect(message).toBe('unknown rule "no-bnag" (did you mean "no-bang"?)');
  });

  it.each([
    ['an empty directory', {}],
    ['a directory without rule folders', { 'a.bad.ts': BAD }],
  ])('refuses %s', async (_, files) => {
    const dir = tempDir(files);
    expect((await gateErrorOf(() => test(dir))).message).toBe(`${dir} holds no fixtures`);
  });

  it('refuses a directory that does not exist', async () => {
    const dir = path.join(tempDir(), 'gone');
    expect((await gateErrorOf(() => test(dir))).message).toBe(`the fixture directory ${dir} does not exist`);
  });
});
