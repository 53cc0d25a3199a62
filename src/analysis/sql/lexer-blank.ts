import type { LexicalRules } from './lexical-rules.ts';

/** Skips white space and comments from `at`; `broken` when a comment never ends. */
export function skipBlank(text: string, at: number, rules: LexicalRules): { end: number; broken: boolean } {
  let end = at;
  while (end < text.length) {
    if (isSpace(text.charAt(end))) {
      end++;
    } else if (startsLineComment(text, end, rules)) {
      const newline = text.indexOf('\n', end);
      end = newline < 0 ? text.length : newline + 1;
    } else if (text.startsWith('/*', end)) {
      const close = blockCommentEnd(text, end, rules);
      if (close === undefined) return { end: text.length, broken: true };
      end = close;
    } else {
      break;
    }
  }
  return { end, broken: false };
}

function isSpace(char: string): boolean {
  return char === ' ' || (char >= '\t' && char <= '\r') || char === '\uFEFF';
}

function startsLineComment(text: string, at: number, rules: LexicalRules): boolean {
  if (text.startsWith('--', at)) {
    const next = text.charAt(at + 2);
    return !rules.mysqlComments || next === '' || isSpace(next);
  }
  return rules.mysqlComments && text.charAt(at) === '#';
}

function blockCommentEnd(text: string, at: number, rules: LexicalRules): number | undefined {
  let depth = 1;
  for (let i = at + 2; i < text.length; i++) {
    if (text.startsWith('*/', i)) {
      i++;
      if (--depth === 0) return i + 1;
    } else if (rules.nestedComments && text.startsWith('/*', i)) {
      i++;
      depth++;
    }
  }
  return undefined;
}
