import type { LockPrimitive } from '../../config/types.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, ownMember, skipParentheses } from '../code.ts';
import { isFunctionExpression, returnedBy } from '../shapes.ts';
import { fieldAssignments } from './field-assignments.ts';
import { isThen } from './joined.ts';

/** What may keep a chain: a field of `this`, by its name, or a variable of the module. */
type Slot = string | Ts.VariableDeclaration;

/**
 * A promise chain is a lock by its shape. A field, or a variable of the module, is read and written back in one go, and
 * what is written goes on from what was read: `this.tail = this.tail.then(task)`; or it is a new promise, which whoever
 * awaits what was read resolves when it is done.
 */
export function isChainSlot(field: Ts.Node): boolean {
  if (ts.isVariableDeclaration(field)) return isChanging(field) && isChainVariable(field);
  if (!ts.isPropertyDeclaration(field) || !ts.isClassLike(field.parent)) return false;
  const name = nameText(field.name);
  return name !== undefined && chainsOf(field.parent).has(name);
}

/** Whether a node is an access to such a field or variable: `this.tail`, `tail`. */
export function isChainAccess(node: Ts.Node): boolean {
  if (ts.isIdentifier(node)) {
    const local = mayBeChain(node) ? resolveLocal(node) : undefined;
    return local !== undefined && ts.isVariableDeclaration(local) && isChainSlot(local);
  }
  if (!ts.isPropertyAccessExpression(node) || node.expression.kind !== ts.SyntaxKind.ThisKeyword)
    return false;
  const cls = ts.findAncestor(node, ts.isClassLike);
  const field = cls && ownMember(cls, node.name.text);
  return field !== undefined && isChainSlot(field);
}

/**
 * A class around a chain that does nothing but run what it is handed, one at a time, is a lock: its methods take it.
 * Whoever makes one makes a lock of his own.
 */
export function chainShape(cls: Ts.ClassLikeDeclaration): LockPrimitive | undefined {
  const isHeir = cls.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword) ?? false;
  if (isHeir || chainsOf(cls).size === 0) return undefined;
  const scoped = cls.members
    .filter((member) => runsOnChain(member))
    .flatMap(({ name }) => (name && nameText(name)) ?? []);
  const others = cls.members.filter((member) => ts.isMethodDeclaration(member) && !runsOnChain(member));
  const isMore = others.some(({ name }) => !WAITING.test((name && nameText(name)) ?? ''));
  if (scoped.length === 0 || isMore) return undefined;
  const drains = others
    .flatMap(({ name }) => (name && nameText(name)) ?? [])
    .filter((name) => DRAINING.test(name));
  return { type: cls.name?.text ?? '', scoped, drains, grants: 'void' };
}

/** Methods that a queue has beside those that run something: they wait for it, or clear it. */
const WAITING = /^(?:flush|drain|idle|onIdle|whenIdle|wait|clear|close|stop)$/;

/** Those that come to an end when all that was handed in has. */
const DRAINING = /^(?:flush|drain|idle|onIdle|whenIdle|wait)$/;

/** Whether a method runs a function that it is handed in its turn: `this.tail = this.tail.then(task)`. */
function runsOnChain(method: Ts.ClassElement): boolean {
  return ts.isMethodDeclaration(method) && findIn(method, isChainWrite) && runsParameter(method);
}

/** Whether a method calls a function that it is handed, or hands it to `then`. */
export function runsParameter(method: Ts.MethodDeclaration): boolean {
  const parameters = new Set<Ts.Node>(method.parameters);
  return findIn(method, (node) => {
    if (!ts.isCallExpression(node)) return false;
    const used = isThen(node.expression) ? node.arguments : [node.expression];
    return used.some((one) => {
      const local = ts.isIdentifier(one) ? resolveLocal(one) : undefined;
      return local !== undefined && parameters.has(local);
    });
  });
}

function isChainWrite(node: Ts.Node): boolean {
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    isChainAccess(skipParentheses(node.left))
  );
}

/** The variable by which a task that awaits what it has read of a chain lets the next one go on. */
export function resolverAfter(awaited: Ts.Node): Ts.Node | undefined {
  const local = ts.isIdentifier(awaited) ? resolveLocal(awaited) : undefined;
  const read = local && ts.isVariableDeclaration(local) ? slotRead(local) : undefined;
  const owner = local && ts.findAncestor(local, ts.isFunctionLike);
  if (!read || !owner || owner !== ts.findAncestor(awaited, ts.isFunctionLike)) return undefined;
  return assignmentsIn(owner, read)
    .map(resolverOf)
    .find((resolver) => resolver !== undefined);
}

