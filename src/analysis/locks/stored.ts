import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { type Code, type NameNode, nameText, skipParentheses } from '../code.ts';
import { hasModifier } from '../shapes.ts';
import { type Env, type Evaluator, isModuleLevel } from './evaluator.ts';
import { Flow, HOLDER, isFunction, isIn, MAX_CALLERS } from './flows.ts';
import { functionType } from './function-types.ts';
import { idOf } from './keys.ts';
import { frameOf } from './links.ts';
import { crossValue, UNKNOWN_PATH } from './paths.ts';
import { mayBeReplaced } from './replaced-methods.ts';
import { storesTo } from './stores.ts';
import { membersOf, type Path, pathOf, type Value } from './values.ts';
import { joinValues } from './world.ts';

/** So many functions are told apart in one place; any further are said not to be known. */
const MAX_KEPT = 5;

/** A function, or an object of functions, that is kept in a field or variable. */
interface Kept {
  readonly value: Value;
  readonly key: string | undefined;
  /** Where the object was made whose field it was put into, if that is known. */
  readonly origin: number | undefined;
}

interface AllKept {
  readonly kept: readonly Kept[];
  readonly isWhole: boolean;
}

/**
 * Functions that are put into a field or variable and called later: hooks, listeners, handlers by name. Each
 * declaration has one set of them, wherever in the program they come from. Objects are told apart as far as it is
 * known where they are made, and the keys of a map where they are constants.
 */
export class StoredFunctions {
  readonly #code: Code;
  readonly #evaluator: Evaluator;
  readonly #matters: (fn: CfgOwner) => boolean;
  readonly #all = new Map<Ts.Node, AllKept | undefined>();
  readonly #placed = new Map<string, Value | undefined>();

  constructor(code: Code, evaluator: Evaluator, matters: (fn: CfgOwner) => boolean) {
    this.#code = code;
    this.#evaluator = evaluator;
    this.#matters = matters;
  }

  /**
   * What a field or variable holds, if it is functions that are put there from elsewhere. `holder` is the path of the
   * object that has the field, `self` that object.
   */
  of(slot: Ts.Node, holder: Path | undefined, self: Value | undefined): Value | undefined {
    const depth = isSlot(slot) ? depthOf(slot, this.#code) : undefined;
    if (depth === undefined) return undefined;
    return this.#of(slot, depth, holder, self);
  }

  /** Functions that the program puts in the place of a method of an object. */
  inPlaceOf(method: Ts.Node, holder: Path | undefined, self: Value | undefined): Value | undefined {
    return this.#of(method, 0, holder, self);
  }

  /** An object with functions that were put into the field it is kept in, when one of them is asked for. */
  objectsIn(object: Ts.Expression, value: Value | undefined, env: Env): Value | undefined {
    const isUnsure = value?.kind === 'object' || (value?.kind === 'opaque' && !value.keeps);
    const access = skipParentheses(object);
    if (!isUnsure || !ts.isPropertyAccessExpression(access)) return undefined;
    const slot = this.#code.declarationNode(access.name as NameNode);
    const type = slot && isSlot(slot) ? functionType(slot, this.#code) : undefined;
    if (!slot || type?.of !== 'objects' || type.depth > 0) return undefined;
    const holder = this.#evaluator.evaluate(access.expression, env);
    return this.#of(slot, 0, pathOf(holder), holder);
  }

  /** What others put into a variable of a function around `owner` that is empty as far as `owner` knows. */
  filling(local: Ts.Node, known: Value, owner: CfgOwner | undefined): Value | undefined {
    const isEmpty = known.kind === 'constant' || (known.kind === 'collection' && !known.element);
    if (!isEmpty || !ts.isVariableDeclaration(local) || frameOf(local) === owner) return undefined;
    return this.of(local, undefined, undefined);
  }

  #of(slot: Ts.Node, depth: number, holder: Path | undefined, self: Value | undefined): Value | undefined {
    const all = this.#keptIn(slot, depth);
    if (!all) return undefined;
    const origin = self?.kind === 'instance' ? self.origin : undefined;
    const key = `${idOf(slot)}|${origin ?? ''}|${holder ?? ''}`;
    const placed = this.#placed.get(key) ?? this.#place(slot, depth, all, holder, origin);
    this.#placed.set(key, placed);
    return placed;
  }

  #place(
    slot: Ts.Node,
    depth: number,
    all: AllKept,
    holder: Path | undefined,
    origin: number | undefined,
  ): Value | undefined {
    const fitting = all.kept.filter(
      (one) => origin === undefined || one.origin === undefined || one.origin === origin,
    );
    const value = container(fitting, all.isWhole, depth, this.#pathOf(slot, holder));
    return crossValue(value, {
      path: (path) => (isIn(HOLDER, path) ? (holder ?? UNKNOWN_PATH) + path.slice(HOLDER.length) : path),
      token: (token) => token,
      via: (via) => via,
    });
  }

  #pathOf(slot: Ts.Node, holder: Path | undefined): Path {
    if (ts.isVariableDeclaration(slot)) return `${isModuleLevel(slot) ? 'g:' : 'e'}${idOf(slot)}`;
    const name = nameText((slot as { name?: Ts.Node }).name ?? slot);
    return holder === undefined || name === undefined ? UNKNOWN_PATH : `${holder}.${name}`;
  }

