import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, skipParentheses } from '../code.ts';

/** Aliases of aliases are followed so far. */
const MAX_ALIASES = 6;

/** What functions a variable, field or parameter is declared to hold. */
export interface FunctionType {
  /** How many containers lie around them: 1 for `Set<Handler>`, 2 for `Map<string, Handler[]>`. */
  readonly depth: number;
  /** What they are: functions, or objects that have such for properties. */
  readonly of: 'functions' | 'objects';
}

const FUNCTION: FunctionType = { depth: 0, of: 'functions' };
const OBJECT: FunctionType = { depth: 0, of: 'objects' };

const known = new WeakMap<Ts.Node, FunctionType | null>();

/** The functions that a variable, field or parameter is declared to hold, if it is to hold any. */
export function functionType(declaration: Ts.Node, code: Code): FunctionType | undefined {
  let type = known.get(declaration);
  if (type === undefined) {
    type = declaredType(declaration, code) ?? null;
    known.set(declaration, type);
  }
  return type ?? undefined;
}

function declaredType(declaration: Ts.Node, code: Code): FunctionType | undefined {
  const { type, initializer } = declaration as { type?: Ts.TypeNode; initializer?: Ts.Expression };
  if (type) return typeOf(type, code, 0);
  if (!initializer) return undefined;
  if (ts.isAsExpression(initializer)) return typeOf(initializer.type, code, 0);
  const value = skipParentheses(initializer);
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) return FUNCTION;
  if (!ts.isNewExpression(value)) return undefined;
  const last = value.typeArguments?.at(-1);
  return isNamed(value.expression, CONTAINERS) && last ? inContainer(last, code, 0) : undefined;
}

function typeOf(type: Ts.TypeNode, code: Code, aliases: number): FunctionType | undefined {
  if (aliases > MAX_ALIASES) return undefined;
  if (ts.isFunctionTypeNode(type)) return FUNCTION;
  if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type)) {
    return typeOf(type.type, code, aliases);
  }
  if (ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)) {
    return firstDefined(type.types, (member) => typeOf(member, code, aliases));
  }
  if (ts.isArrayTypeNode(type)) return inContainer(type.elementType, code, aliases);
  if (ts.isMappedTypeNode(type)) return type.type && inContainer(type.type, code, aliases);
  if (ts.isTypeLiteralNode(type)) return ofMembers(type.members, code, aliases);
  return ts.isTypeReferenceNode(type) ? ofReference(type, code, aliases) : undefined;
}

function ofReference(type: Ts.TypeReferenceNode, code: Code, aliases: number): FunctionType | undefined {
  const name = ts.isIdentifier(type.typeName) ? type.typeName : type.typeName.right;
  const [first] = type.typeArguments ?? [];
  const last = type.typeArguments?.at(-1);
  if (name.text === 'Function') return FUNCTION;
  if (last && CONTAINERS.has(name.text)) return inContainer(last, code, aliases);
  if (first && TRANSPARENT.has(name.text)) return typeOf(first, code, aliases);
  return firstDefined(code.entities(name), (entity) => {
    if (entity.kind !== 'node') return undefined;
    const { node } = entity;
    if (ts.isTypeAliasDeclaration(node)) return typeOf(node.type, code, aliases + 1);
    return ts.isInterfaceDeclaration(node) ? ofMembers(node.members, code, aliases + 1) : undefined;
  });
}

/** What can be called, a dictionary of functions, or an object that some functions are given to. */
function ofMembers(
  members: readonly Ts.TypeElement[],
  code: Code,
  aliases: number,
): FunctionType | undefined {
  if (members.some(ts.isCallSignatureDeclaration)) return FUNCTION;
  const dictionary = members.find(ts.isIndexSignatureDeclaration);
  if (dictionary) return inContainer(dictionary.type, code, aliases);
  const isGiven = members.some(
    (member) =>
      ts.isPropertySignature(member) && member.type && typeOf(member.type, code, aliases + 1) === FUNCTION,
  );
  return isGiven ? OBJECT : undefined;
}

function inContainer(element: Ts.TypeNode, code: Code, aliases: number): FunctionType | undefined {
  const inner = typeOf(element, code, aliases);
  return inner && { ...inner, depth: inner.depth + 1 };
}

/** How many containers a variable, field or parameter is declared to be, whatever they hold. */
export function containerDepth(declaration: Ts.Node): number {
  const { type, initializer } = declaration as { type?: Ts.TypeNode; initializer?: Ts.Expression };
  if (type) return containersOf(type);
  const value = initializer && skipParentheses(initializer);
  if (!value || !ts.isNewExpression(value) || !isNamed(value.expression, CONTAINERS)) return 0;
  const last = value.typeArguments?.at(-1);
  return 1 + (last ? containersOf(last) : 0);
}

function containersOf(type: Ts.TypeNode): number {
  if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type)) return containersOf(type.type);
  if (ts.isArrayTypeNode(type)) return 1 + containersOf(type.elementType);
  if (!ts.isTypeReferenceNode(type) || !isNamed(type.typeName, CONTAINERS)) return 0;
  const last = type.typeArguments?.at(-1);
  return last ? 1 + containersOf(last) : 0;
}

function firstDefined<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isNamed(node: Ts.Node, names: ReadonlySet<string>): boolean {
  return ts.isIdentifier(node) && names.has(node.text);
}

/** The last type argument is that of what they hold. */
const CONTAINERS: ReadonlySet<string> = new Set([
  'Array',
  'ReadonlyArray',
  'Set',
  'ReadonlySet',
  'Map',
  'ReadonlyMap',
  'WeakMap',
  'Record',
  'Iterable',
]);

const TRANSPARENT: ReadonlySet<string> = new Set(['Partial', 'Readonly', 'Required', 'NonNullable']);
