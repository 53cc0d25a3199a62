import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { ELEMENT } from './flow.ts';

/** The call that is meant by one of `call`, `apply` or `bind`, and where the text stands in it. */
export interface IndirectCall {
  readonly callee: Ts.Expression;
  readonly args: readonly Ts.Expression[];
  readonly index: number;
  readonly path: readonly string[];
  /** `bind` makes a function that makes the call. */
  readonly isBound: boolean;
}

/** `query.call(db, text)`, `query.apply(db, [text])`, `query.bind(db, text)`, `Reflect.apply(query, db, [text])`: the call that is meant. */
export function indirectCall(
  call: Ts.CallExpression | Ts.NewExpression,
  index: number,
  path: readonly string[],
): IndirectCall | undefined {
  const access = skipParentheses(call.expression);
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(access)) return undefined;
  const isReflect = access.expression.getText() === 'Reflect';
  const callee = isReflect ? call.arguments[0] : access.expression;
  if (!callee) return undefined;
  const method = access.name.text;
  const isBound = method === 'bind';
  if ((method === 'call' || isBound) && !isReflect)
    return { callee, args: call.arguments.slice(1), index: index - 1, path, isBound };
  const isList = method === 'apply' && index === (isReflect ? 2 : 1) && path[0] === ELEMENT;
  return isList ? { callee, args: [], index: 0, path: path.slice(1), isBound } : undefined;
}

/** Properties under which objects carry their SQL text. */
const TEXT_PROPERTIES: ReadonlySet<string> = new Set([
  'text',
  'sql',
  'query',
  'statement',
  'queryText',
  'sqlText',
]);

/** Whether a call reads its SQL text there: the first text among the arguments, `{ text }`, or one of a batch. */
export function isTextOf(args: readonly Ts.Expression[], index: number, path: readonly string[]): boolean {
  const [head] = args;
  if (index > 0 && head && isTextual(skipParentheses(head))) return false;
  const [first, ...rest] = path;
  if (first === undefined) return true;
  if (first === ELEMENT) return index === 0 && (rest.length === 0 || isTextProperty(rest));
  return isTextProperty(path);
}

function isTextProperty([name, ...rest]: readonly string[]): boolean {
  return name !== undefined && rest.length === 0 && TEXT_PROPERTIES.has(name);
}

function isTextual(node: Ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isTaggedTemplateExpression(node);
}
