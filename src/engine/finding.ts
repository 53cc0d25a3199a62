/** What a rule found, from the raw report to the record that every reporter prints. */

/** A stretch of source text: an absolute path and UTF-16 offsets, `end` exclusive. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export type Severity = 'error' | 'warn';

/** One step of the way to a finding, first step first. */
export interface TraceStep {
  /** Relative to the working directory, forward slashes. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, UTF-16. */
  readonly column: number;
  readonly message: string;
}

/** A finding as `--format json` prints it. The shape is public and stable. */
export interface Finding {
  readonly ruleId: string;
  readonly messageId: string;
  readonly severity: Severity;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The enclosing function, `Class.method`, or empty at the top level of a file. */
  readonly symbol: string;
  /** Stable under line moves, reformatting and renames of the file. */
  readonly fingerprint: string;
  readonly trace: readonly TraceStep[];
  readonly help: string;
}

/** A call or lock that the analysis could not resolve where it mattered. */
export interface Unresolved {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A finding silenced by a comment with a reason. */
export interface SuppressedFinding {
  readonly finding: Finding;
  readonly reason: string;
}

/** What `check()` resolves to. {@link CheckReport} is the part that `--format json` prints. */
export interface CheckReport {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: 'ws-gate'; readonly version: string };
  /** Absolute. */
  readonly cwd: string;
  readonly summary: {
    readonly files: number;
    readonly errors: number;
    readonly warnings: number;
    readonly suppressed: number;
    readonly baselined: number;
    readonly unresolved: number;
    readonly durationMs: number;
  };
  readonly findings: readonly Finding[];
  readonly unresolved: readonly Unresolved[];
}

/** How much one rule looked at, for the summary line and `--stats`. */
export interface RuleStats {
  readonly ruleId: string;
  readonly sites: number;
  readonly findings: number;
  readonly ms: number;
}

/** The report plus what only the reporters need (never part of the JSON). */
export interface CheckResult {
  readonly report: CheckReport;
  readonly suppressed: readonly SuppressedFinding[];
  readonly rules: readonly RuleStats[];
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  readonly counts: {
    readonly parsed: number;
    readonly queries: number;
    readonly oracle: 'native' | 'reference' | 'none';
  };
  /** Text of a file that a finding or trace step lies in, by the path the finding carries. */
  sourceText(file: string): string | undefined;
  /** Why a rule exists, for the `why` line: keyed by `ruleId/messageId`. */
  why(ruleId: string, messageId: string): string | undefined;
}
