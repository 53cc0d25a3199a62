import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, skipParentheses } from '../code.ts';
import { type Naming, OWN_NAMES, type PlaceTools, placeOf } from './places.ts';
import { writeTo } from './targets-of-writes.ts';

/** Places that hold `true` or `false` for certain. */
export type Flags = ReadonlyMap<string, boolean>;

/**
 * The fields that a function has set right before a walk, `this.isReady = true; for (…) …`: nobody else has come in between, and
 * the body of the walk does not set them again.
 */
export function flagsBefore(walk: Ts.Node, tools: PlaceTools): Flags {
  const flags = new Map<string, boolean>();
  for (const one of statementsBefore(walk).toReversed()) {
    const set = ts.isExpressionStatement(one) ? flagSetBy(one.expression) : undefined;
    if (!set) break;
    const place = isSetIn(walk, set.name) ? undefined : placeOf(set.target, OWN_NAMES, tools);
    if (place !== undefined && !flags.has(place)) flags.set(place, set.value);
  }
  return flags;
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
  if (memberName(node)?.text === name && writeTo(node)) return true;
  return ts.forEachChild(node, (child) => isSetIn(child, name) || undefined) ?? false;
}

/** How a condition comes out, where the flags tell. */
export function outcomeOf(
  condition: Ts.Node,
  flags: Flags,
  naming: Naming,
  tools: PlaceTools,
): boolean | undefined {
  if (flags.size === 0) return undefined;
  const of = (part: Ts.Node): boolean | undefined => outcomeOf(part, flags, naming, tools);
  const node = skipParentheses(condition);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    const outcome = of(node.operand);
    return outcome === undefined ? undefined : !outcome;
  }
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isBoth = kind === ts.SyntaxKind.AmpersandAmpersandToken;
    if (!isBoth && kind !== ts.SyntaxKind.BarBarToken) return undefined;
    const outcomes = [of(node.left), of(node.right)];
    if (outcomes.includes(!isBoth)) return !isBoth;
    return outcomes.includes(undefined) ? undefined : isBoth;
  }
  const place = placeOf(node, naming, tools);
  return place === undefined ? undefined : flags.get(place);
}
