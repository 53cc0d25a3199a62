import { type Ts, ts } from '../../syntax/ts.ts';
import { isNeverRun } from '../atomic/outside.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Heritage } from '../dispatch/heritage.ts';
import { Aliases } from './aliases.ts';
import { Callees } from './callees.ts';
import { constructionsOf } from './constructions.ts';
import { Disposals } from './disposals.ts';
import { type Carried, ELEMENT, type FlowHandler, type MemberAccess, ValueFlow } from './flow.ts';
import { Frames } from './frames.ts';
import { type FunctionNode, isFunctionNode } from './functions.ts';
import { callbackUse } from './iteration.ts';
import { IN_MAP, type MapEntry, mapOfPair, outOfMap, propertiesOf, putInList, putInMap } from './maps.ts';
import { Receivers } from './receivers.ts';
import { References } from './references.ts';

/** A place that makes a function run. */
export interface Invocation {
  /** A call of it, or the call that it is handed to. */
  readonly node: Ts.Node;
  /**
   * `call`: the function runs once each time the node does. `iteration`: once per element. `later`: after the code
   * around the node has gone on.
   */
  readonly how: 'call' | 'iteration' | 'later';
  /** `dispatch`: a type above or below stands between, so another function of the name may run instead. */
  readonly by: 'symbol' | 'dispatch';
  /** By which calls the functions around the node were entered, as far as this way of running it says so. */
  readonly frames: Frames;
}

/**
 * Where a function counts as run that is kept in an array or a map, or handed out by a generator: `there`, where it is put
 * in, as often as that happens, since whoever walks them all runs each of them once; or where it is `taken` out and
 * called, as far as it can be followed.
 */
export type KeptFunctions = 'there' | 'taken';

/** Who runs a function: found from the function, by following its value and its name. */
export class CallGraph {
  readonly callees: Callees;
  readonly references: References;
  readonly flow: ValueFlow;
  readonly aliases: Aliases;
  readonly disposals: Disposals;
  readonly receivers: Receivers;
  readonly #code: Code;
  readonly #kept: KeptFunctions;
  readonly #known = new Map<FunctionNode, Map<string, readonly Invocation[]>>();

  constructor(code: Code, heritage: Heritage, kept: KeptFunctions = 'there', other?: CallGraph) {
    this.#code = code;
    this.#kept = kept;
    this.callees = new Callees(code);
    this.references = other?.references ?? new References(code, heritage);
    this.disposals = other?.disposals ?? new Disposals(code);
    this.receivers = new Receivers(code);
    this.flow = new ValueFlow(code, this.references, this);
    this.aliases = new Aliases(code, this);
  }

  /** Every place that runs a function, given how the functions around it were entered. */
  callSites(fn: FunctionNode, frames: Frames): readonly Invocation[] {
    const entered = frames.callOf(fn);
    if (entered) return [{ node: entered, how: 'call', by: 'symbol', frames: frames.leave(fn) }];
    const relevant = frames.around(fn);
    const known = this.#known.get(fn) ?? new Map<string, readonly Invocation[]>();
    this.#known.set(fn, known);
    let sites = known.get(relevant.key);
    if (!sites) {
      // A function whose value depends on its own calls: what is known of them so far has to do.
      known.set(relevant.key, []);
      sites = this.#find(fn, relevant);
      known.set(relevant.key, sites);
    }
    return sites;
  }

