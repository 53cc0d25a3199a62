import { resolveName } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, isImport, isParameterProperty, nameText, rightmostName } from '../code.ts';
import type { NameProblem } from '../config-name.ts';
import { functionOf } from '../doc-tags.ts';
import { type Evaluator, isModuleLevel } from './evaluator.ts';
import type { LockTag } from './lock-tags.ts';
import { instanceOf, type LockClass, type LockRef, membersOf, pathOf, type Value } from './values.ts';

/** What the name of a lock in an annotation stands for, as seen from the declaration that is annotated. */
interface LockTerm {
  /**
   * What it begins at: the object itself, a parameter by its index, a declaration that there is one of; or it is the
   * lock of any object of another class.
   */
  readonly root: 'self' | 'declared' | 'any' | number;
  readonly first: Ts.Node;
  /** The members that lead from there to the lock. */
  readonly members: readonly Member[];
}

/** One step of a name: a member, and where it is declared as far as the types tell. */
interface Member {
  readonly name: string;
  readonly declaration: Ts.Node | undefined;
}

/** The object and the arguments that an annotation speaks of. */
export interface Subject {
  readonly self: Value | undefined;
  readonly args: readonly (Value | undefined)[];
}

/** A lock that an annotation names: this one, or with no path any of its class. */
export interface NamedLock extends LockRef {
  readonly isAny: boolean;
}

/** The locks that annotations name. */
export class LockTerms {
  readonly #code: Code;
  readonly #evaluator: Evaluator;
  readonly #terms = new Map<Ts.Node, Map<string, LockTerm | undefined>>();

  constructor(code: Code, evaluator: Evaluator) {
    this.#code = code;
    this.#evaluator = evaluator;
  }

  /** The lock that an annotation of `on` names for these objects; undefined if that cannot be told. */
  lockOf(tag: LockTag, on: Ts.Node, subject: Subject): NamedLock | undefined {
    const term = this.#termOf(tag, on);
    if (!term) return undefined;
    const value = this.#valueOf(term, subject);
    const locks = membersOf(value).filter((member) => member.kind === 'lock');
    const [only, another] = locks;
    if (!only || another) return undefined;
    return { ...only.lock, isAny: term.root === 'any' };
  }

