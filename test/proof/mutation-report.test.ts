import { Ajv } from 'ajv';
import { schema } from 'mutation-testing-report-schema';
import { describe, expect, it } from 'vitest';
import { mutationReport } from '../../src/proof/mutation-report.ts';
import { result, rewrite, ruleProof, SOURCE, trial } from '../support/proof.ts';

describe('mutationReport', () => {
  it('says of each mutant where it is and what became of it', () => {
    const { files, ...head } = mutationReport(
      result({ rules: [ruleProof('proven', [trial('killed', 'no-two')])] }),
      '1.2.3',
    );
    expect(head).toEqual({
      schemaVersion: '2',
      thresholds: { high: 100, low: 100 },
      projectRoot: '/p',
      framework: { name: 'ws-gate', version: '1.2.3' },
    });
    expect(files).toEqual({
      'src/a.ts': {
        language: 'typescript',
        source: SOURCE,
        mutants: [
          {
            id: '1',
            mutatorName: 'no-two/count',
            replacement: '3',
            location: { start: { line: 2, column: 13 }, end: { line: 2, column: 14 } },
            status: 'Killed',
          },
        ],
      },
    });
  });

  it('knows a word for all that can become of a mutant', () => {
    const trials = (['killed', 'survived', 'elsewhere', 'invalid'] as const).map((one) => trial(one, 'r'));
    const { files } = mutationReport(
      result({
        rules: [ruleProof('failed', trials)],
        preserving: [rewrite('quiet'), rewrite('noisy')],
      }),
      '1.2.3',
    );
    expect(
      files['src/a.ts']?.mutants.map((one) => [one.id, one.mutatorName, one.status, one.statusReason]),
    ).toEqual([
      ['1', 'r/count', 'Killed', undefined],
      ['2', 'r/count', 'Survived', 'no rule reports it'],
      ['3', 'r/count', 'Survived', 'the rule reports it at another place'],
      ['4', 'r/count', 'CompileError', 'the mutant does not parse'],
      ['5', 'rename locals', 'Killed', 'it changes nothing, and no rule reports it'],
      ['6', 'rename locals', 'Survived', 'it changes nothing, and a rule reports it'],
    ]);
  });

  it('names files by where they are in the project, in order', () => {
    const inFile = (file: string) =>
      trial('killed', 'r', { mutant: { edits: [{ file, start: 0, end: 0, text: '!' }] } });
    const { files } = mutationReport(
      result({ rules: [ruleProof('proven', [inFile('/p/src/b/c.ts'), inFile('/p/src/a.ts')])] }),
      '1.2.3',
    );
    expect(Object.keys(files)).toEqual(['src/a.ts', 'src/b/c.ts']);
  });

  it('is what the schema says', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const isValid = ajv.compile(schema);
    const trials = (['killed', 'survived', 'elsewhere', 'invalid'] as const).map((one) => trial(one, 'r'));
    const report = mutationReport(
      result({ rules: [ruleProof('failed', trials)], preserving: [rewrite('quiet'), rewrite('noisy')] }),
      '1.2.3',
    );
    const plainReport: unknown = JSON.parse(JSON.stringify(report));
    expect([isValid(plainReport), isValid.errors]).toEqual([true, null]);
    expect(isValid({ ...report, schemaVersion: 2 })).toBe(false);
  });
});
