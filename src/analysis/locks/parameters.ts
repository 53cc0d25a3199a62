import { type Ts, ts } from '../../syntax/ts.ts';

/** The parameters of a function; a `this` parameter is a type annotation, and none of them. */
export function parametersOf(fn: Ts.Node): readonly Ts.ParameterDeclaration[] {
  const { parameters = [] } = fn as { parameters?: readonly Ts.ParameterDeclaration[] };
  return parameters.filter(({ name }) => !(ts.isIdentifier(name) && name.text === 'this'));
}
