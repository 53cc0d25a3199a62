import type { Span } from '../../engine/finding.ts';
import type { ReportStep } from '../../engine/rule.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName } from '../code.ts';
import type { Repetition, RepetitionCause } from './repetition.ts';

/** Longer calls are reported by what is called alone. */
const SHORT = 60;

/** Where a call is reported: all of it when it is short, else what it calls. */
export function callSpan(code: Code, call: Ts.Node): Span {
  const whole = code.span(call);
  const isShort = whole.end - whole.start <= SHORT && !call.getText().includes('\n');
  const callee = calleeOf(call);
  return isShort || !callee ? whole : { ...whole, end: callee.end };
}

/** The name by which a call calls. */
export function calleeName(call: Ts.Node): string {
  const callee = calleeOf(call);
  const name = callee && rightmostName(callee);
  return (name && nameText(name)) ?? 'a function';
}

/** A loop, as messages speak of it. */
export function describeLoop(code: Code, loop: RepetitionCause): string {
  if (loop.kind === 'recursion') return `the recursion of ${loop.name}`;
  const { file } = code.span(loop.node);
  const start = placeOf(loop).start;
  const line = loop.node.getSourceFile().getLineAndCharacterOfPosition(start).line + 1;
  const what = loop.kind === 'statement' ? 'loop' : calleeName(loop.node);
  return `the ${what} at ${code.program.relative(file)}:${line}`;
}

/** The loop first, then each call on the way, then whatever may run the insert. */
export function traceOf(
  code: Code,
  { loop, calls }: Repetition,
  inserts: readonly { readonly call: Ts.Node; readonly message: string }[],
): readonly ReportStep[] {
  const { start, end } = placeOf(loop);
  return [
    { at: { file: code.fileOf(loop.node), start, end }, message: loopMessage(loop) },
    ...calls.map((call) => ({ at: callSpan(code, call), message: `calls ${calleeName(call)}` })),
    ...inserts.map(({ call, message }) => ({ at: callSpan(code, call), message })),
  ];
}

function loopMessage(loop: RepetitionCause): string {
  if (loop.kind === 'recursion') return `${loop.name} leads back to itself`;
  return loop.kind === 'statement' ? 'the loop' : `${calleeName(loop.node)} calls back once per element`;
}

/** What of a loop the reader is shown: the head of a statement, the callee of a call. */
function placeOf({ node, kind }: RepetitionCause): { readonly start: number; readonly end: number } {
  const start = node.getStart();
  if (kind === 'statement')
    return { start, end: ts.isDoStatement(node) ? start + 'do'.length : node.statement.pos };
  const callee = calleeOf(node);
  const name = callee && rightmostName(callee);
  return name && kind === 'iteration'
    ? { start: name.getStart(), end: name.end }
    : { start, end: callee?.end ?? node.end };
}

function calleeOf(call: Ts.Node): Ts.Node | undefined {
  if (ts.isCallExpression(call) || ts.isNewExpression(call)) return call.expression;
  return ts.isTaggedTemplateExpression(call) ? call.tag : undefined;
}
