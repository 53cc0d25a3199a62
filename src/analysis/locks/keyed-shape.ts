import type { LockPrimitive } from '../../config/types.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, ownMember, skipParentheses } from '../code.ts';
import { isPrivateMember, propertyOf } from '../shapes.ts';
import { assignmentsTo } from './field-assignments.ts';

/** How a method says which lock of a family it takes: by an argument, or by a property of one. */
export interface FamilyKey {
  readonly index: number;
  readonly member: string | undefined;
}

/** What is known of the fields of a class. */
export interface FieldLocks {
  /** The lock that a field is. */
  lockOf(field: Ts.PropertyDeclaration): LockPrimitive | undefined;
  /** The lock that a container holds one of for each key. */
  elementOf(field: Ts.PropertyDeclaration): LockPrimitive | undefined;
}

/**
 * The parameter that a method uses as the key of a container of its class, or hands on as the key of another family of
 * locks: what it takes is one lock of many. Undefined where it uses none, or more than one.
 */
export function familyKey(
  cls: Ts.ClassLikeDeclaration,
  method: Ts.SignatureDeclaration,
  fields: FieldLocks,
): FamilyKey | 'several' | undefined {
  const keys = keysOf(cls, method, fields, new Set());
  return keys.length > 1 ? 'several' : keys[0];
}

export function isSameKey(key: FamilyKey | 'several' | undefined, other: FamilyKey): boolean {
  return typeof key === 'object' && key.index === other.index && key.member === other.member;
}

/** A key as the description of a lock API says it. */
export function keyedBy({ index, member }: FamilyKey): Pick<LockPrimitive, 'keyArg' | 'keyMember'> {
  return { keyArg: index, ...(member === undefined ? {} : { keyMember: member }) };
}

/**
 * Whether a class is a family of locks and nothing more: what it shows beside the methods that take one does not take
 * any, and looks at nothing but what they look at.
 */
export function isFamilyAlone(
  cls: Ts.ClassLikeDeclaration,
  taking: readonly string[],
  fields: FieldLocks,
): boolean {
  if (cls.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)) return false;
  const used = new Set<string>();
  const parts = new Set<Ts.Node>();
  for (const name of taking) {
    const method = ownMember(cls, name);
    if (method) for (const field of fieldsUsed(cls, method, parts)) used.add(field);
  }
  return cls.members.every((member) => {
    const name = member.name && nameText(member.name);
    if (ts.isPropertyDeclaration(member)) return isPartOfFamily(cls, member, fields);
    if (ts.isConstructorDeclaration(member) || name === undefined || taking.includes(name)) return true;
    if (isPrivateMember(member) && parts.has(member)) return true;
    return !isPaused(member) && [...fieldsUsed(cls, member, new Set())].every((field) => used.has(field));
  });
}

/** A family has locks by key alone, and each has one permit: of one that it shares with others the body says more. */
function isPartOfFamily(
  cls: Ts.ClassLikeDeclaration,
  field: Ts.PropertyDeclaration,
  fields: FieldLocks,
): boolean {
  const lock = fields.lockOf(field);
  if (lock) return lock.keyArg !== undefined && isOwn(cls, field);
  const element = fields.elementOf(field);
  if (isNested(field)) return false;
  return !element || (element.permitsArg === undefined && (element.acquireShared ?? []).length === 0);
}

function isPaused(member: Ts.Node): boolean {
  return findIn(member, (node) => ts.isAwaitExpression(node) || ts.isYieldExpression(node));
}

/** The fields that a member uses, itself or by the methods of its class that it calls. */
function fieldsUsed(cls: Ts.ClassLikeDeclaration, member: Ts.Node, seen: Set<Ts.Node>): ReadonlySet<string> {
  const used = new Set<string>();
  if (seen.has(member)) return used;
  seen.add(member);
  findIn(member, (node) => {
    const name = ownName(node);
    const target = name === undefined ? undefined : ownMember(cls, name);
    if (target && !ts.isPropertyDeclaration(target)) {
      for (const field of fieldsUsed(cls, target, seen)) used.add(field);
    } else if (name !== undefined) {
      used.add(name);
    }
    return false;
  });
  return used;
}

/** Methods of containers whose first argument is a key. */
const BY_KEY =
  /^(?:get|set|has|add|delete|getOrInsert|getOrInsertComputed|getOrCreate|computeIfAbsent|peek)$/;

function keysOf(
  cls: Ts.ClassLikeDeclaration,
  method: Ts.SignatureDeclaration,
  fields: FieldLocks,
  open: Set<Ts.Node>,
): readonly FamilyKey[] {
  const { body } = method as { body?: Ts.Node };
  if (!body || open.has(method)) return [];
  const inside = new Set(open).add(method);
  const found = new Map<string, FamilyKey>();
  findIn(body, (node) => {
    for (const key of keyExpressions(cls, node, fields, inside)) {
      for (const root of rootsOf(key, method)) found.set(`${root.index}.${root.member}`, root);
    }
    return false;
  });
  return [...found.values()];
}

