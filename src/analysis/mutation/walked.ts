import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, skipParentheses } from '../code.ts';

/**
 * What a walk comes to: the keys or the values of a collection, pairs of both, what the collection itself hands out, or
 * what was made of any of these.
 */
export type Part = 'keys' | 'values' | 'entries' | 'elements' | 'made';

/** A collection that is walked as it is, and not as a copy. */
export interface Walked {
  readonly collection: Ts.Expression;
  readonly part: Part;
  /** By an iterator that was asked for: whoever has it can go on with it later. */
  readonly isIterator: boolean;
}

/** `m`, `m.keys()`, `m.keys().filter(…)`, `m ?? []`, and a variable that holds one of these. */
export function walkedBy(expression: Ts.Expression): Walked | undefined {
  const node = skipParentheses(expression) as Ts.Expression;
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isEither = kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;
    return isEither ? walkedBy(node.left) : undefined;
  }
  if (ts.isIdentifier(node))
    return iteratorIn(node) ?? { collection: node, part: 'elements', isIterator: false };
  return (
    (ts.isCallExpression(node) ? madeBy(node) : undefined) ?? {
      collection: node,
      part: 'elements',
      isIterator: false,
    }
  );
}

/** The iterator that a variable holds. */
export function iteratorIn(variable: Ts.Identifier): Walked | undefined {
  const local = resolveLocal(variable);
  const value = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
  const made = value && skipParentheses(value);
  return made && ts.isCallExpression(made) ? madeBy(made) : undefined;
}

/** The iterator that a call makes of a collection. */
function madeBy(call: Ts.CallExpression): Walked | undefined {
  const callee = skipParentheses(call.expression);
  if (ts.isElementAccessExpression(callee)) {
    const isItself = callee.argumentExpression.getText() === 'Symbol.iterator';
    return isItself ? { collection: callee.expression, part: 'elements', isIterator: true } : undefined;
  }
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const name = callee.name.text;
  if (call.arguments.length === 0 && isPart(name)) {
    return { collection: callee.expression, part: name, isIterator: true };
  }
  // An iterator that is made of another takes its elements one by one, when it is asked for them.
  const inner = LAZY.has(name) ? walkedBy(callee.expression) : undefined;
  if (inner?.isIterator) return { ...inner, part: KEEPING.has(name) ? inner.part : 'made' };
  const [first] = call.arguments;
  const isFrom = name === 'from' && memberName(callee) && callee.expression.getText() === 'Iterator';
  const given = isFrom && first ? walkedBy(first) : undefined;
  return given && { ...given, isIterator: true };
}

function isPart(name: string): name is 'keys' | 'values' | 'entries' {
  return name === 'keys' || name === 'values' || name === 'entries';
}

const KEEPING: ReadonlySet<string> = new Set(['filter', 'take', 'drop']);

const LAZY: ReadonlySet<string> = new Set([...KEEPING, 'map', 'flatMap']);
