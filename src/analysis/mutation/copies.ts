import { owningFunction, resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import { globalFunction, isGlobal } from '../shapes.ts';

/** An object that a function has copied from another one for itself. */
interface OwnCopy {
  /** What makes it. */
  readonly made: Ts.Node;
  /** The members that are not those of the original: all, or those that the copy is given besides. */
  readonly apart: ReadonlySet<string | undefined> | 'all';
}

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
    return variable.dotDotDotToken ? { made: variable, apart: new Set() } : undefined;
  }
  const value = ts.isVariableDeclaration(variable) ? variable.initializer : undefined;
  return value && madeBy(skipParentheses(value));
}

function madeBy(made: Ts.Node): OwnCopy | undefined {
  if (ts.isObjectLiteralExpression(made)) {
    const isSpread = made.properties.some(ts.isSpreadAssignment);
    return isSpread ? { made, apart: new Set(made.properties.map(namedBy)) } : undefined;
  }
  if (!ts.isCallExpression(made)) return undefined;
  // Copies at any depth.
  if (isGlobal(made.expression, 'structuredClone')) return { made, apart: 'all' };
  const [into] = made.arguments;
  const isNew = into !== undefined && ts.isObjectLiteralExpression(skipParentheses(into));
  return isNew && globalFunction(made.expression) === 'Object.assign'
    ? { made, apart: new Set() }
    : undefined;
}

function namedBy({ name }: Ts.ObjectLiteralElementLike): string | undefined {
  return name && nameText(name);
}
