import type { LockPrimitive } from '../../config/types.ts';
import { owningFunction, resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import {
  type Code,
  type Entity,
  hasBody,
  isParameterProperty,
  memberName,
  type NameNode,
  nameText,
  ownMember,
  rightmostName,
  skipParentheses,
} from '../code.ts';
import { isFunctionExpression, isInside, isStatic, outermost } from '../shapes.ts';
import { CHAIN } from './chain-locks.ts';
import { isChainSlot } from './chain-shape.ts';
import { comparisonOf } from './comparisons.ts';
import { computedKey } from './computed-keys.ts';
import { constantOf, enumConstant } from './constants.ts';
import { givenToField } from './constructor-parts.ts';
import { assignmentsTo, staysConstant } from './field-assignments.ts';
import type { LockIdentity } from './identity.ts';
import { isThen } from './joined.ts';
import { keptFields, partAt } from './kept-fields.ts';
import { isKeyedChainSlot } from './keyed-chains.ts';
import { idOf } from './keys.ts';
import { frameOf } from './links.ts';
import { keyName } from './members.ts';
import { Singles } from './origins.ts';
import { OwnParts } from './own-parts.ts';
import { crossValue, isPrefix, placePath, UNKNOWN_PATH } from './paths.ts';
import { admitsNothing } from './presence.ts';
import { followedBy, keptPromise, madeWith, promisesPutInto, startedByMaking } from './started-fields.ts';
import { keepsFunctions, StoredFunctions } from './stored.ts';
import { sumOf, textOf } from './texts.ts';
import {
  type Bindings,
  type Closure,
  type Collection,
  type Constant,
  EMPTY_BINDINGS,
  type Instance,
  instanceOf,
  isGivenBackBy,
  type LockValue,
  membersOf,
  nullishnessOf,
  type Path,
  pathOf,
  type Value,
  valueUnder,
  withPath,
} from './values.ts';
import { asCollection, joinValues, restOf } from './world.ts';

/** Where an expression is evaluated. */
export interface Env {
  readonly bindings: Bindings;
  readonly self: Value | undefined;
  /** The function whose activation this is; undefined where only declarations are looked at. */
  readonly owner: CfgOwner | undefined;
}

/** Runs a function for its value: what a getter or a factory returns. */
export type ValueOfCall = (
  closure: Closure,
  args: readonly (Value | undefined)[],
  site: Ts.Node,
) => Value | undefined;

/** The values of expressions and declarations. It changes nothing: calls and assignments are made elsewhere. */
export class Evaluator {
  readonly parts: OwnParts;
  readonly #code: Code;
  readonly #identity: LockIdentity;
  readonly #call: ValueOfCall;
  readonly #functions: StoredFunctions;
  readonly singles = new Singles();
  readonly #free = new WeakMap<Ts.Node, ReadonlySet<Ts.Node>>();
  /** Declarations being looked through: one that leads back to itself says nothing. */
  readonly #open = new Set<Ts.Node>();

  constructor(code: Code, identity: LockIdentity, call: ValueOfCall, matters: (fn: CfgOwner) => boolean) {
    this.#code = code;
    this.parts = new OwnParts((cls) => code.constructions(cls));
    this.#identity = identity;
    this.#call = call;
    this.#functions = new StoredFunctions(code, this, matters);
  }

  evaluate(node: Ts.Node | undefined, env: Env): Value | undefined {
    if (!node) return undefined;
    const known = env.bindings.get(node);
    if (known) return known;
    const bare = skipParentheses(node);
    if (bare !== node) return this.evaluate(bare, env);
    if (ts.isIdentifier(node)) return this.#identifier(node, env);
    if (node.kind === ts.SyntaxKind.ThisKeyword) return env.self;
    const constant = constantOf(node);
    if (constant) return constant;
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
      return this.#access(node, env);
    if (isFunctionExpression(node)) return this.closure(node, env);
    if (ts.isNewExpression(node)) return this.#new(node, env);
    if (ts.isCallExpression(node)) return this.#pureCall(node, env);
    if (ts.isArrayLiteralExpression(node)) return this.#array(node, env);
    if (ts.isObjectLiteralExpression(node)) return this.#object(node, env);
    if (ts.isAwaitExpression(node)) return this.#awaited(this.evaluate(node.expression, env));
    if (ts.isConditionalExpression(node)) {
      return this.#either(node.whenTrue, node.whenFalse, env);
    }
    if (ts.isBinaryExpression(node)) return this.#binary(node, env);
    if (ts.isTemplateExpression(node)) return this.#template(node, env);
    return undefined;
  }

  /** The function as a value: with the variables it captures, as they are. */
  closure(fn: CfgOwner, env: Env): Closure {
    const captured = new Map<Ts.Node, Value>();
    for (const declaration of this.freeVariables(fn)) {
      const value = env.bindings.get(declaration);
      if (value) captured.set(declaration, value);
    }
    const self = ts.isArrowFunction(fn) ? env.self : undefined;
    return { kind: 'closure', fn, captured, self, bound: [] };
  }

  /** A property of a value; `name` is asked about where the value does not say. */
  property(object: Value | undefined, name: NameNode, env: Env): Value | undefined {
    const text = nameText(name) ?? '';
    const members = membersOf(object);
    if (members.length === 0) return this.#declaredMember(undefined, name, env);
    let joined: Value | undefined;
    for (const member of members) {
      const value = this.#propertyOf(member, text, name, env);
      if (!value) return members.length === 1 ? undefined : joined;
      joined = joinValues(joined, value);
    }
    return joined;
  }

  /** The objects of a class that the program makes, each with what it is given. */
  objectsMade(cls: Ts.ClassLikeDeclaration): readonly Value[] {
    const made = this.#code.constructions(cls).map((site) => this.evaluate(site, this.#declarationEnv(site)));
    return made.filter((value) => value !== undefined);
  }

  /** A member of an instance, by name, as its class and the classes that extend it declare it. */
  memberOf(instance: Instance, name: string): Value | undefined {
    const found = this.#code.member(instance.cls, name);
    return found && this.declared(found, instance.path, instance);
  }

  /** What the program puts in the place of a method, besides what its declaration says. */
  inPlaceOf(method: Ts.Node, object: Value | undefined): Value | undefined {
    return this.#functions.inPlaceOf(method, pathOf(object), object);
  }

  /**
   * What a declaration stands for. `holder` is the path of the object that has it, for a member; `self` is that
   * object.
   */
  declared(node: Ts.Node, holder: Path | undefined, self?: Value): Value | undefined {
    if (this.#open.has(node)) return undefined;
    this.#open.add(node);
    try {
      return this.#declared(node, holder, self);
    } finally {
      this.#open.delete(node);
    }
  }

  #declared(node: Ts.Node, holder: Path | undefined, self: Value | undefined): Value | undefined {
    if (ts.isVariableDeclaration(node)) return this.#variable(node);
    if (ts.isBindingElement(node)) return this.#bindingElement(node);
    if (ts.isParameter(node)) {
      return isParameterProperty(node) && ts.isConstructorDeclaration(node.parent)
        ? this.#field(node, holder, self)
        : this.#parameter(node);
    }
    if (ts.isPropertyDeclaration(node) || ts.isPropertySignature(node))
      return this.#field(node, holder, self);
    if (ts.isPropertyAssignment(node)) {
      return this.#assigned(node, node.initializer, holder, self);
    }
    if (ts.isShorthandPropertyAssignment(node)) {
      const local = resolveLocal(node.name);
      return local && this.declared(local, undefined);
    }
    if (ts.isGetAccessor(node)) {
      return hasBody(node) ? this.#call({ ...bare(node), self }, [], node) : undefined;
    }
    if (isCfgOwner(node)) return { ...bare(node), self };
    if (ts.isEnumMember(node)) return enumConstant(node);
    if (ts.isExportAssignment(node)) return this.evaluate(node.expression, this.#declarationEnv(node));
    if (ts.isClassLike(node)) return { kind: 'opaque', path: `g:${idOf(node)}` };
    return undefined;
  }

  // -- names

  #identifier(node: Ts.Identifier, env: Env): Value | undefined {
    if (node.text === 'undefined') return { kind: 'constant', value: undefined };
    const local = resolveLocal(node);
    if (!local) return undefined;
    const bound = env.bindings.get(local);
    if (bound) return this.#functions.filling(local, bound, env.owner) ?? bound;
    if (env.owner && frameOf(local) === env.owner && !isHoisted(local)) {
      return isModuleLevel(local)
        ? this.declared(local, undefined)
        : { kind: 'opaque', path: `v${idOf(local)}` };
    }
    // It sees the variables around it as whoever calls it does.
    if (ts.isFunctionDeclaration(local) && !isModuleLevel(local)) return this.closure(local, env);
    for (const entity of this.#code.entities(node)) {
      if (entity.kind === 'node')
        return this.declared(entity.node, undefined, this.#lexicalSelf(entity.node));
    }
    return undefined;
  }

  #access(node: Ts.PropertyAccessExpression | Ts.ElementAccessExpression, env: Env): Value | undefined {
    const object = node.expression;
    if (object.kind === ts.SyntaxKind.SuperKeyword) {
      const name = memberName(node);
      const target = name && this.#code.declarationNode(name);
      return target && this.declared(target, pathOf(env.self), env.self);
    }
    const name = memberName(node);
    const value = this.evaluate(object, env);
    if (name) {
      const field = this.#ownField(object, name, env) ?? this.#keptSlot(name, env);
      const given = this.#functions.objectsIn(object, value, env) ?? value;
      return (field && env.bindings.get(field)) ?? this.property(given, name, env);
    }
    if (!ts.isElementAccessExpression(node)) return undefined;
    return this.element(value, node.argumentExpression, env);
  }

  /** The declaration of a member under which a grant is kept, of whatever object. */
  #keptSlot(name: NameNode, env: Env): Ts.Node | undefined {
    const text = nameText(name) ?? '';
    const kept = [...env.bindings.keys()].filter((node) => {
      const { name: own } = node as { name?: Ts.Node };
      return own && isMemberDeclaration(node) && nameText(own) === text;
    });
    const declaration = kept.length > 0 ? this.#code.declarationNode(name) : undefined;
    if (!declaration || kept.includes(declaration)) return declaration;
    return kept.find((node) => isSameLiteralType(node, declaration)) ?? declaration;
  }

  /** The declaration of `this.x`, under which assignments in the same activation are kept. */
  #ownField(object: Ts.Expression, name: NameNode, env: Env): Ts.Node | undefined {
    if (skipParentheses(object).kind !== ts.SyntaxKind.ThisKeyword || env.self?.kind !== 'instance')
      return undefined;
    return this.#code.member(env.self.cls, nameText(name) ?? '');
  }

  /** An element by index or key. */
  element(container: Value | undefined, key: Ts.Expression | undefined, env: Env): Value | undefined {
    const constant = key && this.evaluate(key, env);
    const suffix = `[${this.keyPath(key, env)}]`;
    for (const member of membersOf(container)) {
      if (member.kind === 'collection') {
        if (member.items && constant?.kind === 'constant') return itemAt(member.items, constant.value);
        if (member.keys && constant?.kind === 'constant') return valueUnder(member, String(constant.value));
        const { path, sorted } = member;
        const place =
          sorted && constant?.kind === 'constant' && placePath(path, sorted, Number(constant.value));
        return withPath(member.element, place || `${path}${suffix}`);
      }
      if (member.kind === 'releaser' && member.pair) {
        return constant?.kind === 'constant' && constant.value === 1 ? { ...member, pair: false } : undefined;
      }
      if (member.kind === 'object') {
        if (constant?.kind === 'constant') return member.properties.get(String(constant.value));
        // Any of them, then.
        let any: Value | undefined;
        for (const property of member.properties.values()) any = joinValues(any, property);
        return any;
      }
    }
    const path = pathOf(container);
    return path === undefined ? undefined : { kind: 'opaque', path: `${path}${suffix}` };
  }

  /** The text that stands for a key in a path: equal keys have equal texts. */
  keyPath(key: Ts.Expression | undefined, env: Env): string {
    const value = key && this.evaluate(key, env);
    if (value?.kind === 'constant') return JSON.stringify(value.value) ?? 'undefined';
    const known = pathOf(value);
    if (!key || (known !== undefined && !known.includes(UNKNOWN_PATH))) return known ?? UNKNOWN_PATH;
    return computedKey(key, (part) => this.evaluate(part, env)) ?? UNKNOWN_PATH;
  }

  #propertyOf(member: Value, text: string, name: NameNode, env: Env): Value | undefined {
    switch (member.kind) {
      case 'object': {
        const own = member.properties.get(text);
        return (
          own ?? this.#declaredMember(member, name, env) ?? { kind: 'opaque', path: `${member.path}.${text}` }
        );
      }
      case 'instance':
        if (this.#meansStatic(member, text, name)) return this.#declaredMember(member, name, env);
        return (
          env.bindings.get(this.#code.member(member.cls, text) ?? member.cls) ??
          member.fields.get(text) ??
          this.memberOf(member, text) ??
          this.#declaredMember(member, name, env)
        );
      case 'releaser':
        return isGivenBackBy(member, text) ? member : undefined;
      case 'lock':
        if (member.lock.cls.primitive.views?.includes(text)) return member;
        return isOperation(member, text) ? { kind: 'operation', lock: member, method: text } : undefined;
      case 'collection':
        if (this.#code.entities(name).length === 0) return valueUnder(member, text);
        return this.#declaredMember(member, name, env) ?? { kind: 'opaque', path: `${member.path}.${text}` };
      case 'opaque':
        if (member.keeps) return member;
        return this.#declaredMember(member, name, env) ?? { kind: 'opaque', path: `${member.path}.${text}` };
      default:
        return undefined;
    }
  }

  /** Whether the class has a member of one name for itself and one for its objects, and its own is meant. */
  #meansStatic({ cls }: Instance, text: string, name: NameNode): boolean {
    const own = this.#code.member(cls, text);
    if (!own || isStatic(own) || !cls.members.some((one) => isStaticNamed(one, text))) return false;
    const meant = this.#code.declarationNode(name);
    return meant !== undefined && isStatic(meant);
  }

  #declaredMember(object: Value | undefined, name: NameNode, _env: Env): Value | undefined {
    const holder = pathOf(object);
    let joined: Value | undefined;
    for (const entity of this.#code.entities(name)) {
      if (entity.kind !== 'node') return undefined;
      const path = isStatic(entity.node) ? 'g:' : holder;
      joined = joinValues(joined, this.declared(entity.node, path, this.#selfFor(object, entity, holder)));
    }
    return joined;
  }

  /** The object a member is found on: what is known of it, or any object of the class that declares it. */
  #selfFor(object: Value | undefined, entity: Entity, holder: Path | undefined): Value | undefined {
    if (object?.kind === 'instance' || entity.kind !== 'node') return object;
    const owner = entity.node.parent;
    if (owner && ts.isClassLike(owner)) {
      return instanceOf(owner, false, holder ?? UNKNOWN_PATH);
    }
    return object;
  }

  // -- declarations

  /** The promise chain that a function makes a variable for. */
  chainIn(node: Ts.VariableDeclaration): Value | undefined {
    return isChainSlot(node) ? this.#chain(node, `n${idOf(node)}`) : undefined;
  }

  #chain(node: Ts.Node, path: Path | undefined): LockValue {
    return { kind: 'lock', lock: { cls: this.#identity.classOf(node, CHAIN), path }, tries: false };
  }

  #variable(node: Ts.VariableDeclaration): Value | undefined {
    const path = isModuleLevel(node) ? `g:${idOf(node)}` : `e${idOf(node)}`;
    if (isChainSlot(node)) return this.#chain(node, path);
    const kept = this.#functions.of(node, undefined, undefined);
    if (kept) return kept;
    const isConst = (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Const) === ts.NodeFlags.Const;
    const value = this.#assigned(node, node.initializer, path, undefined);
    if (!value) return { kind: 'opaque', path };
    const survives =
      isConst || value.kind === 'lock' || value.kind === 'collection' || value.kind === 'instance';
    return survives ? value : { kind: 'opaque', path };
  }

  #bindingElement(node: Ts.BindingElement): Value | undefined {
    let root: Ts.Node = node;
    while (ts.isBindingElement(root) || ts.isObjectBindingPattern(root) || ts.isArrayBindingPattern(root)) {
      root = root.parent;
    }
    const isVariable = ts.isVariableDeclaration(root) && root.initializer;
    if (!isVariable || !ts.isVariableDeclaration(root)) return { kind: 'opaque', path: `e${idOf(node)}` };
    const env = this.#declarationEnv(root);
    // What is made in one call and taken apart stays together, as it does in a variable of its own.
    const whole = isModuleLevel(root)
      ? this.#assigned(root, root.initializer, `g:${idOf(root)}`, undefined)
      : this.evaluate(root.initializer, env);
    return this.destructured(node, root, whole, env) ?? { kind: 'opaque', path: `e${idOf(node)}` };
  }

  /** The part of a value that a binding element takes. */
  destructured(
    node: Ts.BindingElement,
    root: Ts.Node,
    whole: Value | undefined,
    env: Env,
  ): Value | undefined {
    const pattern = node.parent;
    const holder = pattern.parent;
    const outer =
      holder === root || !ts.isBindingElement(holder) ? whole : this.destructured(holder, root, whole, env);
    if (ts.isArrayBindingPattern(pattern)) {
      const index = pattern.elements.indexOf(node);
      return this.#indexed(outer, index, node.dotDotDotToken !== undefined);
    }
    if (node.dotDotDotToken) return outer;
    const name = node.propertyName ?? node.name;
    if (!ts.isIdentifier(name) && !ts.isStringLiteralLike(name)) return undefined;
    // The compiler takes a shorthand for the variable, so the member is looked up in the type that declares it.
    for (const member of membersOf(outer)) {
      const isShorthand = member.kind === 'object' && !node.propertyName;
      const found = isShorthand
        ? member.properties.get(name.text)
        : this.#propertyOf(member, name.text, name as NameNode, env);
      if (found && (member.kind === 'object' || member.kind === 'instance' || member.kind === 'releaser'))
        return found;
    }
    const declared = this.#memberOfPatternType(node, name.text, outer);
    const path = pathOf(outer);
    return declared ?? (path === undefined ? undefined : { kind: 'opaque', path: `${path}.${name.text}` });
  }

  #memberOfPatternType(node: Ts.BindingElement, name: string, outer: Value | undefined): Value | undefined {
    const holder = node.parent.parent;
    const source =
      ts.isVariableDeclaration(holder) && holder.initializer ? rightmostName(holder.initializer) : undefined;
    const types = source
      ? this.#code.typeEntities(source)
      : ts.isParameter(holder) && holder.type
        ? this.#entitiesOfType(holder.type)
        : [];
    for (const entity of types) {
      if (entity.kind !== 'node') continue;
      const member = ts.isSourceFile(entity.node)
        ? this.#exportedBy(entity.node, name)
        : memberDeclaration(entity.node, name);
      if (member) return this.declared(member, pathOf(outer), outer);
    }
    return undefined;
  }

  /** What a module hands out by a name: `const { mu } = locks`, where `locks` stands for the module. */
  #exportedBy(source: Ts.SourceFile, name: string): Ts.Node | undefined {
    for (const statement of source.statements) {
      const named = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
      for (const one of named) {
        const own = (one as { name?: Ts.Node }).name;
        if (own && nameText(own) === name) return one;
      }
      const exported =
        ts.isExportDeclaration(statement) &&
        statement.exportClause &&
        ts.isNamedExports(statement.exportClause)
          ? statement.exportClause.elements.find((one) => one.name.text === name)
          : undefined;
      if (exported) return this.#code.declarationNode((exported.propertyName ?? exported.name) as NameNode);
    }
    return undefined;
  }

  #entitiesOfType(type: Ts.TypeNode): readonly Entity[] {
    if (ts.isTypeLiteralNode(type)) return [{ kind: 'node', node: type }];
    if (!ts.isTypeReferenceNode(type)) return [];
    const name = ts.isIdentifier(type.typeName) ? type.typeName : type.typeName.right;
    return this.#code
      .entities(name)
      .map((entity) =>
        entity.kind === 'node' && ts.isTypeAliasDeclaration(entity.node)
          ? ({ kind: 'node', node: entity.node.type } as const)
          : entity,
      );
  }

  #indexed(value: Value | undefined, index: number, rest: boolean): Value | undefined {
    for (const member of membersOf(value)) {
      if (member.kind === 'collection') {
        if (rest) return restOf(member, index);
        if (member.items) return member.items[index];
        const { path, sorted } = member;
        return withPath(member.element, sorted ? placePath(path, sorted, index) : `${path}[${index}]`);
      }
      if (member.kind === 'releaser' && member.pair)
        return index === 1 ? { ...member, pair: false } : undefined;
      // An entry of a map, whose elements are its values.
      if (member.kind === 'closure') return index === 1 ? value : undefined;
    }
    const path = pathOf(value);
    return path === undefined ? undefined : { kind: 'opaque', path: `${path}[${index}]` };
  }

  #parameter(node: Ts.ParameterDeclaration): Value | undefined {
    const path = `e${idOf(node)}`;
    return this.#typed(node.type, path) ?? { kind: 'opaque', path };
  }

  #field(
    node: Ts.PropertyDeclaration | Ts.PropertySignature | Ts.ParameterDeclaration,
    holder: Path | undefined,
    self: Value | undefined,
  ): Value | undefined {
    const initializer = ts.isPropertySignature(node) ? undefined : node.initializer;
    const path = isStatic(node) ? 'g:' : holder;
    if (isChainSlot(node) && !this.#identity.primitiveOf({ kind: 'node', node: node.parent })) {
      return this.#chain(node, path);
    }
    const kept = this.#functions.of(node, path, self);
    if (kept) return kept;
    const given = this.#assigned(node, ts.isParameter(node) ? undefined : initializer, path, self);
    if (given?.kind === 'constant' && !staysConstant(node)) return this.#opaqueMember(node, path);
    if (given?.kind === 'collection' && !given.element) return this.#withKeptPromises(given, node, self);
    if (given && !(given.kind === 'opaque')) return given;
    return this.#stored(node, path, self) ?? given ?? this.#opaqueMember(node, path);
  }

  #opaqueMember(node: Ts.Node, holder: Path | undefined): Value | undefined {
    const name = nameText((node as { name?: Ts.Node }).name ?? node);
    return holder === undefined || name === undefined
      ? undefined
      : { kind: 'opaque', path: `${holder}.${name}` };
  }

  /** A declaration with a type, an initializer, or both. `path` is that of the object that holds it. */
  #assigned(
    node: Ts.Node,
    initializer: Ts.Expression | undefined,
    path: Path | undefined,
    self: Value | undefined,
  ): Value | undefined {
    const { type } = node as { type?: Ts.TypeNode };
    const value = initializer && this.evaluate(initializer, this.#declarationEnv(node, self));
    if (value?.kind === 'lock') {
      const isOwn = value.lock.path?.startsWith('n') ?? false;
      return isOwn ? { ...value, lock: { ...value.lock, path } } : value;
    }
    // The type of a bound method is said to be that of the lock it belongs to.
    if (value?.kind === 'operation') return value;
    const primitive = this.#identity.primitiveOfType(type) ?? this.#inferred(node, initializer);
    if (primitive) {
      const alias = this.#injected(node);
      return (
        alias ?? { kind: 'lock', lock: { cls: this.#identity.classOf(node, primitive), path }, tries: false }
      );
    }
    const container = inOwnOrder(this.#container(node, type, initializer, path), node, initializer);
    if (container) return container;
    if (value && value.kind !== 'opaque') {
      const own = relocated(value, this.parts.placed(node, value, this.#memberPath(node, path)));
      return this.singles.note(node, inOwnOrder(own, node, initializer));
    }
    const at = this.parts.placedByConstructor(node, this.#memberPath(node, path));
    return this.#typed(type, at) ?? value;
  }

  #memberPath(node: Ts.Node, holder: Path | undefined): Path | undefined {
    if (ts.isVariableDeclaration(node)) return holder;
    const name = nameText((node as { name?: Ts.Node }).name ?? node);
    return holder === undefined || name === undefined ? undefined : `${holder}.${name}`;
  }

  /** A lock whose type is not written down: `mu = createLock()`. */
  #inferred(node: Ts.Node, initializer: Ts.Expression | undefined): ReturnType<LockIdentity['primitiveOf']> {
    const bareInit = initializer && skipParentheses(initializer);
    if (!bareInit || !ts.isCallExpression(bareInit)) return undefined;
    const made = this.#identity.primitiveOfFactory(bareInit);
    if (made) return made;
    const { name } = node as { name?: Ts.Node };
    if (!name || !(ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) return undefined;
    for (const entity of this.#code.typeEntities(name)) {
      const found = this.#identity.primitiveOf(entity);
      if (found) return found;
    }
    return undefined;
  }

  #container(
    node: Ts.Node,
    type: Ts.TypeNode | undefined,
    initializer: Ts.Expression | undefined,
    path: Path | undefined,
  ): Value | undefined {
    const bareInit = initializer && skipParentheses(initializer);
    const created = bareInit && ts.isNewExpression(bareInit) ? bareInit.typeArguments : undefined;
    const last = created?.[created.length - 1];
    const direct = last && this.#identity.primitiveOfType(last);
    const found =
      this.#identity.contained(type) ??
      (direct ? { primitive: direct, depth: 1 } : deeper(this.#identity.contained(last)));
    const { primitive, depth: levels } = found ?? (this.#keepsChains(node) ? CHAIN_BY_KEY : NOTHING);
    if (!primitive) return undefined;
    const own = this.#memberPath(node, path) ?? UNKNOWN_PATH;
    const cls = this.#identity.classOf(node, primitive, '[*]');
    let value: Value = {
      kind: 'lock',
      lock: { cls, path: own + `[${UNKNOWN_PATH}]`.repeat(levels) },
      tries: false,
    };
    for (let depth = levels - 1; depth >= 0; depth -= 1) {
      const at = own + `[${UNKNOWN_PATH}]`.repeat(depth);
      value = { kind: 'collection', path: at, items: undefined, element: value, sorted: false };
    }
    return value;
  }

  /** A promise chain for each key, where the class around it is not all of the lock. */
  #keepsChains(node: Ts.Node): boolean {
    return isKeyedChainSlot(node) && !this.#identity.primitiveOf({ kind: 'node', node: node.parent });
  }

  #typed(type: Ts.TypeNode | undefined, path: Path | undefined): Value | undefined {
    if (!type || path === undefined) return undefined;
    const bareType = ts.isUnionTypeNode(type) ? type.types.find(ts.isTypeReferenceNode) : type;
    if (!bareType || !ts.isTypeReferenceNode(bareType)) return undefined;
    for (const entity of this.#entitiesOfType(bareType)) {
      if (entity.kind === 'node' && ts.isClassLike(entity.node)) {
        const isSure = !admitsNothing(type.parent);
        return isSure
          ? instanceOf(entity.node, false, path)
          : { ...instanceOf(entity.node, false, path), mayBeMissing: true };
      }
    }
    return undefined;
  }

  /** A container of promises, with those that the program puts into it. */
  #withKeptPromises(container: Collection, field: Ts.Node, self: Value | undefined): Collection {
    let element: Value | undefined;
    for (const value of promisesPutInto(field, this.#code)) {
      const put = this.evaluate(value, this.#declarationEnv(value, self));
      element = joinValues(element, keptPromise(put));
    }
    return element ? { ...container, items: undefined, element } : container;
  }

  /** A field that something is assigned to in its class: a lock made in the constructor, a releaser kept for later. */
  #stored(
    node: Ts.PropertyDeclaration | Ts.PropertySignature | Ts.ParameterDeclaration,
    path: Path | undefined,
    self: Value | undefined,
  ): Value | undefined {
    const cls = ts.isParameter(node) ? node.parent.parent : node.parent;
    const name = nameText(node.name);
    if (!ts.isClassLike(cls) || name === undefined) return undefined;
    let joined: Value | undefined;
    for (const value of assignmentsTo(cls, name)) {
      const env: Env = { bindings: EMPTY_BINDINGS, self: self ?? this.#lexicalSelf(value), owner: undefined };
      const evaluated = this.evaluate(value, env);
      if (evaluated?.kind === 'lock' && evaluated.lock.path?.startsWith('n')) {
        return { ...evaluated, lock: { ...evaluated.lock, path } };
      }
      if (evaluated && evaluated.kind !== 'opaque' && evaluated.kind !== 'constant') {
        joined = joinValues(joined, evaluated);
      }
    }
    return joined;
  }

  /** A lock handed in by the one who makes the object: the lock that was created, if all agree on it. */
  #injected(node: Ts.Node): LockValue | undefined {
    const taken = givenToField(node);
    if (!taken || !ts.isClassLike(taken.making.parent)) return undefined;
    const { index, members } = taken.given;
    let found: LockValue | undefined;
    for (const site of this.#code.constructions(taken.making.parent)) {
      const argument = site.arguments?.[index];
      const env: Env = { bindings: EMPTY_BINDINGS, self: this.#lexicalSelf(site), owner: undefined };
      const value = partAt(argument && this.evaluate(argument, env), members);
      if (value?.kind !== 'lock' || (found && found.lock.cls !== value.lock.cls)) return undefined;
      found = value;
    }
    // Each maker makes one for the object: it is the object's own.
    if (!found || found.lock.cls.id === this.#code.key(node)) return undefined;
    // A lock of the module is the same for all; one that an object hands in may be another for each.
    const path = found.lock.path?.startsWith('g:') ? found.lock.path : undefined;
    return { ...found, lock: { cls: found.lock.cls, path } };
  }

  // -- expressions

  #new(node: Ts.NewExpression, env: Env): Value | undefined {
    const primitive = this.#identity.primitiveOfNew(node);
    if (primitive) return this.#newLock(node, primitive);
    const name = rightmostName(node.expression);
    const target = name && this.#code.declarationNode(name);
    if (target && ts.isClassLike(target)) {
      const given = (node.arguments ?? []).map((argument) => this.evaluate(argument, env));
      const made = instanceOf(target, true, `n${idOf(node)}`);
      const origin = keepsFunctions(target, this.#code) ? { origin: idOf(node) } : undefined;
      const fields = this.#partsOf(made, keptFields(target, given, this.#code));
      return this.#withStarted({ ...made, ...origin, fields }, given);
    }
    if (name && /^(?:Map|Set|Array|WeakMap|(?:Async)?DisposableStack)$/.test(nameText(name) ?? '')) {
      const path = `n${idOf(node)}`;
      const source = this.evaluate(node.arguments?.[0], env);
      const from = source?.kind === 'collection' ? source : undefined;
      const element = isMap(name) ? valuesOfPairs(from) : from?.element;
      return { kind: 'collection', path, items: undefined, element, sorted: false };
    }
    return undefined;
  }

  /** What a new object keeps: an object that was made for it alone is reached through it. */
  #partsOf({ cls, path }: Instance, kept: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
    const fields = new Map<string, Value>();
    for (const [name, value] of kept) {
      const field = this.#code.member(cls, name);
      const plain = `${path}.${name}`;
      const place = field && this.parts.placedByConstructor(field, plain);
      const isPart = value.kind === 'instance' && /^n\d/.test(value.path) && place !== plain;
      const part = isPart ? relocated(value, place) : value;
      if (part) fields.set(name, part);
    }
    return fields;
  }

  /** A new object, with the promises of what its constructor starts. */
  #withStarted(made: Instance, given: readonly (Value | undefined)[]): Instance {
    const fields = new Map(made.fields);
    for (const { field, call } of startedByMaking(made.cls)) {
      const env: Env = { bindings: madeWith(made.cls, given), self: made, owner: undefined };
      const promise = fields.has(field) ? undefined : keptPromise(this.evaluate(call, env));
      if (promise) fields.set(field, promise);
    }
    return fields.size > made.fields.size ? { ...made, fields } : made;
  }

  /** A call whose effect is not of interest here, for the value it gives. */
  #newLock(node: Ts.Expression, primitive: LockPrimitive): LockValue {
    const { declaration, suffix } = this.#identity.ownerOfAllocation(node);
    const cls = this.#identity.classOf(declaration, primitive, suffix);
    return { kind: 'lock', lock: { cls, path: pathOfNew(node, declaration, suffix) }, tries: false };
  }

  #pureCall(node: Ts.CallExpression, env: Env): Value | undefined {
    const primitive = this.#identity.primitiveOfFactory(node);
    if (primitive) return this.#newLock(node, primitive);
    const callee = skipParentheses(node.expression);
    const name = rightmostName(callee);
    if (name && ts.isIdentifier(callee)) {
      for (const entity of this.#code.entities(callee)) {
        const wrapper = this.#identity.wrapperOf(entity);
        if (!wrapper) continue;
        const inner = this.evaluate(node.arguments[0], env);
        return inner?.kind === 'lock' ? { ...inner, tries: wrapper === 'tries' } : inner;
      }
    }
    if (env.owner) return undefined;
    if (ts.isPropertyAccessExpression(callee)) {
      const object = this.evaluate(callee.expression, env);
      if (callee.name.text === 'get' && object?.kind === 'collection')
        return this.element(object, node.arguments[0], env);
      const filled = this.#filled(node, callee, env);
      if (filled) return filled;
      if (isThen(callee) && (!object || object.kind === 'promise')) {
        const after = node.arguments.map((argument) => this.#calledBack(this.evaluate(argument, env), node));
        return followedBy(object, after);
      }
      const lock = this.#lockOperand(callee, object);
      if (lock) return { kind: 'releaser', tokens: [], locks: [lock.lock], pair: false };
      if (callee.name.text === 'bind' && object?.kind === 'operation') return object;
      if (callee.name.text === 'bind' && object?.kind === 'closure') {
        return { ...object, self: this.evaluate(node.arguments[0], env) ?? object.self };
      }
    }
    const target = this.evaluate(callee, env);
    if (target?.kind !== 'closure') return undefined;
    return this.#call(
      target,
      node.arguments.map((argument) => this.evaluate(argument, env)),
      node,
    );
  }

  /** `Array.from({ length }, () => new Mutex())` or `[…].map(() => new Mutex())`, which a field begins with. */
  #filled(
    node: Ts.CallExpression,
    { expression, name }: Ts.PropertyAccessExpression,
    env: Env,
  ): Value | undefined {
    const isFrom = name.text === 'from' && ts.isIdentifier(expression) && expression.text === 'Array';
    const maker = isFrom ? node.arguments[1] : name.text === 'map' ? node.arguments[0] : undefined;
    const element = maker && this.#calledBack(this.evaluate(maker, env), node);
    return (
      element && { kind: 'collection', path: `n${idOf(node)}`, items: undefined, element, sorted: false }
    );
  }

  #calledBack(callback: Value | undefined, node: Ts.Node): Value | undefined {
    return callback?.kind === 'closure' ? this.#call(callback, [], node) : undefined;
  }

  /** `x.acquire()` looked at from afar: it will be a grant of `x`. */
  #lockOperand(callee: Ts.PropertyAccessExpression, object: Value | undefined): LockValue | undefined {
    if (object?.kind !== 'lock') return undefined;
    const { acquire = [], acquireShared = [], try: tries = [] } = object.lock.cls.primitive;
    return [...acquire, ...acquireShared, ...tries].includes(callee.name.text) ? object : undefined;
  }

  #awaited(value: Value | undefined): Value | undefined {
    if (value?.kind === 'instance' && ownMember(value.cls, 'then')) return undefined;
    if (value?.kind !== 'promise') return value;
    let joined: Value | undefined;
    for (const outcome of value.task.outcomes) joined = joinValues(joined, outcome.value);
    return joined;
  }

  #array(node: Ts.ArrayLiteralExpression, env: Env): Value | undefined {
    const hasSpread = node.elements.some(ts.isSpreadElement);
    const [first] = node.elements;
    if (hasSpread && node.elements.length === 1 && first && ts.isSpreadElement(first)) {
      const source = this.evaluate(first.expression, env);
      const whole = asCollection(source);
      if (whole) return whole;
      const path = pathOf(source);
      return {
        kind: 'collection',
        path: path ?? `n${idOf(node)}`,
        items: undefined,
        element: undefined,
        sorted: false,
      };
    }
    const items = node.elements.map((element) =>
      ts.isSpreadElement(element) ? undefined : this.evaluate(element, env),
    );
    let element: Value | undefined;
    for (const item of items) element = joinValues(element, item);
    return {
      kind: 'collection',
      path: `n${idOf(node)}`,
      // An empty one is there to be filled.
      items: hasSpread || items.length === 0 ? undefined : items,
      element,
      sorted: false,
    };
  }

  #object(node: Ts.ObjectLiteralExpression, env: Env): Value | undefined {
    const properties = new Map<string, Value>();
    for (const property of node.properties) {
      const name = property.name && keyName(property.name);
      if (name === undefined) {
        if (ts.isSpreadAssignment(property)) copyOver(properties, this.evaluate(property.expression, env));
        continue;
      }
      const value = ts.isPropertyAssignment(property)
        ? this.evaluate(property.initializer, env)
        : ts.isShorthandPropertyAssignment(property)
          ? (this.evaluate(property.name, env) ?? this.declared(property, undefined))
          : ts.isMethodDeclaration(property)
            ? this.closure(property, env)
            : undefined;
      if (value) properties.set(name, value);
    }
    return { kind: 'object', path: `n${idOf(node)}`, properties };
  }

  #binary(node: Ts.BinaryExpression, env: Env): Value | undefined {
    switch (node.operatorToken.kind) {
      case ts.SyntaxKind.CommaToken:
      case ts.SyntaxKind.EqualsToken:
        return this.evaluate(node.right, env);
      case ts.SyntaxKind.BarBarToken:
      case ts.SyntaxKind.QuestionQuestionToken:
      case ts.SyntaxKind.AmpersandAmpersandToken:
      case ts.SyntaxKind.QuestionQuestionEqualsToken:
      case ts.SyntaxKind.BarBarEqualsToken: {
        const left = this.evaluate(node.left, env);
        const isDefault = node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
        if (isDefault && left?.kind === 'opaque' && left.present) return left;
        const right = this.evaluate(node.right, env);
        return left?.kind === 'constant' && nullishnessOf(left) && right
          ? right
          : this.#either(node.left, node.right, env);
      }
      case ts.SyntaxKind.PlusToken:
        return sumOf(this.evaluate(node.left, env), this.evaluate(node.right, env));
      case ts.SyntaxKind.EqualsEqualsEqualsToken:
      case ts.SyntaxKind.EqualsEqualsToken:
      case ts.SyntaxKind.ExclamationEqualsEqualsToken:
      case ts.SyntaxKind.ExclamationEqualsToken:
        return comparisonOf(node, this.evaluate(node.left, env), this.evaluate(node.right, env));
      default:
        return undefined;
    }
  }

  /** One of two: that nothing is known of one of them is said of the whole. */
  #either(one: Ts.Expression, other: Ts.Expression, env: Env): Value | undefined {
    const values = [this.evaluate(one, env), this.evaluate(other, env)];
    if (values.every((value) => value === undefined)) return undefined;
    const [first, second] = values.map((value): Value => value ?? { kind: 'opaque', path: UNKNOWN_PATH });
    return joinValues(first, second);
  }

  #template(node: Ts.TemplateExpression, env: Env): Value {
    const spans = node.templateSpans.map(({ expression, literal }) => [
      this.evaluate(expression, env),
      literal.text,
    ]);
    return textOf([node.head.text, ...spans.flat()]);
  }

  // -- surroundings

  #declarationEnv(node: Ts.Node, self?: Value): Env {
    return { bindings: EMPTY_BINDINGS, self: self ?? this.#lexicalSelf(node), owner: undefined };
  }

  /** `this` where a piece of code stands: an object of the class around it. */
  #lexicalSelf(node: Ts.Node): Value | undefined {
    return lexicalSelf(node);
  }

  /** The variables of enclosing functions that a function mentions, and those of the local functions that it calls. */
  freeVariables(fn: CfgOwner): ReadonlySet<Ts.Node> {
    const known = this.#free.get(fn);
    if (known) return known;
    const free = new Set<Ts.Node>();
    const visit = (node: Ts.Node): void => {
      if (ts.isIdentifier(node)) {
        const local = resolveLocal(node);
        if (local && !isInside(local, fn) && !isModuleLevel(local) && !free.has(local)) {
          free.add(local);
          if (ts.isFunctionDeclaration(local)) ts.forEachChild(local, visit);
        }
      }
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(fn, visit);
    this.#free.set(fn, free);
    return free;
  }
}

