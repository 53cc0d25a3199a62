import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';

/** The call of a method of an object. */
export interface MethodCall {
  readonly object: Ts.Node;
  readonly method: string;
  /** The expression that names the method. */
  readonly callee: Ts.Node;
  readonly first: Ts.Node | undefined;
}

/** `all.add(x)`, `Set.prototype.add.call(all, x)`, `Reflect.apply(all.add, all, [x])`, and `add(x)` for a bound method. */
export function methodCallOf(call: Ts.CallExpression): MethodCall | undefined {
  const callee = skipParentheses(call.expression);
  if (ts.isIdentifier(callee)) return boundIn(callee, call);
  const name = memberName(callee)?.text;
  const object = objectOf(callee);
  if (name === undefined || !object) return undefined;
  const [first, second, third] = call.arguments;
  if (name === 'call' || name === 'apply') {
    if (object.getText() === 'Reflect') return first && second && namedBy(first, second, elementOf(third));
    const given = name === 'call' ? second : elementOf(second);
    return first && namedBy(object, first, given);
  }
  return { object, method: name, callee, first };
}

/** `const add = all.add.bind(all)` */
function boundIn(variable: Ts.Identifier, call: Ts.CallExpression): MethodCall | undefined {
  const local = resolveLocal(variable);
  const value =
    local && ts.isVariableDeclaration(local) && local.initializer && isSetOnce(local)
      ? skipParentheses(local.initializer)
      : undefined;
  if (!value || !ts.isCallExpression(value)) return undefined;
  const bind = skipParentheses(value.expression);
  const method = memberName(bind)?.text === 'bind' ? objectOf(bind) : undefined;
  const [object, given] = value.arguments;
  return method && object && namedBy(method, object, given ?? call.arguments[0]);
}

function namedBy(method: Ts.Node, object: Ts.Node, first: Ts.Node | undefined): MethodCall | undefined {
  const callee = skipParentheses(method);
  const name = memberName(callee)?.text;
  return name === undefined ? undefined : { object, method: name, callee, first };
}

function objectOf(access: Ts.Node): Ts.Expression | undefined {
  const isAccess = ts.isPropertyAccessExpression(access) || ts.isElementAccessExpression(access);
  return isAccess ? access.expression : undefined;
}

/** `x` in `[x]`. */
function elementOf(list: Ts.Node | undefined): Ts.Node | undefined {
  const bare = list && skipParentheses(list);
  return bare && ts.isArrayLiteralExpression(bare) ? bare.elements[0] : undefined;
}
