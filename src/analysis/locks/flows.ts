import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { type Code, hasBody, skipParentheses } from '../code.ts';
import { callSitesOf } from './call-sites.ts';
import { type Env, type Evaluator, lexicalSelf } from './evaluator.ts';
import { fieldAssignments } from './field-assignments.ts';
import { functionType } from './function-types.ts';
import { keptFields } from './kept-fields.ts';
import { idOf } from './keys.ts';
import { crossValue, keeperRoot, UNKNOWN_PATH } from './paths.ts';
import type { Store } from './stores.ts';
import { isResolver } from './unknown-callees.ts';
import {
  type Bindings,
  EMPTY_BINDINGS,
  type Instance,
  instanceOf,
  membersOf,
  type Path,
  pathOf,
  type Value,
} from './values.ts';
import { joinValues } from './world.ts';

/** Parameters are followed to the arguments of their callers, and theirs in turn, so far. */
export const MAX_CALLERS = 4;
/** So many places that call one function are looked at. */
const MAX_SITES = 24;
/** So many different things that are handed to one function are looked at. */
const MAX_GIVINGS = 64;
/** The root of the path of the object whose field is read, until it is known. */
export const HOLDER: Path = 'holder';

/** One way in which a value comes to where it is kept. */
export interface Way {
  readonly values: readonly Value[];
  /** There can be no other values by this way. */
  readonly isWhole: boolean;
  readonly key: string | undefined;
  readonly origin: number | undefined;
}

/** What one chain of calls hands to a function. */
interface Giving {
  /** By parameter. */
  readonly bindings: Bindings;
  /** An object that the function knows, as the first of the chain knows it. */
  readonly object: Ts.Expression | undefined;
  /** Nothing that matters is unknown. */
  readonly isKnown: boolean;
}

const NOTHING_GIVEN = { bindings: new Map<Ts.Node, Value>(), isKnown: true };

/** How the values of one store come there, from the callers of the function that makes it. */
export class Flow {
  readonly #code: Code;
  readonly #evaluator: Evaluator;
  readonly #slot: Ts.Node;
  readonly #cls: Ts.ClassLikeDeclaration | undefined;

  /** `slot` is the field or variable that they come to, `cls` the class that declares it. */
  constructor(code: Code, evaluator: Evaluator, slot: Ts.Node, cls: Ts.ClassLikeDeclaration | undefined) {
    this.#code = code;
    this.#evaluator = evaluator;
    this.#slot = slot;
    this.#cls = cls;
  }

