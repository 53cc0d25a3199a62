import type { RawStmt } from 'libpg-query';
import { NO_REWRITING, type Rewriting, rewriteInserts } from './dialect.ts';
import { holeCandidates, NAME, ROW } from './holes.ts';
import type { LexicalRules } from './lexical-rules.ts';
import { ROW_MARK, UNKNOWN_MARK } from './marks.ts';
import type { Parser } from './parser.ts';
import { type Rendered, render } from './render.ts';
import type { Token } from './token.ts';

/** A reading of one statement that the grammar accepts. */
export interface Fit {
  readonly tokens: readonly Token[];
  readonly stmts: readonly RawStmt[];
  readonly rendered: Rendered;
  readonly flags: Rewriting['flags'];
  /** What each hole was taken for, by token index. */
  readonly filled: ReadonlyMap<number, string>;
}

/**
 * Parses one statement. Holes are filled with the first of their candidates that the grammar accepts: the
 * error's position says which hole to try anew, always the last one before it that has candidates left.
 */
export function fitStatement(
  source: string,
  tokens: readonly Token[],
  rules: LexicalRules,
  parser: Parser,
): Fit | undefined {
  const { edits, flags } = rules.dialect === 'postgres' ? NO_REWRITING : rewriteInserts(tokens);
  const holes = [...tokens.keys()]
    .filter((i) => tokens[i]?.kind === 'hole' && !edits.has(i))
    .map((at) => ({ at, candidates: holeCandidates(tokens, at), chosen: 0 }));
  const attempts = Math.min(MAX_ATTEMPTS, 1 + MAX_CHARACTERS / statementLength(tokens));
  for (let attempt = 0; attempt < attempts; attempt++) {
    const filled = new Map(holes.map((hole) => [hole.at, fill(hole.candidates[hole.chosen] ?? '', hole.at)]));
    const rendered = render(source, tokens, rules, new Map([...edits, ...filled]));
    const parsed = parser.parse(rendered.text);
    if ('stmts' in parsed) return { tokens, stmts: parsed.stmts, rendered, flags, filled };
    const stop = rendered.tokenAtCodePoint(parsed.errorAt);
    const retry = holes.findLast((hole) => hole.at <= stop && hole.chosen + 1 < hole.candidates.length);
    if (retry === undefined) return undefined;
    retry.chosen++;
    for (const hole of holes) if (hole.at > retry.at) hole.chosen = 0;
  }
  return undefined;
}

/** A rejected text costs some 20 µs; real statements need fewer than ten attempts. */
const MAX_ATTEMPTS = 60;
/** What all attempts at one statement may come to: a statement of a megabyte gets one. */
const MAX_CHARACTERS = 500_000;

function statementLength(tokens: readonly Token[]): number {
  return 1 + (tokens.at(-1)?.end ?? 0) - (tokens[0]?.start ?? 0);
}

function fill(candidate: string, at: number): string {
  return candidate.replaceAll(NAME, `${UNKNOWN_MARK}${at}`).replaceAll(ROW, `${ROW_MARK}${at}`);
}
