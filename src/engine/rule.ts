import type { z } from 'zod';
import type { LocksConfig } from '../config/types.ts';
import type { Severity, Span } from './finding.ts';
import type { IntegrityMessageId } from './integrity.ts';
import type { Program } from './program.ts';
import type { Operator } from './proof.ts';
import type { HatchName } from './suppressions.ts';

/** The words of one message: `{name}` places take the arguments of the report. */
export interface MessageText {
  /** What is wrong, lower case, no final period. */
  readonly message: string;
  /** Why it matters, one sentence. */
  readonly why: string;
  /** What to do, imperative. */
  readonly help: string;
}

/** A step on the way to a finding. */
export interface ReportStep {
  readonly at: Span;
  readonly message: string;
}

/** What a rule hands in: ids and arguments, no prose. */
export interface Report<Id extends string = string> {
  readonly messageId: Id;
  readonly at: Span;
  /** Values for the places of the message. */
  readonly data?: Readonly<Record<string, string>>;
  readonly trace?: readonly ReportStep[];
}

/**
 * What makes a file worth parsing for a rule. A file whose text holds none of the words is not parsed unless
 * the analysis walks into it. Words are matched as plain substrings; `ignoreCase` serves SQL keywords.
 */
export interface Relevance {
  readonly words: readonly string[];
  readonly ignoreCase?: boolean;
  /** More files, where no word tells: what matters is how the text goes. */
  readonly files?: (program: Pick<Program, 'filesWith' | 'text'>) => readonly string[];
}

/** A fact base that several rules share: computed once per run, on first use. */
export interface Analysis<T> {
  readonly id: string;
  compute(context: AnalysisContext): T | Promise<T>;
}

/** What an analysis may read. */
export interface AnalysisContext {
  readonly program: Program;
  /** Absolute; the directory that paths in the config are relative to. */
  readonly root: string;
  readonly locks: LocksConfig;
  /** The ids of the rules that run: a shared analysis looks for what they ask. */
  readonly rules: ReadonlySet<string>;
  /** The program as it was before a change, if this run looks at it again: see {@link Earlier}. */
  readonly earlier?: Earlier;
  /** The stretches of code that findings are asked for in; absent for all. What lies elsewhere may be left out. */
  readonly focus?: readonly Span[];
  use<T>(analysis: Analysis<T>): Promise<T>;
  unresolved(at: Span, message: string): void;
}

/** A run on the same program with other texts: what no change can touch need not be found out again. */
export interface Earlier {
  readonly context: AnalysisContext;
  /** The files whose texts are others now. Absolute. */
  readonly changed: ReadonlySet<string>;
}

/** All that a rule may read, and all that it may say. */
export interface Pass<Options = unknown, Id extends string = string> extends AnalysisContext {
  readonly options: Options;
  /** Whether the rule runs because the config names it, and not by default. */
  readonly configured: boolean;
  /** Counts something the rule examined. A configured rule that examined nothing turns the gate red. */
  site(at: Span): void;
  report(report: Report<Id>): void;
  /**
   * A name in the config, or in an annotation at `at`, that stands for nothing: reported by `gate-integrity`, with what
   * it may have meant.
   */
  unknownName(where: string, name: string, candidates: readonly string[], at?: Span): void;
  /** A name that stands for several things: reported by `gate-integrity`, with the names of all. */
  ambiguousName(where: string, name: string, candidates: readonly string[], at?: Span): void;
  /** An exception in the config that excuses nothing: reported by `gate-integrity`. */
  stale(message: string, help: string): void;
  /** An annotation in a comment silenced something; one that never does is reported by `gate-integrity`. */
  heeded(hatch: Span): void;
  /** What is wrong with a tag or a marker in a comment, whatever the rule finds: reported by `gate-integrity`. */
  misplaced(report: Report<IntegrityMessageId>): void;
}

/**
 * A rule, as a value.
 *
 * @typeParam Options the parsed options
 * @typeParam Id the message ids
 */
export interface Rule<Options = unknown, Id extends string = string> {
  readonly id: string;
  /** What the rule holds true, one line. */
  readonly summary: string;
  /** The annotations in comments that silence it. */
  readonly hatches?: readonly HatchName[];
  /** Severity without any config; `off` for a rule that needs a declaration to say anything. */
  readonly defaultSeverity: Severity | 'off';
  readonly messages: Readonly<Record<Id, MessageText>>;
  /** The schema of the options; zod is handed in so that a run without options never loads it. */
  options?(zod: typeof z): z.ZodType<Options>;
  /** Options of a run without any. */
  readonly defaultOptions: Options;
  /** Options of a run that nobody has asked for by the name of the rule, where it does less then. */
  readonly unaskedOptions?: Options;
  relevance(options: Options, locks: LocksConfig): Relevance;
  run(pass: Pass<Options, Id>): void | Promise<void>;
  /** Ways to break what the rule protects, with which `ws-gate prove` shows that it notices. */
  prove?(): Promise<readonly Operator<Options>[]>;
  /** Judges the config when no file is relevant, and so nothing in it can be right. */
  idle?(pass: Pass<Options, Id>): void;
}

/** A rule whose type parameters do not matter to the reader. */
// biome-ignore lint/suspicious/noExplicitAny: options and ids vary per rule; the engine only passes them through
export type AnyRule = Rule<any, any>;

/** Declares a rule; the identity function that gives `run` its types. */
export function defineRule<Options, Id extends string>(rule: Rule<Options, Id>): Rule<Options, Id> {
  return rule;
}
