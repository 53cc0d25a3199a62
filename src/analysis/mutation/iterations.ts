import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, skipParentheses } from '../code.ts';
import { isFunctionNode } from '../inserts/functions.ts';
import { isIterating } from '../locks/state-methods.ts';
import { isFunctionExpression, outermost } from '../shapes.ts';
import { indexWalkOf } from './index-walks.ts';
import { COLLECTIONS } from './places.ts';
import { iteratorIn, type Part, walkedBy } from './walked.ts';

/** A walk over a collection as it is, and not over a copy. */
export interface Iteration {
  /** The loop, or the call that is handed a callback. */
  readonly node: Ts.IterationStatement | Ts.CallExpression;
  readonly collection: Ts.Expression;
  /** What runs for each element. */
  readonly body: Ts.Node;
  /** The variable that holds the element, or its key. */
  readonly key: Ts.Node | undefined;
  /** The members by which the key is found in that variable: none, `.0` of an entry. For a set, the element is its key. */
  readonly keyMembers: readonly string[];
  /** The variables that hold the value of an entry, or parts of it. */
  readonly values: readonly WalkedValue[];
  /** The parameter that the callback is handed the collection in. */
  readonly itself?: Ts.Node | undefined;
  /** By its index: what is added at the end is reached, and what is removed moves the others. */
  readonly isByIndex: boolean;
  /** What sets the index on, where that is done in the body. */
  readonly steps?: readonly Ts.Node[] | undefined;
}

/** A variable that the value of a map's entry is found by. */
export interface WalkedValue {
  readonly node: Ts.Node;
  /** The member of the variable that the value is: none, `.1` of an entry. */
  readonly member: string;
  /** The variable holds a part of the value that a pattern has taken out. */
  readonly isPart: boolean;
}

/** The iteration that a node is, if it is one. */
export function iterationAt(node: Ts.Node): Iteration | undefined {
  if (ts.isForOfStatement(node)) {
    const walked = walkedBy(node.expression);
    if (!walked) return undefined;
    const { collection, part } = walked;
    return { node, collection, body: node.statement, isByIndex: false, ...keyOf(node.initializer, part) };
  }
  if (ts.isForInStatement(node)) {
    const { expression: collection, statement: body, initializer } = node;
    return { node, collection, body, isByIndex: false, ...keyOf(initializer, 'keys') };
  }
  if (ts.isForStatement(node) || ts.isWhileStatement(node)) {
    const walk = indexWalkOf(node);
    if (walk) return { node, ...walk, body: node.statement, isByIndex: true, ...NO_KEY };
  }
  if (ts.isIterationStatement(node, false)) return byHand(node);
  return ts.isCallExpression(node) ? byCallback(node) : undefined;
}

type Key = Pick<Iteration, 'key' | 'keyMembers' | 'values'>;

const NO_KEY: Key = { key: undefined, keyMembers: [], values: [] };

/** Where the key of a map, or the element of a set, is found. */
function keyOf(initializer: Ts.ForInitializer, part: Part): Key {
  const [declaration] = ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
  if (!declaration) return NO_KEY;
  const values = valuesIn(declaration, part);
  if (ts.isIdentifier(declaration.name)) return { key: declaration, keyMembers: MEMBERS[part], values };
  if (!ts.isArrayBindingPattern(declaration.name) || !isPair(part)) return { ...NO_KEY, values };
  const [first] = declaration.name.elements;
  const isName = first && ts.isBindingElement(first) && ts.isIdentifier(first.name);
  return { key: isName ? first : undefined, keyMembers: [''], values };
}

/** Where the value of a map's entry is found in what a walk puts into a variable. */
function valuesIn(
  variable: Ts.VariableDeclaration | Ts.ParameterDeclaration | Ts.BindingElement,
  part: Part,
): readonly WalkedValue[] {
  const { name } = variable;
  if (ts.isIdentifier(name)) {
    return VALUE_MEMBERS[part].map((member) => ({ node: variable, member, isPart: false }));
  }
  if (part === 'values') return partsIn(name);
  const second = ts.isArrayBindingPattern(name) && isPair(part) ? name.elements[1] : undefined;
  return second && ts.isBindingElement(second) ? valuesIn(second, 'values') : [];
}

function partsIn(pattern: Ts.BindingPattern): readonly WalkedValue[] {
  return pattern.elements.flatMap((element): readonly WalkedValue[] => {
    if (!ts.isBindingElement(element)) return [];
    const { name } = element;
    return ts.isIdentifier(name) ? [{ node: element, member: '', isPart: true }] : partsIn(name);
  });
}

/** What a collection itself hands out may be an entry. */
function isPair(part: Part): boolean {
  return part === 'entries' || part === 'elements';
}

const VALUE_MEMBERS: Readonly<Record<Part, readonly string[]>> = {
  keys: [],
  values: [''],
  entries: ['.1'],
  elements: ['.1'],
  made: [],
};

