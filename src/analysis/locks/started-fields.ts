import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, hasBody, type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';
import { fieldAssignments } from './field-assignments.ts';
import { containerDepth } from './function-types.ts';
import { storesTo } from './stores.ts';
import { type Bindings, membersOf, type PromiseValue, UNIT, type Value } from './values.ts';

/** A call in a constructor whose promise the object keeps: `this.ready = this.sync(primary)`. */
export interface Started {
  readonly field: string;
  readonly call: Ts.CallExpression;
}

const known = new WeakMap<Ts.ClassLikeDeclaration, readonly Started[]>();

/** The work that the making of an object starts, by the fields that it is kept in. */
export function startedByMaking(cls: Ts.ClassLikeDeclaration): readonly Started[] {
  const before = known.get(cls);
  if (before) return before;
  const making = makingOf(cls);
  const found: Started[] = [];
  for (const [field, assignments] of making ? fieldAssignments(cls) : []) {
    for (const { value } of assignments) {
      const call = skipParentheses(value);
      const owner = ts.findAncestor(call, (node) => ts.isFunctionLike(node));
      if (ts.isCallExpression(call) && owner === making) found.push({ field, call });
    }
  }
  known.set(cls, found);
  return found;
}

/** The parameters of a constructor, bound to what an object is made of. */
export function madeWith(cls: Ts.ClassLikeDeclaration, given: readonly (Value | undefined)[]): Bindings {
  const bindings = new Map<Ts.Node, Value>();
  for (const [index, parameter] of (makingOf(cls)?.parameters ?? []).entries()) {
    const value = given[index];
    if (value && !parameter.dotDotDotToken) bindings.set(parameter, value);
  }
  return bindings;
}

/** A promise that is kept: what it waits for matters, what comes of it does not. */
export function keptPromise(value: Value | undefined): PromiseValue | undefined {
  const tasks = membersOf(value).flatMap((member) => (member.kind === 'promise' ? member.task : []));
  const acquisitions = tasks.flatMap((task) => task.acquisitions);
  return acquisitions.length > 0 ? { kind: 'promise', task: { acquisitions, outcomes: [UNIT] } } : undefined;
}

const putInto = new WeakMap<Ts.Node, readonly Ts.Expression[]>();

/** What the program puts into a field that is declared to be a container of promises. */
export function promisesPutInto(field: Ts.Node, code: Code): readonly Ts.Expression[] {
  const before = putInto.get(field);
  if (before) return before;
  const { type, initializer } = field as { type?: Ts.TypeNode; initializer?: Ts.Expression };
  const isOfPromises = /\bPromise(?:Like)?</.test((type ?? initializer)?.getText() ?? '');
  const depth = isOfPromises ? containerDepth(field) : 0;
  const found = depth > 0 ? storesTo(field, depth, code).stores.filter((store) => store.depth === 0) : [];
  const values = found.map(({ value }) => value);
  putInto.set(field, values);
  return values;
}

/** `await x.y` and `return this.y`: who does so waits for what was started elsewhere, and kept in the field. */
export function isWaitingFor(
  node: Ts.Node,
): node is Ts.AwaitExpression | (Ts.ReturnStatement & { expression: Ts.Expression }) {
  const awaited = ts.isAwaitExpression(node) || ts.isReturnStatement(node) ? node.expression : undefined;
  const bare = awaited && skipParentheses(awaited);
  if (!bare || !ts.isPropertyAccessExpression(bare)) return false;
  return ts.isAwaitExpression(node) || bare.expression.kind === ts.SyntaxKind.ThisKeyword;
}

/** Where a field gets the promises that it keeps: the functions that assign them, and what its initializer calls. */
export function worksKeptIn(
  field: Ts.Node,
): readonly { readonly owner: Ts.Node | undefined; readonly callees: readonly NameNode[] }[] {
  if (!ts.isPropertyDeclaration(field) || !ts.isClassLike(field.parent)) return [];
  const assigned = fieldAssignments(field.parent).get(nameText(field.name) ?? '') ?? [];
  const owners = assigned
    .filter(({ value }) => calleesIn(value).length > 0 || startsAtOnce(skipParentheses(value)))
    .map(({ value }) => ({ owner: ts.findAncestor(value, ts.isFunctionLike), callees: [] }));
  return field.initializer
    ? [...owners, { owner: undefined, callees: calleesIn(field.initializer) }]
    : owners;
}

/** `new Promise(work)`, `(async () => …)()`. */
function startsAtOnce(value: Ts.Node): boolean {
  return (
    ts.isNewExpression(value) ||
    (ts.isCallExpression(value) && ts.isFunctionLike(skipParentheses(value.expression)))
  );
}

function calleesIn(node: Ts.Node): readonly NameNode[] {
  const found: NameNode[] = [];
  const visit = (at: Ts.Node): void => {
    if (ts.isFunctionLike(at)) return;
    const name = ts.isCallExpression(at) ? rightmostName(at.expression) : undefined;
    if (name) found.push(name);
    ts.forEachChild(at, visit);
  };
  visit(node);
  return found;
}

/** The promise of a task and of what its callbacks go on to wait for; the task alone if they wait for nothing. */
export function followedBy(
  first: PromiseValue | undefined,
  after: readonly (Value | undefined)[],
): PromiseValue | undefined {
  const next = after.flatMap((value) => keptPromise(value)?.task.acquisitions ?? []);
  if (next.length === 0) return first;
  const acquisitions = [...(first?.task.acquisitions ?? []), ...next];
  return { kind: 'promise', task: { acquisitions, outcomes: [UNIT] } };
}

function makingOf(cls: Ts.ClassLikeDeclaration): Ts.ConstructorDeclaration | undefined {
  return cls.members
    .filter((member) => ts.isConstructorDeclaration(member))
    .find((member) => hasBody(member));
}
