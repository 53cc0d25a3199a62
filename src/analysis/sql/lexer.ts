import { skipBlank } from './lexer-blank.ts';
import { readParameter } from './lexer-placeholders.ts';
import { readDollarQuote, readQuote } from './lexer-quotes.ts';
import type { LexicalRules } from './lexical-rules.ts';
import { hasMark } from './marks.ts';
import { foldName, makeToken, type Token } from './token.ts';

export interface Lexed {
  readonly tokens: readonly Token[];
  /** A string, quoted name or comment never ends: these rules do not fit this text. */
  readonly broken: boolean;
}

/** Cuts marked text into tokens; white space and comments are the gaps between them. */
export function lex(text: string, rules: LexicalRules): Lexed {
  const tokens: Token[] = [];
  let broken = false;
  let at = 0;
  for (;;) {
    const blank = skipBlank(text, at, rules);
    broken ||= blank.broken;
    at = blank.end;
    if (at >= text.length) return { tokens, broken };
    const quote = readQuote(text, at, rules, tokens) ?? readDollarQuote(text, at);
    if (quote) {
      broken ||= quote.broken;
      tokens.push(quote.token);
    } else {
      const parameter = readParameter(text, at, rules, tokens);
      if (parameter) tokens.push(parameter);
      else tokens.push(...(readWord(text, at) ?? readNumber(text, at) ?? readOperator(text, at)));
    }
    at = tokens.at(-1)?.end ?? text.length;
  }
}

const WORD = /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y;
const NUMBER = /\.?\d[\w.\u0080-\uFFFF]*/y;

function readWord(text: string, at: number): Token[] | undefined {
  WORD.lastIndex = at;
  const run = WORD.exec(text)?.[0];
  if (run === undefined) return undefined;
  if (!hasMark(run)) return [makeToken('word', run, at, foldName(run))];
  return splitMarked(run, at);
}

/** Keywords that people write hard against an interpolation: `VALUES${rows}`, `${where}RETURNING id`. */
const GLUED = '(?:values|where|select|from|into|returning|limit|union|order)';
const GLUED_RUN = new RegExp(`^(${GLUED}(?=[\uE000\uE001]))?(.*?)((?<=[\uE000\uE001])${GLUED})?$`, 'is');

function splitMarked(run: string, at: number): Token[] {
  const [, head = '', middle = '', tail = ''] = GLUED_RUN.exec(run) ?? [];
  const tokens: Token[] = [];
  if (head) tokens.push(makeToken('word', head, at, foldName(head)));
  const start = at + head.length;
  // Nothing but holes: each may be a clause of its own. With letters around it, the run is one name.
  if (/^[\uE000\uE001]+$/.test(middle)) {
    for (let i = 0; i < middle.length; i++) tokens.push(makeToken('hole', middle.charAt(i), start + i));
  } else {
    tokens.push(makeToken('word', middle, start, foldName(middle)));
  }
  if (tail) tokens.push(makeToken('word', tail, start + middle.length, foldName(tail)));
  return tokens;
}

function readNumber(text: string, at: number): Token[] | undefined {
  NUMBER.lastIndex = at;
  const run = NUMBER.exec(text)?.[0];
  if (run === undefined) return undefined;
  return [makeToken(hasMark(run) ? 'hole' : 'number', run, at)];
}

/** One character each: the gaps are kept, so the parser sees the same operators again. */
function readOperator(text: string, at: number): Token[] {
  // Knex and JDBC-like layers write the PostgreSQL operator `?` as `\?`.
  const length = text.startsWith('\\?', at) ? 2 : 1;
  return [makeToken('op', text.slice(at, at + length), at)];
}
