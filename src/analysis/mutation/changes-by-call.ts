import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, skipParentheses } from '../code.ts';
import { globalFunction } from '../shapes.ts';
import { changeOfFirst, changesCollection } from './collection-methods.ts';

/**
 * What a call does to one of its arguments: `Object.assign(field)`, `Map.prototype.delete.call(field, key)`,
 * `[].push.apply(field, values)`, `Reflect.apply(Set.prototype.add, field, [value])`.
 */
export function changeByCall(
  call: Ts.CallExpression | Ts.NewExpression,
  index: number,
  code: Code,
): string | undefined {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const named = globalFunction(callee);
  if (named === 'Reflect.apply') return index === 1 ? changingMethod(call.arguments?.[0], code) : undefined;
  if (index !== 0) return undefined;
  const ofLanguage = named === undefined ? undefined : changeOfFirst(named);
  if (ofLanguage !== undefined) return ofLanguage;
  return LENDING.has(callee.name.text) ? changingMethod(callee.expression, code) : undefined;
}

/** Methods of functions that run them on what they are given first. */
const LENDING: ReadonlySet<string> = new Set(['apply', 'call']);

/** The method of the language's own maps, sets and arrays that an expression takes from one, or from a prototype. */
function changingMethod(method: Ts.Expression | undefined, code: Code): string | undefined {
  const name = method && memberName(skipParentheses(method));
  if (!name || !changesCollection(name.text)) return undefined;
  const isOfLanguage = code.entities(name).some((one) => one.kind === 'external' && one.module === 'lib');
  return isOfLanguage ? name.text : undefined;
}
