import { type Ts, ts } from '../syntax/ts.ts';

/** The function whose `this` is meant at a place. */
export function thisOwner(node: Ts.Node): Ts.Node | undefined {
  for (let at: Ts.Node | undefined = node; at; at = at.parent) {
    if (at === node && !ts.isArrowFunction(at) && ts.isFunctionLike(at)) continue;
    if (ts.isFunctionLike(at) && !ts.isArrowFunction(at)) return at;
    if (ts.isPropertyDeclaration(at) || ts.isClassStaticBlockDeclaration(at)) return at;
  }
  return undefined;
}