/** `this` as a function knows it without a call: an object of the class around it. */
export function lexicalSelf(node: Ts.Node): Value | undefined {
  for (let at: Ts.Node | undefined = node; at; at = at.parent) {
    if ((ts.isFunctionDeclaration(at) || ts.isFunctionExpression(at)) && at !== node) return undefined;
    const owner: Ts.Node | undefined = at.parent;
    if (owner && ts.isClassLike(owner) && ts.isClassElement(at)) {
      return instanceOf(owner, false, isStatic(at) ? 'g:' : 'this');
    }
  }
  return undefined;
}

/** Behind the last element there is none. */
function itemAt(items: readonly (Value | undefined)[], index: Constant['value']): Value | undefined {
  const isBehind = typeof index === 'number' && index >= items.length;
  return isBehind ? { kind: 'constant', value: undefined } : items[Number(index)];
}

/** What an object is spread over: of one that is not known, there may be another in the place of each member. */
function copyOver(properties: Map<string, Value>, spread: Value | undefined): void {
  if (spread?.kind === 'object') {
    for (const [key, value] of spread.properties) properties.set(key, value);
    return;
  }
  if (nullishnessOf(spread)) return;
  const path = pathOf(spread);
  for (const [key, value] of properties) {
    const other: Value = { kind: 'opaque', path: path === undefined ? UNKNOWN_PATH : `${path}.${key}` };
    properties.set(key, joinValues(value, other) ?? value);
  }
}

