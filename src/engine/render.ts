import { INTEGRITY, type RuleSet } from '../config/rules.ts';
import type { CheckResult, Finding, RuleStats, Span, SuppressedFinding, TraceStep } from './finding.ts';
import { fingerprints } from './fingerprint.ts';
import { integrityMessages } from './integrity.ts';
import type { ProgramHost } from './program-host.ts';
import type { MessageText, Report } from './rule.ts';

/** A report with the rule it comes from. */
export type Found = Report & { readonly ruleId: string };

/** What a run has found, before it is put into words. */
export interface Rendering {
  readonly program: ProgramHost;
  readonly rules: RuleSet;
  readonly found: readonly Found[];
  readonly suppressed: readonly { readonly finding: Found; readonly reason: string }[];
  /** Only findings that touch a file in each of these are reported, and what the gate says about its config. */
  readonly within: readonly (readonly string[])[];
  /** Where findings about the config lie. Absolute. */
  readonly configFile: string;
  readonly unresolved: readonly { readonly at: Span; readonly message: string }[];
  readonly stats: readonly RuleStats[];
  readonly phases: CheckResult['phases'];
  readonly version: string;
  readonly durationMs: number;
}

/** The one place where findings become prose: sorted, placed, fingerprinted. */
export function renderFindings(rendering: Rendering): CheckResult {
  const { program, rules, stats, phases } = rendering;
  const texts = new Map<string, MessageText>();
  for (const { rule } of rules.rules) {
    for (const [id, text] of Object.entries(rule.messages))
      texts.set(`${rule.id}/${id}`, text as MessageText);
  }
  for (const [id, text] of Object.entries(integrityMessages)) texts.set(`${INTEGRITY}/${id}`, text);
  const places = new Places(program);
  const reasons = new Map(rendering.suppressed.map(({ finding, reason }) => [finding, reason]));
  const rendered = render([...rendering.found, ...reasons.keys()], rendering, texts, places);
  const within = rendering.within.map((files) => new Set(files));
  const isReported = (found: Found): boolean =>
    within.every((files) => touches(found, files)) ||
    (found.ruleId === INTEGRITY && found.at.file === rendering.configFile);
  const findings = rendered.flatMap(({ found, finding }) =>
    !reasons.has(found) && isReported(found) ? [finding] : [],
  );
  const suppressed: SuppressedFinding[] = rendered.flatMap(({ found, finding }) => {
    const reason = reasons.get(found);
    return reason === undefined ? [] : [{ finding, reason }];
  });
  const unresolved = rendering.unresolved
    .map(({ at, message }) => {
      const { file, line, column } = places.of(at);
      return { file, line, column, message };
    })
    .sort(
      (a, b) =>
        compareText(a.file, b.file) ||
        a.line - b.line ||
        a.column - b.column ||
        compareText(a.message, b.message),
    );
  return {
    report: {
      schemaVersion: 1,
      tool: { name: 'ws-gate', version: rendering.version },
      cwd: program.cwd,
      summary: {
        files: program.files.length,
        errors: findings.filter(({ severity }) => severity === 'error').length,
        warnings: findings.filter(({ severity }) => severity === 'warn').length,
        suppressed: suppressed.length,
        baselined: 0,
        unresolved: unresolved.length,
        durationMs: rendering.durationMs,
      },
      findings,
      unresolved,
    },
    suppressed,
    rules: stats,
    phases,
    counts: { parsed: program.parsed.length, queries: program.queries, oracle: program.oracleKind },
    sourceText: (file) => places.text(file),
    why: (ruleId, messageId) => texts.get(`${ruleId}/${messageId}`)?.why,
  };
}

/** All findings at once, whoever gets to see them, so that the ordinal in a fingerprint does not depend on that. */
function render(
  found: readonly Found[],
  { rules, program }: Rendering,
  texts: ReadonlyMap<string, MessageText>,
  places: Places,
): { readonly found: Found; readonly finding: Finding }[] {
  const placed = found.map((one) => {
    const text = texts.get(`${one.ruleId}/${one.messageId}`);
    if (!text) throw new Error(`rule ${one.ruleId} has no message ${one.messageId}`);
    return {
      one,
      message: fill(text.message, one.data),
      help: fill(text.help, one.data),
      place: places.of(one.at),
      symbol: places.symbol(one.at),
    };
  });
  placed.sort(
    (a, b) =>
      compareText(a.place.file, b.place.file) ||
      a.place.line - b.place.line ||
      a.place.column - b.place.column ||
      compareText(a.one.ruleId, b.one.ruleId) ||
      compareText(a.message, b.message),
  );
  const prints = fingerprints(
    placed.map(({ one, message, symbol }) => ({
      ruleId: one.ruleId,
      messageId: one.messageId,
      symbol,
      // What lies in no code is told apart by what is said about it.
      snippet: program.text(one.at.file)?.slice(one.at.start, one.at.end) || message,
    })),
  );
  return placed.map(({ one, message, help, place, symbol }, index) => ({
    found: one,
    finding: {
      ruleId: one.ruleId,
      messageId: one.messageId,
      severity: rules.severityFor(one.at.file, one.ruleId) === 'warn' ? 'warn' : 'error',
      message,
      ...place,
      symbol,
      fingerprint: prints[index] ?? '',
      trace: (one.trace ?? []).map(({ at, message: step }): TraceStep => {
        const { file, line, column } = places.of(at);
        return { file, line, column, message: step };
      }),
      help,
    },
  }));
}

function touches({ at, trace }: Found, files: ReadonlySet<string>): boolean {
  return files.has(at.file) || (trace ?? []).some((step) => files.has(step.at.file));
}

/** Puts the arguments into the places of a message. */
function fill(text: string, data: Readonly<Record<string, string>> | undefined): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => data?.[name] ?? place);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Offsets to lines and columns. */
class Places {
  readonly #program: ProgramHost;
  readonly #lineStarts = new Map<string, readonly number[]>();

  constructor(program: ProgramHost) {
    this.#program = program;
  }

  of({ file, start, end }: Span) {
    const [line, column] = this.#lineAndColumn(file, start);
    const [endLine, endColumn] = this.#lineAndColumn(file, end);
    return { file: this.#program.relative(file), line, column, endLine, endColumn };
  }

  symbol({ file, start, end }: Span): string {
    if (start === end) return '';
    return this.#program.tree(file)?.symbolAt(start) ?? '';
  }

  text(relative: string): string | undefined {
    for (const file of this.#lineStarts.keys()) {
      if (this.#program.relative(file) === relative) return this.#program.text(file);
    }
    return undefined;
  }

  #lineAndColumn(file: string, offset: number): [number, number] {
    let starts = this.#lineStarts.get(file);
    if (!starts) {
      starts = lineStarts(this.#program.text(file) ?? '');
      this.#lineStarts.set(file, starts);
    }
    let low = 0;
    for (let high = starts.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return [low + 1, offset - (starts[low] ?? 0) + 1];
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(index + end.length);
  return starts;
}