const chains = new WeakMap<Ts.ClassLikeDeclaration, ReadonlySet<string>>();

function chainsOf(cls: Ts.ClassLikeDeclaration): ReadonlySet<string> {
  let known = chains.get(cls);
  if (!known) {
    const found = new Set<string>();
    for (const [name, assignments] of fieldAssignments(cls)) {
      if (assignments.some(({ value }) => goesOn(value, name) || replaces(value, name))) found.add(name);
    }
    known = found;
    chains.set(cls, known);
  }
  return known;
}

const variables = new WeakMap<Ts.VariableDeclaration, boolean>();

function isChainVariable(variable: Ts.VariableDeclaration): boolean {
  let known = variables.get(variable);
  if (known === undefined) {
    const owner = ts.findAncestor(variable, ts.isFunctionLike);
    const values = assignmentsIn(owner ?? variable.getSourceFile(), variable);
    known = values.some(
      (value) =>
        (goesOn(value, variable) || replaces(value, variable)) && (!owner || isHandedOut(value, owner)),
    );
    variables.set(variable, known);
  }
  return known;
}

/** A variable that is there to be given other values, and not by a loop. */
function isChanging({ parent }: Ts.VariableDeclaration): boolean {
  return (parent.flags & ts.NodeFlags.Const) === 0 && ts.isVariableStatement(parent.parent);
}

/**
 * Whether a place lies in a function that the one around it gives to its caller, by itself or in an object: `return {
 * run }`. What it keeps in the variables around it outlives the call, as a field does.
 */
function isHandedOut(place: Ts.Node, owner: Ts.SignatureDeclaration): boolean {
  let inner: Ts.Node = place;
  for (let at: Ts.Node = place; at !== owner; at = at.parent) if (ts.isFunctionLike(at)) inner = at;
  if (inner === place) return false;
  const holder = ts.isVariableDeclaration(inner.parent) ? inner.parent : inner;
  const isMeant = (node: Ts.Node): boolean =>
    node === inner || (ts.isIdentifier(node) && resolveLocal(node) === holder);
  return returnedBy((owner as { body?: Ts.Node }).body).some((value) => findOutside(value, isMeant));
}

/** Whether something that is no argument of a call matches. */
function findOutside(node: Ts.Node, matches: (node: Ts.Node) => boolean): boolean {
  if (matches(node)) return true;
  if (ts.isCallExpression(node) || ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => findOutside(child, matches) || undefined) ?? false;
}

/** Whether a variable outlives the function that names it: one at the top of the module, or of a function around it. */
function isChainBeside(variable: Ts.VariableDeclaration, place: Ts.Node): boolean {
  const owner = ts.findAncestor(variable, ts.isFunctionLike);
  return isChanging(variable) && owner !== ts.findAncestor(place, ts.isFunctionLike);
}

/** Whether a name stands where a chain is read or written: a test that costs little, since any name may be one. */
function mayBeChain(name: Ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === name && isThen(parent);
  if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  return (ts.isVariableDeclaration(parent) && parent.initializer === name) || ts.isAwaitExpression(parent);
}

/** `this.tail.then(…)`, or a variable that holds it: what is written goes on from what was read just before. */
function goesOn(value: Ts.Expression, slot: Slot): boolean {
  const root = rootOfChain(value);
  return (
    root !== undefined &&
    root.links > 0 &&
    isAccessTo(root.node, slot) &&
    ts.findAncestor(root.node, ts.isFunctionLike) === ts.findAncestor(value, ts.isFunctionLike) &&
    !hasPause(value, root.node)
  );
}

/** A new promise in place of one that the same function keeps to wait for. */
function replaces(value: Ts.Expression, slot: Slot): boolean {
  const owner = ts.findAncestor(value, ts.isFunctionLike);
  if (!owner || resolverOf(value) === undefined) return false;
  return findIn(
    owner,
    (node) => ts.isVariableDeclaration(node) && slotRead(node) === slot && !hasPause(value, node),
  );
}

/** Where a chain of `then` starts, and how many of its links run something. */
export function rootOfChain(
  value: Ts.Node,
  links = 0,
): { readonly node: Ts.Node; readonly links: number } | undefined {
  const bare = skipParentheses(value);
  if (ts.isCallExpression(bare) && isThen(bare.expression)) {
    const runs = bare.expression.name.text === 'catch' ? 0 : 1;
    return rootOfChain(bare.expression.expression, links + runs);
  }
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  if (local && ts.isVariableDeclaration(local) && local.initializer && !isChainBeside(local, value))
    return rootOfChain(local.initializer, links);
  return { node: bare, links };
}