function bare(fn: CfgOwner): Closure {
  return { kind: 'closure', fn, captured: EMPTY_BINDINGS, self: undefined, bound: [] };
}

export function isCfgOwner(node: Ts.Node): node is Ts.FunctionLikeDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isGetAccessor(node) ||
    ts.isSetAccessor(node)
  );
}

/** Whether two members are one: those of types that are written out twice, in the same words. */
function isSameLiteralType({ parent: one }: Ts.Node, { parent: other }: Ts.Node): boolean {
  return ts.isTypeLiteralNode(one) && ts.isTypeLiteralNode(other) && one.getText() === other.getText();
}

/** Functions and classes are there from the start of their scope. */
function isHoisted(node: Ts.Node): boolean {
  return ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isEnumDeclaration(node);
}

/** Declared at the top of a file, or static in a class: there is one of it. */
export function isModuleLevel(node: Ts.Node): boolean {
  if (isStatic(node)) return true;
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isSourceFile(at)) return true;
    if (ts.isFunctionLike(at) || ts.isClassStaticBlockDeclaration(at)) return false;
    if (ts.isClassLike(at)) return false;
  }
  return false;
}

function isStaticNamed(member: Ts.ClassElement, text: string): boolean {
  return isStatic(member) && member.name !== undefined && nameText(member.name) === text;
}

