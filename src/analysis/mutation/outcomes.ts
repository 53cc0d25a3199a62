import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, skipParentheses } from '../code.ts';
import { OWN_NAMES, type PlaceTools, placeOf } from './places.ts';
import { writeTo } from './targets-of-writes.ts';

/** Places that hold `true` or `false` for certain. */
export type Flags = Map<string, boolean>;

/**
 * The fields that a function has set right before a walk, `this.isReady = true; for (…) …`: nobody else has come in between or
 * comes in meanwhile, and the body of the walk does not set them again.
 */
export function flagsBefore(walk: Ts.Node, tools: PlaceTools): Flags {
  const flags: Flags = new Map();
  if (hasPause(walk)) return flags;
  for (const one of statementsBefore(walk).toReversed()) {
    const set = ts.isExpressionStatement(one) ? flagSetBy(one.expression) : undefined;
    if (!set) break;
    const place = isSetIn(walk, set.name) ? undefined : placeOf(set.target, OWN_NAMES, tools);
    if (place !== undefined && !flags.has(place)) flags.set(place, set.value);
  }
  return flags;
}

/** Whether others may come in, in the functions in it as well. */
function hasPause(node: Ts.Node): boolean {
  return isPause(node) || ts.forEachChild(node, hasPause) === true;
}

function isPause(node: Ts.Node): boolean {
  if (ts.isForOfStatement(node)) return node.awaitModifier !== undefined;
  return ts.isAwaitExpression(node) || ts.isYieldExpression(node);
}

/** Those that stand before it in its block. */
function statementsBefore(walk: Ts.Node): readonly Ts.Statement[] {
  const block = ts.findAncestor(walk, ts.isBlock);
  return block?.statements.filter((one) => one.end <= walk.pos) ?? [];
}

interface FlagSet {
  readonly target: Ts.Node;
  readonly name: string;
  readonly value: boolean;
}

/** `this.isReady = true` */
function flagSetBy(expression: Ts.Expression): FlagSet | undefined {
  if (!ts.isBinaryExpression(expression)) return undefined;
  const { left, operatorToken, right } = expression;
  const name = memberName(left)?.text;
  const value = literalOf(right);
  const isPlain = operatorToken.kind === ts.SyntaxKind.EqualsToken;
  return isPlain && name !== undefined && value !== undefined ? { target: left, name, value } : undefined;
}

function literalOf(node: Ts.Node): boolean | undefined {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  return node.kind === ts.SyntaxKind.FalseKeyword ? false : undefined;
}

function isSetIn(node: Ts.Node, name: string): boolean {
  const isSet = memberName(node)?.text === name && writeTo(node) !== undefined;
  return isSet || ts.forEachChild(node, (child) => isSetIn(child, name)) === true;
}

/** What is known of an expression that is no condition of several parts: that it is true, false, or `undefined`. */
export type Known = (expression: Ts.Node) => boolean | 'missing' | undefined;

/** How a condition comes out, where its parts are known. */
export function outcomeOf(condition: Ts.Node, known: Known): boolean | undefined {
  const node = skipParentheses(condition);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    const outcome = outcomeOf(node.operand, known);
    return outcome === undefined ? undefined : !outcome;
  }
  if (!ts.isBinaryExpression(node)) {
    const value = known(node);
    return value === 'missing' ? false : value;
  }
  const { left, operatorToken, right } = node;
  const isMissing = missingWhenEqual(operatorToken.kind, right);
  if (isMissing !== undefined) return known(skipParentheses(left)) === 'missing' ? isMissing : undefined;
  const isBoth = operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken;
  if (!isBoth && operatorToken.kind !== ts.SyntaxKind.BarBarToken) return undefined;
  const outcomes = [outcomeOf(left, known), outcomeOf(right, known)];
  if (outcomes.includes(!isBoth)) return !isBoth;
  return outcomes.includes(undefined) ? undefined : isBoth;
}

/** How a comparison of `undefined` with the right side comes out: `x == null`, `x !== undefined`. */
function missingWhenEqual(operator: Ts.SyntaxKind, right: Ts.Node): boolean | undefined {
  const isUndefined = ts.isIdentifier(right) && right.text === 'undefined';
  const isNull = right.kind === ts.SyntaxKind.NullKeyword;
  if (!isUndefined && !isNull) return undefined;
  if (operator === ts.SyntaxKind.EqualsEqualsToken) return true;
  if (operator === ts.SyntaxKind.ExclamationEqualsToken) return false;
  if (operator === ts.SyntaxKind.EqualsEqualsEqualsToken) return isUndefined;
  return operator === ts.SyntaxKind.ExclamationEqualsEqualsToken ? isNull : undefined;
}
