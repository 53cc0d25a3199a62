import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { type Frames, idOf } from './frames.ts';
import { keyOf, NO, type Texts, truthOf, VALUE, YES } from './parts.ts';

/** Folds an expression, given how the functions around it were entered. */
export type FoldIn = (expression: Ts.Node, frames: Frames) => Texts;

/** Tells which way conditions go that are made of flags: literals, what callers hand in, options. No calls. */
export class FlagFold {
  readonly #fold: FoldIn;
  /** By the condition and the frames that it is looked at in. */
  readonly #decided = new Map<string, boolean | undefined>();
  #depth = 0;

  constructor(fold: FoldIn) {
    this.#fold = fold;
  }

  /** Whether what is being folded is a condition. */
  get isDeciding(): boolean {
    return this.#depth > 0;
  }

  /** Which way a condition goes; undefined where that is not known. */
  decide(condition: Ts.Expression, frames: Frames): boolean | undefined {
    if (!mayBeFlag(condition)) return undefined;
    const key = `${idOf(condition)}|${frames.key}`;
    if (this.#decided.has(key)) return this.#decided.get(key);
    this.#depth += 1;
    const decided = truthOf(this.#fold(condition, frames));
    this.#depth -= 1;
    this.#decided.set(key, decided);
    return decided;
  }

  /** What `!flag` comes to. */
  negation({ operand }: Ts.PrefixUnaryExpression, frames: Frames): Texts {
    const decided = this.decide(operand, frames);
    return decided === undefined ? [[VALUE]] : flagOf(!decided);
  }

  /** What `mode === 'ignore'` comes to. */
  equality({ left, right, operatorToken: { kind } }: Ts.BinaryExpression, frames: Frames): Texts {
    if (!mayBeFlag(left) || !mayBeFlag(right)) return [[VALUE]];
    const [a, b] = [this.#fixed(left, frames), this.#fixed(right, frames)];
    if (a === undefined || b === undefined) return [[VALUE]];
    return flagOf((a === b) === EQUAL.has(kind));
  }

  /** The one value that an expression has, as something to compare. */
  #fixed(expression: Ts.Expression, frames: Frames): string | undefined {
    const [only, another] = this.#fold(expression, frames);
    if (!only || another) return undefined;
    const isFixed = only.every((part) => part === YES || part === NO || typeof part === 'string');
    return isFixed ? keyOf(only) : undefined;
  }
}

/** Whether an expression is a comparison of two values. */
export function isComparison({ operatorToken: { kind } }: Ts.BinaryExpression): boolean {
  return EQUAL.has(kind) || UNEQUAL.has(kind);
}

/** Whether an expression is `!value`. */
export function isNegation(node: Ts.Node): node is Ts.PrefixUnaryExpression {
  return ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken;
}

function flagOf(isSo: boolean): Texts {
  return [[isSo ? YES : NO]];
}

/** Whether a condition is made of names, literals and what puts them together. */
function mayBeFlag(condition: Ts.Node): boolean {
  const node = skipParentheses(condition);
  if (isNegation(node)) return mayBeFlag(node.operand);
  if (ts.isPropertyAccessExpression(node)) return mayBeFlag(node.expression);
  if (ts.isBinaryExpression(node))
    return (
      (isComparison(node) || LOGICAL.has(node.operatorToken.kind)) && [node.left, node.right].every(mayBeFlag)
    );
  return LEAVES.has(node.kind);
}

const EQUAL: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
]);

const UNEQUAL: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

const LOGICAL: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

const LEAVES: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.Identifier,
  ts.SyntaxKind.ThisKeyword,
  ts.SyntaxKind.TrueKeyword,
  ts.SyntaxKind.FalseKeyword,
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
]);
