import { type Ts, ts } from '../../syntax/ts.ts';
import type { Value } from './values.ts';

/** The value of a literal. */
export function constantOf(node: Ts.Node): Value | undefined {
  if (ts.isStringLiteralLike(node)) return { kind: 'constant', value: node.text };
  if (ts.isNumericLiteral(node)) return { kind: 'constant', value: Number(node.text) };
  if (ts.isBigIntLiteral(node)) return { kind: 'constant', value: ofBigInt(node.text) };
  if (node.kind === ts.SyntaxKind.TrueKeyword) return { kind: 'constant', value: true };
  if (node.kind === ts.SyntaxKind.FalseKeyword) return { kind: 'constant', value: false };
  if (node.kind === ts.SyntaxKind.NullKeyword) return { kind: 'constant', value: null };
  return undefined;
}

/** A big number as a number, or as its digits where that would not be exact. */
function ofBigInt(text: string): number | string {
  const digits = BigInt(text.slice(0, -1)).toString();
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : digits;
}

/** The value of an enum's member, where its declaration shows it. */
export function enumConstant(node: Ts.EnumMember): Value | undefined {
  if (node.initializer) return constantOf(node.initializer);
  const index = node.parent.members.indexOf(node);
  const isPlain = node.parent.members.slice(0, index).every(({ initializer }) => !initializer);
  return isPlain ? { kind: 'constant', value: index } : undefined;
}
