import { type Ts, ts } from '../../syntax/ts.ts';
import {
  type Code,
  type Entity,
  moduleSpecifier,
  nameText,
  rightmostName,
  skipParentheses,
} from '../code.ts';
import { isFunctionExpression, returnedBy } from '../shapes.ts';
import type { BuilderLibrary } from './builder-libraries.ts';

/**
 * Tells where a client comes from whose types are not installed: from what is imported of a library, through variables,
 * fields, the functions that make it, the types that it is declared to have, and transactions.
 */
export class ClientOrigins {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  isOf(client: Ts.Node, library: BuilderLibrary): boolean {
    return this.#isOf(client, library, 0);
  }

  #isOf(client: Ts.Node, library: BuilderLibrary, depth: number): boolean {
    if (depth > DEEPEST) return false;
    const value = skipParentheses(client);
    if (ts.isCallExpression(value) || ts.isNewExpression(value) || ts.isAwaitExpression(value)) {
      return this.#isOf(value.expression, library, depth + 1);
    }
    const branches = branchesOf(value);
    if (branches) return branches.some((one) => this.#isOf(one, library, depth + 1));
    const name = rightmostName(value);
    if (!name) return false;
    const entities = this.#code.entities(name);
    if (entities.some((entity) => this.#isEntityOf(entity, library, depth))) return true;
    // A member of what is of the library is so too, where the compiler knows nothing of it: `source.getRepository(Order)`.
    return ts.isPropertyAccessExpression(value) && entities.every(isUntyped)
      ? this.#isOf(value.expression, library, depth + 1)
      : false;
  }

  #isEntityOf(entity: Entity, library: BuilderLibrary, depth: number): boolean {
    if (library.modules.some((one) => isOfModule(moduleOf(entity), one))) return true;
    return entity.kind === 'node' && this.#isDeclaredOf(entity.node, library, depth + 1);
  }

  #isDeclaredOf(node: Ts.Node, library: BuilderLibrary, depth: number): boolean {
    if (depth > DEEPEST) return false;
    if (ts.isClassLike(node)) {
      return heritageOf(node).some(({ expression }) => this.#isOf(expression, library, depth));
    }
    if (ts.isBindingElement(node)) return this.#isTakenOf(node, library, depth);
    const { type, initializer } = node as { type?: Ts.TypeNode; initializer?: Ts.Expression };
    if (type) return this.#isTypeOf(type, library, depth);
    const made = initializer ? skipParentheses(initializer) : node;
    if (ts.isFunctionDeclaration(made) || ts.isMethodDeclaration(made) || isFunctionExpression(made)) {
      return returnedBy(made.body).some((value) => this.#isOf(value, library, depth));
    }
    if (initializer) return this.#isOf(initializer, library, depth);
    const handing = ts.isParameter(node) ? transactionWith(node) : undefined;
    return handing !== undefined && this.#isOf(handing, library, depth);
  }

  /** `const { order } = prisma`, and `{ prisma }: Deps` by what the type says of the member. */
  #isTakenOf(element: Ts.BindingElement, library: BuilderLibrary, depth: number): boolean {
    if (depth > DEEPEST) return false;
    const name = nameText(element.propertyName ?? element.name);
    const member = name === undefined ? 'none' : this.#code.memberOfType(element.parent, name);
    const declarations = typeof member === 'string' ? [] : member.declarations;
    const nodes = declarations.map((one) => this.#code.nodeOf(one)).filter((one) => one !== undefined);
    if (nodes.some((node) => this.#isDeclaredOf(node, library, depth + 1))) return true;
    return nodes.length === 0 && this.#isDeclaredOf(element.parent.parent, library, depth + 1);
  }

  /** `PrismaClient`, `typeof db`, `Parameters<Parameters<typeof db.transaction>[0]>[0]` */
  #isTypeOf(type: Ts.TypeNode, library: BuilderLibrary, depth: number): boolean {
    if (depth > DEEPEST) return false;
    const isInner = (one: Ts.TypeNode): boolean => this.#isTypeOf(one, library, depth);
    if (ts.isTypeReferenceNode(type)) {
      if ([type.typeName, leftmost(type.typeName)].some((one) => this.#isOf(one, library, depth)))
        return true;
      const isUtility = ts.isIdentifier(type.typeName) && UTILITIES.has(type.typeName.text);
      return isUtility && (type.typeArguments?.some(isInner) ?? false);
    }
    if (ts.isTypeQueryNode(type)) return this.#isOf(leftmost(type.exprName), library, depth);
    if (ts.isIndexedAccessTypeNode(type)) return isInner(type.objectType);
    return (ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)) && type.types.some(isInner);
  }
}

/** Names of names of …: further than this nobody looks. */
const DEEPEST = 8;

/** Types of the language that hand on what they are given. */
const UTILITIES: ReadonlySet<string> = new Set([
  'Awaited',
  'InstanceType',
  'NonNullable',
  'Omit',
  'Parameters',
  'Partial',
  'Pick',
  'Promise',
  'Readonly',
  'Required',
  'ReturnType',
]);

/** Methods of clients that hand another client of their kind to a callback. */
const HANDING = /transaction|savepoint|connection|^(?:begin|connect|execute)$/i;

/** The client whose transaction a callback is handed: `db` in `db.transaction((tx) => …)`. */
function transactionWith(parameter: Ts.ParameterDeclaration): Ts.Expression | undefined {
  const fn = parameter.parent;
  const call = fn.parent;
  if (!isFunctionExpression(fn) || fn.parameters[0] !== parameter || !ts.isCallExpression(call))
    return undefined;
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || call.expression === fn) return undefined;
  return HANDING.test(nameText(callee.name) ?? '') ? callee.expression : undefined;
}

/** `kept.client ?? new Client()` */
function branchesOf(value: Ts.Node): readonly Ts.Node[] | undefined {
  if (ts.isConditionalExpression(value)) return [value.whenTrue, value.whenFalse];
  return ts.isBinaryExpression(value) ? [value.left, value.right] : undefined;
}

function heritageOf(cls: Ts.ClassLikeDeclaration): readonly Ts.ExpressionWithTypeArguments[] {
  return (cls.heritageClauses ?? []).flatMap(({ token, types }) =>
    token === ts.SyntaxKind.ExtendsKeyword ? [...types] : [],
  );
}

function leftmost(name: Ts.EntityName): Ts.Identifier {
  return ts.isQualifiedName(name) ? leftmost(name.left) : name;
}

/** What the compiler knows nothing of: a member of `any`, say. */
export function isUntyped(entity: Entity): boolean {
  return entity.kind === 'external' && (entity.module === '' || entity.module === 'global');
}

/** The module that declares what a name stands for, or that it is imported from. */
export function moduleOf(entity: Entity): string {
  if (entity.kind === 'external') return entity.module;
  const around = ts.findAncestor(entity.node, (one): one is Ts.ModuleDeclaration => {
    return ts.isModuleDeclaration(one) && ts.isStringLiteral(one.name);
  });
  return around?.name.text ?? moduleSpecifier(entity.node) ?? '';
}

/** Whether a module is a package, or of one. */
export function isOfModule(module: string, library: string): boolean {
  return module === library || module.startsWith(`${library}/`);
}