/** What a collection itself hands out is an element, or, for a map, an entry. */
const MEMBERS: Readonly<Record<Part, readonly string[]>> = {
  keys: [''],
  values: [''],
  entries: ['.0'],
  elements: ['', '.0'],
  made: [],
};

/** `while (!step.done) { …; step = keys.next(); }`, where `keys` is an iterator that was made before the loop. */
function byHand(node: Ts.IterationStatement): Iteration | undefined {
  const next = nextIn(node);
  const walked = next && iteratorIn(next.iterator);
  if (!walked) return undefined;
  const { collection, part } = walked;
  return { node, collection, body: node.statement, isByIndex: false, ...stepOf(next.call, part) };
}

interface Next {
  readonly call: Ts.CallExpression;
  readonly iterator: Ts.Identifier;
}

/** The call that takes the next element, one of a loop in this one aside. */
function nextIn(loop: Ts.IterationStatement): Next | undefined {
  const visit = (node: Ts.Node): Next | undefined => {
    if (node !== loop && (ts.isFunctionLike(node) || ts.isIterationStatement(node, false))) return undefined;
    const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
    if (callee && ts.isPropertyAccessExpression(callee) && callee.name.text === 'next') {
      const iterator = skipParentheses(callee.expression);
      const local = ts.isIdentifier(iterator) ? resolveLocal(iterator) : undefined;
      const isBefore = local !== undefined && !(loop.pos <= local.pos && local.end <= loop.end);
      const isInHead =
        ts.isForStatement(loop) && loop.initializer !== undefined && contains(loop.initializer, local);
      if (isBefore || isInHead)
        return { call: node as Ts.CallExpression, iterator: iterator as Ts.Identifier };
    }
    return ts.forEachChild(node, visit);
  };
  return visit(loop);
}

function contains(outer: Ts.Node, inner: Ts.Node | undefined): boolean {
  return inner !== undefined && outer.pos <= inner.pos && inner.end <= outer.end;
}

/** The variable that a step is put into: its `value` is what the walk is at. */
function stepOf(call: Ts.CallExpression, part: Part): Key {
  const { parent } = outermost(call);
  if (ts.isVariableDeclaration(parent)) {
    if (ts.isIdentifier(parent.name)) return stepIn(parent, part);
    const parts = ts.isObjectBindingPattern(parent.name) ? parent.name.elements : [];
    const value = parts.find((one) => nameText(one.propertyName ?? one.name) === 'value');
    if (!value) return NO_KEY;
    const values = valuesIn(value, part);
    return ts.isIdentifier(value.name)
      ? { key: value, keyMembers: MEMBERS[part], values }
      : { ...NO_KEY, values };
  }
  const target = ts.isBinaryExpression(parent) ? skipParentheses(parent.left) : undefined;
  const local = target && ts.isIdentifier(target) ? resolveLocal(target) : undefined;
  return local ? stepIn(local, part) : NO_KEY;
}

function stepIn(variable: Ts.Node, part: Part): Key {
  const values = VALUE_MEMBERS[part].map((member) => `.value${member}`);
  return {
    key: variable,
    keyMembers: MEMBERS[part].map((member) => `.value${member}`),
    values: values.map((member) => ({ node: variable, member, isPart: false })),
  };
}

/** `m.forEach((value, key) => …)` */
function byCallback(node: Ts.CallExpression): Iteration | undefined {
  const callee = skipParentheses(node.expression);
  const [callback] = node.arguments;
  const fn = callback && skipParentheses(callback);
  if (!ts.isPropertyAccessExpression(callee) || !isIterating(callee.name.text)) return undefined;
  if (!fn || !isFunctionExpression(fn)) return undefined;
  const walked = walkedBy(callee.expression);
  if (!walked) return undefined;
  // A map hands in the key after the value; for a set they are the same. An iterator counts what it hands in.
  const [first, second] = fn.parameters;
  const { collection, isIterator, part } = walked;
  const values = first ? valuesIn(first, isIterator ? part : 'values') : [];
  const key: Key = isIterator
    ? { key: first, keyMembers: MEMBERS[part], values }
    : { key: second ?? first, keyMembers: [''], values };
  const itself = isIterator ? undefined : fn.parameters[callee.name.text.startsWith('reduce') ? 3 : 2];
  return { node, collection, body: fn.body, isByIndex: false, itself, ...key };
}

/** The types of the language's collections that can be changed which an expression is of; none for a read-only one. */
export function collectionTypes(expression: Ts.Expression, code: Code): readonly string[] {
  const type = code.expressionType(expression);
  return type?.symbols.map(({ name }) => name).filter((name) => COLLECTIONS.has(name)) ?? [];
}

/** Whether others can reach what an expression names: a field, or a variable of a module. */
export function isShared(expression: Ts.Expression): boolean {
  const node = skipParentheses(expression);
  if (!ts.isIdentifier(node))
    return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  const local = resolveLocal(node);
  return local !== undefined && ts.findAncestor(local, isFunctionNode) === undefined;
}
