import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { idOf } from './keys.ts';
import type { Orders, Path, Value } from './values.ts';

/** The path of the object that an expression stands for. */
export type PathOfObject = (node: Ts.Node) => Path | undefined;

/** Two objects that a condition compares, the smaller one first if it holds. */
export function orderOf(condition: Ts.Expression, pathOf: PathOfObject): readonly [Path, Path] | undefined {
  const sides = comparedIn(condition);
  if (!sides) return undefined;
  const [a, b] = [pathOf(holder(sides.left)), pathOf(holder(sides.right))];
  if (a === undefined || b === undefined || a === b) return undefined;
  return DESCENDING.has(sides.operator) ? [b, a] : [a, b];
}

/** What the comparison of two known texts comes to, which a caller has handed in. */
export function comparisonOfTexts(
  condition: Ts.Expression,
  evaluate: (node: Ts.Node) => Value | undefined,
): boolean | undefined {
  const sides = comparedIn(condition);
  const [left, right] = sides ? [evaluate(sides.left), evaluate(sides.right)] : [];
  if (!sides || left?.kind !== 'constant' || right?.kind !== 'constant') return undefined;
  const [a, b] = [left.value, right.value];
  if (typeof a !== 'string' || typeof b !== 'string') return undefined;
  const order = sides.isLocal ? a.localeCompare(b) : a < b ? -1 : a > b ? 1 : 0;
  if (order === 0) return INCLUSIVE.has(sides.operator);
  return DESCENDING.has(sides.operator) === order > 0;
}

interface Compared {
  readonly left: Ts.Expression;
  readonly right: Ts.Expression;
  readonly operator: Ts.SyntaxKind;
  /** By `localeCompare`. */
  readonly isLocal: boolean;
}

function comparedIn(condition: Ts.Expression): Compared | undefined {
  const bare = skipParentheses(condition);
  if (!ts.isBinaryExpression(bare) || !COMPARISONS.has(bare.operatorToken.kind)) return undefined;
  let { left, right } = bare;
  const compared = skipParentheses(left);
  if (ts.isCallExpression(compared) && ts.isPropertyAccessExpression(compared.expression)) {
    if (compared.expression.name.text !== 'localeCompare') return undefined;
    left = compared.expression.expression;
    right = compared.arguments[0] ?? right;
  }
  return { left, right, operator: bare.operatorToken.kind, isLocal: left !== bare.left };
}

function holder(node: Ts.Node): Ts.Node {
  const bare = skipParentheses(node);
  return ts.isPropertyAccessExpression(bare) ? bare.expression : bare;
}

/**
 * What `a === b` comes to where both are objects that are known by name: one and the same, or two that a comparison
 * has put in order. As with that comparison, two names are not thought to stand for one object.
 */
export function isOneObject(
  condition: Ts.Expression,
  pathOf: PathOfObject,
  ordered: Orders,
): boolean | undefined {
  const bare = skipParentheses(condition);
  if (!ts.isBinaryExpression(bare)) return undefined;
  const { kind } = bare.operatorToken;
  const isEqual = kind === ts.SyntaxKind.EqualsEqualsEqualsToken;
  if (!isEqual && kind !== ts.SyntaxKind.ExclamationEqualsEqualsToken) return undefined;
  const [a, b] = [pathOf(bare.left), pathOf(bare.right)];
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return isLasting(a, bare) ? isEqual : undefined;
  return ordered.some((pair) => pair.includes(a) && pair.includes(b)) ? !isEqual : undefined;
}

/** Whether a path stands for one object as long as the function runs: a parameter's argument, a constant's value. */
function isLasting(path: Path, { left, right }: Ts.BinaryExpression): boolean {
  if (/^\^*(?:this|p\d+)$/.test(path)) return true;
  return [left, right].some((side) => {
    const bare = skipParentheses(side);
    const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
    return local !== undefined && path === `v${idOf(local)}` && isConstant(local);
  });
}

function isConstant(node: Ts.Node): boolean {
  return (
    ts.isVariableDeclaration(node) &&
    (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Const) === ts.NodeFlags.Const
  );
}

const COMPARISONS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);

const DESCENDING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);

const INCLUSIVE: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);
