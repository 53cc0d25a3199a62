import type { Finding, Severity, TraceStep, Unresolved } from '../engine/finding.ts';
import type { Reporter, ReportOptions, RuleInfo } from './reporter.ts';

/**
 * SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, in the subset that GitHub code
 * scanning reads.
 */
export const sarif: Reporter = (result, options) => {
  const { report, suppressed, rules: ran } = result;
  const all = [...report.findings, ...suppressed.map(({ finding }) => finding)];
  const used = new Set([...ran.map(({ ruleId }) => ruleId), ...all.map(({ ruleId }) => ruleId)]);
  const rules = options.rules.filter(({ id }) => used.has(id));
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const results = [
    ...report.findings.map((finding) => describeResult(finding, indexes, options)),
    ...suppressed.map(({ finding, reason }) => ({
      ...describeResult(finding, indexes, options),
      suppressions: [{ kind: 'inSource', justification: reason }],
    })),
  ];
  const invocation = {
    executionSuccessful: true,
    toolExecutionNotifications: report.unresolved.map((entry) => ({
      level: 'note',
      message: { text: `not resolved, so not judged: ${entry.message}` },
      locations: [locate(entry, options)],
    })),
  };
  return print(
    { version: report.tool.version, rules: rules.map(describeRule), results, invocation },
    options,
  );
};

/** The log of a run that could not do its job: no results, and the reason as a notification. */
export function sarifFailure(
  message: string,
  options: Pick<ReportOptions, 'packageName'> & { readonly version: string },
): string {
  const invocation = {
    executionSuccessful: false,
    toolExecutionNotifications: [{ level: 'error', message: { text: message } }],
  };
  return print({ version: options.version, rules: [], results: [], invocation }, options);
}

interface Run {
  readonly version: string;
  readonly rules: readonly object[];
  readonly results: readonly object[];
  readonly invocation: object;
}

function print(run: Run, { packageName }: Pick<ReportOptions, 'packageName'>): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'ws-gate', semanticVersion: run.version, rules: run.rules } },
        // GitHub keeps one set of alerts per id, so that the packages of a monorepo do not replace each other's.
        automationDetails: { id: packageName === undefined ? 'ws-gate/' : `ws-gate/${packageName}/` },
        columnKind: 'utf16CodeUnits',
        invocations: [run.invocation],
        results: run.results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

const LEVELS = { error: 'error', warn: 'warning', off: 'none' } as const;
/** https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning */
const FULL_DESCRIPTION_LIMIT = 1024;

function describeRule({ id, summary, defaultSeverity, messages, page }: RuleInfo): object {
  const texts = Object.values(messages);
  const reasons = [...new Set(texts.map(({ why }) => why))].join('; ');
  const steps = [...new Set(texts.map(({ help }) => help))].map((help) => `- ${help}`).join('\n');
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: {
      text: (reasons === '' ? summary : `${summary}: ${reasons}`).slice(0, FULL_DESCRIPTION_LIMIT),
    },
    help: { text: steps === '' ? summary : steps, ...(page === undefined ? {} : { markdown: page }) },
    // A rule that is off by default was turned on by the config; `none` would hide what it finds.
    defaultConfiguration: { level: LEVELS[defaultSeverity === 'off' ? 'error' : defaultSeverity] },
    properties: {
      tags: ['concurrency', 'correctness'],
      precision: 'high',
      'problem.severity': defaultSeverity === 'warn' ? 'warning' : 'error',
    },
  };
}

function describeResult(finding: Finding, indexes: ReadonlyMap<string, number>, options: ReportOptions) {
  const { ruleId, messageId, severity, message, symbol, fingerprint, trace, help } = finding;
  const index = indexes.get(ruleId);
  const location = locate(finding, options);
  return {
    ruleId,
    ...(index === undefined ? {} : { ruleIndex: index }),
    level: LEVELS[severity satisfies Severity],
    message: { text: help === '' ? message : `${message}. To mend it: ${help}` },
    locations: [
      symbol === '' ? location : { ...location, logicalLocations: [{ fullyQualifiedName: symbol }] },
    ],
    // `primaryLocationLineHash` is left to the upload action, which warns when it is given another one.
    partialFingerprints: { 'wsGate/v1': fingerprint },
    ...(trace.length === 0 ? {} : { codeFlows: [describeTrace(trace, options)] }),
    properties: { messageId },
  };
}

function describeTrace(trace: readonly TraceStep[], options: ReportOptions): object {
  const locations = trace.map((step) => ({
    location: { ...locate(step, options), message: { text: step.message } },
  }));
  return { threadFlows: [{ locations }] };
}

type Place = Unresolved & Partial<Pick<Finding, 'endLine' | 'endColumn'>>;

function locate({ file, line, column, endLine, endColumn }: Place, { prefix }: ReportOptions) {
  const region = {
    startLine: line,
    startColumn: column,
    ...(endLine === undefined ? {} : { endLine }),
    ...(endColumn === undefined ? {} : { endColumn }),
  };
  return {
    physicalLocation: {
      artifactLocation: { uri: encodePath(prefix + file), uriBaseId: '%SRCROOT%' },
      ...(line < 1 ? {} : { region }),
    },
  };
}

function encodePath(file: string): string {
  return file === '' ? '.' : file.split('/').map(encodeURIComponent).join('/');
}
