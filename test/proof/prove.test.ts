import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UserConfig } from '../../src/config/types.ts';
import type { Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import type { Rule } from '../../src/engine/rule.ts';
import { type ProofOptions, type ProofResult, prove } from '../../src/proof/prove.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { stubRule } from '../support/rules.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Looks at each `cat`, and reports each `BANG`. */
function noBang(mutants: Operator['mutants'] | undefined, parts: Partial<Rule<unknown>> = {}): Rule<unknown> {
  return stubRule('no-bang', {
    messages: { found: { message: 'a bang', why: 'noise', help: 'whisper' } },
    relevance: () => ({ words: ['cat'] }),
    run(pass) {
      for (const file of pass.program.filesWith(['cat', 'BANG'])) {
        pass.program.tree(file);
        const text = pass.program.text(file) ?? '';
        for (const { index } of text.matchAll(/cat/g)) pass.site({ file, start: index, end: index + 3 });
        for (const { index } of text.matchAll(/BANG/g))
          pass.report({ messageId: 'found', at: { file, start: index, end: index + 4 } });
      }
    },
    ...(mutants
      ? { prove: async () => [{ id: 'wake', summary: 'puts something beside each cat', mutants }] }
      : {}),
    ...parts,
  });
}

/** Puts a text behind each `cat`. */
const beside =
  (text: string) =>
  ({ sites }: ProofView): Mutant[] =>
    sites.map(({ file, end }) => ({ edits: [{ file, start: end, end, text }] }));

interface Project {
  readonly files: Readonly<Record<string, string>>;
  readonly rule: Rule<unknown>;
  readonly config?: UserConfig;
  readonly options?: Partial<ProofOptions>;
}

const CAT = { 'a.ts': 'export const cat = 1;\n' };

function proofOf({ files, rule, config = {}, options = {} }: Project): Promise<ProofResult> {
  return prove({
    cwd: tempDir(files),
    inlineConfig: { include: ['**/*.ts'], ...config },
    extraRules: [rule],
    rules: ['no-bang'],
    ...options,
  });
}

/** States of rules, and of what was tried: `no-bang proven`, `killed a.ts`. */
function outline({ rules, preserving, holds, cwd }: ProofResult): readonly string[] {
  const trials = [...rules.flatMap(({ operators }) => operators.flatMap((one) => one.trials)), ...preserving];
  return [
    ...rules.map(({ ruleId, state }) => `${ruleId} ${state}`),
    ...trials.map(({ status, mutant }) => `${status} ${path.relative(cwd, mutant.edits[0]?.file ?? '')}`),
    holds ? 'holds' : 'fails',
  ];
}

describe('prove', () => {
  it('kills what the rule reports where the change is', async () => {
    const result = await proofOf({ files: CAT, rule: noBang(beside('/* BANG */')) });
    expect(outline(result)).toEqual(['no-bang proven', 'killed a.ts', 'holds']);
    expect(result.rules[0]?.operators[0]?.trials[0]?.found).toEqual([
      { ruleId: 'no-bang', messageId: 'found', file: path.join(result.cwd, 'a.ts'), start: 19, end: 23 },
    ]);
  });

  it('tells each mutant that the rule does not notice', async () => {
    const result = await proofOf({ files: CAT, rule: noBang(beside('/* hush */')) });
    expect(outline(result)).toEqual(['no-bang failed', 'survived a.ts', 'fails']);
  });

  it('tells what the rule notices at another place', async () => {
    const rule = noBang(({ sites }) =>
      sites.map(({ file, start, end }) => ({
        edits: [{ file, start: end, end, text: '/*  BANG  */' }],
        expect: [{ file, start: 0, end: start - 7 }],
      })),
    );
    expect(outline(await proofOf({ files: CAT, rule }))).toEqual([
      'no-bang failed',
      'elsewhere a.ts',
      'fails',
    ]);
  });

  it('proves nothing by what does not parse', async () => {
    const result = await proofOf({ files: CAT, rule: noBang(beside(' BANG (')) });
    expect(outline(result)).toEqual(['no-bang unproven', 'invalid a.ts', 'fails']);
  });

  it('does not let a rule mind a rewrite that changes nothing', async () => {
    const files = { 'a.ts': 'export function cat(a: number) { return a; }\n' };
    const counts = noBang(beside('/* _renamed */'), {
      run(pass) {
        for (const file of pass.program.filesWith(['cat'])) {
          const text = pass.program.text(file) ?? '';
          pass.site({ file, start: 16, end: 19 });
          const index = text.indexOf('_renamed');
          if (index >= 0) pass.report({ messageId: 'found', at: { file, start: index, end: index + 8 } });
        }
      },
    });
    const result = await proofOf({ files, rule: counts, options: { isFull: true } });
    expect(result.rules.map(({ state }) => state)).toEqual(['proven']);
    expect(result.preserving.map(({ operator, status }) => `${operator} ${status}`)).toEqual([
      'rename locals noisy',
      'wrap in try and finally quiet',
    ]);
    expect(result.holds).toBe(false);
  });

  it('makes one rewrite of a file by turns, and all of them where it looks at everything', async () => {
    const files = {
      'a.ts': 'export function cat(a: number) { return a; }\n',
      'b.ts': 'export function cat(b: number) { return b; }\n',
    };
    const ways = async (isFull: boolean): Promise<readonly string[]> => {
      const rule = noBang(beside('/* BANG */'));
      const { preserving, cwd } = await proofOf({ files, rule, options: { isFull } });
      return preserving.map(
        ({ operator, mutant }) => `${path.relative(cwd, mutant.edits[0]?.file ?? '')} ${operator}`,
      );
    };
    expect(await ways(false)).toEqual(['a.ts rename locals', 'b.ts wrap in try and finally']);
    expect(await ways(true)).toEqual([
      'a.ts rename locals',
      'a.ts wrap in try and finally',
      'b.ts rename locals',
      'b.ts wrap in try and finally',
    ]);
  });

  it.each<[string, UserConfig, Partial<ProofOptions>, string[]]>([
    ['that is asked for', {}, {}, ['no-bang unseen', 'fails']],
    [
      'that says so itself',
      { rules: { 'no-bang': ['error', { expectNoSites: 'there are dogs only' }] } },
      {},
      ['no-bang idle', 'fails'],
    ],
  ])('a rule without sites %s', async (_, config, options, expected) => {
    const files = { 'a.ts': 'export const dog = 1;\n' };
    const rule = noBang(beside('/* BANG */'));
    expect(outline(await proofOf({ files, rule, config, options }))).toEqual(expected);
  });

  it('a rule that runs by default may have nothing to look at, but not all of them', async () => {
    const files = { 'a.ts': 'export const dog = 1;\n' };
    const { rules, holds } = await prove({
      cwd: tempDir(files),
      inlineConfig: { include: ['**/*.ts'] },
      extraRules: [noBang(beside('/* BANG */'))],
    });
    expect(rules.every(({ state }) => state === 'idle')).toBe(true);
    expect(holds).toBe(false);
  });

  it.each([
    ['has no operators', noBang(undefined)],
    ['has none that finds anything', noBang(() => [])],
  ])('a rule that looks at something and %s is not proven', async (_, rule) => {
    expect(outline(await proofOf({ files: CAT, rule }))).toEqual(['no-bang unproven', 'fails']);
  });

  it('refuses a gate that is red before any change', async () => {
    const files = { 'a.ts': 'export const cat = "BANG";\n' };
    expect(await gateErrorOf(() => proofOf({ files, rule: noBang(beside('/* BANG */')) }))).toEqual({
      message: 'the gate is red before any change: no-bang/found in a.ts',
      why: 'where findings are, a further one proves nothing',
      help: 'run `ws-gate check`, and mend what it reports',
    });
  });

  it('takes no warning that was there before for a mutant that is noticed', async () => {
    const files = { 'a.ts': '/* cat */BANG;\n' };
    const rule = noBang(({ sites }) =>
      sites.map(({ file }) => ({ edits: [{ file, start: 9, end: 9, text: ' ' }] })),
    );
    const result = await prove({
      cwd: tempDir(files),
      inlineConfig: { include: ['**/*.ts'], rules: { 'no-bang': 'warn' } },
      extraRules: [rule],
    });
    const proof = result.rules.find(({ ruleId }) => ruleId === 'no-bang');
    expect(proof?.operators[0]?.trials.map(({ status }) => status)).toEqual(['survived']);
  });

  it('notices a second finding where one was before', async () => {
    const files = { 'a.ts': '/* cat */BANG;\n' };
    const rule = noBang(({ sites }) =>
      sites.map(({ file }) => ({ edits: [{ file, start: 9, end: 9, text: 'BANG;' }] })),
    );
    const result = await prove({
      cwd: tempDir(files),
      inlineConfig: { include: ['**/*.ts'], rules: { 'no-bang': 'warn' } },
      extraRules: [rule],
    });
    const proof = result.rules.find(({ ruleId }) => ruleId === 'no-bang');
    expect(proof?.operators[0]?.trials.map(({ status }) => status)).toEqual(['killed']);
  });

  it('breaks nothing where the rule is off', async () => {
    const files = { ...CAT, 'off.ts': 'export const cat = 2;\n' };
    const { rules } = await prove({
      cwd: tempDir(files),
      inlineConfig: {
        include: ['**/*.ts'],
        rules: { 'no-bang': 'error' },
        overrides: [{ files: ['off.ts'], rules: { 'no-bang': 'off' } }],
      },
      extraRules: [noBang(beside('/* BANG */'))],
    });
    const proof = rules.find(({ ruleId }) => ruleId === 'no-bang');
    expect([proof?.state, proof?.sites]).toEqual(['proven', 1]);
  });

  it('does not mind what it finds where it is off', async () => {
    const files = { ...CAT, 'off.ts': 'export const cat = "BANG";\n' };
    const { rules } = await prove({
      cwd: tempDir(files),
      inlineConfig: {
        include: ['**/*.ts'],
        rules: { 'no-bang': 'error' },
        overrides: [{ files: ['off.ts'], rules: { 'no-bang': 'off' } }],
      },
      extraRules: [noBang(beside('/* hush */'))],
    });
    const proof = rules.find(({ ruleId }) => ruleId === 'no-bang');
    expect(proof?.operators[0]?.trials.map(({ status }) => status)).toEqual(['survived']);
  });

  it('sees what a comment silences that was not written for it', async () => {
    const files = {
      'a.ts': '// ws-gate-disable-next-line no-bang -- a toy\nexport const a = "cat"; /*          BANG */\n',
    };
    const result = await proofOf({ files, rule: noBang(beside('BANG')) });
    expect(outline(result)).toEqual(['no-bang proven', 'killed a.ts', 'holds']);
  });

  it('breaks nothing where a comment says that the rule is not heeded', async () => {
    const files = {
      'a.ts':
        'export const cat = 1;\n// ws-gate-disable-next-line no-bang -- a toy\nexport const b = "cat BANG";\n',
    };
    const rule = noBang(({ sites }) =>
      sites
        .slice(0, 2)
        .map(({ file, end }) => ({ edits: [{ file, start: end, end: end + 1, text: '/* BANG */ ' }] })),
    );
    const around = noBang(({ sites }) =>
      sites.map(({ file, start, end }) => ({
        edits: [{ file, start: end, end, text: '' }],
        expect: [{ file, start, end: end + 5 }],
      })),
    );
    expect(outline(await proofOf({ files, rule }))[1]).toBe('killed a.ts');
    // The first cat alone is left to be broken; the second is under the comment.
    expect(outline(await proofOf({ files, rule: around }))).toEqual([
      'no-bang failed',
      'survived a.ts',
      'fails',
    ]);
  });

  it('writes nothing to disk', async () => {
    const cwd = tempDir(CAT);
    const before = tree(cwd);
    await prove({
      cwd,
      inlineConfig: { include: ['**/*.ts'] },
      extraRules: [noBang(beside('/* BANG */'))],
      rules: ['no-bang'],
      isFull: true,
    });
    expect(tree(cwd)).toEqual(before);
  });
});

/** What there is in a directory, and since when. */
function tree(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const file = path.join(dir, name);
      const { mtimeMs } = statSync(file);
      return `${name} ${mtimeMs} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    });
}
