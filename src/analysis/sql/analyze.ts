import { blockStatements } from './block.ts';
import { type Fit, fitStatement } from './fit.ts';
import { lex } from './lexer.ts';
import { GENERIC, type LexicalRules, MYSQL, POSTGRES } from './lexical-rules.ts';
import { hasMark } from './marks.ts';
import type { Parser } from './parser.ts';
import { type FitStatement, readFit } from './read-fit.ts';
import { splitStatements } from './split.ts';
import type { Token } from './token.ts';
import { readInserts, readTokens } from './token-reading.ts';
import type { SqlStatement } from './types.ts';

/** The statements of a marked text, by offset in that text. */
export function analyze(text: string, parser: Parser): SqlStatement[] {
  const reading = bestReading(text, parser);
  return reading.statements
    .flatMap(({ tokens, fit }) => (fit ? executed(fit, parser) : readTokens(tokens)))
    .sort((a, b) => a.offset - b.offset);
}

interface Reading {
  readonly statements: readonly { readonly tokens: readonly Token[]; readonly fit?: Fit }[];
  /** Orders readings that no grammar took as a whole: the smaller, the better. */
  readonly rank: number;
}

/**
 * PostgreSQL's own rules first; another family only when they leave a statement unread. Among readings that
 * all leave something, the one with whole strings and comments and the fewest unread statements.
 */
function bestReading(text: string, parser: Parser): Reading {
  const readings: Reading[] = [];
  for (const rules of rulesInOrder(text)) {
    const reading = read(text, rules, parser);
    if (reading.rank < ONE_UNREAD) return reading;
    readings.push(reading);
  }
  return readings.reduceRight((best, next) => (next.rank < best.rank ? next : best));
}

function rulesInOrder(text: string): LexicalRules[] {
  // `?` is also a PostgreSQL operator: beside a hole that can be taken for its operand
  // (`WHERE a = ? ${rest}`) it has to be tried as a placeholder first.
  if (hasMark(text) && text.includes('?')) return [GENERIC, POSTGRES, MYSQL];
  return text.includes('[') ? [POSTGRES, MYSQL, GENERIC] : [POSTGRES, GENERIC, MYSQL];
}

/** PostgreSQL knows the fewest styles of quoting, so among equals its reading is the last resort. */
const POSTGRES_RANK = 0.5;
const ONE_UNREAD = 1;
const BROKEN = 1e9;

function read(text: string, rules: LexicalRules, parser: Parser): Reading {
  const { tokens, broken } = lex(text, rules);
  let rank = (broken ? BROKEN : 0) + (rules.dialect === 'postgres' ? POSTGRES_RANK : 0);
  const statements = splitStatements(tokens).map((statement) => {
    if (onlyHoles(statement)) return { tokens: statement };
    const fit = fitStatement(text, statement, rules, parser);
    if (fit !== undefined) return { tokens: statement, fit };
    rank += ONE_UNREAD;
    return { tokens: statement };
  });
  return { statements, rank };
}

/** `${sql}`: nothing to parse, in any dialect. */
function onlyHoles(tokens: readonly Token[]): boolean {
  return tokens.every((token) => token.kind === 'hole');
}

function executed(fit: Fit, parser: Parser): SqlStatement[] {
  let read: readonly FitStatement[];
  try {
    read = readFit(fit);
  } catch (error) {
    // The grammar can nest deeper than a walk over its tree.
    if (error instanceof RangeError) return readTokens(fit.tokens);
    throw error;
  }
  return read.flatMap(({ statement, block }) =>
    block ? [statement, ...readBlock(fit.rendered.text, statement.offset, parser)] : [statement],
  );
}

/** What a DO block runs, at the offset of the DO: its body is a string of the statement. */
function readBlock(block: string, offset: number, parser: Parser): SqlStatement[] {
  const texts = blockStatements(block, parser);
  if (texts === undefined) return readUnknownBlock(block, offset);
  return texts
    .flatMap((sql): SqlStatement[] =>
      sql === undefined ? [{ kind: 'unparsed', offset, tables: [], parsed: false }] : analyze(sql, parser),
    )
    .map((statement) => ({ ...statement, offset }));
}

/** Another language, or a hole in the control flow: any INSERT in it counts, and its guard is not known. */
function readUnknownBlock(block: string, offset: number): SqlStatement[] {
  const strings = lex(block, POSTGRES).tokens.filter((token) => token.kind === 'string');
  // The language can be a string too.
  const body = strings.map((token) => token.text).reduce((a, b) => (b.length > a.length ? b : a), '');
  const inner = body.replace(/^\$[^$]*\$|\$[^$]*\$$|^'|'$/g, '');
  const inserts = splitStatements(lex(inner, GENERIC).tokens).flatMap(readInserts);
  if (inserts.length === 0) return [{ kind: 'unparsed', offset, tables: [], parsed: false }];
  return inserts.map((insert) => ({ ...insert, guard: 'unknown', offset }));
}
