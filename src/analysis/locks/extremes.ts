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
 * `Math.min(x, y)` and `Math.max(x, y)`: the ends of a sorted pair, for as long as what they are chosen from keeps its
 * value, in the function that has it and in functions in it.
 */
export function extremeOf(node: Ts.CallExpression, conditions: Conditions): Value | undefined {
  const which = extreme(node);
  const [x, y, another] = node.arguments;
  if (which === undefined || !x || !y || another) return undefined;
  const [ofX, ofY] = [variablesIn(x), variablesIn(y)];
  if (!ofX || !ofY) return undefined;
  const variables = [...ofX, ...ofY].sort((a, b) => idOf(a) - idOf(b));
  if (!variables.every((variable) => lasts(variable, conditions))) return undefined;
  const [first] = variables;
  const [one, other] = [x, y].map((end) => spellingOf(end)).sort();
  if (!first || one === other) return undefined;
  const known = pairs.get(first) ?? new Map<string, Ts.Node>();
  pairs.set(first, known);
  const key = `${one} ${other}`;
  const pair = known.get(key) ?? node;
  known.set(key, pair);
  return { kind: 'opaque', path: placePath(`e${idOf(pair)}`, 'ascending', which) };
}

/** The variables that a value is worked out of; undefined if it may be another one each time. */
function variablesIn(node: Ts.Node): readonly Ts.Node[] | undefined {
  const bare = skipParentheses(node);
  if (ts.isIdentifier(bare)) {
    const local = resolveLocal(bare);
    return local && [local];
  }
  if (ts.isNumericLiteral(bare) || bare.kind === ts.SyntaxKind.ThisKeyword) return [];
  if (ts.isPropertyAccessExpression(bare)) return variablesIn(bare.expression);
  const isWorkedOut = ts.isBinaryExpression(bare) && bare.operatorToken.kind < ts.SyntaxKind.FirstAssignment;
  // A function is taken to give the same for the same arguments, unless it has none.
  const isAsked = ts.isCallExpression(bare) && bare.arguments.length > 0;
  if (!isWorkedOut && !isAsked) return undefined;
  const found: Ts.Node[] = [];
  for (const part of isAsked ? bare.arguments : isWorkedOut ? [bare.left, bare.right] : []) {
    const inner = variablesIn(part);
    if (!inner) return undefined;
    found.push(...inner);
  }
  return found;
}

/** A value as it is written, with the variables that are meant. */
function spellingOf(node: Ts.Node): string {
  const bare = skipParentheses(node);
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  if (local) return `v${idOf(local)}`;
  if (ts.isPropertyAccessExpression(bare)) return `${spellingOf(bare.expression)}.${bare.name.text}`;
  const parts: string[] = [];
  ts.forEachChild(bare, (part) => {
    parts.push(spellingOf(part));
  });
  return parts.length > 0 ? `(${parts.join(' ')})` : bare.getText();
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