  /** Why the name in an annotation stands for no lock where it is written, nor where it is inherited. */
  problemOf(
    tag: LockTag,
    heirs: readonly Ts.Node[],
    find: (name: string) => { readonly locks: readonly LockClass[] } | NameProblem,
    nameOf: (cls: LockClass) => string,
  ): NameProblem | undefined {
    if ([tag.on, ...heirs].some((on) => this.#namesLock(tag, on))) return undefined;
    const meant = find(tag.name);
    if ('kind' in meant) return meant;
    const candidates = [...new Set(meant.locks.map(nameOf))].sort();
    return { kind: 'unknown', candidates };
  }

  #namesLock(tag: LockTag, on: Ts.Node): boolean {
    const term = this.#termOf(tag, on);
    if (!term) return false;
    const args = parametersOf(on).map((parameter) => this.#evaluator.declared(parameter, undefined));
    return membersOf(this.#valueOf(term, { self: selfOf(on), args })).some(({ kind }) => kind === 'lock');
  }

  #termOf(tag: LockTag, on: Ts.Node): LockTerm | undefined {
    let known = this.#terms.get(on);
    if (!known) {
      known = new Map();
      this.#terms.set(on, known);
    }
    if (!known.has(tag.name)) {
      // Who inherits an annotation may have the lock under the same name, or know it from where it is written.
      known.set(
        tag.name,
        this.#find(tag.name, on) ?? (on === tag.on ? undefined : this.#find(tag.name, tag.on)),
      );
    }
    return known.get(tag.name);
  }

  #find(name: string, on: Ts.Node): LockTerm | undefined {
    const isOfThis = name.startsWith('this.');
    const [first = '', ...rest] = (isOfThis ? name.slice('this.'.length) : name).split('.');
    if (!isOfThis) {
      const index = parametersOf(on).findIndex((parameter) => nameText(parameter.name) === first);
      const parameter = parametersOf(on)[index];
      if (parameter) return { root: index, members: this.#members(parameter, rest), first: parameter };
      const part = partOfParameter(on, first);
      if (part)
        return {
          root: part.index,
          members: this.#members(part.parameter, [part.name, ...rest]),
          first: part.parameter,
        };
    }
    const member = this.#memberOf(ownerOf(on), first);
    if (member) {
      const own = { name: first, declaration: member };
      return { root: 'self', members: [own, ...this.#members(member, rest)], first: member };
    }
    return isOfThis ? undefined : this.#inScope(first, rest, on);
  }

  #inScope(first: string, rest: readonly string[], on: Ts.Node): LockTerm | undefined {
    const local = resolveName(first, on);
    const [node, another] = !local
      ? this.#classesNamed(first)
      : isImport(local)
        ? this.#imported(local)
        : [local];
    if (!node || another) return undefined;
    if (!ts.isClassLike(node) && !ts.isInterfaceDeclaration(node)) {
      return isModuleLevel(node)
        ? { root: 'declared', members: this.#members(node, rest), first: node }
        : { root: 'any', members: [], first: node };
    }
    const [name, ...further] = rest;
    const member = name === undefined ? undefined : this.#memberOf(node, name);
    if (!member) return undefined;
    if (isModuleLevel(member)) {
      return { root: 'declared', members: this.#members(member, further), first: member };
    }
    return further.length > 0 ? undefined : { root: 'any', members: [], first: member };
  }

  #imported(local: { readonly name?: Ts.Node }): readonly Ts.Node[] {
    const { name } = local;
    if (!name || !ts.isIdentifier(name)) return [];
    return this.#code.entities(name).flatMap((entity) => (entity.kind === 'node' ? entity.node : []));
  }

  /** The classes of a name that is not known where it is written. */
  #classesNamed(name: string): readonly Ts.Node[] {
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return [];
    const { program } = this.#code;
    return program.filesWith([`class ${name}`, `interface ${name}`]).flatMap((file) => {
      const statements = program.tree(file)?.source.statements ?? [];
      return statements.filter(
        (one) => (ts.isClassDeclaration(one) || ts.isInterfaceDeclaration(one)) && one.name?.text === name,
      );
    });
  }

  #memberOf(owner: Ts.Node | undefined, name: string): Ts.Node | undefined {
    if (!owner) return undefined;
    if (ts.isClassLike(owner)) return this.#code.member(owner, name) ?? this.#code.member(owner, `#${name}`);
    const named = (node: { readonly name?: Ts.Node }): boolean =>
      node.name !== undefined && nameText(node.name) === name;
    if (ts.isObjectLiteralExpression(owner)) return owner.properties.find(named);
    if (ts.isTypeLiteralNode(owner)) return owner.members.find(named);
    if (!ts.isInterfaceDeclaration(owner)) return undefined;
    const own = owner.members.find(named);
    if (own) return own;
    for (const { expression } of (owner.heritageClauses ?? []).flatMap(({ types }) => types)) {
      const base = rightmostName(expression);
      const found = base && this.#memberOf(this.#code.declarationNode(base), name);
      if (found) return found;
    }
    return undefined;
  }

  /** Members of members, from what a declaration is declared to be. */
  #members(from: Ts.Node, names: readonly string[]): readonly Member[] {
    const members: Member[] = [];
    let at: Ts.Node | undefined = from;
    for (const name of names) {
      at = at && this.#memberOf(this.#typeOf(at), name);
      members.push({ name, declaration: at });
    }
    return members;
  }

  #typeOf(node: Ts.Node): Ts.Node | undefined {
    const { name, type, initializer } = node as { name?: Ts.Node; type?: Ts.Node; initializer?: Ts.Node };
    if (type && ts.isTypeLiteralNode(type)) return type;
    if (initializer && ts.isObjectLiteralExpression(initializer)) return initializer;
    if (name && ts.isObjectBindingPattern(name)) return this.#namedType(type);
    if (!name || !(ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) return undefined;
    for (const entity of this.#code.typeEntities(name)) if (entity.kind === 'node') return entity.node;
    return undefined;
  }

  /** What a type that is named is declared as. */
  #namedType(type: Ts.Node | undefined): Ts.Node | undefined {
    const name = type && ts.isTypeReferenceNode(type) ? type.typeName : undefined;
    if (!name) return undefined;
    for (const entity of this.#code.entities(ts.isIdentifier(name) ? name : name.right)) {
      if (entity.kind !== 'node') continue;
      return ts.isTypeAliasDeclaration(entity.node) ? entity.node.type : entity.node;
    }
    return undefined;
  }

  #valueOf({ root, members, first }: LockTerm, { self, args }: Subject): Value | undefined {
    if (root === 'any') return this.#evaluator.declared(first, undefined);
    let at =
      root === 'self' ? self : root === 'declared' ? this.#evaluator.declared(first, 'g:') : args[root];
    for (const { name, declaration } of members) {
      const own: Value | undefined = this.#part(at, name);
      at = own ?? (declaration && this.#evaluator.declared(declaration, pathOf(at), at));
    }
    return at;
  }

  /** A member of an object, as far as the object tells. */
  #part(value: Value | undefined, name: string): Value | undefined {
    if (value?.kind === 'object') return value.properties.get(name);
    if (value?.kind !== 'instance') return undefined;
    const own = this.#code.member(value.cls, name) ? name : `#${name}`;
    return value.fields.get(own) ?? this.#evaluator.memberOf(value, own);
  }
}

/** The class, the interface or the object that a member is declared in. */
export function ownerOf(node: Ts.Node): Ts.Node | undefined {
  const { parent } = node;
  if (!parent) return undefined;
  if (ts.isParameter(node)) return parent.parent;
  const isOwner =
    ts.isClassLike(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isTypeLiteralNode(parent) ||
    ts.isObjectLiteralExpression(parent);
  return isOwner ? parent : undefined;
}

/** An object of the class that declares a member, of which nothing else is known. */
function selfOf(node: Ts.Node): Value | undefined {
  const owner = ownerOf(node);
  if (!owner) return undefined;
  return ts.isClassLike(owner) ? instanceOf(owner, false, 'this') : { kind: 'opaque', path: 'this' };
}

function parametersOf(node: Ts.Node): readonly Ts.ParameterDeclaration[] {
  if (ts.isParameter(node) && isParameterProperty(node)) return [];
  return functionOf(node)?.parameters ?? [];
}

/** The member that a parameter which is taken apart gives to a name: `store` in `({ store, key }: Options) => …`. */
function partOfParameter(
  on: Ts.Node,
  local: string,
):
  | { readonly index: number; readonly parameter: Ts.ParameterDeclaration; readonly name: string }
  | undefined {
  for (const [index, parameter] of parametersOf(on).entries()) {
    if (!ts.isObjectBindingPattern(parameter.name)) continue;
    const element = parameter.name.elements.find(
      (one) => nameText(one.name) === local && !one.dotDotDotToken,
    );
    const name = element && nameText(element.propertyName ?? element.name);
    if (name !== undefined) return { index, parameter, name };
  }
  return undefined;
}