  #keptIn(slot: Ts.Node, depth: number): AllKept | undefined {
    if (this.#all.has(slot)) return this.#all.get(slot);
    // While it is being looked for, nothing is known of it.
    this.#all.set(slot, undefined);
    const all = this.#collect(slot, depth);
    this.#all.set(slot, all);
    return all;
  }

  #collect(slot: Ts.Node, depth: number): AllKept | undefined {
    const { stores, isWhole } = storesTo(slot, depth, this.#code);
    const kept: Kept[] = [];
    let isAll = isWhole;
    let isKnown = false;
    const flow = new Flow(this.#code, this.#evaluator, slot, classOf(slot));
    for (const store of stores) {
      for (const way of flow.ways(store)) {
        isAll &&= way.isWhole;
        for (const part of way.values.flatMap((value) => leaves(value, store.depth))) {
          // Grants are kept under their declaration, in the world.
          if (part.value.kind === 'releaser' || part.value.kind === 'lock') return undefined;
          isKnown = true;
          if (part.value.kind === 'inert' || !this.#canMatter(part.value, 0)) continue;
          kept.push({ value: part.value, key: way.key ?? part.key, origin: way.origin });
        }
      }
    }
    return isKnown ? { kept, isWhole: isAll } : undefined;
  }

  /** Whether a function can lead to a lock, by what it does or by a function that it has caught. */
  #canMatter(value: Value, depth: number): boolean {
    if (value.kind !== 'closure')
      return depth === 0 || value.kind === 'operation' || value.kind === 'releaser';
    if (depth > MAX_CALLERS || this.#matters(value.fn)) return true;
    return [...value.captured.values(), ...value.bound].some((part) =>
      membersOf(part).some((member) => this.#canMatter(member, depth + 1)),
    );
  }
}

/** The containers around the functions of a field or variable. An object of functions is looked into when one is called. */
function depthOf(slot: Ts.Node, code: Code): number | undefined {
  const type = functionType(slot, code);
  return type && (type.of === 'functions' || type.depth > 0) ? type.depth : undefined;
}

const keeping = new WeakMap<Code, Map<Ts.Node, boolean>>();

/** Whether objects of a class have fields for functions that they are given, or methods that such take the place of. */
export function keepsFunctions(cls: Ts.ClassLikeDeclaration, code: Code): boolean {
  const answers = keeping.get(code) ?? new Map<Ts.Node, boolean>();
  keeping.set(code, answers);
  let known = answers.get(cls);
  if (known === undefined) {
    const own = cls.members.some(
      (member) => (isSlot(member) && depthOf(member, code) !== undefined) || mayBeReplaced(member, code),
    );
    const base = own ? undefined : code.superclass(cls);
    known = own || (base !== undefined && keepsFunctions(base, code));
    answers.set(cls, known);
  }
  return known;
}

/** A variable or field that something may be put into later. */
function isSlot(node: Ts.Node): boolean {
  if (ts.isVariableDeclaration(node)) {
    const isConst = (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Const) !== 0;
    return !(isConst && isFunction(node.initializer));
  }
  if (ts.isPropertyDeclaration(node))
    return !(hasModifier(node, ts.SyntaxKind.ReadonlyKeyword) && isFunction(node.initializer));
  return ts.isParameter(node) && ts.isConstructorDeclaration(node.parent);
}

function classOf(slot: Ts.Node): Ts.ClassLikeDeclaration | undefined {
  const owner = ts.isParameter(slot) ? slot.parent.parent : slot.parent;
  return ts.isClassLike(owner) ? owner : undefined;
}

interface Leaf {
  readonly value: Value;
  readonly key: string | undefined;
}

/** What lies in the containers that a value is, of which there are at most so many. */
function leaves(value: Value, depth: number, key?: string): readonly Leaf[] {
  if (value.kind === 'collection') {
    const parts = value.items ?? [value.element];
    return parts.flatMap((part) => membersOf(part).flatMap((member) => leaves(member, depth - 1, key)));
  }
  if (value.kind === 'object' && depth > 0) {
    return [...value.properties].flatMap(([name, part]) =>
      membersOf(part).flatMap((member) => leaves(member, depth - 1, key ?? name)),
    );
  }
  if (value.kind === 'constant' || value.kind === 'opaque') return [];
  return [{ value, key }];
}

/** A value as its declared type has it: so many containers around the functions. */
function container(kept: readonly Kept[], isWhole: boolean, depth: number, path: Path): Value {
  const isKeyed = depth > 0 && kept.every(({ key }) => key !== undefined);
  const keys = new Map<string, Value>();
  for (const key of isKeyed ? new Set(kept.map((one) => one.key ?? '')) : []) {
    const own = kept.filter((one) => one.key === key);
    keys.set(key, nested(own, isWhole, depth - 1, `${path}[${JSON.stringify(key)}]`));
  }
  const value = nested(kept, isWhole, depth, path);
  return value.kind === 'collection' && isKeyed && isWhole ? { ...value, keys } : value;
}

function nested(kept: readonly Kept[], isWhole: boolean, depth: number, path: Path): Value {
  if (depth > 0) {
    const element = nested(kept, isWhole, depth - 1, `${path}[${UNKNOWN_PATH}]`);
    return { kind: 'collection', path, items: undefined, element, sorted: false };
  }
  const isAll = isWhole && kept.length <= MAX_KEPT;
  let joined: Value = { kind: 'opaque', path: UNKNOWN_PATH, keeps: isAll ? 'all' : 'some' };
  for (const { value } of kept.slice(0, MAX_KEPT)) joined = joinValues(joined, value) ?? joined;
  return joined;
}
