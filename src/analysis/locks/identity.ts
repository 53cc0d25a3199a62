import type { LockPrimitive } from '../../config/types.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CfgOwner } from '../cfg.ts';
import { type Code, type Entity, nameText, ownMember, rightmostName, skipParentheses } from '../code.ts';
import { isConst, isFunctionExpression, propertyOf, returnedBy } from '../shapes.ts';
import { ownPlaceOf } from './allocations.ts';
import { assignmentsTo } from './field-assignments.ts';
import { isImmediate } from './immediate-shape.ts';
import { superCallIn, takesItself } from './inherited-locks.ts';
import { chainsShape } from './keyed-chains.ts';
import {
  type FamilyKey,
  type FieldLocks,
  familyKey,
  isFamilyAlone,
  isKeyName,
  isSameKey,
  keyedBy,
} from './keyed-shape.ts';
import { isNothingElse } from './plain-lock.ts';
import {
  builtinPrimitivesOf,
  findPrimitive,
  isCalled,
  SHAPE_ACQUIRE,
  SHAPE_DRAINS,
  SHAPE_READ,
  SHAPE_RELEASE,
  SHAPE_SCOPED,
  SHAPE_SCOPED_READ,
  SHAPE_SCOPED_WRITE,
  SHAPE_TRY,
  SHAPE_WAITS,
  SHAPE_WRITE,
} from './primitives.ts';
import type { LockClass } from './values.ts';
import { letsEverybodyIn, waitsForNobody } from './waiting-shape.ts';

/**
 * Which declarations are locks, and what they are called. A lock's identity is its class: the declaration that
 * creates it, so that all instances share it.
 */