  ways({ value, key, object }: Store): readonly Way[] {
    return this.#ways(value, typeof key === 'string' ? undefined : key, object, 0).map((way) =>
      typeof key === 'string' ? { ...way, key } : way,
    );
  }

  /** A function of the program, as it is known to whoever is handed it. */
  handedOut(fn: CfgOwner): Value {
    const self = lexicalSelf(fn);
    const env: Env = { bindings: new Map(), self, owner: undefined };
    return this.#fromAfar({ kind: 'closure', fn, captured: EMPTY_BINDINGS, self, bound: [] }, env, 0);
  }

  #ways(
    value: Ts.Expression,
    key: Ts.Expression | undefined,
    object: Ts.Expression | undefined,
    depth: number,
  ): readonly Way[] {
    const fn = this.#givingFunction(value);
    if (!fn) return [this.#here(value, key, object, new Map())];
    const { givings, isWhole } = this.#givings(fn, object, depth);
    const ways = givings.map(({ bindings, object: outer, isKnown }): Way => {
      const here = this.#here(value, key, object, new Map(bindings));
      return {
        ...here,
        origin: outer ? this.#originOf(outer) : here.origin,
        isWhole: here.isWhole && isKnown,
      };
    });
    return isWhole ? ways : [...ways, UNKNOWN_WAY];
  }

  /** What the callers of a function hand in, each for itself; `object` is one that the function knows. */
  #givings(
    fn: Ts.SignatureDeclaration,
    object: Ts.Expression | undefined,
    depth: number,
  ): { readonly givings: readonly Giving[]; readonly isWhole: boolean } {
    if (depth >= MAX_CALLERS) return { givings: [], isWhole: false };
    const { sites, isWhole } = callSitesOf(fn, this.#code);
    const givings: Giving[] = [];
    let isAll = isWhole && sites.length <= MAX_SITES;
    for (const { args, object: calledOn } of sites.slice(0, MAX_SITES)) {
      const outer = this.#outerObject(object, fn, args, calledOn);
      // What is handed in besides only matters as far as it is known.
      const around = args
        .filter((_, index) => this.#takesFunctions(fn.parameters[index]))
        .map((arg) => this.#givingFunction(arg))
        .find((giving) => giving !== undefined);
      const above = around && this.#givings(around, outer, depth + 1);
      if (above && !above.isWhole) isAll = false;
      for (const one of above?.givings ?? [{ ...NOTHING_GIVEN, object: outer }]) {
        givings.push(this.#given(fn, args, { ...one, around, inner: outer, depth }));
      }
    }
    return { givings: givings.slice(0, MAX_GIVINGS), isWhole: isAll && givings.length <= MAX_GIVINGS };
  }

  #takesFunctions(parameter: Ts.ParameterDeclaration | undefined): boolean {
    return parameter !== undefined && functionType(parameter, this.#code) !== undefined;
  }

  /** What one call hands in, where its own surroundings were handed `outer`. */
  #given(
    fn: Ts.SignatureDeclaration,
    args: readonly Ts.Expression[],
    outer: Giving & {
      readonly around: Ts.SignatureDeclaration | undefined;
      readonly inner: Ts.Expression | undefined;
      readonly depth: number;
    },
  ): Giving {
    const bindings = new Map<Ts.Node, Value>();
    let { isKnown } = outer;
    for (const [index, parameter] of fn.parameters.entries()) {
      const given = args[index];
      const isOfFunctions = this.#takesFunctions(parameter);
      if (!given || ts.isSpreadElement(given)) {
        if (parameter.dotDotDotToken === undefined && isOfFunctions) isKnown &&= given === undefined;
        continue;
      }
      const rest = parameter.dotDotDotToken ? args.slice(index) : [given];
      const found = rest.flatMap((one) => {
        const giving = this.#givingFunction(one);
        return giving && giving !== outer.around
          ? this.#ways(one, undefined, outer.inner, outer.depth + 1)
          : [this.#here(one, undefined, outer.inner, new Map(outer.bindings))];
      });
      if (isOfFunctions) isKnown &&= found.every((one) => one.isWhole);
      let joined: Value | undefined;
      for (const one of found.flatMap(({ values }) => values)) joined = joinValues(joined, one);
      if (joined) this.#bind(parameter, joined, bindings);
    }
    return { bindings, object: outer.object, isKnown };
  }

  /** The value where it stands, with what is known of the parameters around it. */
  #here(
    value: Ts.Expression,
    key: Ts.Expression | undefined,
    object: Ts.Expression | undefined,
    bindings: Map<Ts.Node, Value>,
  ): Way {
    const env = this.#env(value, object, bindings);
    const found = isResolver(value) ? INERT : this.#evaluator.evaluate(value, env);
    const values: Value[] = [];
    let isWhole = true;
    for (const member of membersOf(found)) {
      const part = this.#fromAfar(member, env, 0);
      if (part.kind === 'opaque') isWhole &&= part.keeps === 'all';
      else values.push(part);
    }
    const keyed = key && this.#evaluator.evaluate(key, env);
    return {
      values,
      isWhole: isWhole && found !== undefined,
      key: keyed?.kind === 'constant' ? String(keyed.value) : undefined,
      origin: object && this.#originOf(object),
    };
  }

  /** The function around an expression whose parameters decide what functions it stands for. */
  #givingFunction(value: Ts.Expression): Ts.SignatureDeclaration | undefined {
    let found: Ts.SignatureDeclaration | undefined;
    const seen = new Set<Ts.Node>();
    const visit = (node: Ts.Node): void => {
      if (found) return;
      const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
      // A function that was given a name before it is put away.
      const made = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
      if (made && isFunction(made) && !seen.has(made)) {
        seen.add(made);
        visit(made);
      }
      const parameter = local && parameterOf(local);
      if (
        parameter &&
        !isAround(value, parameter) &&
        isAround(parameter.parent, value) &&
        functionType(parameter, this.#code) !== undefined
      ) {
        found = parameter.parent as Ts.SignatureDeclaration;
      }
      ts.forEachChild(node, visit);
    };
    visit(value);
    return found;
  }

  /** The object whose field is set, as the caller of the function that sets it knows it. */
  #outerObject(
    object: Ts.Expression | undefined,
    fn: Ts.SignatureDeclaration,
    args: readonly Ts.Expression[],
    calledOn: Ts.Expression | undefined,
  ): Ts.Expression | undefined {
    const bare = object && skipParentheses(object);
    if (bare?.kind === ts.SyntaxKind.ThisKeyword) return calledOn;
    const local = bare && ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
    const parameter = local && ts.isParameter(local) ? local : undefined;
    return parameter && args[fn.parameters.indexOf(parameter)];
  }

  #originOf(object: Ts.Expression): number | undefined {
    const env = { bindings: new Map(), self: lexicalSelf(object), owner: undefined };
    const value = this.#evaluator.evaluate(object, env);
    return value?.kind === 'instance' ? value.origin : undefined;
  }

  #bind(parameter: Ts.ParameterDeclaration, value: Value, bindings: Map<Ts.Node, Value>): void {
    if (ts.isIdentifier(parameter.name)) {
      bindings.set(parameter, value);
      return;
    }
    const env = { bindings, self: undefined, owner: undefined };
    for (const element of parameter.name.elements) {
      if (!ts.isBindingElement(element)) continue;
      const part = this.#evaluator.destructured(element, parameter, value, env);
      if (part) bindings.set(element, part);
    }
  }

  #env(at: Ts.Expression, object: Ts.Expression | undefined, bindings: Map<Ts.Node, Value>): Env {
    const holder = this.#cls && instanceOf(this.#cls, false, HOLDER);
    const bare = object && skipParentheses(object);
    const local = bare && ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
    if (holder && local && !bindings.has(local)) bindings.set(local, holder);
    return { bindings, self: this.#selfAt(at, bare, holder, bindings), owner: undefined };
  }

  /** `this` where a function is put away: the object whose field it goes to, or the one that keeps that object. */
  #selfAt(
    at: Ts.Node,
    object: Ts.Node | undefined,
    holder: Instance | undefined,
    bindings: Bindings,
  ): Value | undefined {
    const self = lexicalSelf(at);
    if (self?.kind !== 'instance' || self.path === 'g:') return self;
    // The initializer of the field runs on the object that has the field.
    const isOwn = object?.kind === ts.SyntaxKind.ThisKeyword || isAround(this.#slot, at);
    if (isOwn) return { ...self, path: HOLDER };
    const making = constructorAround(at);
    const given = making?.parameters.map((parameter) => bindings.get(parameter));
    const fields = new Map(given ? keptFields(self.cls, given, this.#code) : []);
    if (holder && object && ts.isPropertyAccessExpression(object)) {
      const isOwnPart = object.expression.kind === ts.SyntaxKind.ThisKeyword;
      if (isOwnPart && isFixed(self.cls, object.name.text)) fields.set(object.name.text, holder);
    }
    return { ...self, path: this.#keeperPath(self.cls, object), fields };
  }

  #keeperPath(cls: Ts.ClassLikeDeclaration, object: Ts.Node | undefined): Path {
    let root = object;
    while (root && ts.isPropertyAccessExpression(root)) root = skipParentheses(root.expression);
    const local = root && ts.isIdentifier(root) ? resolveLocal(root) : undefined;
    const value = local && this.#evaluator.declared(local, undefined);
    // What is part of another object of the class says nothing about this one.
    const isOther = value?.kind === 'instance' && value.cls === cls;
    return isOther ? UNKNOWN_PATH : keeperRoot(idOf(cls));
  }

  /** A value without what only the function knows that it comes from. */
  #fromAfar(value: Value, env: Env, depth: number): Value {
    const whole =
      value.kind === 'closure' && depth < MAX_CALLERS ? this.#withCaptured(value, env, depth) : value;
    return (
      crossValue(whole, {
        path: (path) => (isKnownAfar(path) ? path : UNKNOWN_PATH),
        token: (token) => token,
        via: (via) => via,
      }) ?? { kind: 'opaque', path: UNKNOWN_PATH }
    );
  }

  #withCaptured(closure: Extract<Value, { kind: 'closure' }>, env: Env, depth: number): Value {
    const captured = new Map(closure.captured);
    // The object whose field it is goes by that name even if it has another.
    for (const [declaration, value] of env.bindings) {
      if (pathOf(value) === HOLDER) captured.set(declaration, value);
    }
    for (const declaration of this.#evaluator.freeVariables(closure.fn)) {
      if (captured.has(declaration)) continue;
      const value = env.bindings.get(declaration) ?? this.#evaluator.declared(declaration, undefined);
      captured.set(
        declaration,
        value ? this.#fromAfar(value, env, depth + 1) : { kind: 'opaque', path: UNKNOWN_PATH },
      );
    }
    return { ...closure, captured };
  }
}

