import { check } from '../../../src/engine/check.ts';
import type { CheckResult } from '../../../src/engine/finding.ts';
import { startCompiler } from '../../../src/oracle/open.ts';
import { SourceTree } from '../../../src/syntax/tree.ts';
import { type Ts, ts } from '../../../src/syntax/ts.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** One entry of the option `dispatchers`; what a test does not care about has a value. */
export interface DispatcherParts {
  readonly calls: readonly string[];
  readonly allowIn?: readonly string[];
  readonly use?: string;
}

const compiler = await startCompiler({ cwd: import.meta.dirname });

/** Runs the rule alone over some files, by path. */
export function run(
  files: Readonly<Record<string, string>>,
  dispatchers: readonly DispatcherParts[],
): Promise<CheckResult> {
  const complete = dispatchers.map((parts) => ({ allowIn: [], use: 'the dispatcher', ...parts }));
  return check({
    cwd: tempDir(files),
    compiler,
    rules: ['require-dispatcher'],
    inlineConfig: {
      include: ['**/*.ts'],
      rules: { 'require-dispatcher': ['error', { dispatchers: complete }] },
    },
  });
}

/** Findings as `file:line messageId`, those of the gate itself as their message. */
export function summary({ report }: CheckResult): string[] {
  return report.findings.map(({ ruleId, file, line, messageId, message, help }) =>
    ruleId === 'gate-integrity' ? `${message}; ${help}` : `${file}:${line} ${messageId}`,
  );
}

export function parse(text: string): Ts.SourceFile {
  return new SourceTree('/src/example.ts', text).source;
}

/** The identifier with that text, the first of them. */
export function identifier(source: Ts.SourceFile, text: string): Ts.Identifier {
  const find = (node: Ts.Node): Ts.Identifier | undefined =>
    ts.isIdentifier(node) && node.text === text ? node : ts.forEachChild(node, find);
  const found = find(source);
  if (!found) throw new Error(`no identifier ${text}`);
  return found;
}
