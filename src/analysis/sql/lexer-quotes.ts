import type { LexicalRules } from './lexical-rules.ts';
import { isOp, makeToken, type Token } from './token.ts';

interface Quoted {
  readonly token: Token;
  /** The closing quote is missing. */
  readonly broken: boolean;
}

/** A string literal with its prefix, or a quoted identifier in any style that the rules know. */
export function readQuote(
  text: string,
  at: number,
  rules: LexicalRules,
  before: readonly Token[],
): Quoted | undefined {
  PREFIX.lastIndex = at;
  const prefix = PREFIX.exec(text)?.[0] ?? '';
  const quote = text.charAt(at + prefix.length);
  if (quote === "'") {
    const escapes = rules.backslashEscapes || /^e/i.test(prefix);
    return finish('string', text, at, quotedEnd(text, at + prefix.length, "'", escapes));
  }
  if (quote === '"') {
    const end = quotedEnd(text, at + prefix.length, '"', rules.backslashEscapes);
    return finish('quoted', text, at, end, '"', prefix.length);
  }
  if (prefix !== '') return undefined;
  if (quote === '`' && rules.backticks) {
    return finish('quoted', text, at, quotedEnd(text, at, '`', false), '`');
  }
  if (quote === '[' && rules.brackets && !canSubscript(before, at)) {
    return finish('quoted', text, at, quotedEnd(text, at, ']', false), ']');
  }
  return undefined;
}

/** `$$…$$` and `$tag$…$tag$`; a tag never holds a hole, so `$${i}, $${j}` stays two parameters. */
export function readDollarQuote(text: string, at: number): Quoted | undefined {
  DOLLAR_TAG.lastIndex = at;
  const tag = DOLLAR_TAG.exec(text)?.[0];
  if (tag === undefined) return undefined;
  const close = text.indexOf(tag, at + tag.length);
  return finish('string', text, at, close < 0 ? undefined : close + tag.length);
}

const PREFIX = /(?:[ebx](?=')|u&(?=['"]))/iy;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uDFFF\uE003-\uFFFF][\w\u0080-\uDFFF\uE003-\uFFFF]*)?\$/y;

function finish(
  kind: 'string' | 'quoted',
  text: string,
  at: number,
  end: number | undefined,
  quote = '',
  prefix = 0,
): Quoted {
  const raw = text.slice(at, end ?? text.length);
  const inner = raw.slice(prefix + 1, end === undefined ? undefined : -1);
  const name = kind === 'quoted' ? inner.replaceAll(quote + quote, quote) : '';
  return { token: makeToken(kind, raw, at, name), broken: end === undefined };
}

/**
 * Two literals with a line break between them are one: standard SQL. With a comment between them too, but
 * libpg_query's scanner does not take that; they stay two here and meet again once the comment is dropped.
 */
const CONTINUATION = /[ \t\f\v]*[\n\r][ \t\n\r\f\v]*'/y;

/** The offset behind the closing quote; a doubled quote stays inside. */
function quotedEnd(text: string, open: number, quote: string, escapes: boolean): number | undefined {
  for (let i = open + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (escapes && char === '\\') i++;
    else if (char === quote) {
      if (text.charAt(i + 1) === quote) i++;
      else {
        CONTINUATION.lastIndex = i + 1;
        if (quote !== "'" || !CONTINUATION.test(text)) return i + 1;
        i = CONTINUATION.lastIndex - 1;
      }
    }
  }
  return undefined;
}

/** Whether `[` at `at` continues an operand (`tags[1]`, `ARRAY[…]`, `[[1], [2]]`) instead of naming one. */
function canSubscript(before: readonly Token[], at: number): boolean {
  const last = before.at(-1);
  if (last === undefined) return false;
  if (last.upper === 'ARRAY' || insideBrackets(before)) return true;
  return last.end === at && (last.kind !== 'op' || isOp(last, ')') || isOp(last, ']'));
}

function insideBrackets(before: readonly Token[]): boolean {
  let depth = 0;
  for (const token of before) {
    if (isOp(token, '[')) depth++;
    else if (isOp(token, ']')) depth--;
  }
  return depth > 0;
}
