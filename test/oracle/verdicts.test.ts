import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type CheckOptions, check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { testRules } from '../../src/testing/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');
const fixtures = path.join(root, 'fixtures');

vi.setConfig({ testTimeout: 900_000 });

describe('the verdict is the same with the native compiler and with the reference', () => {
  it('on the fixtures of every rule', async () => {
    choose('native');
    const native = new Map<string, CheckResult>();
    const { problems } = await testRules({
      dir: fixtures,
      check: async (options) => {
        const result = await check(options);
        native.set(programOf(options), result);
        return result;
      },
    });
    expect(problems).toEqual([]);
    expect(compilersOf(native)).toEqual(['native', 'none']);

    choose('reference');
    const reference = new Map<string, CheckResult>();
    await testRules({
      dir: fixtures,
      check: async (options) => {
        const program = programOf(options);
        const known = native.get(program);
        if (known && !isChosen(program)) return known;
        const result = await check(options);
        reference.set(program, result);
        return result;
      },
    });
    expect(compilersOf(reference)).toEqual(['none', 'reference']);
    expect(reference.size).toBeGreaterThan(native.size / 6);
    for (const [program, result] of reference) {
      const expected = native.get(program);
      expect([program, verdictOf(result)]).toEqual([program, expected && verdictOf(expected)]);
    }
  });

  it('on a package that ships its sources', async () => {
    // A copy: what lies in node_modules is a dependency to the gate, and not looked into.
    const dir = tempDir();
    cpSync(path.join(root, 'node_modules/@supabase/auth-js/src'), dir, { recursive: true });
    const options: CheckOptions = {
      cwd: dir,
      inlineConfig: {
        rules: {
          'lock-order': 'error',
          'lock-cycle': 'error',
          'lock-reentry': 'error',
          'require-dispatcher': [
            'error',
            { dispatchers: [{ calls: STORAGE, allowIn: [], use: 'the storage of the client' }] },
          ],
        },
      },
    };
    const native = await verdictWith('native', options);
    expect(await verdictWith('reference', options)).toEqual(native);
    // The two calls of `navigator.locks.request`.
    expect(native.sites).toMatchObject({ 'lock-cycle': 2, 'lock-order': 2, 'lock-reentry': 2 });
    expect(native.findings).toHaveLength(callsOf(STORAGE, dir));
  });
});

const STORAGE = ['getItemAsync', 'setItemAsync', 'removeItemAsync'];

/** What a run of the gate says. */
interface Verdict {
  readonly findings: CheckResult['report']['findings'];
  readonly unresolved: CheckResult['report']['unresolved'];
  readonly sites: Readonly<Record<string, number>>;
}

function verdictOf({ report, rules }: CheckResult): Verdict {
  const sites = Object.fromEntries(rules.map(({ ruleId, sites }) => [ruleId, sites]));
  return { findings: report.findings, unresolved: report.unresolved, sites };
}

async function verdictWith(kind: 'native' | 'reference', options: CheckOptions): Promise<Verdict> {
  choose(kind);
  const result = await check(options);
  expect(result.counts.oracle).toBe(kind);
  return verdictOf(result);
}

/** The directory and the files of a fixture. */
function programOf({ cwd, paths }: CheckOptions): string {
  return [path.relative(fixtures, cwd ?? ''), ...(paths ?? [])].join(' ');
}

/** A fixture that leaves nothing to ask for needs no compiler. */
function compilersOf(results: ReadonlyMap<string, CheckResult>): readonly string[] {
  return [...new Set([...results.values()].map(({ counts }) => counts.oracle))].sort();
}

/**
 * A quarter of the programs are enough for a change to be noticed, and are minutes less: the reference takes the same
 * path but for its answers. `WS_GATE_ORACLE_FIXTURES=all` takes all.
 */
function isChosen(program: string): boolean {
  if (process.env.WS_GATE_ORACLE_FIXTURES === 'all') return true;
  return (createHash('sha1').update(program).digest()[0] ?? 0) % 4 === 0;
}

function choose(kind: string): void {
  vi.stubEnv('WS_GATE_ORACLE', kind);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

/** How often the sources call these functions, which they declare as `const name = …`. */
function callsOf(names: readonly string[], dir: string): number {
  const call = new RegExp(`\\b(?:${names.join('|')})\\(`, 'g');
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(dir, file), 'utf8').replace(/^\s*(?:\/\/|\*).*$/gm, ''))
    .reduce((sum, code) => sum + (code.match(call)?.length ?? 0), 0);
}
