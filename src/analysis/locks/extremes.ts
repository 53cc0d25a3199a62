import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { Conditions } from './conditions.ts';
import { idOf } from './keys.ts';
import { frameOf } from './links.ts';
import { placePath } from './paths.ts';
import type { Value } from './values.ts';

/** The smaller and the larger of the same two values, by the values that they are chosen from. */
const pairs = new WeakMap<Ts.Node, Map<string, Ts.Node>>();

/**
 * `Math.min(x, y)` and `Math.max(x, y)`: the ends of a sorted pair, for as long as `x` and `y` keep their values, in
 * the function that has them and in functions in it.
 */
export function extremeOf(node: Ts.CallExpression, conditions: Conditions): Value | undefined {
  const which = extreme(node);
  const [x, y, another] = node.arguments;
  if (which === undefined || !x || !y || another) return undefined;
  const ends = [skipParentheses(x), skipParentheses(y)];
  const declarations = ends.map((end) => (ts.isIdentifier(end) ? resolveLocal(end) : undefined));
  if (!declarations.every((one) => one && lasts(one, conditions))) return undefined;
  const [first, second] = declarations.flatMap((one) => one ?? []).sort((a, b) => idOf(a) - idOf(b));
  if (!first || !second || first === second) return undefined;
  const known = pairs.get(first) ?? new Map<string, Ts.Node>();
  pairs.set(first, known);
  const key = String(idOf(second));
  const pair = known.get(key) ?? node;
  known.set(key, pair);
  return { kind: 'opaque', path: placePath(`e${idOf(pair)}`, 'ascending', which) };
}

function extreme({ expression }: Ts.CallExpression): 0 | 1 | undefined {
  const callee = skipParentheses(expression);
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return undefined;
  if (callee.expression.text !== 'Math' || resolveLocal(callee.expression)) return undefined;
  if (callee.name.text === 'min') return 0;
  return callee.name.text === 'max' ? 1 : undefined;
}

/** Whether a variable has one value for as long as the function runs that has it. */
function lasts(declaration: Ts.Node, conditions: Conditions): boolean {
  const owner = frameOf(declaration);
  for (let at = declaration.parent; at && at !== owner; at = at.parent) {
    if (ts.isIterationStatement(at, false)) return false;
  }
  return conditions.isNeverReassigned(declaration);
}
