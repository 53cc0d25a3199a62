import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, Cfg } from '../cfg.ts';
import { nameText, skipParentheses } from '../code.ts';
import { idOf } from '../inserts/frames.ts';
import { ownerOf } from '../inserts/functions.ts';
import { isWritten, localDeclaration } from '../inserts/identifiers.ts';
import { namesIn } from '../name-index.ts';

/** A test that answers the same wherever it is asked, as long as nothing is assigned to what it speaks of. */
export interface Condition {
  readonly key: string;
  /** Whether the answer is the opposite of what the key says. */
  readonly isNegated: boolean;
}

/** The tests of a function that are asked more than once: others tell nothing about each other. */
export class Conditions {
  /** How often each is asked; an assignment that answers one counts. */
  readonly #asked = new Map<string, number>();

  constructor(cfg: Cfg) {
    for (const { action } of cfg.nodes) {
      const condition = conditionOf(action) ?? answeredBy(action);
      if (condition) this.#asked.set(condition.key, (this.#asked.get(condition.key) ?? 0) + 1);
    }
  }

  /** Whether a test is made anywhere. */
  isAsked(key: string): boolean {
    return this.#asked.has(key);
  }

  /** The test that an action makes, if its answer matters elsewhere. */
  of(action: Action): Condition | undefined {
    const condition = conditionOf(action);
    return condition && (this.#asked.get(condition.key) ?? 0) > 1 ? condition : undefined;
  }
}

/** The answer of a test that is the same in every run: that of a constant. */
export function constantAnswer(
  action: Action,
  declarationsAt: (name: Ts.Expression) => readonly Ts.Node[],
): boolean | undefined {
  if (action.kind !== 'branch' || action.test !== 'truthy') return undefined;
  const bare = skipParentheses(action.condition);
  const [variable] = ts.isIdentifier(bare) ? declarationsAt(bare) : [];
  if (!variable || !ts.isVariableDeclaration(variable) || !variable.initializer) return undefined;
  if ((ts.getCombinedNodeFlags(variable) & ts.NodeFlags.Const) === 0) return undefined;
  const { kind } = skipParentheses(variable.initializer);
  if (kind === ts.SyntaxKind.TrueKeyword) return true;
  return kind === ts.SyntaxKind.FalseKeyword ? false : undefined;
}

/** What a fact about a variable holds in its key. */
export function variableKey(declaration: Ts.Node): string {
  return `#${idOf(declaration)}#`;
}

/** The test whether a collection has an element, which every loop over it makes. */
export function collectionCondition(collection: Ts.Node): Condition | undefined {
  const what = describe(collection);
  return what === undefined ? undefined : { key: `some ${what}`, isNegated: false };
}

/** The collection that `list.forEach(…)` and its like walk. */
export function walkedBy(call: Ts.Node): Ts.Node | undefined {
  if (!ts.isCallExpression(call)) return undefined;
  const callee = skipParentheses(call.expression);
  return ts.isPropertyAccessExpression(callee) ? callee.expression : undefined;
}

/** The test that an assignment of `true` or `false` answers beforehand. */
export function assignedCondition(target: Ts.Node): Condition | undefined {
  const what = describe(target);
  return what === undefined ? undefined : { key: `truthy ${what}`, isNegated: false };
}

/** `isDone = false`, `let isDone = false` */
function answeredBy(action: Action): Condition | undefined {
  if (action.kind !== 'assign' && action.kind !== 'declare') return undefined;
  const { node } = action;
  const [target, value] = ts.isBinaryExpression(node)
    ? [node.left, node.right]
    : [node.name, node.initializer];
  const kind = value && skipParentheses(value).kind;
  const isAnswer = kind === ts.SyntaxKind.TrueKeyword || kind === ts.SyntaxKind.FalseKeyword;
  return isAnswer ? assignedCondition(target) : undefined;
}

function conditionOf(action: Action): Condition | undefined {
  if (action.kind === 'next') return collectionCondition(action.node.expression);
  if (action.kind === 'call') {
    const collection = walkedBy(action.node);
    return collection && collectionCondition(collection);
  }
  if (action.kind !== 'branch' || action.test === 'case') return undefined;
  const bare = skipParentheses(action.condition);
  if (action.test === 'nullish') {
    const what = describe(bare);
    return what === undefined ? undefined : { key: `nullish ${what}`, isNegated: false };
  }
  return sizeCondition(bare) ?? comparison(bare) ?? assignedCondition(bare);
}

/** `list.length`, `list.length === 0`, `map.size > 0` */
function sizeCondition(test: Ts.Node): Condition | undefined {
  const [sized, isEmpty] = ts.isBinaryExpression(test) ? comparedToZero(test) : [test, false];
  if (!sized || !ts.isPropertyAccessExpression(sized) || !/^(?:length|size)$/.test(sized.name.text)) {
    return undefined;
  }
  const condition = collectionCondition(sized.expression);
  return condition && { ...condition, isNegated: isEmpty };
}

function comparedToZero(test: Ts.BinaryExpression): [sized: Ts.Node | undefined, isEmpty: boolean] {
  const right = skipParentheses(test.right);
  if (!ts.isNumericLiteral(right) || right.text !== '0') return [undefined, false];
  const { kind } = test.operatorToken;
  if (EQUAL.has(kind)) return [skipParentheses(test.left), true];
  const isMore = UNEQUAL.has(kind) || kind === ts.SyntaxKind.GreaterThanToken;
  return [isMore ? skipParentheses(test.left) : undefined, false];
}

/** `kind === 'a'`; `!==` is its opposite. */
function comparison(test: Ts.Node): Condition | undefined {
  if (!ts.isBinaryExpression(test)) return undefined;
  const { kind } = test.operatorToken;
  const [left, right] = [describe(test.left), describe(test.right)];
  if (left === undefined || right === undefined) return undefined;
  if (EQUAL.has(kind) || UNEQUAL.has(kind)) {
    const isLoose = kind === ts.SyntaxKind.EqualsEqualsToken || kind === ts.SyntaxKind.ExclamationEqualsToken;
    return { key: `${left} ${isLoose ? 'like' : 'is'} ${right}`, isNegated: UNEQUAL.has(kind) };
  }
  if (!ORDERED.has(kind)) return undefined;
  return { key: `${left} ${ts.tokenToString(kind)} ${right}`, isNegated: false };
}

/** A value that stays the same: a variable, a member of one, a literal. */
function describe(expression: Ts.Node): string | undefined {
  const bare = skipParentheses(expression);
  if (bare.kind === ts.SyntaxKind.ThisKeyword) return 'this';
  if (ts.isLiteralExpression(bare) || CONSTANTS.has(bare.kind)) return bare.getText();
  if (ts.isTypeOfExpression(bare)) {
    const of = describe(bare.expression);
    return of === undefined ? undefined : `typeof ${of}`;
  }
  if (ts.isPropertyAccessExpression(bare)) {
    const object = describe(bare.expression);
    const name = nameText(bare.name);
    return object === undefined || name === undefined ? undefined : `${object}.${name} `;
  }
  if (!ts.isIdentifier(bare)) return undefined;
  const local = localDeclaration(bare);
  if (!local) return bare.text === 'undefined' ? 'undefined' : undefined;
  return isWrittenElsewhere(bare, local) ? undefined : `${variableKey(local)}${bare.text}`;
}

/** Whether another function than the one that asks may give a variable a new value. */
function isWrittenElsewhere(name: Ts.Identifier, local: Ts.Node): boolean {
  const owner = ownerOf(name);
  return (namesIn(name.getSourceFile()).get(name.text) ?? []).some(
    (one) =>
      ts.isIdentifier(one) && isWritten(one) && localDeclaration(one) === local && ownerOf(one) !== owner,
  );
}

const EQUAL: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
]);

const UNEQUAL: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);

const ORDERED: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);

const CONSTANTS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.TrueKeyword,
  ts.SyntaxKind.FalseKeyword,
  ts.SyntaxKind.NullKeyword,
]);