  /** Every place that runs what a declaration stands for: also of a signature, or of a variable that holds a function. */
  callsOf(declaration: Ts.Node): readonly Invocation[] {
    if (isFunctionNode(declaration)) return this.callSites(declaration, Frames.none);
    const { name, initializer } = declaration as { name?: Ts.Node; initializer?: Ts.Expression };
    const value = initializer && skipParentheses(initializer);
    if (value && isFunctionNode(value)) return this.callSites(value, Frames.none);
    const text = name && nameText(name);
    if (text === undefined) return [];
    const frames = Frames.none;
    const isOwn = ts.isVariableDeclaration(declaration) || ts.isFunctionDeclaration(declaration);
    const uses = isOwn
      ? this.references.of(declaration, text).map((at) => ({ at, by: 'symbol' as const }))
      : this.references.ofMember(declaration);
    const found = new Collected(this.#code);
    const handler = this.#handler(found);
    const starts = uses.map(({ at, by }): Carried<Form> => ({ at, path: [], frames, form: by }));
    this.flow.follow(starts, handler);
    handler.finish();
    return found.all;
  }

  /** The places that make instances of a class, and so run what stands in its fields. */
  makers(cls: Ts.ClassLikeDeclaration): readonly Invocation[] {
    const frames = Frames.none;
    return constructionsOf(this.#code, cls).map((node) => ({ node, how: 'call', by: 'symbol', frames }));
  }

  #find(fn: FunctionNode, frames: Frames): readonly Invocation[] {
    const found = new Collected(this.#code);
    const handler = this.#handler(found);
    const starts = this.#starts(fn, frames, (node) => handler.add(node, 'call', { form: 'symbol', frames }));
    this.flow.follow(starts, handler);
    handler.finish();
    return found.all;
  }

  #handler(found: Collected): InvocationHandler {
    return new InvocationHandler({
      callees: this.callees,
      flow: this.flow,
      kept: this.#kept,
      found: (invocation) => found.add(invocation),
    });
  }

  /** The expressions that have the function as their value, to begin with; `run` takes the places that run it. */
  #starts(fn: FunctionNode, frames: Frames, run: (node: Ts.Node) => void): Carried<Form>[] {
    const carry = (at: Ts.Expression, by: Form = 'symbol', path: readonly string[] = []) => ({
      at,
      path,
      frames,
      form: by,
    });
    const { references } = this;
    // The end of a block disposes of what was declared there.
    for (const { name } of this.disposals.usesOf(fn)) run(name);
    if (ts.isConstructorDeclaration(fn)) {
      for (const node of constructionsOf(this.#code, fn.parent)) run(node);
      return [];
    }
    if (ts.isAccessor(fn)) {
      for (const { at } of references.ofMember(fn)) run(at);
      return [];
    }
    if (ts.isMethodDeclaration(fn)) {
      const uses = references.ofMember(fn).map(({ at, by }) => carry(at, by));
      const name = nameText(fn.name);
      const object = fn.parent;
      const isProperty = ts.isObjectLiteralExpression(object) && name !== undefined;
      return isProperty ? [...uses, carry(object, 'symbol', [name])] : uses;
    }
    if (ts.isFunctionDeclaration(fn)) {
      return references.of(fn, fn.name?.text ?? 'default').map((at) => carry(at));
    }
    const own = fn as Ts.FunctionExpression | Ts.ArrowFunction;
    const inner = own.name ? references.of(own, own.name.text).map((at) => carry(at)) : [];
    return [carry(own), ...inner];
  }
}

/** Invocations, each once: by symbol where it is found so as well. */
class Collected {
  readonly #code: Code;
  readonly #found = new Map<string, Invocation>();

  constructor(code: Code) {
    this.#code = code;
  }

  add(invocation: Invocation): void {
    const key = `${this.#code.key(invocation.node)}|${invocation.how}|${invocation.frames.key}`;
    if (this.#found.get(key)?.by !== 'symbol') this.#found.set(key, invocation);
  }

  /** By file and place. */
  get all(): readonly Invocation[] {
    return [...this.#found.values()].sort((a, b) => comparePlaces(a.node, b.node));
  }
}

/**
 * `wrapper`: not the function itself, but what a function outside of the program made of it. `kept`: in a map, or handed
 * out by a generator, with the number of the place that does that.
 */
type Form = Invocation['by'] | 'wrapper' | `kept ${number}`;

interface HandlerParts {
  readonly callees: Callees;
  readonly flow: ValueFlow;
  readonly kept: KeptFunctions;
  readonly found: (invocation: Invocation) => void;
}

class InvocationHandler implements FlowHandler<Form> {
  readonly #parts: HandlerParts;
  readonly #kept: MapEntry[] = [];
  /** What of that somebody was seen to take out and call. */
  readonly #taken = new Set<MapEntry>();
  readonly #frames = new Map<MapEntry, Carried<Form>>();

  constructor(parts: HandlerParts) {
    this.#parts = parts;
  }

  add(node: Ts.Node, how: Invocation['how'], { form, frames }: Pick<Carried<Form>, 'form' | 'frames'>): void {
    const entry = this.#entryOf(form);
    const by = form === 'dispatch' ? 'dispatch' : 'symbol';
    if (!entry || this.#isFollowed) {
      if (entry) this.#taken.add(entry);
      this.#parts.found({ node, how, by, frames: frames.around(node) });
      return;
    }
    // Whoever walks a map runs each function in it once: as often as it was put there.
    if (entry.place) this.#runThere(entry.place, frames);
  }

  /** What nobody was seen to take out may be run as soon as it is put in. */
  finish(): void {
    if (!this.#isFollowed) return;
    for (const entry of this.#kept) {
      const value = this.#frames.get(entry);
      if (entry.place && value && !this.#taken.has(entry)) this.#runThere(entry.place, value.frames);
    }
  }

  called(call: CallLike, value: Carried<Form>): readonly Carried<Form>[] {
    this.add(call, 'call', value);
    return [];
  }

  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const { callees, flow } = this.#parts;
    const entities = callees.entities(call.expression);
    const put = putInMap(call, index, entities);
    if (put) return flow.assigned(put, this.#keep(call.arguments?.[0], call, value));
    const bodies = callees.bodies(call, value.frames);
    if (bodies.length > 0) return bodies.flatMap((fn) => flow.enterFunction(fn, call, index, value));
    const list = this.#isFollowed ? putInList(call, entities) : undefined;
    if (list) return this.placed(list, call, value);
    const viewed = this.#isFollowed ? propertiesOf(call, value, entities) : undefined;
    if (viewed) return [viewed];
    // An object with the function among its properties: whoever takes it runs it when it sees fit.
    if (value.path.length > 0) return [];
    const use = callbackUse(call, index, entities);
    if (use === 'iterates') this.add(call, 'iteration', value);
    // A wrapper handed on may be a mere result: `log(await transaction(work))`.
    if (use === 'iterates' || use === 'keeps' || value.form === 'wrapper') return [];
    if (isNeverRun(call, entities)) return [];
    this.add(call, use === 'later' ? 'later' : 'call', value);
    return limitsCalls(call) ? [] : [{ ...value, at: call, form: 'wrapper' }];
  }

  member(access: MemberAccess, value: Carried<Form>): readonly Carried<Form>[] {
    const call = access.parent;
    const entry = this.#entryOf(value.form);
    if (entry && value.path.length > 0) {
      const isCall = ts.isCallExpression(call) && call.expression === access;
      const picked = this.#isFollowed ? value.form : 'symbol';
      return isCall ? outOfMap<Form>(this.#parts.flow, call, value, { key: entry.key, picked }) : [];
    }
    if (value.path.length > 0 || !ts.isCallExpression(call) || call.expression !== access) return [];
    const name = ts.isPropertyAccessExpression(access) ? access.name.text : '';
    if (name === 'bind') return [{ ...value, at: call }];
    if (name === 'call' || name === 'apply') this.add(call, 'call', value);
    return [];
  }

  operand(parent: Ts.Expression, value: Carried<Form>): readonly Carried<Form>[] {
    // Kept in an array: whoever walks the array runs it once.
    const isKept =
      value.form !== 'wrapper' &&
      !this.#entryOf(value.form) &&
      value.path.length === 0 &&
      ts.isArrayLiteralExpression(parent);
    if (!isKept) return [];
    const map = mapOfPair(parent);
    if (this.#isFollowed) {
      if (map) return [{ ...this.#keep(map.key, parent, value), at: map.made }];
      return [
        {
          ...value,
          at: parent,
          path: [ELEMENT],
          form: this.#keepAt({ key: undefined, place: parent }, value),
        },
      ];
    }
    this.add(parent, 'call', value);
    return map ? [{ ...this.#keep(map.key, undefined, value), at: map.made }] : [];
  }

  placed(container: Ts.Expression, place: Ts.Node, value: Carried<Form>): readonly Carried<Form>[] {
    if (!this.#isFollowed || value.form === 'wrapper' || value.path.length > 0) return [];
    const form = this.#keepAt({ key: undefined, place }, value);
    return this.#parts.flow.assigned(container, { ...value, path: [ELEMENT], form });
  }

  /** Whoever takes what a generator hands out runs it as often as it is handed out. */
  yielded(place: Ts.YieldExpression, value: Carried<Form>): Carried<Form> {
    if (value.path.length > 0 || value.form === 'wrapper') return value;
    return { ...value, form: this.#keepAt({ key: undefined, place }, value) };
  }

  get #isFollowed(): boolean {
    return this.#parts.kept === 'taken';
  }

  #runThere(place: Ts.Node, frames: Frames): void {
    this.#parts.found({ node: place, how: 'call', by: 'symbol', frames: frames.around(place) });
  }

  #entryOf(form: Form): MapEntry | undefined {
    return form.startsWith('kept') ? this.#kept[Number(form.slice('kept '.length))] : undefined;
  }

  /** The value in a map. One that stands in the map's literal has been counted where it stands. */
  #keep(key: Ts.Expression | undefined, place: Ts.Node | undefined, value: Carried<Form>): Carried<Form> {
    const entry = { key: key && ts.isStringLiteralLike(key) ? key.text : undefined, place };
    return { ...value, path: [...IN_MAP, ...value.path], form: this.#keepAt(entry, value) };
  }

  #keepAt(entry: MapEntry, value: Carried<Form>): Form {
    this.#kept.push(entry);
    this.#frames.set(entry, value);
    return `kept ${this.#kept.length - 1}`;
  }
}

/** `once(fn)`, `memoize(fn)`: however often the result is called, the function is not. */
function limitsCalls(call: Ts.CallExpression | Ts.NewExpression): boolean {
  const name = rightmostName(call.expression);
  return (
    ts.isNewExpression(call) ||
    (name !== undefined && /once|memo|cache|lazy|single|debounce|throttle/i.test(name.text))
  );
}

function comparePlaces(a: Ts.Node, b: Ts.Node): number {
  const [left, right] = [a.getSourceFile().fileName, b.getSourceFile().fileName];
  return left < right ? -1 : left > right ? 1 : a.pos - b.pos || a.end - b.end;
}