export class LockIdentity {
  readonly primitives: readonly LockPrimitive[];
  readonly #code: Code;
  readonly #classes = new Map<string, LockClass>();
  readonly #shapes = new Map<Ts.Node, LockPrimitive | undefined>();
  readonly #inherited = new Map<Ts.Node, LockPrimitive | undefined>();
  /** The classes whose objects are one class of locks. */
  readonly #homes = new Map<LockPrimitive, Ts.ClassLikeDeclaration>();
  readonly #fields: FieldLocks = {
    lockOf: ({ type, initializer }) => this.primitiveOfType(type) ?? this.#primitiveMade(initializer),
    elementOf: ({ type, initializer }) =>
      this.elementPrimitive(type) ?? this.primitiveOfType(lastTypeArgument(initializer)),
  };

  readonly #hasFactories: boolean;

  constructor(code: Code, own: readonly LockPrimitive[]) {
    this.#code = code;
    this.primitives = [...own, ...builtinPrimitivesOf(code.program)];
    this.#hasFactories = this.primitives.some(isCalled);
  }

  /** All lock classes met so far. */
  get classes(): readonly LockClass[] {
    return [...this.#classes.values()];
  }

  /** The lock API behind a class, interface or factory, if it is one. */
  primitiveOf(entity: Entity): LockPrimitive | undefined {
    if (entity.kind === 'external') {
      const { module, name, container } = entity;
      return (
        findPrimitive(this.primitives, module, name) ??
        (container === undefined ? undefined : findPrimitive(this.primitives, module, container))
      );
    }
    const { node } = entity;
    if (ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) return this.#shape(node);
    return undefined;
  }

  /** The lock API that a type annotation names; `Mutex | undefined` counts. */
  primitiveOfType(type: Ts.TypeNode | undefined): LockPrimitive | undefined {
    if (!type) return undefined;
    if (ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)) {
      for (const member of type.types) {
        const found = this.primitiveOfType(member);
        if (found) return found;
      }
      return undefined;
    }
    if (ts.isParenthesizedTypeNode(type)) return this.primitiveOfType(type.type);
    if (!ts.isTypeReferenceNode(type)) return undefined;
    const wrapped = type.typeArguments?.[0];
    const name = ts.isIdentifier(type.typeName) ? type.typeName : type.typeName.right;
    if (TRANSPARENT_TYPES.has(name.text) && wrapped) return this.primitiveOfType(wrapped);
    return this.#primitiveNamed(name);
  }

  /** The lock API kept in a container type: `Map<string, Mutex>`, `Mutex[]`, `Record<string, Mutex>`. */
  elementPrimitive(type: Ts.TypeNode | undefined): LockPrimitive | undefined {
    return this.contained(type)?.primitive;
  }

  /** The lock API at the bottom of a container type, and how many containers lie around it. */
  contained(type: Ts.TypeNode | undefined): { primitive: LockPrimitive; depth: number } | undefined {
    const element = type && elementType(type);
    if (!element) return undefined;
    const primitive = this.primitiveOfType(element);
    if (primitive) return { primitive, depth: 1 };
    const inner = this.contained(element);
    return inner && { primitive: inner.primitive, depth: inner.depth + 1 };
  }

  /** The lock API that `new X()` creates. */
  primitiveOfNew(node: Ts.NewExpression): LockPrimitive | undefined {
    const name = rightmostName(node.expression);
    return name && this.#primitiveNamed(name);
  }

  /** The lock, a function itself, that a call of a factory creates: `pLimit(1)`. */
  primitiveOfFactory(node: Ts.CallExpression): LockPrimitive | undefined {
    const name = this.#hasFactories ? rightmostName(node.expression) : undefined;
    if (!name) return undefined;
    for (const entity of this.#code.entities(name)) {
      const found = entity.kind === 'external' ? this.primitiveOf(entity) : this.#ofFunction(entity.node);
      if (found && isCalled(found)) return found;
    }
    return undefined;
  }

  /** What the config says of a function of the program that makes locks. */
  #ofFunction(node: Ts.Node): LockPrimitive | undefined {
    const name = functionName(node);
    return this.primitives.find(({ module, type }) => module === undefined && type === name);
  }

  /** The lock API whose method a call names, by the symbol of the method. */
  primitiveOfMethod(name: Ts.Node): LockPrimitive | undefined {
    const member = ts.isIdentifier(name) || ts.isPrivateIdentifier(name) ? name : undefined;
    if (!member) return undefined;
    for (const entity of this.#code.entities(member)) {
      if (entity.kind === 'external') {
        if (entity.container === undefined) continue;
        const found = findPrimitive(this.primitives, entity.module, entity.container);
        if (found) return found;
      } else {
        const owner = entity.node.parent;
        if (owner && (ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner))) {
          const found = this.#shape(owner);
          if (found) return found;
        }
      }
    }
    return undefined;
  }

  /** The lock class of a declaration, created on first sight. */
  classOf(made: Ts.Node, primitive: LockPrimitive, ending = ''): LockClass {
    const home = this.#homes.get(primitive);
    const [declaration, suffix] = home ? [home, ''] : [made, ending];
    const id = this.#code.key(declaration) + suffix;
    const known = this.#classes.get(id);
    if (known) return known;
    const cls: LockClass = {
      id,
      name: lockName(declaration) + suffix,
      file: this.#code.fileOf(declaration),
      primitive: isMadeReentrant(declaration, primitive) ? { ...primitive, reentrant: true } : primitive,
      permits: permitsOf(declaration, primitive),
      declaredAt: this.#code.span(nameNodeOf(declaration) ?? declaration),
    };
    this.#classes.set(id, cls);
    return cls;
  }

  /** The connections of a pool of a database. */
  poolOf(declaration: Ts.Node, primitive: LockPrimitive): LockClass {
    const id = `${this.#code.key(declaration)}connections`;
    let cls = this.#classes.get(id);
    if (!cls) {
      const made = { id, name: lockName(declaration), file: this.#code.fileOf(declaration), primitive };
      const declaredAt = this.#code.span(nameNodeOf(declaration) ?? declaration);
      cls = { ...made, permits: undefined, declaredAt, database: 'pool' };
      this.#classes.set(id, cls);
    }
    return cls;
  }

  /** A lock that the platform provides, and no declaration of the program. */
  builtinClass(name: string, primitive: LockPrimitive, at: Ts.SourceFile): LockClass {
    const id = `builtin:${name}`;
    const known = this.#classes.get(id);
    if (known) return known;
    const file = this.#code.fileOf(at);
    const cls: LockClass = { id, name, file, primitive, permits: 1, declaredAt: { file, start: 0, end: 0 } };
    this.#classes.set(id, cls);
    return cls;
  }

  /** The declaration that an allocation gives its name to: the field, variable or container it ends up in. */
  ownerOfAllocation(node: Ts.Expression): { readonly declaration: Ts.Node; readonly suffix: string } {
    const isLock = (made: Ts.NewExpression): boolean => this.primitiveOfNew(made) !== undefined;
    return ownPlaceOf(node, isLock, this.#code) ?? allocationOwner(node, this.#code);
  }

  /** The primitive, with the module's own name for a wrapper function such as `withTimeout`. */
  wrapperOf(entity: Entity): 'waits' | 'tries' | undefined {
    const isExternal = entity.kind === 'external';
    const name = isExternal ? entity.name : functionName(entity.node);
    if (name === undefined) return undefined;
    for (const primitive of this.primitives) {
      if (primitive.module !== (isExternal ? entity.module : undefined)) continue;
      if (primitive.wrappers?.includes(name)) return 'waits';
      if (primitive.tryWrappers?.includes(name)) return 'tries';
    }
    return undefined;
  }

  #primitiveNamed(
    name: Ts.Identifier | Ts.PrivateIdentifier | Ts.StringLiteralLike,
  ): LockPrimitive | undefined {
    for (const entity of this.#code.entities(name)) {
      const found = this.primitiveOf(entity);
      if (found) return found;
      if (entity.kind === 'node' && ts.isTypeAliasDeclaration(entity.node)) {
        const aliased = this.primitiveOfType(entity.node.type);
        if (aliased) return aliased;
      }
      if (entity.kind === 'node' && ts.isClassLike(entity.node)) {
        const inherited = this.inheritedBy(entity.node);
        if (inherited) return inherited;
      }
    }
    return undefined;
  }

  /**
   * `class Gate extends Mutex {}` is the lock that it extends. Where methods of its own take the lock that it is, its
   * objects are one class of locks, as if each kept the lock in a field.
   */
  inheritedBy(node: Ts.ClassLikeDeclaration): LockPrimitive | undefined {
    if (!this.#inherited.has(node)) {
      this.#inherited.set(node, undefined);
      this.#inherited.set(node, this.#findInherited(node));
    }
    return this.#inherited.get(node);
  }

  /** Whether a lock is what the objects of one class are, by whatever names they go. */
  isOfClass(primitive: LockPrimitive): boolean {
    return this.#homes.has(primitive);
  }

  #findInherited(node: Ts.ClassLikeDeclaration): LockPrimitive | undefined {
    const extended = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    const name = extended?.types[0] && rightmostName(extended.types[0].expression);
    const primitive = name && this.#primitiveNamed(name);
    if (!primitive || this.#homes.has(primitive) || !takesItself(node, primitive)) return primitive;
    const own = { ...primitive };
    this.#homes.set(own, node);
    return own;
  }

  /**
   * A class of the program is a lock by its shape when it runs a callback (`runExclusive`, `withLock`) or hands out
   * a grant (`acquire`), and does not itself build on another lock: then it is a wrapper, and its body says more.
   */
  #shape(node: Ts.ClassLikeDeclaration | Ts.InterfaceDeclaration): LockPrimitive | undefined {
    if (this.#shapes.has(node)) return this.#shapes.get(node);
    this.#shapes.set(node, undefined);
    const own =
      node.name &&
      this.primitives.find(({ module, type }) => module === undefined && type === node.name?.text);
    const shape = own ?? this.#guessShape(node) ?? (ts.isClassLike(node) ? chainsShape(node) : undefined);
    this.#shapes.set(node, shape);
    return shape;
  }

  #guessShape(node: Ts.ClassLikeDeclaration | Ts.InterfaceDeclaration): LockPrimitive | undefined {
    const method = (name: string): Ts.SignatureDeclaration | undefined => methodNamed(node, name);
    const runs = (name: string): boolean => callbackIndex(method(name)) !== undefined;
    const scoped = [...SHAPE_SCOPED, ...SHAPE_SCOPED_WRITE].filter(runs);
    const scopedShared = SHAPE_SCOPED_READ.filter(runs);
    const waits = (name: string): boolean => method(name) !== undefined && !runs(name);
    const acquireShared = SHAPE_READ.filter(waits);
    const acquireWrite = SHAPE_WRITE.filter(waits);
    const named = /mutex|lock|semaphore/i.test(node.name?.text ?? '');
    const release = SHAPE_RELEASE.filter((name) => method(name));
    const grants = [...SHAPE_ACQUIRE, ...acquireWrite]
      .map((name) => this.#grantOf(method(name)))
      .find((grant) => grant !== undefined);
    const acquire = SHAPE_ACQUIRE.filter((name) => {
      const signature = method(name);
      if (!signature || callbackIndex(signature) !== undefined) return false;
      const grant = this.#grantOf(signature);
      return grant === 'void' ? release.length > 0 : grant !== undefined && (name === 'acquire' || named);
    });
    // A write side makes a readers-writer lock only beside a read side.
    if (scopedShared.length + acquireShared.length > 0) acquire.push(...acquireWrite);
    const taking = [...scoped, ...acquire];
    if (taking.length === 0) return undefined;
    if (ts.isClassLike(node) && scoped.length + scopedShared.length === 0) {
      const passes = (one: Ts.SignatureDeclaration | undefined): boolean =>
        one !== undefined && ((!named && waitsForNobody(one, method)) || letsEverybodyIn(one, method));
      if ([...taking, ...acquireShared].every((name) => passes(method(name)))) return undefined;
    }
    const key = ts.isClassLike(node) ? this.#familyKey(node, taking) : undefined;
    if (key === 'several') return undefined;
    if (ts.isClassLike(node) && !isNothingElse(node) && !key && this.#buildsOnAnother(node)) return undefined;
    if (ts.isInterfaceDeclaration(node) && this.#code.subtypes(node).some((heir) => !this.#shape(heir))) {
      return undefined;
    }
    const granting = [...acquire, ...acquireShared];
    const hasKey = taking.some((name) => takesKey(method(name)));
    const keyed = key ? keyedBy(key) : hasKey ? { keyArg: 0 } : {};
    return {
      type: node.name?.text ?? '',
      acquire,
      acquireShared,
      release,
      scoped,
      scopedShared,
      try: SHAPE_TRY.filter((name) => method(name)),
      waits: SHAPE_WAITS.filter((name) => method(name)),
      drains: SHAPE_DRAINS.filter((name) => method(name)),
      grants: grants ?? 'void',
      ...(this.#areImmediate((granting.length > 0 ? granting : taking).map(method))
        ? { immediate: true }
        : {}),
      ...keyed,
    };
  }

  #areImmediate(methods: readonly (Ts.SignatureDeclaration | undefined)[]): boolean {
    return (
      methods.length > 0 &&
      methods.every((method) => method && isImmediate(method) && !this.#isAliasOfPromise(method.type))
    );
  }

  #isAliasOfPromise(type: Ts.TypeNode | undefined): boolean {
    if (!type || !ts.isTypeReferenceNode(type)) return false;
    const name = ts.isIdentifier(type.typeName) ? type.typeName : type.typeName.right;
    return this.#code
      .entities(name)
      .some(
        (entity) =>
          entity.kind === 'node' &&
          ts.isTypeAliasDeclaration(entity.node) &&
          /Promise/.test(entity.node.type.getText()),
      );
  }

  /** The key by which all methods that take a lock of a family name it, where the class is such a family. */
  #familyKey(node: Ts.ClassLikeDeclaration, taking: readonly string[]): FamilyKey | 'several' | undefined {
    const fields = this.#fields;
    const methods = taking.map((name) => methodNamed(node, name)).filter((method) => method !== undefined);
    const keys = methods.map((method) => familyKey(node, method, fields));
    const [first] = keys;
    if (keys.includes('several') || first === 'several') return 'several';
    if (!first || keys.some((key) => !isSameKey(key, first))) return undefined;
    return isFamilyAlone(node, taking, fields) ? first : undefined;
  }

  /** What the promise of an `acquire` resolves to; undefined when that is neither nothing nor a grant. */
  #grantOf(signature: Ts.SignatureDeclaration | undefined): LockPrimitive['grants'] | undefined {
    if (!signature || callbackIndex(signature) !== undefined) return undefined;
    const result = signature.type && promised(signature.type);
    if (!result) return returnsFunction(signature) ? 'releaser' : 'void';
    if (result.kind === ts.SyntaxKind.VoidKeyword) return 'void';
    if (ts.isFunctionTypeNode(result)) return 'releaser';
    if (ts.isTupleTypeNode(result)) return 'value-and-releaser';
    if (ts.isTypeLiteralNode(result)) return result.members.some(isGrantMember) ? 'disposable' : undefined;
    if (ts.isIntersectionTypeNode(result) || ts.isUnionTypeNode(result)) return 'disposable';
    return ts.isTypeReferenceNode(result) ? this.#grantNamed(result) : undefined;
  }

  /** A named grant gives the lock back when called or disposed, or by a method; anything else is a pooled item. */
  #grantNamed({ typeName, typeArguments }: Ts.TypeReferenceNode): LockPrimitive['grants'] | undefined {
    const name = ts.isIdentifier(typeName) ? typeName : typeName.right;
    // `InstanceType<typeof Mutex.Guard>`: an object of the class that is named.
    const [of] = typeArguments ?? [];
    if (name.text === 'InstanceType' && of && ts.isTypeQueryNode(of)) {
      return this.#grantOfClass(ts.isIdentifier(of.exprName) ? of.exprName : of.exprName.right);
    }
    if (/^(?:Async)?Disposable$/.test(name.text)) return 'disposable';
    for (const entity of this.#code.entities(name)) {
      if (entity.kind !== 'node') continue;
      const { node } = entity;
      if (ts.isTypeAliasDeclaration(node)) {
        const type = skipTypeParentheses(node.type);
        if (ts.isFunctionTypeNode(type)) return 'releaser';
        if (ts.isTupleTypeNode(type)) return 'value-and-releaser';
        if (ts.isIntersectionTypeNode(type)) return 'disposable';
        if (ts.isTypeLiteralNode(type) && type.members.some(isGrantMember)) return 'disposable';
      }
      if (ts.isInterfaceDeclaration(node) || ts.isClassLike(node)) {
        const heritage = node.heritageClauses?.flatMap(({ types }) => [...types]) ?? [];
        if (heritage.some(({ expression }) => /Disposable$/.test(expression.getText()))) return 'disposable';
        if ([...node.members].some(isGrantMember)) return 'disposable';
      }
    }
    return undefined;
  }

  /** What gives the lock back, where a class is kept under a name: `static Guard = class { [Symbol.dispose]() {} }`. */
  #grantOfClass(name: Ts.Identifier): LockPrimitive['grants'] | undefined {
    const declaration = this.#code.declarationNode(name);
    const { initializer } = (declaration ?? {}) as { initializer?: Ts.Expression };
    const cls = initializer ? skipParentheses(initializer) : declaration;
    return cls && ts.isClassLike(cls) && cls.members.some(isGrantMember) ? 'disposable' : undefined;
  }

  #primitiveMade(initializer: Ts.Expression | undefined): LockPrimitive | undefined {
    const made = initializer && skipParentheses(initializer);
    return made && ts.isNewExpression(made) ? this.primitiveOfNew(made) : undefined;
  }

  #buildsOnAnother(node: Ts.ClassLikeDeclaration): boolean {
    for (const member of node.members) {
      if (ts.isPropertyDeclaration(member)) {
        if (this.#fields.lockOf(member) ?? this.#fields.elementOf(member)) return true;
      } else if (ts.isConstructorDeclaration(member)) {
        if (member.parameters.some(({ type }) => this.primitiveOfType(type))) return true;
      }
    }
    // Inherited methods make it a lock through its parent; what it adds is a wrapper.
    return this.inheritedBy(node) !== undefined;
  }
}

