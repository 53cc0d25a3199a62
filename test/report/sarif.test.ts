import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { plain } from '../../src/cli/terminal.ts';
import type { ReportOptions, RuleInfo } from '../../src/report/reporter.ts';
import { sarif, sarifFailure } from '../../src/report/sarif.ts';
import { callback, inversion } from '../support/findings.ts';
import { type ResultParts, resultOf } from '../support/results.ts';

const lockOrder: RuleInfo = {
  id: 'lock-order',
  summary: 'locks are acquired in the declared order',
  defaultSeverity: 'error',
  messages: { contradictsOrder: { message: 'm', why: 'it can deadlock', help: 'take the outer lock first' } },
  page: '# lock-order\n',
};
const unused: RuleInfo = { ...lockOrder, id: 'lock-cycle', page: undefined };
const options: ReportOptions = {
  colors: plain,
  prefix: 'packages/app/',
  packageName: '@acme/app',
  rules: [unused, lockOrder],
};

/** The schema is written in draft 4, of which it uses what draft 7 shares, but for the name of `id`. */
function validator() {
  const main = createRequire(import.meta.url).resolve('@microsoft/jest-sarif');
  const file = path.join(path.dirname(main), 'schemas', 'sarif-2.1.0-rtm.5.json');
  const { $schema: _, id, ...schema } = JSON.parse(readFileSync(file, 'utf8'));
  return new Ajv({ strict: false, validateFormats: false, allErrors: true, unicodeRegExp: false }).compile({
    $id: id,
    ...schema,
  });
}

function logOf(parts: ResultParts) {
  return JSON.parse(
    sarif(resultOf({ rules: [{ ruleId: 'lock-order', sites: 1, findings: 1, ms: 1 }], ...parts }), options),
  );
}

describe('sarif', () => {
  const full: ResultParts = {
    findings: [inversion, callback, { ...callback, file: '', line: 0, column: 0 }],
    suppressed: [{ finding: { ...inversion, fingerprint: 'aaaa' }, reason: 'reviewed' }],
    unresolved: [{ file: 'src/a b.ts', line: 9, column: 3, message: 'call through `any`' }],
  };

  it.each<[string, ResultParts]>([
    ['everything', full],
    ['nothing', {}],
  ])('is valid with %s', (_, parts) => {
    const validate = validator();
    validate(logOf(parts));
    expect(validate.errors).toBeNull();
  });

  it('is held against a schema that can fail', () => {
    const validate = validator();
    const log = logOf(full);
    delete log.runs[0].results[0].message;
    expect(validate(log)).toBe(false);
  });

  it('describes the run', () => {
    const { runs, ...head } = logOf(full);
    const { results: _, ...run } = runs[0];
    expect(head).toEqual({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0' });
    expect(run).toEqual({
      tool: {
        driver: {
          name: 'ws-gate',
          semanticVersion: '0.1.0',
          rules: [
            {
              id: 'lock-order',
              shortDescription: { text: 'locks are acquired in the declared order' },
              fullDescription: { text: 'locks are acquired in the declared order: it can deadlock' },
              help: { text: '- take the outer lock first', markdown: '# lock-order\n' },
              defaultConfiguration: { level: 'error' },
              properties: {
                tags: ['concurrency', 'correctness'],
                precision: 'high',
                'problem.severity': 'error',
              },
            },
          ],
        },
      },
      automationDetails: { id: 'ws-gate/@acme/app/' },
      columnKind: 'utf16CodeUnits',
      invocations: [
        {
          executionSuccessful: true,
          toolExecutionNotifications: [
            {
              level: 'note',
              message: { text: 'not resolved, so not judged: call through `any`' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'packages/app/src/a%20b.ts', uriBaseId: '%SRCROOT%' },
                    region: { startLine: 9, startColumn: 3 },
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('describes a finding, with the way there as a code flow', () => {
    const artifactLocation = { uri: 'packages/app/src/registry.ts', uriBaseId: '%SRCROOT%' };
    expect(logOf({ findings: [inversion] }).runs[0].results).toEqual([
      {
        ruleId: 'lock-order',
        ruleIndex: 0,
        level: 'error',
        message: {
          text: 'acquires Registry.mu while holding Workspace.clientsMu. To mend it: release Workspace.clientsMu first',
        },
        locations: [
          {
            physicalLocation: {
              artifactLocation,
              region: { startLine: 4, startColumn: 11, endLine: 4, endColumn: 28 },
            },
            logicalLocations: [{ fullyQualifiedName: 'Registry.detach' }],
          },
        ],
        partialFingerprints: { 'wsGate/v1': '0123456789abcdef' },
        codeFlows: [
          {
            threadFlows: [
              {
                locations: [
                  {
                    location: {
                      physicalLocation: { artifactLocation, region: { startLine: 3, startColumn: 27 } },
                      message: { text: 'Workspace.clientsMu acquired here' },
                    },
                  },
                  {
                    location: {
                      physicalLocation: { artifactLocation, region: { startLine: 4, startColumn: 11 } },
                      message: { text: 'Registry.mu acquired here' },
                    },
                  },
                ],
              },
            ],
          },
        ],
        properties: { messageId: 'contradictsOrder' },
      },
    ]);
  });

  it('carries suppressed findings with their reason', () => {
    const { results } = logOf({ suppressed: [{ finding: callback, reason: 'reviewed' }] }).runs[0];
    expect(results.map((result: Record<string, unknown>) => [result.level, result.suppressions])).toEqual([
      ['warning', [{ kind: 'inSource', justification: 'reviewed' }]],
    ]);
  });
});

describe('sarifFailure', () => {
  it('is a valid log of a run that failed', () => {
    const log = JSON.parse(sarifFailure('the config throws', { packageName: undefined, version: '0.1.0' }));
    const validate = validator();
    validate(log);
    expect(validate.errors).toBeNull();
    expect([log.runs[0].invocations, log.runs[0].results]).toEqual([
      [
        {
          executionSuccessful: false,
          toolExecutionNotifications: [{ level: 'error', message: { text: 'the config throws' } }],
        },
      ],
      [],
    ]);
  });
});
