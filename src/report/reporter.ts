import type picocolors from 'picocolors';
import type { CheckResult } from '../engine/finding.ts';
import type { AnyRule, MessageText } from '../engine/rule.ts';

/** Turns a result into text. A reporter decides nothing: what is a finding, and how severe, is settled. */
export type Reporter = (result: CheckResult, options: ReportOptions) => string;

export interface ReportOptions {
  readonly colors: Colors;
  /** From the root of the repository to the working directory, `packages/app/`; empty when they are the same. */
  readonly prefix: string;
  /** The name of the package in the working directory, to tell the reports of a monorepo apart. */
  readonly packageName: string | undefined;
  /** What is known about the rules, for formats that carry it. */
  readonly rules: readonly RuleInfo[];
}

/** A rule as a reporter sees it. */
export interface RuleInfo {
  readonly id: string;
  readonly summary: string;
  readonly defaultSeverity: 'error' | 'warn' | 'off';
  readonly messages: Readonly<Record<string, MessageText>>;
  /** The Markdown of the rule's page. */
  readonly page: string | undefined;
  /** Makes the schema of the rule's options, if it takes any. */
  readonly options?: AnyRule['options'];
}

export type Colors = ReturnType<typeof picocolors.createColors>;