function isAccessTo(node: Ts.Node, slot: Slot): boolean {
  if (typeof slot !== 'string') return ts.isIdentifier(node) && resolveLocal(node) === slot;
  return (
    ts.isPropertyAccessExpression(node) &&
    node.expression.kind === ts.SyntaxKind.ThisKeyword &&
    node.name.text === slot
  );
}

/** The field or variable of the module that a variable keeps: `const previous = this.tail`. */
function slotRead({ initializer }: Ts.VariableDeclaration): Slot | undefined {
  const bare = initializer && skipParentheses(initializer);
  const local = bare && ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  if (bare && local) return ts.isVariableDeclaration(local) && isChainBeside(local, bare) ? local : undefined;
  const isOwn =
    bare && ts.isPropertyAccessExpression(bare) && bare.expression.kind === ts.SyntaxKind.ThisKeyword;
  return isOwn ? bare.name.text : undefined;
}

/** Whether the function may pause between two of its places: then others come between. */
export function hasPause(a: Ts.Node, b: Ts.Node): boolean {
  const owner = ts.findAncestor(a, ts.isFunctionLike);
  const [start, end] = [Math.min(a.end, b.end), Math.max(a.pos, b.pos)];
  // What a function in between waits for is no pause of the one around it.
  const visit = (node: Ts.Node): boolean =>
    ts.isAwaitExpression(node) && node.pos >= start && node.end <= end
      ? true
      : (ts.forEachChild(node, (child) => (!ts.isFunctionLike(child) && visit(child)) || undefined) ?? false);
  return owner !== undefined && visit(owner);
}

function assignmentsIn(owner: Ts.Node, slot: Slot): readonly Ts.Expression[] {
  const found: Ts.Expression[] = [];
  findIn(owner, (node) => {
    const isOne =
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      isAccessTo(skipParentheses(node.left), slot);
    if (isOne) found.push(node.right);
    return false;
  });
  return found;
}

/** The variable that a new promise is resolved by, wherever the promise was made. */
export function resolverOf(value: Ts.Node): Ts.Node | undefined {
  const bare = skipParentheses(value);
  if (ts.isNewExpression(bare)) return resolverKept(bare);
  if (ts.isCallExpression(bare) && isThen(bare.expression)) {
    const callback = bare.arguments[0] && skipParentheses(bare.arguments[0]);
    if (!callback || !isFunctionExpression(callback)) return undefined;
    const [returned, another] = returnedBy(callback.body);
    return returned && !another ? resolverOf(returned) : undefined;
  }
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  if (local && ts.isBindingElement(local)) return resolverBeside(local);
  return local && ts.isVariableDeclaration(local) && local.initializer
    ? resolverOf(local.initializer)
    : undefined;
}

/** `done` in `new Promise((resolve) => { done = resolve; })`. */
function resolverKept({ arguments: given }: Ts.NewExpression): Ts.Node | undefined {
  const executor = given?.[0] && skipParentheses(given[0]);
  if (!executor || !(ts.isArrowFunction(executor) || ts.isFunctionExpression(executor))) return undefined;
  const [resolve] = executor.parameters;
  let kept: Ts.Node | undefined;
  findIn(executor.body, (node) => {
    if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return false;
    const [target, source] = [skipParentheses(node.left), skipParentheses(node.right)];
    const isKept = ts.isIdentifier(source) && resolve !== undefined && resolveLocal(source) === resolve;
    if (isKept && ts.isIdentifier(target)) kept = resolveLocal(target);
    return kept !== undefined;
  });
  return kept;
}

/** `resolve` beside `promise` in `const { promise, resolve } = Promise.withResolvers()`. */
function resolverBeside({ parent }: Ts.BindingElement): Ts.Node | undefined {
  return ts.isObjectBindingPattern(parent) && /\.withResolvers\b/.test(parent.parent.getText())
    ? parent.elements.find(({ name, propertyName }) => (propertyName ?? name).getText() === 'resolve')
    : undefined;
}

export function findIn(node: Ts.Node, matches: (node: Ts.Node) => boolean): boolean {
  return matches(node) || (ts.forEachChild(node, (child) => findIn(child, matches) || undefined) ?? false);
}
