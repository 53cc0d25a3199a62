import { type Ts, ts } from '../../syntax/ts.ts';
import { cfgOf, type FunctionNode, ownerOf } from './functions.ts';

/** The expressions whose values a function returns. */
export function resultsOf(fn: FunctionNode): readonly Ts.Expression[] {
  const { body } = fn;
  if (!body) return [];
  if (!ts.isBlock(body)) return [body];
  const results: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression && ownerOf(node) === fn) results.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(body, visit);
  return results;
}

/** What a generator hands out; `isAll`: the elements of this, by `yield*`. */
export function yieldsOf(
  fn: FunctionNode,
): readonly { readonly value: Ts.Expression; readonly isAll: boolean }[] {
  return cfgOf(fn).nodes.flatMap(({ action }) => {
    const node = action.kind === 'yield' ? action.node : undefined;
    return node?.expression ? [{ value: node.expression, isAll: node.asteriskToken !== undefined }] : [];
  });
}