/** What a container holds, by the way it is made: `new Map<string, Mutex>()`. */
function lastTypeArgument(initializer: Ts.Expression | undefined): Ts.TypeNode | undefined {
  const made = initializer && skipParentheses(initializer);
  const given = made && ts.isNewExpression(made) ? made.typeArguments : undefined;
  return given?.[given.length - 1];
}

/** The type of what a container holds: an array's elements, a map's values. */
function elementType(type: Ts.TypeNode): Ts.TypeNode | undefined {
  if (ts.isArrayTypeNode(type)) return type.elementType;
  if (ts.isTypeOperatorNode(type) || ts.isParenthesizedTypeNode(type)) return elementType(type.type);
  if (ts.isTypeLiteralNode(type)) return type.members.find(ts.isIndexSignatureDeclaration)?.type;
  return ts.isTypeReferenceNode(type) ? type.typeArguments?.[type.typeArguments.length - 1] : undefined;
}

/** Types that stand for what they wrap. */
const TRANSPARENT_TYPES: ReadonlySet<string> = new Set([
  'Readonly',
  'Required',
  'Partial',
  'NonNullable',
  'Promise',
]);

/** `Class.field`, `object.property` or the variable's name. */
export function lockName(declaration: Ts.Node): string {
  const nameNode = nameNodeOf(declaration);
  const name = (nameNode && nameText(nameNode)) ?? 'lock';
  const bare = name.replace(/^#/, '');
  const owner = ownerName(declaration) ?? functionOwning(declaration);
  return owner === undefined ? bare : `${owner}.${bare}`;
}

/** The function that a local variable or a parameter belongs to. */
function functionOwning(declaration: Ts.Node): string | undefined {
  const isLocal =
    ts.isVariableDeclaration(declaration) || ts.isBindingElement(declaration) || ts.isParameter(declaration);
  const fn = isLocal ? enclosingFunction(declaration) : undefined;
  const holder = fn && (nameNodeOf(fn) ?? (ts.isVariableDeclaration(fn.parent) ? fn.parent.name : undefined));
  return holder && nameText(holder);
}

function ownerName(declaration: Ts.Node): string | undefined {
  let { parent } = declaration;
  if (ts.isParameter(declaration) && ts.isConstructorDeclaration(parent)) parent = parent.parent;
  if (ts.isClassLike(parent)) return parent.name?.text ?? nameOfHolder(parent);
  if (ts.isInterfaceDeclaration(parent)) return parent.name.text;
  if (ts.isTypeLiteralNode(parent) || ts.isObjectLiteralExpression(parent)) return nameOfHolder(parent);
  return undefined;
}

/** The variable, property or type alias that an anonymous class, literal or type is bound to. */
function nameOfHolder(node: Ts.Node): string | undefined {
  let at: Ts.Node = node.parent;
  while (
    ts.isParenthesizedExpression(at) ||
    ts.isAsExpression(at) ||
    ts.isSatisfiesExpression(at) ||
    ts.isCallExpression(at)
  ) {
    at = at.parent;
  }
  if (ts.isVariableDeclaration(at) || ts.isTypeAliasDeclaration(at)) return nameText(at.name);
  if (ts.isPropertyAssignment(at) || ts.isPropertyDeclaration(at) || ts.isPropertySignature(at)) {
    const owner = ownerName(at);
    const name = nameText(at.name);
    return owner === undefined ? name : `${owner}.${name}`;
  }
  return undefined;
}

function nameNodeOf(declaration: Ts.Node): Ts.Node | undefined {
  return 'name' in declaration ? ((declaration as { name?: Ts.Node }).name ?? undefined) : undefined;
}

function permitsOf(declaration: Ts.Node, primitive: LockPrimitive): number | undefined {
  const { permitsArg, permitsMember } = primitive;
  if (permitsArg === undefined) return 1;
  const isHeir = ts.isClassLike(declaration);
  const allocation = isCalled(primitive) ? findFactoryCall(declaration) : findAllocation(declaration);
  const argument = (isHeir ? superCallIn(declaration) : allocation)?.arguments?.[permitsArg];
  const number = numberOf(argument);
  if (number !== undefined) return number;
  if (permitsMember === undefined || ((isHeir || !allocation) && !argument)) return undefined;
  if (argument === undefined) return Number.POSITIVE_INFINITY;
  if (!ts.isObjectLiteralExpression(argument)) return undefined;
  const given = propertyOf(argument, permitsMember);
  const givenNumber = numberOf(given);
  if (givenNumber !== undefined) return givenNumber;
  const isOpen = argument.properties.some(ts.isSpreadAssignment);
  return given || isOpen ? undefined : Number.POSITIVE_INFINITY;
}

/** A number, or a constant that is one. */
function numberOf(expression: Ts.Expression | undefined): number | undefined {
  const bare = expression && skipParentheses(expression);
  if (!bare) return undefined;
  if (ts.isNumericLiteral(bare)) return Number(bare.text);
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  const initializer = local && ts.isVariableDeclaration(local) && isConst(local) && local.initializer;
  const value = initializer ? skipParentheses(initializer) : undefined;
  return value && ts.isNumericLiteral(value) ? Number(value.text) : undefined;
}

/** Whether the object that a lock is made with says that its holder may take it again. */
function isMadeReentrant(declaration: Ts.Node, { reentrantMember }: LockPrimitive): boolean {
  if (reentrantMember === undefined) return false;
  return (findAllocation(declaration)?.arguments ?? []).some((argument) => {
    const given = ts.isObjectLiteralExpression(argument) && propertyOf(argument, reentrantMember);
    return given && given.kind === ts.SyntaxKind.TrueKeyword;
  });
}

function findFactoryCall(node: Ts.Node): Ts.CallExpression | undefined {
  const bare = ts.isCallExpression(node) ? node : initialValue(node);
  return bare && ts.isCallExpression(bare) ? bare : undefined;
}

function findAllocation(node: Ts.Node): Ts.NewExpression | undefined {
  const bare = ts.isNewExpression(node) ? node : initialValue(node);
  if (bare && ts.isNewExpression(bare)) return bare;
  if (bare && ts.isCallExpression(bare)) {
    for (const argument of bare.arguments) if (ts.isNewExpression(argument)) return argument;
  }
  // A function that makes one for each of its callers.
  const made =
    bare === undefined || isFunctionExpression(bare) ? returnedBy(bodyOf((bare ?? node) as CfgOwner)) : [];
  const [only, another] = made.map(skipParentheses);
  return only && !another && ts.isNewExpression(only) ? only : undefined;
}

/** What a declaration starts with; for a field without an initializer, the one thing that its class assigns to it. */
function initialValue(declaration: Ts.Node): Ts.Node | undefined {
  const { initializer, name, parent } = declaration as Ts.PropertyDeclaration;
  if (initializer) return skipParentheses(initializer);
  if (!ts.isPropertyDeclaration(declaration) || !ts.isClassLike(parent)) return undefined;
  const [only, another] = assignmentsTo(parent, nameText(name) ?? '');
  return only && !another ? skipParentheses(only) : undefined;
}

/**
 * Where a freshly made lock goes. `const l = new Mutex(); this.locks.set(key, l)` belongs to the container, as does
 * `this.locks[key] = new Mutex()`; a lock made where a function returns it belongs to the function.
 */
function allocationOwner(
  node: Ts.Expression,
  code: Code,
): { readonly declaration: Ts.Node; readonly suffix: string } {
  let at: Ts.Node = node;
  let suffix = '';
  for (let { parent } = node; parent; { parent } = parent) {
    if (ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent)) {
      return { declaration: parent, suffix };
    }
    if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) {
      const container = containerStoring(parent, code);
      return container ? { declaration: container, suffix: '[*]' } : { declaration: parent, suffix };
    }
    if (ts.isBinaryExpression(parent) && parent.right === at) {
      const stored = storedIn(parent.left, code);
      if (stored) return suffix ? { ...stored, suffix } : stored;
    }
    if (ts.isCallExpression(parent) && parent.arguments.some((argument) => argument === at)) {
      const container = containerOfCall(parent, code);
      if (container) return { declaration: container, suffix: '[*]' };
    }
    if (ts.isArrayLiteralExpression(parent)) {
      const holder = parent.parent;
      if (ts.isVariableDeclaration(holder) || ts.isPropertyDeclaration(holder)) {
        return { declaration: holder, suffix: '[*]' };
      }
      // `new Map([['a', new Mutex()]])`
      if (ts.isArrayLiteralExpression(holder)) suffix = '[*]';
    }
    if (ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === at)) {
      const fn = ts.isArrowFunction(parent) ? parent : enclosingFunction(parent);
      // A factory handed to a container (`getOrCreate(key, () => new Mutex())`) fills the container.
      const call = fn?.parent;
      if (call && ts.isCallExpression(call)) {
        const container = containerOfCall(call, code);
        if (container) return { declaration: container, suffix: '[*]' };
        // `Array.from({ length }, () => new Mutex())`
        if (/^(?:from|map)$/.test(calledName(call) ?? '')) suffix = '[*]';
        at = fn;
        continue;
      }
      if (fn && nameNodeOf(fn)) return { declaration: fn, suffix: '[*]' };
      if (fn && ts.isVariableDeclaration(fn.parent)) return { declaration: fn.parent, suffix: '[*]' };
      break;
    }
    if (ts.isStatement(parent)) break;
    at = parent;
  }
  return { declaration: node, suffix: '' };
}

