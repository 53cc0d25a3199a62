import type { SymbolInfo } from '../../oracle/oracle.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';

/** What members belong to. */
export type Container =
  | Ts.ClassLikeDeclaration
  | Ts.InterfaceDeclaration
  | Ts.TypeLiteralNode
  | Ts.ObjectLiteralExpression;

/** The container of a member; undefined for a function of a module. */
export function containerOf(member: Ts.Node): Container | undefined {
  const parent: Ts.Node | undefined = member.parent;
  if (!parent) return undefined;
  if (ts.isConstructorDeclaration(parent)) return parent.parent;
  return isContainer(parent) ? parent : undefined;
}

/** Which types stand above which, as far as the source under analysis declares them. */
export class Heritage {
  readonly #code: Code;
  readonly #direct = new Map<Container, readonly Container[]>();
  readonly #above = new Map<Container, ReadonlySet<Container>>();

  constructor(code: Code) {
    this.#code = code;
  }

  /**
   * The types that a type extends or implements, at any distance, itself and what it is merged with included. An
   * object literal implements the type that is written for it.
   */
  above(container: Container): ReadonlySet<Container> {
    const known = this.#above.get(container);
    if (known) return known;
    const found = new Set<Container>([container]);
    // A set grows while it is walked, and every addition is walked in turn.
    for (const one of found) for (const next of this.#directlyAbove(one)) found.add(next);
    this.#above.set(container, found);
    return found;
  }

  /** The declarations of a member: the type's own, or else those that it inherits. */
  members(container: Container, name: string): readonly Ts.Node[] {
    for (const one of this.above(container)) {
      const own = ownMembers(one, name);
      if (own.length > 0) return own;
    }
    return [];
  }

  /** The containers that a symbol of a class, interface, type alias or object declares. */
  containersOf(symbol: SymbolInfo): readonly Container[] {
    return symbol.declarations.flatMap((declaration) => {
      const node = this.#code.nodeOf(declaration);
      return node ? this.containersIn(node) : [];
    });
  }

  /** The container that a declaration of a type is, or the ones that its type or value is made of. */
  containersIn(node: Ts.Node): readonly Container[] {
    if (isContainer(node)) return [node];
    const type = ts.isTypeAliasDeclaration(node) ? node.type : constraintOf(node);
    if (type) return partsOf(type).flatMap((part) => this.#containersOfPart(part));
    if (ts.isVariableDeclaration(node) && node.initializer) {
      const value = skipParentheses(node.initializer);
      return isContainer(value) ? [value] : [];
    }
    return [];
  }

  #directlyAbove(container: Container): readonly Container[] {
    const known = this.#direct.get(container);
    if (known) return known;
    this.#direct.set(container, []);
    const named =
      ts.isClassLike(container) || ts.isInterfaceDeclaration(container) ? container.name : undefined;
    const parts = [...(named ? [named] : []), ...partsAbove(container)];
    const found = parts.flatMap((part) => this.#containersOfPart(part));
    this.#direct.set(container, found);
    return found;
  }

  #resolve(name: Ts.Node): readonly Container[] {
    const file = this.#code.fileOf(name);
    const [symbol] = this.#code.program.oracle.symbols(file, [name.getStart()]);
    return symbol ? this.containersOf(symbol) : [];
  }

  #containersOfPart(part: Ts.Node): readonly Container[] {
    return ts.isTypeLiteralNode(part) ? [part] : this.#resolve(part);
  }
}

function isContainer(node: Ts.Node): node is Container {
  return (
    ts.isClassLike(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeLiteralNode(node) ||
    ts.isObjectLiteralExpression(node)
  );
}

function constraintOf(node: Ts.Node): Ts.TypeNode | undefined {
  return ts.isTypeParameterDeclaration(node) ? node.constraint : undefined;
}

/** The declarations of a member in a type itself. */
export function ownMembers(container: Container, name: string): readonly Ts.Node[] {
  const found: Ts.Node[] = [];
  const members: readonly Ts.Node[] = ts.isObjectLiteralExpression(container)
    ? container.properties
    : container.members;
  for (const member of members) {
    const { name: own } = member as { name?: Ts.Node };
    if (own && nameText(own) === name) found.push(member);
    if (!ts.isConstructorDeclaration(member)) continue;
    for (const parameter of member.parameters) {
      if (ts.isParameterPropertyDeclaration(parameter, member) && nameText(parameter.name) === name) {
        found.push(parameter);
      }
    }
  }
  return found;
}

/** What a container says it extends or implements: names of types, and types written in place. */
function partsAbove(container: Container): readonly Ts.Node[] {
  if (ts.isClassLike(container) || ts.isInterfaceDeclaration(container)) {
    return (container.heritageClauses ?? []).flatMap((clause) => clause.types.flatMap(partsOf));
  }
  const types = ts.isTypeLiteralNode(container) ? [aliasedType(container)] : typesWrittenFor(container);
  return types.flatMap(partsOf);
}

/** The whole type of the alias that a type literal is part of: `Named & { stop(): void }`. */
function aliasedType(literal: Ts.TypeLiteralNode): Ts.TypeNode {
  let type: Ts.TypeNode = literal;
  while (ts.isIntersectionTypeNode(type.parent) || ts.isParenthesizedTypeNode(type.parent)) {
    type = type.parent;
  }
  return type;
}

/** The types that are written for a literal: by `satisfies`, `as`, an annotation, or the result of its function. */
function typesWrittenFor(literal: Ts.ObjectLiteralExpression): readonly Ts.TypeNode[] {
  const types: Ts.TypeNode[] = [];
  let value: Ts.Expression = literal;
  for (let at = value.parent; skipParentheses(at) === literal; at = at.parent) {
    value = at as Ts.Expression;
    if (ts.isSatisfiesExpression(at) || ts.isAsExpression(at)) types.push(at.type);
  }
  const holder = value.parent;
  const taker = ts.isReturnStatement(holder) ? ts.findAncestor(holder, ts.isFunctionLike) : holder;
  if (taker && isTyped(taker)) types.push(taker.type);
  return types;
}

function isTyped(node: Ts.Node): node is Ts.Node & { readonly type: Ts.TypeNode } {
  const takesValue =
    ts.isVariableDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isFunctionLike(node);
  return takesValue && node.type !== undefined;
}

/** Type operators that leave the members of their first argument what they are. */
const TRANSPARENT: ReadonlySet<string> = new Set([
  'Promise',
  'Readonly',
  'Partial',
  'Required',
  'NonNullable',
  'Pick',
  'Omit',
]);

/** The names and literals that a type is put together from. */
function partsOf(type: Ts.TypeNode): readonly Ts.Node[] {
  if (ts.isParenthesizedTypeNode(type)) return partsOf(type.type);
  if (ts.isIntersectionTypeNode(type) || ts.isUnionTypeNode(type)) return type.types.flatMap(partsOf);
  if (ts.isTypeLiteralNode(type)) return [type];
  const name = nameOfReference(type);
  if (!name) return [];
  const [argument] = (type as Ts.NodeWithTypeArguments).typeArguments ?? [];
  return argument && TRANSPARENT.has(name.text) ? partsOf(argument) : [name];
}

function nameOfReference(type: Ts.TypeNode): NameNode | undefined {
  if (ts.isExpressionWithTypeArguments(type)) return rightmostName(type.expression);
  if (!ts.isTypeReferenceNode(type)) return undefined;
  return ts.isIdentifier(type.typeName) ? type.typeName : type.typeName.right;
}
