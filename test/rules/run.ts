import type { UserConfig } from '../../src/config/types.ts';
import { check } from '../../src/engine/check.ts';
import type { CheckResult, Finding } from '../../src/engine/finding.ts';
import { startCompiler } from '../../src/oracle/open.ts';
import { tempDir } from '../support/temp-dir.ts';

const compiler = await startCompiler({ cwd: import.meta.dirname });

/** Locks that need no package. */
export const LOCKS_FILE = `export class Mutex {
  async runExclusive<T>(fn: () => Promise<T>): Promise<T> { return fn(); }
  async acquire(): Promise<() => void> { return () => {}; }
}
export class RwLock {
  async withReadLock<T>(fn: () => Promise<T>): Promise<T> { return fn(); }
  async withWriteLock<T>(fn: () => Promise<T>): Promise<T> { return fn(); }
}
`;

/** Runs one rule by its name, as `--rule` does: with its default options, and nothing of it in the config. */
export function runRule(
  ruleId: string,
  files: Readonly<Record<string, string>>,
  locks: UserConfig['locks'] = {},
): Promise<CheckResult> {
  return check({
    cwd: tempDir(files),
    compiler,
    rules: [ruleId],
    inlineConfig: { include: ['**/*.ts'], locks },
  });
}

export function messages({ report }: CheckResult): string[] {
  return report.findings.map(({ messageId, message }) => `${messageId}: ${message}`);
}

export function steps({ trace }: Pick<Finding, 'trace'>): string[] {
  return trace.map(({ file, line, message }) => `${file}:${line} ${message}`);
}