function calledName({ expression }: Ts.CallExpression): string | undefined {
  const callee = skipParentheses(expression);
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : undefined;
}

function enclosingFunction(node: Ts.Node): Ts.SignatureDeclaration | undefined {
  for (let at = node.parent; at; at = at.parent) if (ts.isFunctionLike(at)) return at;
  return undefined;
}

function storedIn(
  target: Ts.Expression,
  code: Code,
): { readonly declaration: Ts.Node; readonly suffix: string } | undefined {
  const bare = skipParentheses(target);
  if (ts.isElementAccessExpression(bare)) {
    const name = rightmostName(bare.expression);
    const declaration = name && code.declarationNode(name);
    return declaration && { declaration, suffix: '[*]' };
  }
  const name = rightmostName(bare);
  const declaration = name && code.declarationNode(name);
  if (!declaration) return undefined;
  if (ts.isVariableDeclaration(declaration)) {
    const container = containerStoring(declaration, code);
    if (container) return { declaration: container, suffix: '[*]' };
  }
  return { declaration, suffix: '' };
}

/** The container that the variable is put into, in the function that declares it. */
function containerStoring(variable: Ts.VariableDeclaration, code: Code): Ts.Node | undefined {
  const scope = enclosingFunction(variable)?.getSourceFile() && enclosingFunction(variable);
  if (!scope || !ts.isIdentifier(variable.name)) return undefined;
  const name = variable.name.text;
  let found: Ts.Node | undefined;
  const visit = (node: Ts.Node): void => {
    if (found) return;
    if (ts.isCallExpression(node) && node.arguments.some((argument) => isOrAssigns(argument, name))) {
      found = containerOfCall(node, code);
    } else if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isIdentifier(node.right) &&
      node.right.text === name &&
      ts.isElementAccessExpression(node.left)
    ) {
      const target = rightmostName(node.left.expression);
      found = target && code.declarationNode(target);
    }
    ts.forEachChild(node, visit);
  };
  visit(scope);
  return found;
}

