import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';

/** Which of some members an element of a pattern takes: the `items` of `const { items } = this`. */
export function memberTaken(
  element: Ts.BindingElement,
  members: Iterable<Ts.Node>,
  code: Code,
): Ts.Node | undefined {
  if (!ts.isObjectBindingPattern(element.parent)) return undefined;
  const types = typesOfPattern(element, code);
  return [...members].find((member) =>
    types.includes(ts.isParameter(member) ? member.parent.parent : member.parent),
  );
}

/** The name of the member that an element of a pattern takes. */
export function takenName({ propertyName, name }: Ts.BindingElement): string | undefined {
  return nameText(propertyName ?? name);
}

function typesOfPattern(element: Ts.BindingElement, code: Code): readonly Ts.Node[] {
  const { initializer, type } = element.parent.parent as { initializer?: Ts.Expression; type?: Ts.TypeNode };
  const bare = initializer && skipParentheses(initializer);
  if (bare?.kind === ts.SyntaxKind.ThisKeyword) return withBases(ts.findAncestor(bare, ts.isClassLike), code);
  const name = bare && rightmostName(bare);
  const typeName =
    type && ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) ? type.typeName : undefined;
  const entities = name ? code.typeEntities(name) : typeName ? code.entities(typeName) : [];
  const found = entities.flatMap((entity) => (entity.kind === 'node' ? withBases(entity.node, code) : []));
  return type && !typeName ? [...found, type] : found;
}

function withBases(node: Ts.Node | undefined, code: Code): readonly Ts.Node[] {
  const all: Ts.Node[] = [];
  for (let at = node; at && !all.includes(at); ) {
    all.push(at);
    at = ts.isClassLike(at) ? code.superclass(at) : undefined;
  }
  return all;
}
