import { hasMark } from './marks.ts';

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'param' | 'hole' | 'op';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The upper-case spelling of an unquoted word, else empty: quoted words are never keywords. */
  readonly upper: string;
  /** The identifier that a word or a quoted name denotes, else empty. */
  readonly name: string;
}

export function makeToken(kind: TokenKind, text: string, start: number, name = ''): Token {
  const upper = kind === 'word' && !hasMark(text) ? text.toUpperCase() : '';
  return { kind, start, end: start + text.length, text, upper, name };
}

export function isOp(token: Token | undefined, text: string): boolean {
  return token?.kind === 'op' && token.text === text;
}

/** Index of the parenthesis that closes the one at `open`, or the length when it stays open. */
export function closingParen(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (isOp(tokens[i], '(')) depth++;
    if (isOp(tokens[i], ')') && --depth === 0) return i;
  }
  return tokens.length;
}

/** PostgreSQL folds unquoted names by ASCII only in multi-byte encodings. */
export function foldName(text: string): string {
  return text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());
}

/**
 * Words after which an operand, a name or a clause has to follow; every other word ends an operand.
 */
export const EXPECTS_OPERAND: ReadonlySet<string> = new Set(
  `ALL ANALYZE AND ANY AS BETWEEN BY CASE CONFLICT COPY DELETE DISTINCT DO ELSE EXCEPT EXISTS FROM HAVING ILIKE IN
   INSERT INTERSECT INTERVAL INTO IS JOIN LANGUAGE LIKE LIMIT NOT OFFSET ON ONLY OR REPLACE RETURNING SELECT
   SET SOME TABLE THEN UNION UPDATE USING VALUE VALUES WHEN WHERE WITH`.split(/\s+/),
);