/** `mu`, or `(mu = new Mutex())`. */
function isOrAssigns(argument: Ts.Expression, name: string): boolean {
  const bare = skipParentheses(argument);
  const target =
    ts.isBinaryExpression(bare) && bare.operatorToken.kind === ts.SyntaxKind.EqualsToken ? bare.left : bare;
  return ts.isIdentifier(target) && target.text === name;
}

/** The declaration of `c` in `c.set(key, lock)`, `c.push(lock)` and the like. */
function containerOfCall(call: Ts.CallExpression, code: Code): Ts.Node | undefined {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  if (!CONTAINER_WRITES.has(callee.name.text)) return undefined;
  const name = rightmostName(callee.expression);
  const container = name && code.declarationNode(name);
  return container && outermost(container, code);
}

/** The container that a local one is part of: `const inner = this.locks.get(tenant)`. */
function outermost(container: Ts.Node, code: Code): Ts.Node {
  if (!ts.isVariableDeclaration(container) || !container.initializer) return container;
  const value = skipParentheses(container.initializer);
  const callee = ts.isCallExpression(value) ? skipParentheses(value.expression) : undefined;
  const isGet = callee && ts.isPropertyAccessExpression(callee) && /^(?:get|at)$/.test(callee.name.text);
  const source = isGet
    ? callee.expression
    : ts.isElementAccessExpression(value)
      ? value.expression
      : undefined;
  const name = source && rightmostName(source);
  const outer = name && code.declarationNode(name);
  return outer ? outermost(outer, code) : container;
}

