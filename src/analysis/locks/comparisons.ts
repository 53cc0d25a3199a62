import { type Ts, ts } from '../../syntax/ts.ts';
import { nullishnessOf, type Value } from './values.ts';

/** What a comparison for equality comes to: of two constants, or of an object with `undefined` or `null`. */
export function comparisonOf(
  { operatorToken: { kind } }: Ts.BinaryExpression,
  left: Value | undefined,
  right: Value | undefined,
): Value | undefined {
  const isEqual = areEqual(left, right, LOOSE.has(kind)) ?? isNothing(left, right) ?? isNothing(right, left);
  return isEqual === undefined ? undefined : { kind: 'constant', value: isEqual !== NEGATED.has(kind) };
}

function areEqual(left: Value | undefined, right: Value | undefined, loosely: boolean): boolean | undefined {
  if (left?.kind !== 'constant' || right?.kind !== 'constant') return undefined;
  // biome-ignore lint/suspicious/noDoubleEquals: it is what the program says
  return loosely ? left.value == right.value : left.value === right.value;
}

/** What is there equals neither `undefined` nor `null`. */
function isNothing(value: Value | undefined, nothing: Value | undefined): false | undefined {
  const isCompared = nothing?.kind === 'constant' && nullishnessOf(nothing) === true;
  return isCompared && nullishnessOf(value) === false ? false : undefined;
}

const LOOSE: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);

const NEGATED: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);