/** What a node uses as the key of a lock: `key` in `this.#locks.get(key)`, `this.#locks[key]`, `this.#lockOf(key)`. */
function keyExpressions(
  cls: Ts.ClassLikeDeclaration,
  node: Ts.Node,
  fields: FieldLocks,
  open: Set<Ts.Node>,
): readonly Ts.Expression[] {
  if (ts.isElementAccessExpression(node)) {
    return containerField(cls, node.expression) ? [node.argumentExpression] : [];
  }
  const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
  if (!ts.isCallExpression(node) || !callee || !ts.isPropertyAccessExpression(callee)) return [];
  const own = ownName(callee);
  const helper = own === undefined ? undefined : ownMember(cls, own);
  if (helper && ts.isMethodDeclaration(helper)) {
    return keysOf(cls, helper, fields, open).flatMap(({ index, member }) => {
      const part = partOf(node.arguments[index], member);
      return part ? [part] : [];
    });
  }
  const field = fieldOf(cls, callee.expression);
  if (!field) return [];
  const keyed = fields.lockOf(field);
  const [first] = node.arguments;
  if (keyed?.keyArg !== undefined && isTaking(keyed, callee.name.text)) {
    const part = partOf(node.arguments[keyed.keyArg], keyed.keyMember);
    return part ? [part] : [];
  }
  return !keyed && first && BY_KEY.test(callee.name.text) && isOwn(cls, field) ? [first] : [];
}

function isTaking({ acquire, scoped, try: tries }: LockPrimitive, method: string): boolean {
  return [acquire, scoped, tries].some((list) => list?.includes(method));
}

/** A property of what an expression makes; an object that is only handed on is taken for its property. */
function partOf(node: Ts.Expression | undefined, member: string | undefined): Ts.Expression | undefined {
  const bare = node && skipParentheses(node);
  if (member === undefined || !bare || !ts.isObjectLiteralExpression(bare)) return node;
  return propertyOf(bare, member);
}

/** The parameters of a method that a key is made from. */
function rootsOf(key: Ts.Node, method: Ts.SignatureDeclaration): readonly FamilyKey[] {
  const found: FamilyKey[] = [];
  const seen = new Set<Ts.Node>();
  const visit = (node: Ts.Node): void => {
    const local = ts.isIdentifier(node) && !isMemberName(node) ? resolveLocal(node) : undefined;
    // What is made anew for a call is no key: a waiter, say.
    if (ts.isFunctionLike(node) || ts.isObjectLiteralExpression(node) || ts.isNewExpression(node)) return;
    if (!local) ts.forEachChild(node, visit);
    else if (ts.isParameter(local) && local.parent === method) {
      found.push({ index: method.parameters.indexOf(local), member: memberRead(node) });
    } else if (ts.isBindingElement(local)) {
      const parameter = local.parent.parent;
      const name = nameText(local.propertyName ?? local.name);
      if (ts.isParameter(parameter) && parameter.parent === method) {
        found.push({ index: method.parameters.indexOf(parameter), member: name });
      }
    } else if (ts.isVariableDeclaration(local) && !seen.has(local)) {
      seen.add(local);
      const loop = local.parent.parent;
      const source = ts.isForOfStatement(loop) ? loop.expression : local.initializer;
      if (source) visit(source);
    }
  };
  visit(key);
  return found.filter(({ index, member }) => isKeyName(member ?? parameterName(method, index)));
}

function parameterName(method: Ts.SignatureDeclaration, index: number): string {
  const name = method.parameters[index]?.name;
  return (name && nameText(name)) ?? '';
}

/** Whether a parameter may name a lock, by its own name: what says how to wait for one does not. */
export function isKeyName(name: string): boolean {
  return !/signal|timeout|options|opts|priority|weight/i.test(name) && !/^ms$|Ms$|_ms$/.test(name);
}

function isMemberName(node: Ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}

/** The property that is read of a parameter: `id` in `room.id`, none in `room.trim()`. */
function memberRead(node: Ts.Node): string | undefined {
  const { parent } = node;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== node) return undefined;
  const isCalled = ts.isCallExpression(parent.parent) && parent.parent.expression === parent;
  return isCalled ? undefined : parent.name.text;
}

function ownName(node: Ts.Node): string | undefined {
  const isOwnAccess =
    ts.isPropertyAccessExpression(node) && node.expression.kind === ts.SyntaxKind.ThisKeyword;
  const name = isOwnAccess ? memberName(node) : undefined;
  return name && nameText(name);
}

function fieldOf(cls: Ts.ClassLikeDeclaration, node: Ts.Node): Ts.PropertyDeclaration | undefined {
  const name = ownName(skipParentheses(node));
  const field = name === undefined ? undefined : ownMember(cls, name);
  return field && ts.isPropertyDeclaration(field) ? field : undefined;
}

/** The field that a container is kept in, one for each object. */
function containerField(cls: Ts.ClassLikeDeclaration, node: Ts.Node): Ts.PropertyDeclaration | undefined {
  const field = fieldOf(cls, node);
  return field && isOwn(cls, field) ? field : undefined;
}

/** Whether the values of a container are containers: then one key alone names no lock. */
function isNested({ type, initializer }: Ts.PropertyDeclaration): boolean {
  const created = initializer && skipParentheses(initializer);
  const given =
    (created && ts.isNewExpression(created) ? created.typeArguments : undefined) ??
    (type && ts.isTypeReferenceNode(type) ? type.typeArguments : undefined);
  const value = given?.[given.length - 1];
  return (
    value !== undefined && ts.isTypeReferenceNode(value) && /Map$|^Record$/.test(value.typeName.getText())
  );
}

/** Whether an object makes what is in a field for itself. */
function isOwn(cls: Ts.ClassLikeDeclaration, field: Ts.PropertyDeclaration): boolean {
  const given = [field.initializer, ...assignmentsTo(cls, nameText(field.name) ?? '')].filter(
    (value) => value !== undefined,
  );
  return given.length > 0 && given.every((value) => !ts.isIdentifier(skipParentheses(value)));
}

function findIn(node: Ts.Node, matches: (node: Ts.Node) => boolean): boolean {
  return matches(node) || (ts.forEachChild(node, (child) => findIn(child, matches) || undefined) ?? false);
}