const CONTAINER_WRITES: ReadonlySet<string> = new Set([
  'set',
  'push',
  'unshift',
  'add',
  'getOrInsert',
  'getOrInsertComputed',
  'getOrCreate',
  'computeIfAbsent',
]);

function methodNamed(
  node: Ts.ClassLikeDeclaration | Ts.InterfaceDeclaration,
  name: string,
): Ts.SignatureDeclaration | undefined {
  const member = ts.isClassLike(node)
    ? ownMember(node, name)
    : node.members.find((candidate) => candidate.name && nameText(candidate.name) === name);
  if (!member) return undefined;
  if (ts.isMethodDeclaration(member) || ts.isMethodSignature(member)) return member;
  if (ts.isPropertyDeclaration(member) && member.initializer) {
    const bare = skipParentheses(member.initializer);
    if (ts.isArrowFunction(bare) || ts.isFunctionExpression(bare)) return bare;
  }
  if (ts.isPropertySignature(member) && member.type && ts.isFunctionTypeNode(member.type)) return member.type;
  return undefined;
}

/** The position of the parameter that takes a function. */
function callbackIndex(signature: Ts.SignatureDeclaration | undefined): number | undefined {
  if (!signature) return undefined;
  const index = signature.parameters.findIndex((parameter) => takesFunction(parameter, signature));
  return index < 0 ? undefined : index;
}

