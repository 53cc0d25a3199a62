import type { Ts } from '../../syntax/ts.ts';
import { returnedBy } from '../shapes.ts';
import { cfgOf, type FunctionNode } from './functions.ts';

/** The expressions whose values a function returns. */
export function resultsOf(fn: FunctionNode): readonly Ts.Expression[] {
  return returnedBy(fn.body);
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
