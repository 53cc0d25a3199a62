import { describe, expect, it } from 'vitest';
import { plain } from '../../src/cli/terminal.ts';
import { compact } from '../../src/report/compact.ts';
import { github, githubSummary } from '../../src/report/github.ts';
import { formats, loadReporter } from '../../src/report/index.ts';
import { json } from '../../src/report/json.ts';
import type { ReportOptions } from '../../src/report/reporter.ts';
import { callback, inversion } from '../support/findings.ts';
import { resultOf } from '../support/results.ts';

const options: ReportOptions = { colors: plain, prefix: 'packages/app/', packageName: 'app', rules: [] };

describe('json', () => {
  it('is the report, and nothing but the report', () => {
    const result = resultOf({ findings: [inversion] });
    const text = json(result, options);
    expect(JSON.parse(text)).toEqual(result.report);
    expect(text.endsWith('}\n')).toBe(true);
  });
});

describe('compact', () => {
  it('is one line per finding', () => {
    const strange = { ...callback, message: 'two\nlines' };
    expect(compact(resultOf({ findings: [inversion, strange, { ...callback, file: '' }] }), options)).toBe(
      `src/registry.ts:4:11: error lock-order/contradictsOrder: acquires Registry.mu while holding Workspace.clientsMu
src/registry.ts:3:5: warn lock-callback/callbackUnderLock: two lines
ws-gate: warn lock-callback/callbackUnderLock: calls onDetach while holding Registry.mu
`,
    );
  });

  it('is empty without findings', () => {
    expect(compact(resultOf({}), options)).toBe('');
  });
});

describe('github', () => {
  it('is a command per finding, with columns on one line only', () => {
    expect(github(resultOf({ findings: [inversion, callback] }), options)).toBe(
      `::error file=packages/app/src/registry.ts,line=4,endLine=4,col=11,endColumn=28,title=lock-order::packages/app/src/registry.ts:4:11: acquires Registry.mu while holding Workspace.clientsMu%0Arelease Workspace.clientsMu first
::warning file=packages/app/src/registry.ts,line=3,endLine=5,title=lock-callback::packages/app/src/registry.ts:3:5: calls onDetach while holding Registry.mu
`,
    );
  });

  it('escapes what would end a property, a line or the command', () => {
    const strange = { ...callback, file: 'a,b:c%.ts', message: '100%\r\n::error::injected' };
    expect(github(resultOf({ findings: [strange] }), { ...options, prefix: '' })).toBe(
      '::warning file=a%2Cb%3Ac%25.ts,line=3,endLine=5,title=lock-callback::a,b:c%25.ts:3:5: 100%25%0D%0A::error::injected\n',
    );
  });

  it('annotates the job when the finding lies in no file', () => {
    expect(github(resultOf({ findings: [{ ...callback, file: '', line: 0 }] }), options)).toBe(
      '::warning title=lock-callback::calls onDetach while holding Registry.mu\n',
    );
  });

  it('tells how many annotations GitHub will not show', () => {
    const many = [
      ...Array.from({ length: 12 }, () => inversion),
      ...Array.from({ length: 11 }, () => callback),
    ];
    expect(
      github(resultOf({ findings: many }), options)
        .trimEnd()
        .split('\n')
        .at(-1),
    ).toBe(
      'GitHub shows 10 errors and 10 warnings of a step as annotations: 3 of these 23 findings are in this log and in the job summary only.',
    );
    expect(github(resultOf({ findings: many.slice(2, 22) }), options)).not.toContain('annotations');
  });
});

describe('githubSummary', () => {
  it('is a table of the findings', () => {
    const strange = { ...callback, message: 'a | b <script>' };
    expect(githubSummary(resultOf({ findings: [inversion, strange] }), options)).toBe(
      `### ws-gate: 1 error, 1 warning in 2 files

| severity | rule | place | finding |
| --- | --- | --- | --- |
| error | lock-order | \`packages/app/src/registry.ts:4\` | acquires Registry.mu while holding Workspace.clientsMu |
| warn | lock-callback | \`packages/app/src/registry.ts:3\` | a \\| b &lt;script> |
`,
    );
  });

  it('is one line without findings', () => {
    expect(githubSummary(resultOf({}), options)).toBe('### ws-gate: no findings in 2 files\n');
  });

  it('stays within what a job summary may hold', () => {
    const many = Array.from({ length: 501 }, () => inversion);
    expect(githubSummary(resultOf({ findings: many }), options)).toMatch(
      /… and 1 more in the log of the job\.\n$/,
    );
  });
});

describe('loadReporter', () => {
  it.each(formats)('has a reporter for %s', async (format) => {
    const report = await loadReporter(format);
    expect(report(resultOf({ findings: [inversion] }), options)).toContain('lock-order');
  });
});