/** The path of a new lock: one that is made for a place of the module is the same for all. */
function pathOfNew(node: Ts.Node, declaration: Ts.Node, suffix: string): Path {
  if (suffix === '[*]') return isMadeForCaller(node, declaration) ? `n${idOf(node)}` : UNKNOWN_PATH;
  const isNamed = isModuleLevel(declaration) && suffix === '';
  if (isNamed) return `g:${idOf(declaration)}`;
  return isModuleLevel(node) ? `g:${idOf(node)}` : `n${idOf(node)}`;
}

/** `const make = () => new Mutex()`: each call makes another one, and keeps none of them. */
function isMadeForCaller(node: Ts.Node, maker: Ts.Node): boolean {
  const { parent } = outermost(node);
  const fn = ts.isReturnStatement(parent)
    ? owningFunction(parent)
    : ts.isArrowFunction(parent)
      ? parent
      : undefined;
  return fn !== undefined && (fn === maker || fn.parent === maker);
}

/** What a declaration creates is reached through the declaration. */
function relocated(value: Value, path: Path | undefined): Value | undefined {
  if (path === undefined) return value;
  const isOwn = pathOf(value)?.startsWith('n') ?? false;
  const isPlaced = value.kind === 'instance' || value.kind === 'object' || value.kind === 'collection';
  const placed = isOwn && isPlaced ? { ...value, path } : value;
  const own = isOwn && isPlaced ? value.path : undefined;
  // So is whatever was made together with it: its parts, the lock that its functions close over.
  return crossValue(placed, {
    path: (inner) => {
      if (own !== undefined && isPrefix(own, inner)) return path + inner.slice(own.length);
      return /^n\d/.test(inner) ? `${path}:${inner}` : inner;
    },
    token: (token) => token,
    via: (via) => via,
  });
}

