import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName } from '../code.ts';

/** The places in its function that use a parameter, or a name of a pattern. */
export function usesOfBinding(
  binding: Ts.ParameterDeclaration | Ts.BindingElement,
): readonly Ts.Identifier[] {
  const found: Ts.Identifier[] = [];
  const visit = (node: Ts.Node): void => {
    const isUse = ts.isIdentifier(node) && node !== binding.name && memberName(node.parent) !== node;
    if (isUse && resolveLocal(node) === binding) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.findAncestor(binding, (node) => ts.isFunctionLike(node) || ts.isSourceFile(node)) ?? binding);
  return found;
}
