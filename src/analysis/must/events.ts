import { type Ts, ts } from '../../syntax/ts.ts';
import { literalsOf } from '../atomic/literals.ts';
import { Thenables } from '../atomic/outside.ts';
import { type Code, nameText, ownMember, skipParentheses } from '../code.ts';
import { containerOf } from '../dispatch/heritage.ts';
import type { Target } from '../dispatch/targets.ts';
import type { Frames } from '../inserts/frames.ts';
import { type FunctionNode, isFunctionNode } from '../inserts/functions.ts';
import type { CallGraph, Invocation } from '../inserts/invocations.ts';
import { isAsyncFunction } from '../inserts/signatures.ts';
import { isFunctionExpression, outermost } from '../shapes.ts';

/** A place at which an event happens. */
export interface EventSite {
  readonly node: Ts.Node;
  readonly how: Invocation['how'];
  readonly by: Invocation['by'];
  /** How the functions around the place were entered, where the event happens only then. */
  readonly frames: Frames;
}

/** Something that may happen when the program runs. */
export interface Event {
  readonly sites: readonly EventSite[];
  /** The functions whose call is the event; undefined where it is something that a place does by itself. */
  readonly family: Family | undefined;
}

/** A function that a config names, with all that stands for it: what overrides or implements it. */
export class Family {
  readonly members: ReadonlySet<Ts.Node>;
  readonly #keys: ReadonlySet<string>;
  readonly #thenables: Thenables;
  readonly #async = new Map<Ts.Node, boolean>();

  constructor(code: Code, { declarations }: Pick<Target, 'declarations'>) {
    const members = new Set(declarations);
    for (const declaration of declarations) for (const heir of heirsOf(declaration, code)) members.add(heir);
    this.members = members;
    this.#keys = new Set([...members].map((member) => code.key(member)));
    this.#thenables = new Thenables(code);
  }

  /** Whether a function, or what it is the value of, belongs to the family. */
  has(declaration: Ts.Node): boolean {
    return this.members.has(declaration) || this.members.has(holderOf(declaration));
  }

  /** Whether a declaration belongs to the family, by its key in the program. */
  hasKey(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Whether some code is part of one of the functions. */
  isAround(node: Ts.Node): boolean {
    return ts.findAncestor(node, (at) => isFunctionNode(at) && this.has(at)) !== undefined;
  }

  /** Whether a call is over only when the promise that it hands back is fulfilled. */
  isAsync(call: Ts.Node): boolean {
    const declared = [...this.members].map(answersAsync);
    if (declared.includes(true)) return true;
    if (!declared.includes(undefined) || !ts.isCallExpression(call)) return false;
    let isPromise = this.#async.get(call);
    if (isPromise === undefined) {
      isPromise = this.#thenables.ofCall(call, []) === 'promise';
      this.#async.set(call, isPromise);
    }
    return isPromise;
  }
}

/** The calls of a function that a config names. What its own bodies do among themselves is none. */
export function callsOf(target: Target, code: Code, graph: CallGraph): Event & { readonly family: Family } {
  const family = new Family(code, target);
  const sites = new Map<string, EventSite>();
  for (const member of family.members) {
    for (const { node, how, by, frames } of graph.callsOf(member)) {
      if (family.isAround(node)) continue;
      const key = `${code.key(node)}|${how}|${frames.key}`;
      if (sites.get(key)?.by !== 'symbol') sites.set(key, { node, how, by, frames });
    }
  }
  return { family, sites: [...sites.values()] };
}

/** The functions with a body that go by the name of a target. */
export function bodiesOf({ members }: Pick<Family, 'members'>): readonly FunctionNode[] {
  return [...members].flatMap((member) => {
    if (isFunctionNode(member)) return [member];
    const { initializer } = member as { initializer?: Ts.Expression };
    const value = initializer && skipParentheses(initializer);
    return value && isFunctionNode(value) ? [value] : [];
  });
}

/** The declaration by whose name a function goes that is written in place: `const stop = () => …`. */
export function holderOf(fn: Ts.Node): Ts.Node {
  if (!isFunctionExpression(fn)) return fn;
  const { parent } = outermost(fn);
  const isHolder =
    ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent);
  return isHolder ? parent : fn;
}

function heirsOf(declaration: Ts.Node, code: Code): readonly Ts.Node[] {
  const container = containerOf(declaration);
  const { name } = declaration as { name?: Ts.Node };
  const text = name && nameText(name);
  if (!container || text === undefined || text.startsWith('#')) return [];
  const isType = ts.isClassLike(container) || ts.isInterfaceDeclaration(container);
  const members = isType ? code.subtypes(container).flatMap((heir) => ownMember(heir, text) ?? []) : [];
  return [...members, ...literalsOf(declaration, code)];
}

/** Whether a declaration says that its function hands back a promise; undefined where it does not say. */
function answersAsync(declaration: Ts.Node): boolean | undefined {
  const { initializer } = declaration as { initializer?: Ts.Expression };
  const value = initializer && skipParentheses(initializer);
  const fn = value && isFunctionNode(value) ? value : declaration;
  if (!ts.isFunctionLike(fn)) return undefined;
  if (isFunctionNode(fn) && isAsyncFunction(fn)) return true;
  if (!fn.type) return isFunctionNode(fn) && ts.isConstructorDeclaration(fn) ? false : undefined;
  return /\bPromise(?:Like)?\b/.test(fn.type.getText());
}
