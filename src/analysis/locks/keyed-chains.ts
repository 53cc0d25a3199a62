import type { LockPrimitive } from '../../config/types.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import {
  chainShape,
  findIn,
  hasPause,
  isChainAccess,
  resolverOf,
  rootOfChain,
  runsParameter,
} from './chain-shape.ts';
import { type FieldLocks, familyKey, isFamilyAlone, isSameKey, keyedBy } from './keyed-shape.ts';

/** A class that is a lock because all it does is to run things on a promise chain: one chain, or one for each key. */
export function chainsShape(cls: Ts.ClassLikeDeclaration): LockPrimitive | undefined {
  return chainShape(cls) ?? keyedChainShape(cls);
}

/** Promise chains are no locks by their type. */
const NO_LOCKS: FieldLocks = { lockOf: () => undefined, elementOf: () => undefined };

const shapes = new WeakMap<Ts.Node, LockPrimitive | false>();

/** `this.tails.set(key, before.then(task))`, where `before` was read under the key: a family of locks. */
function keyedChainShape(cls: Ts.ClassLikeDeclaration): LockPrimitive | undefined {
  let known = shapes.get(cls);
  if (known === undefined) {
    known = familyOfChains(cls) ?? false;
    shapes.set(cls, known);
  }
  return known || undefined;
}

function familyOfChains(cls: Ts.ClassLikeDeclaration): LockPrimitive | undefined {
  const methods = cls.members.filter(
    (member): member is Ts.MethodDeclaration =>
      ts.isMethodDeclaration(member) && findIn(member, isKeyedWrite) && runsParameter(member),
  );
  const scoped = methods.flatMap(({ name }) => nameText(name) ?? []);
  const [first, ...others] = methods.map((method) => familyKey(cls, method, NO_LOCKS));
  if (typeof first !== 'object' || !isFamilyAlone(cls, scoped, NO_LOCKS)) return undefined;
  const isOneKey = others.every((key) => isSameKey(key, first));
  return isOneKey ? { type: cls.name?.text ?? '', scoped, grants: 'void', ...keyedBy(first) } : undefined;
}

/** What keeps chains by key: a field of `this`, by its name, or a variable of the module. */
type Slot = string | Ts.VariableDeclaration;

/**
 * A field, or a variable of the module, that keeps a promise chain for each key, whatever else its class or module does.
 */
export function isKeyedChainSlot(declaration: Ts.Node): boolean {
  if (ts.isPropertyDeclaration(declaration)) {
    const name = nameText(declaration.name);
    return name !== undefined && ts.isClassLike(declaration.parent) && slotsIn(declaration.parent).has(name);
  }
  return (
    ts.isVariableDeclaration(declaration) &&
    isContainerOfModule(declaration) &&
    slotsIn(declaration.getSourceFile()).has(declaration)
  );
}

/** Whether a node reads a promise chain: of a field or variable, or one that is kept by key. */
export function readsChain(node: Ts.Node): boolean {
  if (isChainAccess(node)) return true;
  if (!ts.isCallExpression(node) && !ts.isElementAccessExpression(node)) return false;
  const slot = readByKey(node);
  if (slot === undefined) return false;
  const owner = typeof slot === 'string' ? ts.findAncestor(node, ts.isClassLike) : slot.getSourceFile();
  return owner !== undefined && slotsIn(owner).has(slot);
}

/** The variable by which a task that awaits what it has read by key lets the next one of that key go on. */
export function keyedResolverAfter(awaited: Ts.Node): Ts.Node | undefined {
  const local = ts.isIdentifier(awaited) ? resolveLocal(awaited) : undefined;
  const initializer = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
  const slot = initializer && readByKey(initializer);
  const owner = local && ts.findAncestor(local, ts.isFunctionLike);
  let resolver: Ts.Node | undefined;
  if (slot !== undefined && owner) {
    findIn(owner, (node) => {
      const written = writtenByKey(node);
      if (written?.slot === slot) resolver ??= resolverOf(written.value);
      return resolver !== undefined;
    });
  }
  return resolver;
}

const slots = new WeakMap<Ts.Node, ReadonlySet<Slot>>();

/** The fields of a class, or the variables of a module, that keep chains by key. */
function slotsIn(owner: Ts.Node): ReadonlySet<Slot> {
  let known = slots.get(owner);
  if (!known) {
    const found = new Set<Slot>();
    findIn(owner, (node) => {
      const written = writtenByKey(node);
      if (written && isKeyedWrite(node)) found.add(written.slot);
      return false;
    });
    known = found;
    slots.set(owner, known);
  }
  return known;
}

function isContainerOfModule({ parent, initializer }: Ts.VariableDeclaration): boolean {
  const bare = initializer && skipParentheses(initializer);
  const isContainer = bare && (ts.isNewExpression(bare) || ts.isObjectLiteralExpression(bare));
  return (
    isContainer === true && ts.isVariableStatement(parent.parent) && ts.isSourceFile(parent.parent.parent)
  );
}

/** Whether a node puts a promise into a container that goes on from the one that was read from it just before. */
function isKeyedWrite(node: Ts.Node): boolean {
  const written = writtenByKey(node);
  if (!written) return false;
  const { slot, value } = written;
  const root = rootOfChain(value);
  if (root && root.links > 0 && readByKey(root.node) === slot && !hasPause(node, root.node)) return true;
  const owner = ts.findAncestor(node, ts.isFunctionLike);
  return (
    owner !== undefined &&
    resolverOf(value) !== undefined &&
    findIn(
      owner,
      (other) =>
        ts.isVariableDeclaration(other) &&
        other.initializer !== undefined &&
        readByKey(other.initializer) === slot &&
        !hasPause(node, other),
    )
  );
}

/** The slot in `this.tails.set(key, value)` and `this.tails[key] = value`. */
function writtenByKey(node: Ts.Node): { readonly slot: Slot; readonly value: Ts.Expression } | undefined {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const target = skipParentheses(node.left);
    const slot = ts.isElementAccessExpression(target) ? slotOf(target.expression) : undefined;
    return slot === undefined ? undefined : { slot, value: node.right };
  }
  const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
  if (!ts.isCallExpression(node) || !callee || !ts.isPropertyAccessExpression(callee)) return undefined;
  const slot = callee.name.text === 'set' ? slotOf(callee.expression) : undefined;
  const value = node.arguments[1];
  return slot === undefined || !value ? undefined : { slot, value };
}

/** The slot in `this.tails.get(key)` and `this.tails[key]`, or nothing where there is none yet: `?? done`. */
function readByKey(node: Ts.Node): Slot | undefined {
  const bare = skipParentheses(node);
  if (ts.isBinaryExpression(bare)) {
    const { kind } = bare.operatorToken;
    const isDefault = kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;
    return isDefault ? readByKey(bare.left) : undefined;
  }
  if (ts.isElementAccessExpression(bare)) return slotOf(bare.expression);
  const callee = ts.isCallExpression(bare) ? skipParentheses(bare.expression) : undefined;
  const isGet = callee && ts.isPropertyAccessExpression(callee) && callee.name.text === 'get';
  return isGet ? slotOf(callee.expression) : undefined;
}

function slotOf(node: Ts.Node): Slot | undefined {
  const bare = skipParentheses(node);
  if (ts.isIdentifier(bare)) {
    const local = resolveLocal(bare);
    return local && ts.isVariableDeclaration(local) && isContainerOfModule(local) ? local : undefined;
  }
  const isOwn = ts.isPropertyAccessExpression(bare) && bare.expression.kind === ts.SyntaxKind.ThisKeyword;
  return isOwn ? bare.name.text : undefined;
}
