import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, memberName, type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { type Carried, ELEMENT, type FlowHandler, type MemberAccess } from '../inserts/flow.ts';
import { Frames } from '../inserts/frames.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { isIterating } from '../locks/state-methods.ts';
import { namesIn } from '../name-index.ts';
import { callWith, isAssignedPattern, isFunctionExpression, outermost } from '../shapes.ts';
import { changeByCall } from './changes-by-call.ts';
import { changesByName } from './changes-by-name.ts';
import { changesCollection } from './collection-methods.ts';
import { ownCopy } from './copies.ts';
import { type Write, writeTo } from './targets-of-writes.ts';
import { usesOf } from './uses.ts';

/** A place that changes what a field holds. */
export interface Mutation {
  /** The call, assignment, `delete`, `++`, or what takes the method as a value. */
  readonly node: Ts.Node;
  /** The method, or the operator as it is written: `delete`, `=`, `+=`, `++`. */
  readonly how: string;
  /** The calls that handed the field to the function around the place, the first one first. */
  readonly via: readonly CallLike[];
}

/** What is known of the changes of a field. */
export interface Mutations {
  /** By file and place. */
  readonly found: readonly Mutation[];
  /** Changes of something of the name whose type nobody knows. */
  readonly unclear: readonly Mutation[];
}

interface Tools {
  readonly code: Code;
  readonly targets: Targets;
  readonly graph: CallGraph;
}

/**
 * Finds what changes a field or variable: assignments of it, and changes of what it holds, through variables, results and
 * parameters.
 *
 * @param methods the names that count; undefined for all that changes anything
 */
export function mutationsOf(
  field: Target,
  methods: ReadonlySet<string> | undefined,
  tools: Tools,
): Mutations {
  const found = new Map<string, Mutation>();
  const add = ({ node, how, via }: Mutation): void => {
    if (methods && !methods.has(how)) return;
    const key = [node, ...via].map((one) => tools.code.key(one)).join('|');
    found.set(key, { node, how, via });
  };
  const handler = new MutationHandler(tools, methods, add);
  const uses = usesOf(field, tools);
  for (const at of uses) {
    const write = writeTo(at);
    if (write && isNamedBy(at, field) && !isFirstValue(at, write)) add({ ...write, via: [] });
  }
  const isField = (one: Ts.Node): boolean => tools.targets.relation(one, field) !== undefined;
  for (const { call, how, owner } of changesByName(field.member, isField, tools.code)) {
    if (!isOfBeginning(call, owner) && !ownCopy(owner)) add({ node: call, how, via: [] });
  }
  const starts = uses.map((at): Carried<'field'> => ({ at, path: [], frames: Frames.none, form: 'field' }));
  tools.graph.flow.follow(starts, handler);
  return { found: [...found.values()].sort(byPlace), unclear: unclearOf(field, methods, tools) };
}

/** Follows what a field holds to the places that change it. */
class MutationHandler implements FlowHandler<'field'> {
  readonly #tools: Tools;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #found: (mutation: Mutation) => void;

  constructor(tools: Tools, methods: ReadonlySet<string> | undefined, found: (mutation: Mutation) => void) {
    this.#tools = tools;
    this.#methods = methods;
    this.#found = found;
  }

  called(): readonly Carried<'field'>[] {
    return [];
  }

  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<'field'>,
  ): readonly Carried<'field'>[] {
    const change = value.path.length === 0 ? changeByCall(call, index, this.#tools.code) : undefined;
    if (change !== undefined) this.#found({ node: call, how: change, via: value.frames.calls });
    const { callees, flow } = this.#tools.graph;
    return callees.bodies(call, value.frames).flatMap((fn) => flow.enterFunction(fn, call, index, value));
  }

  member(access: MemberAccess, value: Carried<'field'>): readonly Carried<'field'>[] {
    if (value.path.length > 0) return this.#handedToEach(access, value);
    const via = value.frames.calls;
    const write = writeTo(access);
    if (write) this.#found({ ...write, via });
    const name = rightmostName(access);
    const method = name && nameText(name);
    if (name && method !== undefined && isIterating(method)) return this.#handedToCallback(access, value);
    if (!name || method === undefined || !this.#isChanging(name, method)) return [];
    this.#found({ node: callWith(access) ?? lendingOf(access) ?? access, how: method, via });
    return [];
  }

  /** `field.forEach((value, key, itself) => …)`: an iterating method hands in what it walks. */
  #handedToCallback(access: MemberAccess, value: Carried<'field'>): readonly Carried<'field'>[] {
    const call = outermost(access).parent;
    const callback = ts.isCallExpression(call) ? call.arguments[0] : undefined;
    const fn = callback && skipParentheses(callback);
    const method = memberName(access)?.text ?? '';
    const parameters = fn && isFunctionExpression(fn) ? fn.parameters : [];
    const itself = parameters[method.startsWith('reduce') ? 3 : 2];
    return itself ? this.#tools.graph.flow.enterParameter(itself, value) : [];
  }

  /** `[first.field, second.field]`: whoever walks the array has each of them. */
  operand(parent: Ts.Expression, value: Carried<'field'>): readonly Carried<'field'>[] {
    if (!ts.isArrayLiteralExpression(parent)) return [];
    return [{ ...value, at: parent, path: [ELEMENT, ...value.path] }];
  }

  /** `fields.forEach((one) => …)`: the callback has the field that the array holds. */
  #handedToEach(access: MemberAccess, value: Carried<'field'>): readonly Carried<'field'>[] {
    const [next, ...path] = value.path;
    const call = outermost(access).parent;
    const method = rightmostName(access);
    if (next !== ELEMENT || !method || !isIterating(nameText(method) ?? '') || !ts.isCallExpression(call))
      return [];
    const [callback] = call.arguments;
    const fn = callback && skipParentheses(callback);
    const [parameter] = fn && isFunctionExpression(fn) ? fn.parameters : [];
    return parameter ? this.#tools.graph.flow.enterParameter(parameter, { ...value, path }) : [];
  }

  /** A method that the config names counts on whatever type; else those of the language's own collections. */
  #isChanging(name: NameNode, method: string): boolean {
    if (this.#methods) return this.#methods.has(method);
    if (!changesCollection(method)) return false;
    return this.#tools.code.entities(name).some((one) => one.kind === 'external' && one.module === 'lib');
  }
}

