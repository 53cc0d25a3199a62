import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, type Entity, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Target } from '../dispatch/targets.ts';
import type { Carried, FlowHandler, MemberAccess } from '../inserts/flow.ts';
import { Frames } from '../inserts/frames.ts';
import { isFunctionNode } from '../inserts/functions.ts';
import { isWritten, localDeclaration } from '../inserts/identifiers.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { callbackUse } from '../inserts/iteration.ts';
import { functionType } from '../locks/function-types.ts';
import { changeByCall } from '../mutation/changes-by-call.ts';
import { changesByName } from '../mutation/changes-by-name.ts';
import { type Write, writeTo } from '../mutation/targets-of-writes.ts';
import { namesIn } from '../name-index.ts';
import { callWith, outermost } from '../shapes.ts';
import { callsOf, type Event, type EventSite } from './events.ts';
import { isLess, isNothing } from './less.ts';

/** Whether a name in a config stands for something that values are kept in, and not for a function. */
export function isField({ declarations }: Target, code: Code): boolean {
  return [...declarations].every((one) => {
    if (ts.isFunctionLike(one)) return false;
    const { initializer } = one as { initializer?: Ts.Expression };
    const isFunction = initializer !== undefined && isFunctionNode(skipParentheses(initializer));
    return !isFunction && functionType(one, code)?.depth !== 0;
  });
}

/** The event that something is removed from a field or variable; of a function, that it is called. */
export function removalOf(target: Target, code: Code, graph: CallGraph): Event {
  return isField(target, code) ? placesOf(target, code, graph, 'removal') : callsOf(target, code, graph);
}

/** The same, where any new value of a field counts too. */
export function changeOf(target: Target, code: Code, graph: CallGraph): Event {
  return isField(target, code) ? placesOf(target, code, graph, 'change') : callsOf(target, code, graph);
}

function placesOf(target: Target, code: Code, graph: CallGraph, kind: 'removal' | 'change'): Event {
  const found = new Set<Ts.Node>();
  const handler = new RemovalHandler({ code, graph }, (node) => found.add(node));
  for (const declaration of target.declarations) {
    const uses = usesOf(declaration, target.member, graph);
    for (const at of [...uses, ...assignmentsTo(declaration, target.member)]) {
      const write = writeTo(at);
      if (!write || isInitial(write.node)) continue;
      const isRemoval = write.how === '=' && isLess(valueGiven(at, write.node), code, declaration);
      if (kind === 'change' ? isAssignment(write) : isRemoval) found.add(write.node);
    }
    const isField = (one: Ts.Node): boolean => one === declaration;
    for (const { call, how, value } of changesByName(target.member, isField, code)) {
      if (isInitial(call)) continue;
      const isRemoval = how === 'delete' || isLess(value, code, declaration);
      if (kind === 'change' ? how !== 'delete' : isRemoval) found.add(call);
    }
    const starts = uses.map((at): Carried<Form> => ({ at, path: [], frames: Frames.none, form: 'field' }));
    graph.flow.follow(starts, handler);
  }
  const sites = [...found].map(
    (node): EventSite => ({ node, how: 'call', by: 'symbol', frames: Frames.none }),
  );
  return { family: undefined, sites: sites.sort((a, b) => comparePlaces(a.node, b.node)) };
}

function usesOf(declaration: Ts.Node, name: string, graph: CallGraph): readonly Ts.Expression[] {
  if (ts.isVariableDeclaration(declaration)) return graph.references.of(declaration, name);
  return graph.references.ofMember(declaration).map(({ at }) => at);
}

/** The names of a variable that are given a new value; members are found by their uses. */
function assignmentsTo(declaration: Ts.Node, name: string): readonly Ts.Expression[] {
  if (!ts.isVariableDeclaration(declaration)) return [];
  return (namesIn(declaration.getSourceFile()).get(name) ?? []).filter(
    (one): one is Ts.Identifier =>
      ts.isIdentifier(one) && isWritten(one) && localDeclaration(one) === declaration,
  );
}

/** `remover`: a method that takes something out of the field, as a value: `field.delete.bind(field)`. */
type Form = 'field' | 'remover';

