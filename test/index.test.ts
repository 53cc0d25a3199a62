import { describe, expect, it } from 'vitest';
import * as api from '../src/index.ts';
import { stubRule } from './support/rules.ts';
import { tempDir } from './support/temp-dir.ts';

describe('the public API', () => {
  it('exports what it says, and nothing else', () => {
    expect(Object.keys(api).sort()).toEqual(['GateError', 'check', 'defineConfig', 'defineRule']);
  });

  it('returns configs and rules as they are', () => {
    const rule = stubRule('own-rule');
    const config = { include: ['src/**'], customRules: [rule] };
    expect([api.defineConfig(config), api.defineRule(rule)]).toEqual([config, rule]);
  });

  it('resolves to the report that --format json prints', async () => {
    const cwd = tempDir({ 'src/a.ts': 'export const a = 1;\n' });
    const report = await api.check({ cwd, inlineConfig: { include: ['src/**/*.ts'] } });
    expect(report).toEqual({
      schemaVersion: 1,
      tool: { name: 'ws-gate', version: '0.1.0' },
      cwd,
      summary: {
        files: 1,
        errors: 0,
        warnings: 0,
        suppressed: 0,
        baselined: 0,
        unresolved: 0,
        durationMs: expect.any(Number),
      },
      findings: [],
      unresolved: [],
    });
  });

  it('throws GateError for what the user can mend', async () => {
    const cwd = tempDir();
    await expect(api.check({ cwd, config: 'gone.json' })).rejects.toBeInstanceOf(api.GateError);
  });
});
