import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { looksLikeSql } from '../sql/index.ts';
import { INSERT_WORDS } from './words.ts';

/** The string literals and templates of the program that may hold an INSERT, or the beginning of one. */
export function insertLiterals(program: Program): readonly Ts.Expression[] {
  return program.filesWith(INSERT_WORDS, true).flatMap((file) => {
    const text = program.text(file);
    // Prose about inserting is common, and parsing a file is not for nothing.
    if (text === undefined || !IN_QUOTES.test(text)) return [];
    const source = program.tree(file)?.source;
    return source ? literalsIn(source) : [];
  });
}

/** The tables of which no text of the program speaks, wherever it takes their names from. */
export function unmentionedTables(program: Program, tables: readonly string[]): readonly string[] {
  const missing = new Map(tables.map((table) => [table, wordOf(bareName(table))]));
  if (missing.size === 0) return [];
  // The files are searched for all of the names at once.
  for (const file of program.filesWith(tables.map(bareName), true)) {
    if (missing.size === 0) break;
    const text = program.text(file) ?? '';
    for (const [table, word] of missing) {
      if (!word.test(text)) continue;
      const source = program.tree(file)?.source;
      if (source && holdsText(source, word)) missing.delete(table);
    }
  }
  return [...missing.keys()];
}

function bareName(table: string): string {
  return table.replace(/^.*\.(?=[^*])|\.\*$/g, '').replace(/^"|"$/g, '');
}

function wordOf(name: string): RegExp {
  return new RegExp(`(?<![\\w$])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i');
}

function holdsText(node: Ts.Node, word: RegExp): boolean {
  const isText =
    ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
  if (isText && word.test(node.text)) return true;
  return ts.forEachChild(node, (child) => holdsText(child, word)) ?? false;
}

function literalsIn(source: Ts.SourceFile): readonly Ts.Expression[] {
  const found: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if ((ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) && mayInsert(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function mayInsert(node: Ts.StringLiteralLike | Ts.TemplateExpression): boolean {
  const text = ts.isTemplateExpression(node) ? literalText(node) : node.text;
  if (VERB_IS_HOLE.test(text)) return true;
  if (!BEGINS_INSERT.test(text)) return false;
  if (looksLikeSql(text)) return true;
  // Only a piece of a statement: the rest is put to it.
  const { parent } = node;
  return (
    ts.isTemplateExpression(node) || ts.isBinaryExpression(parent) || ts.isArrayLiteralExpression(parent)
  );
}

/** The literal pieces of a template, each hole a word. */
function literalText({ head, templateSpans }: Ts.TemplateExpression): string {
  return head.text + templateSpans.map(({ literal }) => ` x ${literal.text}`).join('');
}

/** INSERT where a statement can begin: first, behind punctuation or a line break, or behind a word that takes one. */
const BEGINS_INSERT =
  /(?:^|[;:()/*\n\r]|\b(?:as|begin|explain|analyze|verbose|then|do|else|atomic|loop|x))\s*\binsert(?:\s|$|\/\*|--)/i;

/** What the statement does is filled in, and it may be an INSERT: `${verb} INTO workspaces (name)`. */
const VERB_IS_HOLE = /^\s*x\s+into\s+[\w."`]+\s*(?:\(|values\b|select\b|set\b)/i;

/** The same, as source text has it: in a literal, or behind a line break or an escape in one. */
const IN_QUOTES =
  /(?:['"`;:()/*\n\r}]|\\[nrt]|\b(?:as|begin|explain|analyze|verbose|then|do|else|atomic|loop))[ \t]*\binsert(?:\s|\\|['"`]|\/\*|--|\$\{)|`\s*\$\{[^}`]*\}\s+into\s/i;