/** Follows what a field holds to the places that remove something from it. */
class RemovalHandler implements FlowHandler<Form> {
  readonly #code: Code;
  readonly #graph: CallGraph;
  readonly #found: (node: Ts.Node) => void;

  constructor(
    { code, graph }: { readonly code: Code; readonly graph: CallGraph },
    found: (node: Ts.Node) => void,
  ) {
    this.#code = code;
    this.#graph = graph;
    this.#found = found;
  }

  called(call: CallLike, value: Carried<Form>): readonly Carried<Form>[] {
    if (value.form === 'remover') this.#remove(call, value);
    return [];
  }

  /** A helper that is handed the collection: what it removes, its call does. */
  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const bodies = this.#graph.callees.bodies(call, value.frames);
    if (bodies.length > 0)
      return bodies.flatMap((fn) => this.#graph.flow.enterFunction(fn, call, index, value));
    const isRun = value.form === 'remover' && callbackUse(call, index, this.#entities(call)) !== 'keeps';
    const change = value.form === 'field' ? changeByCall(call, index, this.#code) : undefined;
    if (value.path.length === 0 && (isRun || (change !== undefined && REMOVING.has(change)))) {
      this.#remove(call, value);
    }
    return [];
  }

  member(access: MemberAccess, value: Carried<Form>): readonly Carried<Form>[] {
    if (value.path.length > 0) return [];
    const name = rightmostName(access);
    const method = name && nameText(name);
    const { parent } = outermost(access);
    const call = callWith(access);
    if (value.form === 'remover') {
      if (call && method === 'bind') return [{ ...value, at: call }];
      if (call && (method === 'call' || method === 'apply')) this.#remove(call, value);
      return [];
    }
    if (method !== undefined && REMOVING.has(method) && !ts.isDeleteExpression(parent)) {
      if (!call) return [{ ...value, at: access, form: 'remover' }];
      this.#remove(call, value);
      return [];
    }
    const write = writeTo(access);
    if (write && isRemoving(write, method)) this.#remove(write.node, value);
    return [];
  }

  operand(): readonly Carried<Form>[] {
    return [];
  }

  #entities(call: Ts.CallExpression | Ts.NewExpression): readonly Entity[] {
    return this.#graph.callees.entities(call.expression);
  }

  #remove(node: Ts.Node, { frames }: Carried<Form>): void {
    this.#found(frames.calls[0] ?? node);
  }
}

/** `delete record[key]`, `record[key] = undefined`, `list.length = 0`, `list.length--` */
function isRemoving({ node, how }: Write, member: string | undefined): boolean {
  if (how === 'delete') return true;
  if (member === 'length') return how === '=' || how === '-=' || how === '--';
  return how === '=' && ts.isBinaryExpression(node) && isNothing(node.right);
}

function isAssignment({ how }: Write): boolean {
  return how !== 'delete' && how !== '++' && how !== '--';
}

/** The value that a target of an assignment is given; undefined where a pattern takes it out of something. */
function valueGiven(target: Ts.Node, write: Ts.Node): Ts.Expression | undefined {
  if (ts.isBinaryExpression(write)) return write.right;
  const element = outermost(target);
  const pattern = element.parent;
  const assignment = pattern.parent;
  if (!ts.isArrayLiteralExpression(pattern) || !ts.isBinaryExpression(assignment)) return undefined;
  const values = skipParentheses(assignment.right);
  const index = pattern.elements.indexOf(element as Ts.Expression);
  return ts.isArrayLiteralExpression(values) ? values.elements[index] : undefined;
}

/** The first value of a field is no removal. */
function isInitial(write: Ts.Node): boolean {
  const around = ts.findAncestor(write, ts.isFunctionLike);
  return around !== undefined && ts.isConstructorDeclaration(around);
}

/** Methods of maps, sets and arrays that take something out. */
const REMOVING: ReadonlySet<string> = new Set(['clear', 'delete', 'pop', 'shift', 'splice']);

function comparePlaces(a: Ts.Node, b: Ts.Node): number {
  const [left, right] = [a.getSourceFile().fileName, b.getSourceFile().fileName];
  return left < right ? -1 : left > right ? 1 : a.pos - b.pos;
}
