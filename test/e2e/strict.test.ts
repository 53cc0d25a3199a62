import { describe, expect, it } from 'vitest';
import { ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const source = (callee: string): string => `import { Mutex } from 'async-mutex';

declare const plugins: any;

export class Registry {
  private readonly mu = new Mutex();

  async add(name: string): Promise<void> {
    await this.mu.runExclusive(() => {
      ${callee}(name);
    });
  }
}
`;

const STUB = `export declare class Mutex {
  acquire(): Promise<() => void>;
  runExclusive<T>(work: () => T | Promise<T>): Promise<T>;
}
`;

function check(callee: string, args: readonly string[]) {
  const dir = tempDir({
    'src/registry.ts': source(callee),
    'node_modules/async-mutex/index.d.ts': STUB,
    'node_modules/async-mutex/package.json':
      '{"name": "async-mutex", "version": "0.5.0", "types": "index.d.ts"}',
    'tsconfig.json':
      '{"compilerOptions": {"strict": true, "module": "nodenext", "types": []}, "include": ["src"]}',
  });
  const { code, stdout, stderr } = ws(dir, ['check', '--no-config', '--format', 'json', ...args]);
  expect(stderr).toBe('');
  const { findings, unresolved } = JSON.parse(stdout) as {
    findings: { ruleId: string; messageId: string; line: number; message: string }[];
    unresolved: { line: number }[];
  };
  return {
    code,
    unresolved: unresolved.map(({ line }) => line),
    findings: findings.map(
      ({ ruleId, messageId, line, message }) => `${ruleId}/${messageId} ${line} ${message}`,
    ),
  };
}

describe('check --strict', () => {
  it('makes a finding of a call under a lock that cannot be resolved', () => {
    const lines = { unresolved: [10] };
    expect(check('plugins.added', [])).toEqual({ code: 0, ...lines, findings: [] });
    expect(check('plugins.added', ['--strict'])).toEqual({
      code: 1,
      ...lines,
      findings: [
        'gate-integrity/unresolved 10 not resolved, so not judged: call of plugins.added while holding Registry.mu',
      ],
    });
  });

  it('says nothing where everything is known', () => {
    expect(check('console.log', ['--strict'])).toEqual({ code: 0, unresolved: [], findings: [] });
  });
});
