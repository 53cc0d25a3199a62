import { functionAround } from '../../src/analysis/locks/sections.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { InsertInLoopOptions } from './rule.ts';

const repeatBlindly: Operator<InsertInLoopOptions> = {
  id: 'repeat-blindly',
  summary: 'inserts once per item, and drops what makes a second insert harmless',
  mutants: ({ program, sites }) =>
    sites.flatMap((site) => {
      const call = callAt(program.tree(site.file)?.nodeAt(site.start, site.end));
      return call && !isExcused(call) ? repeated(call, site) : [];
    }),
};

function callAt(node: Ts.Node | undefined): Ts.CallExpression | undefined {
  for (let at = node; at; at = at.parent) if (ts.isCallExpression(at)) return at;
  return undefined;
}

const IDEMPOTENT = 'idempotent-by-design';

/** Somebody has said why a second insert does no harm. */
function isExcused(call: Ts.Node): boolean {
  return (functionAround(call)?.getFullText() ?? '').includes(IDEMPOTENT);
}

/** What a statement says of rows that are there already; what it returns stays. */
const CLAUSE = /\s*\bON\s+CONFLICT\b[\s\S]*?(?=\bRETURNING\b|$)/i;

/** The call in a loop of its own, with its text where it stands in the call. */
function repeated(call: Ts.CallExpression, { file }: Span): readonly Mutant[] {
  const text = insertText(call);
  const whole = ts.isAwaitExpression(call.parent) ? call.parent : call;
  if (!text || (ts.isTemplateExpression(text) && CLAUSE.test(text.getText()))) return [];
  const [start, end] = [text.getStart() + 1, text.end - 1];
  const before = call.getSourceFile().text.slice(start, end);
  const after = before.replace(CLAUSE, ' ');
  // What needs no clause is harmless by itself: there is nothing to break.
  if (/\bNOT\s+EXISTS\b|\bOR\s+IGNORE\b|\bINSERT\s+IGNORE\b|\bDUPLICATE\s+KEY\b/i.test(before)) return [];
  const isAwaited = whole !== call;
  const [head, tail] = isAwaited
    ? ['(await Promise.all([1, 2].map(async () => ', ')))[0]']
    : ['[1, 2].map(() => ', ')[0]'];
  return [
    {
      edits: [
        { file, start: whole.getStart(), end: whole.getStart(), text: head },
        ...(after === before ? [] : [{ file, start, end, text: after }]),
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

export const operators: readonly Operator<InsertInLoopOptions>[] = [repeatBlindly];
