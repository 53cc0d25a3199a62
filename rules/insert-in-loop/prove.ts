import { functionAround } from '../../src/analysis/locks/sections.ts';
import type { Edit, Mutant, Operator } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { InsertInLoopOptions } from './rule.ts';

const repeatBlindly: Operator<InsertInLoopOptions> = {
  id: 'repeat-blindly',
  summary: 'inserts once per item, and drops what makes a second insert harmless',
  mutants: ({ program, sites }) =>
    sites.flatMap((site) => {
      const call = callAt(program.tree(site.file)?.nodeAt(site.start, site.end));
      return call && !isExcused(call) ? repeated(call) : [];
    }),
};

/** The call that ends the chain that a site is part of: the one that sends the statement. */
function callAt(node: Ts.Node | undefined): Ts.CallExpression | undefined {
  let call = node && ts.findAncestor(node, ts.isCallExpression);
  while (call && ts.isPropertyAccessExpression(call.parent) && ts.isCallExpression(call.parent.parent)) {
    const next: Ts.CallExpression = call.parent.parent;
    if (next.expression !== call.parent || AFTER.has(call.parent.name.text)) break;
    call = next;
  }
  return call;
}

/** What is done with the promise of a statement, and is not part of it. */
const AFTER: ReadonlySet<string> = new Set(['then', 'catch', 'finally']);

const IDEMPOTENT = 'idempotent-by-design';

/** Somebody has said why a second insert does no harm. */
function isExcused(call: Ts.Node): boolean {
  return (functionAround(call)?.getFullText() ?? '').includes(IDEMPOTENT);
}

/** The call in a loop of its own, without what makes a second one harmless. */
function repeated(call: Ts.CallExpression): readonly Mutant[] {
  const drops = insertText(call) ? withoutClause(call) : withoutMethods(call);
  if (!drops) return [];
  const file = call.getSourceFile().fileName;
  const isAwaited = ts.isAwaitExpression(call.parent);
  const whole = isAwaited ? call.parent : call;
  const [head, tail] = isAwaited
    ? ['(await Promise.all([1, 2].map(async () => ', ')))[0]']
    : ['[1, 2].map(() => ', ')[0]'];
  return [
    {
      edits: [
        { file, start: whole.getStart(), end: whole.getStart(), text: head },
        ...drops,
        { file, start: whole.end, end: whole.end, text: tail },
      ],
      expect: [{ file, start: call.getStart(), end: call.end }],
    },
  ];
}

function insertText(call: Ts.CallExpression): Ts.StringLiteralLike | Ts.TemplateExpression | undefined {
  const [first] = call.arguments;
  if (!first || !(ts.isStringLiteralLike(first) || ts.isTemplateExpression(first))) return undefined;
  return /\binsert\b/i.test(first.getText()) ? first : undefined;
}

/** What a statement says of rows that are there already; what it returns stays. */
const CLAUSE = /\s*\bON\s+CONFLICT\b[\s\S]*?(?=\bRETURNING\b|$)/i;

/** What needs no clause is harmless by itself: there is nothing to break. */
const HARMLESS = /\bNOT\s+EXISTS\b|\bOR\s+IGNORE\b|\bINSERT\s+IGNORE\b|\bDUPLICATE\s+KEY\b/i;

function withoutClause(call: Ts.CallExpression): readonly Edit[] | undefined {
  const text = insertText(call);
  if (!text) return undefined;
  const [start, end] = [text.getStart() + 1, text.end - 1];
  const sql = call.getSourceFile().text.slice(start, end);
  const clause = CLAUSE.exec(sql);
  // A clause that is filled in may say anything.
  if (HARMLESS.test(sql) || clause?.[0].includes('${')) return undefined;
  if (!clause) return [];
  const from = start + clause.index;
  return [{ file: call.getSourceFile().fileName, start: from, end: from + clause[0].length, text: ' ' }];
}

/** The methods by which query builders say it. */
const METHODS = /^(?:onConflict\w*|onDuplicateKey\w*|ignore|merge|orIgnore|orUpdate|skipDuplicates)$/;

/** A chain of a query builder that begins an insert, without the methods that make a second one harmless. */
function withoutMethods(call: Ts.CallExpression): readonly Edit[] | undefined {
  const edits: Edit[] = [];
  const names: string[] = [];
  const file = call.getSourceFile().fileName;
  for (let at: Ts.Node = call; ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression); ) {
    const { expression: before, name } = at.expression;
    names.push(name.text);
    if (METHODS.test(name.text)) edits.push({ file, start: before.end, end: at.end, text: '' });
    at = before;
  }
  return names.some((name) => /^insert/i.test(name)) ? edits : undefined;
}

export const operators: readonly Operator<InsertInLoopOptions>[] = [repeatBlindly];
