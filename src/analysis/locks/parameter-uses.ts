import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName } from '../code.ts';

/** The places in a function that use one of its parameters. */
export function usesOfParameter(parameter: Ts.ParameterDeclaration): readonly Ts.Identifier[] {
  const found: Ts.Identifier[] = [];
  const visit = (node: Ts.Node): void => {
    const isUse = ts.isIdentifier(node) && node !== parameter.name && memberName(node.parent) !== node;
    if (isUse && resolveLocal(node) === parameter) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(parameter.parent);
  return found;
}