function takesFunction(parameter: Ts.ParameterDeclaration, signature: Ts.SignatureDeclaration): boolean {
  // What may be left out is told of something, and is not the section.
  if (parameter.questionToken) return false;
  if (parameter.type && ts.isFunctionTypeNode(skipTypeParentheses(parameter.type))) return true;
  const name = ts.isIdentifier(parameter.name) ? parameter.name.text : undefined;
  const { body } = signature as { body?: Ts.Node };
  if (name === undefined || !body)
    return /^(?:fn|cb|callback|task|work|body|action|run|f)$/i.test(name ?? '');
  return calls(body, name);
}

function skipTypeParentheses(type: Ts.TypeNode): Ts.TypeNode {
  return ts.isParenthesizedTypeNode(type) ? skipTypeParentheses(type.type) : type;
}

function calls(body: Ts.Node, name: string): boolean {
  if (ts.isCallExpression(body) && ts.isIdentifier(body.expression) && body.expression.text === name)
    return true;
  return ts.forEachChild(body, (child) => calls(child, name)) ?? false;
}

/** A member by which a grant gives its lock back. */
function isGrantMember(member: Ts.TypeElement | Ts.ClassElement): boolean {
  if (ts.isCallSignatureDeclaration(member)) return true;
  if (!member.name) return false;
  if (ts.isComputedPropertyName(member.name)) return /dispose/i.test(member.name.getText());
  const name = nameText(member.name);
  return name !== undefined && SHAPE_RELEASE.includes(name);
}

