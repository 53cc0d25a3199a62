import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';

/** Methods that put what they are given into a list, and hand back no promise. */
export const LIST_KEEPING: ReadonlySet<string> = new Set(['add', 'push', 'unshift']);

/** Methods that tell something of a list, or take away from it, and wait for nothing. */
export const LIST_READING: ReadonlySet<string> = new Set(['clear', 'delete', 'has', 'includes', 'indexOf']);

/** Methods that hand back one promise of a list. */
export const LIST_TAKING: ReadonlySet<string> = new Set(['at', 'pop', 'shift']);

/** A list of the code around, and whether a call puts something into it or only looks for it there. */
export interface OwnList {
  readonly name: Ts.Identifier;
  readonly isKept: boolean;
}

/** The list in `list.push(promise)`, where it is a variable that holds one made in place, so that all its uses show. */
export function ownListOf({ expression }: Ts.CallExpression): OwnList | undefined {
  const callee = skipParentheses(expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const method = callee.name.text;
  if (!LIST_KEEPING.has(method) && !LIST_READING.has(method)) return undefined;
  const list = skipParentheses(callee.expression);
  const local = ts.isIdentifier(list) ? resolveLocal(list) : undefined;
  if (!local || !ts.isVariableDeclaration(local) || !ts.isIdentifier(local.name)) return undefined;
  const made = local.initializer && skipParentheses(local.initializer);
  const isMade =
    made !== undefined &&
    (ts.isArrayLiteralExpression(made) || (ts.isNewExpression(made) && isSetOrArray(made)));
  return isMade ? { name: local.name, isKept: LIST_KEEPING.has(method) } : undefined;
}

function isSetOrArray({ expression }: Ts.NewExpression): boolean {
  return ts.isIdentifier(expression) && /^(?:Array|Set)$/.test(expression.text);
}
