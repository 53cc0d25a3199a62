import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { plain } from '../../src/cli/terminal.ts';
import { pretty } from '../../src/report/pretty.ts';
import type { ReportOptions } from '../../src/report/reporter.ts';
import { callback, inversion, SOURCE } from '../support/findings.ts';
import { type ResultParts, resultOf } from '../support/results.ts';

const options: ReportOptions = { colors: plain, prefix: '', packageName: undefined, rules: [] };
const rules = [
  { ruleId: 'lock-order', sites: 14, findings: 1, ms: 3 },
  { ruleId: 'lock-callback', sites: 1, findings: 1, ms: 2 },
];

function print(parts: ResultParts): string {
  return pretty(resultOf({ rules, ...parts }), options);
}

describe('pretty', () => {
  it('says what, where, how it gets there, why it matters and what to do', () => {
    const report = print({
      findings: [inversion],
      sources: { 'src/registry.ts': SOURCE },
      reasons: { 'lock-order/contradictsOrder': 'two tasks in opposite order can deadlock' },
    });
    expect(report).toBe(
      `src/registry.ts:4:11  error  lock-order/contradictsOrder
  × acquires Registry.mu while holding Workspace.clientsMu

    3 │     const release = await ws.clientsMu.acquire();
  ▸ 4 │     await this.mu.acquire();
      │           ~~~~~~~~~~~~~~~~~
    5 │     release();

  1  src/registry.ts:3:27  Workspace.clientsMu acquired here
  2  src/registry.ts:4:11  Registry.mu acquired here

  why  two tasks in opposite order can deadlock
  do   release Workspace.clientsMu first

more: ws-gate explain lock-order

✖ 1 error (lock-order 1) · 2 files · 2 rules · 15 sites · 0.4 s
`,
    );
  });

  it('goes without the parts that there are none of', () => {
    expect(print({ findings: [callback] })).toBe(
      `src/registry.ts:3:5  warn  lock-callback/callbackUnderLock
  ▲ calls onDetach while holding Registry.mu

more: ws-gate explain lock-callback

▲ 1 warning (lock-callback 1) · 2 files · 2 rules · 15 sites · 0.4 s
`,
    );
  });

  it('says that there is nothing, and how much was looked at', () => {
    expect(print({})).toBe('✔ no findings · 2 files · 2 rules · 15 sites · 0.4 s\n');
  });

  it('counts what is not shown', () => {
    const report = print({
      findings: [inversion, inversion, callback],
      suppressed: [{ finding: inversion, reason: 'r' }],
      unresolved: [
        { file: 'src/a.ts', line: 9, column: 3, message: 'call through `any` while holding Registry.mu' },
      ],
      summary: { baselined: 4 },
    });
    expect(report.split('\n').slice(-7)).toEqual([
      'not resolved, so not judged:',
      '  src/a.ts:9:3  call through `any` while holding Registry.mu',
      '',
      'more: ws-gate explain lock-order · ws-gate explain lock-callback',
      '',
      '✖ 2 errors, 1 warning (lock-order 2, lock-callback 1) · 2 files · 2 rules · 15 sites · 1 suppressed · 4 in the baseline · 1 unresolved · 0.4 s',
      '',
    ]);
  });

  it('lists ten of the unresolved places', () => {
    const unresolved = Array.from({ length: 12 }, (_, index) => ({
      file: 'a.ts',
      line: index + 1,
      column: 1,
      message: 'm',
    }));
    const lines = print({ unresolved }).split('\n');
    expect(lines.slice(10, 13)).toEqual(['  a.ts:10:1  m', '  and 2 more, listed by --format json', '']);
  });

  it('prints a finding that lies in no file', () => {
    const report = print({ findings: [{ ...callback, file: '', line: 0 }] });
    expect(report.split('\n')[0]).toBe('warn  lock-callback/callbackUnderLock');
  });

  it('does not let a program under analysis write to the terminal', () => {
    const evil = { ...inversion, message: 'a\u001b[2Jb\nc', file: 'src/\u001b]0;x\u0007.ts' };
    const report = print({ findings: [evil], sources: { [evil.file]: 'a\u001b[2J' } });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(report).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it('differs by colour alone when coloured', () => {
    const result = resultOf({ rules, findings: [inversion], sources: { 'src/registry.ts': SOURCE } });
    const coloured = pretty(result, { ...options, colors: picocolors.createColors(true) });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(pretty(result, options));
    expect(coloured).toContain('\u001b[31m');
  });
});