/** Containers around what a type argument contains. */
function deeper(contained: ReturnType<LockIdentity['contained']>): ReturnType<LockIdentity['contained']> {
  return contained && { ...contained, depth: contained.depth + 1 };
}

/** Whether a method of a lock is one that takes it or gives it back. */
function isOperation({ lock: { cls } }: LockValue, method: string): boolean {
  const { scoped, scopedShared, acquire, acquireShared, try: tries, release } = cls.primitive;
  return [scoped, scopedShared, acquire, acquireShared, tries, release].some((list) =>
    list?.includes(method),
  );
}

function isMemberDeclaration(node: Ts.Node): boolean {
  return ts.isPropertyDeclaration(node) || ts.isPropertySignature(node) || ts.isPropertyAssignment(node);
}

function memberDeclaration(node: Ts.Node, name: string): Ts.Node | undefined {
  if (ts.isClassLike(node)) return ownMember(node, name);
  if (ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node)) {
    return node.members.find((member) => member.name && nameText(member.name) === name);
  }
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.find((property) => property.name && nameText(property.name) === name);
  }
  return undefined;
}

const CHAIN_BY_KEY = { primitive: CHAIN, depth: 1 };
const NOTHING = { primitive: undefined, depth: 0 };

function isMap(name: NameNode): boolean {
  return /^(?:Weak)?Map$/.test(nameText(name) ?? '');
}

/** What a map holds that is made of pairs. */
function valuesOfPairs(pairs: (Value & { kind: 'collection' }) | undefined): Value | undefined {
  if (!pairs?.items) return pairs?.element;
  let joined: Value | undefined;
  for (const pair of pairs.items) {
    const value = pair?.kind === 'collection' && pair.items ? pair.items[1] : pair;
    // Which one it is, the key tells.
    joined = joinValues(joined, value?.kind === 'lock' ? withPath(value, UNKNOWN_PATH) : value);
  }
  return joined;
}

/**
 * An array of locks that begins with all that it will hold: whoever goes through it takes them in its order. An array that was
 * handed in may hold the locks of another one in another order.
 */
function inOwnOrder(
  container: Value | undefined,
  node: Ts.Node,
  initializer: Ts.Expression | undefined,
): Value | undefined {
  const made = initializer && skipParentheses(initializer);
  const isWhole =
    made !== undefined &&
    !ts.isParameter(node) &&
    (ts.isArrayLiteralExpression(made) ? made.elements.length > 0 : ts.isCallExpression(made));
  return isWhole && container?.kind === 'collection' ? { ...container, sorted: 'ascending' } : container;
}
