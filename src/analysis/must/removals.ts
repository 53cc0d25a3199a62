import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Target } from '../dispatch/targets.ts';
import type { Carried, FlowHandler, MemberAccess } from '../inserts/flow.ts';
import { Frames } from '../inserts/frames.ts';
import { isFunctionNode } from '../inserts/functions.ts';
import { isWritten, localDeclaration } from '../inserts/identifiers.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { functionType } from '../locks/function-types.ts';
import { namesIn } from '../name-index.ts';
import { isAssignmentOperator, outermost } from '../shapes.ts';
import { callsOf, type Event, type EventSite } from './events.ts';

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
  const handler = new RemovalHandler(graph, (node) => found.add(node));
  for (const declaration of target.declarations) {
    const uses = usesOf(declaration, target.member, graph);
    for (const at of [...uses, ...assignmentsTo(declaration, target.member)]) {
      const assignment = assignmentOf(at);
      if (!assignment || isInitial(assignment)) continue;
      const isPlain = assignment.operatorToken.kind === ts.SyntaxKind.EqualsToken;
      if (kind === 'removal' && !isPlain) continue;
      if (kind === 'change' || isEmpty(assignment.right, code, declaration)) found.add(assignment);
    }
    const starts = uses.map((at): Carried<'field'> => ({ at, path: [], frames: Frames.none, form: 'field' }));
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

/** Follows what a field holds to the places that remove something from it. */
class RemovalHandler implements FlowHandler<'field'> {
  readonly #graph: CallGraph;
  readonly #found: (node: Ts.Node) => void;

  constructor(graph: CallGraph, found: (node: Ts.Node) => void) {
    this.#graph = graph;
    this.#found = found;
  }

  called(): readonly Carried<'field'>[] {
    return [];
  }

  /** A helper that is handed the collection: what it removes, its call does. */
  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<'field'>,
  ): readonly Carried<'field'>[] {
    const bodies = this.#graph.callees.bodies(call, value.frames);
    return bodies.flatMap((fn) => this.#graph.flow.enterFunction(fn, call, index, value));
  }

  member(access: MemberAccess, value: Carried<'field'>): readonly Carried<'field'>[] {
    if (value.path.length > 0) return [];
    const removal = removalBy(access);
    if (removal) this.#found(value.frames.calls[0] ?? removal);
    return [];
  }

  operand(): readonly Carried<'field'>[] {
    return [];
  }
}

/** What removes something from the object of a member access, if it does. */
function removalBy(access: MemberAccess): Ts.Node | undefined {
  const name = rightmostName(access);
  const method = name && nameText(name);
  const value = outermost(access);
  const { parent } = value;
  const isCallee = ts.isCallExpression(parent) && parent.expression === value;
  if (isCallee) return method !== undefined && REMOVING.has(method) ? parent : undefined;
  if (ts.isDeleteExpression(parent)) return parent;
  const assignment = assignmentOf(access);
  if (assignment?.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return undefined;
  const { right } = assignment;
  const isCut = method === 'length' && ts.isNumericLiteral(right) && right.text === '0';
  return isCut || isNothing(right) ? assignment : undefined;
}

function assignmentOf(target: Ts.Node): Ts.BinaryExpression | undefined {
  const { parent } = target;
  const isTarget =
    ts.isBinaryExpression(parent) &&
    parent.left === target &&
    isAssignmentOperator(parent.operatorToken.kind);
  return isTarget ? parent : undefined;
}

/** The first value of a field is no removal. */
function isInitial(assignment: Ts.BinaryExpression): boolean {
  const around = ts.findAncestor(assignment, ts.isFunctionLike);
  return around !== undefined && ts.isConstructorDeclaration(around);
}

/** `undefined`, `new Map()`, `[]`, `{}`, and what is left of itself: `list.filter(…)`. */
function isEmpty(value: Ts.Expression, code: Code, declaration: Ts.Node): boolean {
  const bare = skipParentheses(value);
  if (isNothing(bare)) return true;
  if (ts.isArrayLiteralExpression(bare)) return bare.elements.length === 0;
  if (ts.isObjectLiteralExpression(bare)) return bare.properties.length === 0;
  if (ts.isNewExpression(bare)) return (bare.arguments ?? []).length === 0;
  if (!ts.isCallExpression(bare)) return false;
  const callee = skipParentheses(bare.expression);
  if (!ts.isPropertyAccessExpression(callee) || !KEEPING.has(callee.name.text)) return false;
  const name = rightmostName(callee.expression);
  return name !== undefined && code.declarationNode(name) === declaration;
}

/** Whether an expression is `undefined` or `null`. */
export function isNothing(value: Ts.Node): boolean {
  const bare = skipParentheses(value);
  const isUndefined = ts.isIdentifier(bare) && bare.text === 'undefined';
  return isUndefined || bare.kind === ts.SyntaxKind.NullKeyword || ts.isVoidExpression(bare);
}

/** Methods of maps, sets and arrays that take something out. */
const REMOVING: ReadonlySet<string> = new Set(['clear', 'delete', 'pop', 'shift', 'splice']);

/** Methods that make a collection of a part of another one. */
const KEEPING: ReadonlySet<string> = new Set(['filter', 'slice', 'toSpliced']);

function comparePlaces(a: Ts.Node, b: Ts.Node): number {
  const [left, right] = [a.getSourceFile().fileName, b.getSourceFile().fileName];
  return left < right ? -1 : left > right ? 1 : a.pos - b.pos;
}