/** Changes of something that goes by the name of the field, where the compiler knows nothing of its object. */
function unclearOf(
  { member }: Target,
  methods: ReadonlySet<string> | undefined,
  { code }: Tools,
): readonly Mutation[] {
  const found: Mutation[] = [];
  for (const file of code.program.filesNaming([member])) {
    const source = code.program.tree(file)?.source;
    const names = (source ? (namesIn(source).get(member) ?? []) : []).filter(
      (one) => memberName(one.parent) === one && !ts.isQualifiedName(one.parent),
    );
    code.prefetchNames(file, names);
    for (const name of names) {
      if (code.entities(name).length > 0) continue;
      const mutation = directMutation(name.parent as MemberAccess);
      const isMeant = mutation && (methods ? methods.has(mutation.how) : true);
      if (isMeant && !isAssignedPattern(name.parent)) found.push(mutation);
    }
  }
  return found;
}

/** What is done at once to a member that an expression names. */
function directMutation(access: MemberAccess): Mutation | undefined {
  const write = writeTo(access);
  if (write) return { ...write, via: [] };
  const value = outermost(access);
  const { parent } = value;
  const isMember =
    (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) &&
    parent.expression === value;
  if (!isMember) return undefined;
  const inner = writeTo(parent);
  if (inner) return { ...inner, via: [] };
  const method = memberName(parent)?.text;
  const call = callWith(parent);
  return call && method !== undefined && changesCollection(method)
    ? { node: call, how: method, via: [] }
    : undefined;
}

/** `field.delete.call(field, key)` is one change, by the method and by the argument. */
function lendingOf(method: Ts.Expression): Ts.CallExpression | undefined {
  const { parent } = outermost(method);
  return ts.isPropertyAccessExpression(parent) ? callWith(parent) : undefined;
}

/** Whether an expression is the field, and not a variable that a pattern has taken its value into. */
function isNamedBy(at: Ts.Expression, { declarations }: Target): boolean {
  return !ts.isIdentifier(at) || [...declarations].some(ts.isVariableDeclaration);
}

/** What a constructor gives a field of its own object is the value that it begins with. */
function isFirstValue(at: Ts.Expression, { how }: Write): boolean {
  const bare = skipParentheses(at);
  return (
    how === '=' &&
    (ts.isPropertyAccessExpression(bare) || ts.isElementAccessExpression(bare)) &&
    isOfBeginning(at, bare.expression)
  );
}

/** Whether a place is about the own object of the constructor around it, or the class of a static block. */
function isOfBeginning(place: Ts.Node, owner: Ts.Expression): boolean {
  if (skipParentheses(owner).kind !== ts.SyntaxKind.ThisKeyword) return false;
  const around = ts.findAncestor(
    place,
    (one) => ts.isFunctionLike(one) || ts.isClassStaticBlockDeclaration(one),
  );
  return (
    around !== undefined && (ts.isConstructorDeclaration(around) || ts.isClassStaticBlockDeclaration(around))
  );
}

function byPlace(a: Mutation, b: Mutation): number {
  const [left, right] = [a.node.getSourceFile().fileName, b.node.getSourceFile().fileName];
  return left < right ? -1 : left > right ? 1 : a.node.pos - b.node.pos || a.node.end - b.node.end;
}
