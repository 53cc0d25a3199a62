import type { LexicalRules } from './lexical-rules.ts';
import { isOp, makeToken, type Token } from './token.ts';

/**
 * A parameter at `at`: `$1` and `$${i}` in every dialect, and the placeholders of drivers and query
 * libraries where the rules allow them. The latter are holes: `?` alone may stand for a value or for all
 * rows of an INSERT (mysql2), `??` and `%I` for a table name.
 */
export function readParameter(
  text: string,
  at: number,
  rules: LexicalRules,
  before: readonly Token[],
): Token | undefined {
  const placeholder = rules.placeholders ? readPlaceholder(text, at, before.at(-1)) : undefined;
  if (placeholder) return placeholder;
  const numbered = matchAt(NUMBERED, text, at);
  return numbered === undefined ? undefined : makeToken('param', numbered, at);
}

const NUMBERED = /\$(?:\d+|[\uE000\uE001][\d\uE000\uE001]*)/y;

const PLACEHOLDER = new RegExp(
  [
    // `?`, `?1`, `??`; but `?|` and `?&` are operators unless they begin `?||` and `?&&`.
    '\\?\\?(?![|&])',
    '\\?(?:\\d+|(?![|&](?![|&])))',
    // `:name`, `:1`, TypeORM's `:...names`, `:${name}`.
    ':(?:\\.{3})?[A-Za-z_]\\w*',
    ':\\d+\\b',
    ':[\uE000\uE001]+\\w*',
    // `@name`, MySQL's `@@variable`.
    '@@?[A-Za-z_\uE000\uE001][\\w.\uE000\uE001]*',
    // `%s`, `%L`, `%1$I` of pg-format, `%(name)s`.
    '%(?:\\d+\\$)?[sILd](?!\\w)',
    '%\\(\\w+\\)s',
    // pg-promise: `$1:name`, `${name}`, `$(name:csv)`, `$<name>`, `$[name]`, `$/name/`.
    '\\$\\d+:(?:name|alias|raw|csv|list|json|value|quote|open)\\b',
    '\\$(?:\\{[\\w.]+[^{}]*\\}|\\([\\w.]+[^()]*\\)|<[\\w.]+[^<>]*>|\\[[\\w.]+[^\\[\\]]*\\]|/[\\w.]+[^/]*/)',
    '\\$[A-Za-z_]\\w*',
  ].join('|'),
  'y',
);

function readPlaceholder(text: string, at: number, last: Token | undefined): Token | undefined {
  const char = text.charAt(at);
  const glued = last?.end === at;
  // The second half of `<@`, `@@` and `::`.
  if (glued && char === '@' && (isOp(last, '<') || isOp(last, '@'))) return undefined;
  if (glued && char === ':' && isOp(last, ':')) return undefined;
  const found = matchAt(PLACEHOLDER, text, at);
  return found === undefined ? undefined : makeToken('hole', found, at);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