const INERT: Value = { kind: 'inert' };
const UNKNOWN_WAY: Way = { values: [], isWhole: false, key: undefined, origin: undefined };

/** A function that is written down in place. */
export function isFunction(node: Ts.Expression | undefined): boolean {
  const value = node && skipParentheses(node);
  return value !== undefined && (ts.isArrowFunction(value) || ts.isFunctionExpression(value));
}

function parameterOf(local: Ts.Node): Ts.ParameterDeclaration | undefined {
  let root = local;
  while (ts.isBindingElement(root) || ts.isObjectBindingPattern(root) || ts.isArrayBindingPattern(root)) {
    root = root.parent;
  }
  return ts.isParameter(root) ? root : undefined;
}

function isAround(outer: Ts.Node, inner: Ts.Node): boolean {
  return outer.getSourceFile() === inner.getSourceFile() && outer.pos <= inner.pos && outer.end >= inner.end;
}

function constructorAround(node: Ts.Node): Ts.ConstructorDeclaration | undefined {
  for (let at: Ts.Node | undefined = node; at && !ts.isClassLike(at); at = at.parent) {
    if (ts.isConstructorDeclaration(at) && hasBody(at)) return at;
  }
  return undefined;
}

/** Whether a field is the same object for as long as its holder lives. */
function isFixed(cls: Ts.ClassLikeDeclaration, name: string): boolean {
  return (fieldAssignments(cls).get(name)?.length ?? 0) <= 1;
}

/** What it is called is the same wherever it is met. */
function isKnownAfar(path: Path): boolean {
  return path.startsWith('g:') || isIn(HOLDER, path) || /^o\d/.test(path);
}

/** Whether a path is that of an object, or of something in it. */
export function isIn(root: Path, path: Path): boolean {
  return path === root || path.startsWith(`${root}.`) || path.startsWith(`${root}[`);
}