function promised(type: Ts.TypeNode): Ts.TypeNode {
  if (
    ts.isTypeReferenceNode(type) &&
    ts.isIdentifier(type.typeName) &&
    /^Promise(?:Like)?$/.test(type.typeName.text)
  ) {
    return skipTypeParentheses(type.typeArguments?.[0] ?? type);
  }
  return skipTypeParentheses(type);
}

function returnsFunction(signature: Ts.SignatureDeclaration): boolean {
  const { body } = signature as { body?: Ts.Node };
  const visit = (node: Ts.Node): boolean => {
    if (ts.isReturnStatement(node) && node.expression) {
      const bare = skipParentheses(node.expression);
      return ts.isArrowFunction(bare) || ts.isFunctionExpression(bare);
    }
    if (ts.isFunctionLike(node) && node !== signature) return false;
    return ts.forEachChild(node, visit) ?? false;
  };
  return body ? visit(body) : false;
}

/** `acquire(key)`, `runExclusive(key, fn)`: the first parameter names one lock of a family. */
function takesKey(signature: Ts.SignatureDeclaration | undefined): boolean {
  const [first] = signature?.parameters ?? [];
  if (!first || !signature || takesFunction(first, signature)) return false;
  if (first.type && ts.isFunctionTypeNode(skipTypeParentheses(first.type))) return false;
  const name = ts.isIdentifier(first.name) ? first.name.text : '';
  const { type } = first;
  if (type && (type.kind === ts.SyntaxKind.NumberKeyword || ts.isTypeLiteralNode(type))) {
    return /key|id/i.test(name);
  }
  return isKeyName(name);
}

/** The name of a function of the program, as the config has it. */
function functionName(node: Ts.Node): string | undefined {
  const isFunction = ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node);
  return isFunction && node.name && ts.isIdentifier(node.name) ? node.name.text : undefined;
}
