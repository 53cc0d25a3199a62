import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { Compiler } from '../../src/oracle/oracle.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

const RULE = 'atomic-section';

/** A section that calls a hook of which nobody knows anything. */
const OPEN = `let n = 0;
/** @atomic */
export function bump(hook: () => void): void {
  n += 1;
  hook();
}
`;

describe('atomic-section', () => {
  test('leads from the section to the pause, through other files', async () => {
    const files = {
      'ledger.ts': `import { written } from './journal.ts';
export class Ledger {
  total = 0;
  /** @atomic */
  add(amount: number): void {
    this.total += amount;
    written(this.total);
  }
}
`,
      'journal.ts': `import { flush } from './disk.ts';
export const written = (total: number): void => {
  if (total > 0) void flush(total);
};
`,
      'disk.ts': `export async function flush(total: number): Promise<void> {
  const text = String(total);
  await Promise.resolve(text);
}
`,
    };
    const { report } = await runRule(RULE, files);
    expect(report.findings.map((finding) => [finding.file, finding.line, steps(finding)])).toEqual([
      [
        'ledger.ts',
        7,
        [
          'ledger.ts:4 Ledger.add: @atomic',
          'ledger.ts:7 calls written',
          'journal.ts:3 calls flush',
          'disk.ts:3 awaits here',
        ],
      ],
    ]);
  });

  test('tells of each place in the section, with the nearest pause that it leads to', async () => {
    const source = `async function near(): Promise<void> {
  await far();
}
async function far(): Promise<void> {
  await Promise.resolve();
}
export function run(): void {
  // ws-gate: atomic-begin
  void near();
  void far();
  void near();
  // ws-gate: atomic-end
}
`;
    const { report } = await runRule(RULE, { 'a.ts': source });
    expect(report.findings.map((finding) => [finding.line, steps(finding).at(-1)])).toEqual([
      [9, 'a.ts:2 awaits here'],
      [10, 'a.ts:5 awaits here'],
      [11, 'a.ts:2 awaits here'],
    ]);
  });

  test('counts each section as a site, in whatever order the files come', async () => {
    const marked = 'export let n = 0;\n// ws-gate: atomic-begin\nn += 1;\n// ws-gate: atomic-end\n';
    const { rules } = await runRule(RULE, { 'a.ts': OPEN, 'b.ts': marked });
    expect(rules.map(({ ruleId, sites }) => [ruleId, sites])).toEqual([[RULE, 2]]);
  });

  test('lists what it cannot resolve, once, and finds nothing there', async () => {
    const twice = `${OPEN}export function again(hook: () => void): void {
  // ws-gate: atomic-begin
  bumpBy(hook);
  // ws-gate: atomic-end
}
/** @atomic */
export function more(hook: () => void): void {
  bumpBy(hook);
}
function bumpBy(hook: () => void): void {
  hook();
}
`;
    const { report } = await runRule(RULE, { 'a.ts': twice });
    expect(report.findings).toEqual([]);
    expect(report.unresolved.map(({ line, message }) => [line, message])).toEqual([
      [5, '`hook` in an atomic section'],
      [17, '`hook` in an atomic section'],
    ]);
  });

  test('is strict about what it cannot resolve when it is asked to be', async () => {
    const cwd = tempDir({ 'a.ts': OPEN });
    const result = await check({ cwd, config: false, rules: [RULE], strict: true });
    expect(messages(result)).toEqual([
      'unresolved: not resolved, so not judged: `hook` in an atomic section',
    ]);
  });

  test('a callback of which nobody knows when it runs is not resolved, if it could pause', async () => {
    const source = `declare function transact(work: () => unknown): void;
let n = 0;
/** @atomic */
export function bump(): void {
  transact(() => { n += 1; });
  transact(async () => { await Promise.resolve(n); });
}
`;
    const { report } = await runRule(RULE, { 'a.ts': source });
    expect(report.findings).toEqual([]);
    expect(report.unresolved.map(({ line }) => line)).toEqual([6]);
  });

  test('says nothing of markers and tags in files that it is off for', async () => {
    const wrong = '/** @atomic */\nexport const a = 1;\n// ws-gate: atomic-begin\nexport const b = 2;\n';
    const cwd = tempDir({ 'on/a.ts': wrong, 'off/a.ts': wrong });
    const { report } = await check({
      cwd,
      inlineConfig: {
        include: ['**/*.ts'],
        overrides: [{ files: ['off/**'], rules: { [RULE]: 'off' } }],
      },
    });
    expect(report.findings.map(({ file, messageId }) => `${file} ${messageId}`)).toEqual([
      'on/a.ts idleTag',
      'on/a.ts unpairedMarker',
    ]);
  });

  test('opens no compiler where no file has a tag or a marker', async () => {
    const compiler: Compiler = {
      kind: 'reference',
      readProject: () => ({ files: [], allowJs: false }),
      open: () => {
        throw new Error('opened');
      },
      reopen: () => {
        throw new Error('opened again');
      },
      close: () => {},
    };
    const run = (text: string) =>
      check({ cwd: tempDir({ 'a.ts': text }), compiler, rules: [RULE], inlineConfig: { include: ['*.ts'] } });
    await expect(run(OPEN)).rejects.toThrow('opened');
    const { rules } = await run('export async function a() { await a(); }\n');
    expect(rules.map(({ sites }) => sites)).toEqual([0]);
  });

  test('comes to an end in a knot of functions that call each other', async () => {
    const count = 300;
    const knot = Array.from(
      { length: count },
      (_, i) => `function f${i}(): void { f${(i + 1) % count}(); f${(i * 7 + 3) % count}(); }`,
    );
    const sections = Array.from(
      { length: count },
      (_, i) => `/** @atomic */\nexport function s${i}(): void { f${i}(); }`,
    );
    const { report, rules } = await runRule(RULE, { 'a.ts': [...knot, ...sections].join('\n') });
    expect(report.findings).toEqual([]);
    expect(rules.map(({ sites }) => sites)).toEqual([count]);
  });
});
