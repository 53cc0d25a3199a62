import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName } from '../code.ts';
import type { Heritage } from '../dispatch/heritage.ts';
import { Aliases } from './aliases.ts';
import { Callees } from './callees.ts';
import { constructionsOf } from './constructions.ts';
import { type Carried, type FlowHandler, type MemberAccess, ValueFlow } from './flow.ts';
import { Frames } from './frames.ts';
import type { FunctionNode } from './functions.ts';
import { callbackUse } from './iteration.ts';
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

/** Who runs a function: found from the function, by following its value and its name. */
export class CallGraph {
  readonly callees: Callees;
  readonly references: References;
  readonly flow: ValueFlow;
  readonly aliases: Aliases;
  readonly #code: Code;
  readonly #known = new Map<FunctionNode, Map<string, readonly Invocation[]>>();

  constructor(code: Code, heritage: Heritage) {
    this.#code = code;
    this.callees = new Callees(code);
    this.references = new References(code, heritage);
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

  /** The places that make instances of a class, and so run what stands in its fields. */
  makers(cls: Ts.ClassLikeDeclaration): readonly Invocation[] {
    const frames = Frames.none;
    return constructionsOf(this.#code, cls).map((node) => ({ node, how: 'call', by: 'symbol', frames }));
  }

  #find(fn: FunctionNode, frames: Frames): readonly Invocation[] {
    const found = new Map<string, Invocation>();
    const handler = new InvocationHandler(this.callees, this.flow, (invocation) => {
      const key = `${this.#code.key(invocation.node)}|${invocation.how}|${invocation.frames.key}`;
      if (found.get(key)?.by !== 'symbol') found.set(key, invocation);
    });
    const starts = this.#starts(fn, frames, (node) => handler.add(node, 'call', { form: 'symbol', frames }));
    this.flow.follow(starts, handler);
    return [...found.values()].sort((a, b) => comparePlaces(a.node, b.node));
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

/** `wrapper`: not the function itself, but what a function outside of the program made of it. */
type Form = Invocation['by'] | 'wrapper';

class InvocationHandler implements FlowHandler<Form> {
  readonly #callees: Callees;
  readonly #flow: ValueFlow;
  readonly #found: (invocation: Invocation) => void;

  constructor(callees: Callees, flow: ValueFlow, found: (invocation: Invocation) => void) {
    this.#callees = callees;
    this.#flow = flow;
    this.#found = found;
  }

  add(node: Ts.Node, how: Invocation['how'], { form, frames }: Pick<Carried<Form>, 'form' | 'frames'>): void {
    this.#found({ node, how, by: form === 'dispatch' ? 'dispatch' : 'symbol', frames: frames.around(node) });
  }

  called(call: Ts.CallExpression | Ts.NewExpression, value: Carried<Form>): readonly Carried<Form>[] {
    this.add(call, 'call', value);
    return [];
  }

  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const bodies = this.#callees.bodies(call, value.frames);
    if (bodies.length > 0) return bodies.flatMap((fn) => this.#flow.enterFunction(fn, call, index, value));
    // An object with the function among its properties: whoever takes it runs it when it sees fit.
    if (value.path.length > 0) return [];
    const use = callbackUse(call, index, this.#callees.entities(call.expression));
    if (use === 'iterates') this.add(call, 'iteration', value);
    // A wrapper handed on may be a mere result: `log(await transaction(work))`.
    if (use === 'iterates' || use === 'keeps' || value.form === 'wrapper') return [];
    this.add(call, use === 'later' ? 'later' : 'call', value);
    return limitsCalls(call) ? [] : [{ ...value, at: call, form: 'wrapper' }];
  }

  member(access: MemberAccess, value: Carried<Form>): readonly Carried<Form>[] {
    const call = access.parent;
    if (value.path.length > 0 || !ts.isCallExpression(call) || call.expression !== access) return [];
    const name = ts.isPropertyAccessExpression(access) ? access.name.text : '';
    if (name === 'bind') return [{ ...value, at: call }];
    if (name === 'call' || name === 'apply') this.add(call, 'call', value);
    return [];
  }

  operand(parent: Ts.Expression, value: Carried<Form>): readonly Carried<Form>[] {
    // Kept in an array: whoever walks the array runs it once.
    const isKept = value.form !== 'wrapper' && value.path.length === 0 && ts.isArrayLiteralExpression(parent);
    if (isKept) this.add(parent, 'call', value);
    return [];
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
