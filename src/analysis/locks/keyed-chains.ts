import type { LockPrimitive } from '../../config/types.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { chainShape, findIn, hasPause, resolverOf, rootOfChain, runsParameter } from './chain-shape.ts';
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

/** Whether a node puts a promise into a container that goes on from the one that was read from it just before. */
function isKeyedWrite(node: Ts.Node): boolean {
  const written = writtenByKey(node);
  if (!written) return false;
  const { name, value } = written;
  const root = rootOfChain(value);
  if (root && root.links > 0 && readByKey(root.node) === name && !hasPause(node, root.node)) return true;
  const owner = ts.findAncestor(node, ts.isFunctionLike);
  return (
    owner !== undefined &&
    resolverOf(value) !== undefined &&
    findIn(
      owner,
      (other) =>
        ts.isVariableDeclaration(other) &&
        other.initializer !== undefined &&
        readByKey(other.initializer) === name &&
        !hasPause(node, other),
    )
  );
}

/** The field in `this.tails.set(key, value)` and `this.tails[key] = value`. */
function writtenByKey(node: Ts.Node): { readonly name: string; readonly value: Ts.Expression } | undefined {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const target = skipParentheses(node.left);
    const name = ts.isElementAccessExpression(target) ? fieldName(target.expression) : undefined;
    return name === undefined ? undefined : { name, value: node.right };
  }
  const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
  if (!ts.isCallExpression(node) || !callee || !ts.isPropertyAccessExpression(callee)) return undefined;
  const name = callee.name.text === 'set' ? fieldName(callee.expression) : undefined;
  const value = node.arguments[1];
  return name === undefined || !value ? undefined : { name, value };
}

/** The field in `this.tails.get(key)` and `this.tails[key]`, or nothing where there is none yet: `?? done`. */
function readByKey(node: Ts.Node): string | undefined {
  const bare = skipParentheses(node);
  if (ts.isBinaryExpression(bare)) {
    const { kind } = bare.operatorToken;
    const isDefault = kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;
    return isDefault ? readByKey(bare.left) : undefined;
  }
  if (ts.isElementAccessExpression(bare)) return fieldName(bare.expression);
  const callee = ts.isCallExpression(bare) ? skipParentheses(bare.expression) : undefined;
  const isGet = callee && ts.isPropertyAccessExpression(callee) && callee.name.text === 'get';
  return isGet ? fieldName(callee.expression) : undefined;
}

function fieldName(node: Ts.Node): string | undefined {
  const bare = skipParentheses(node);
  const isOwn = ts.isPropertyAccessExpression(bare) && bare.expression.kind === ts.SyntaxKind.ThisKeyword;
  return isOwn ? bare.name.text : undefined;
}
