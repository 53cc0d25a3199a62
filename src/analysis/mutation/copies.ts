import { owningFunction, resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import { globalFunction } from '../shapes.ts';

/** An object that a function has copied from another one for itself. */
export interface OwnCopy {
  /** The variable that has it, or the expression that makes it where none has. */
  readonly holder: Ts.Node;
  /** The members that are not those of the original: all, or those that the copy is given besides. */
  readonly apart: ReadonlySet<string> | 'all';
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The copy that an expression is, made in the function around it: `{ ...owner }`, `Object.assign({}, owner)`,
 * `structuredClone(owner)`, or the rest that a pattern leaves. What it gives its fields is no change of the original,
 * while what they hold is shared until then.
 */
export function ownCopy(object: Ts.Expression): OwnCopy | undefined {
  const bare = skipParentheses(object);
  const variable = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  if (!variable) return madeBy(bare);
  if (owningFunction(variable) !== owningFunction(bare) || !isSetOnce(variable)) return undefined;
  if (ts.isBindingElement(variable)) {
    const isRest = variable.dotDotDotToken && ts.isObjectBindingPattern(variable.parent);
    return isRest ? { holder: variable, apart: NONE } : undefined;
  }
  const value = ts.isVariableDeclaration(variable) ? variable.initializer : undefined;
  const made = value && madeBy(skipParentheses(value));
  return made && { ...made, holder: variable };
}

function madeBy(value: Ts.Node): OwnCopy | undefined {
  if (ts.isObjectLiteralExpression(value) && value.properties.some(ts.isSpreadAssignment)) {
    const names = value.properties.flatMap(({ name }) => (name ? (nameText(name) ?? []) : []));
    return { holder: value, apart: new Set(names) };
  }
  if (!ts.isCallExpression(value)) return undefined;
  if (isCloning(value.expression)) return { holder: value, apart: 'all' };
  const [into] = value.arguments;
  const isMerge = globalFunction(value.expression) === 'Object.assign';
  const isNew = isMerge && into !== undefined && ts.isObjectLiteralExpression(skipParentheses(into));
  return isNew ? { holder: value, apart: NONE } : undefined;
}

/** The language's own `structuredClone`, which copies at any depth. */
function isCloning(callee: Ts.Expression): boolean {
  return ts.isIdentifier(callee) && callee.text === 'structuredClone' && resolveLocal(callee) === undefined;
}
