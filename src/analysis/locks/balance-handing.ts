import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgNode } from '../cfg.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { argumentsOf } from './calls.ts';
import { releaserOf, standsFor } from './handover.ts';
import { frameOf } from './links.ts';
import { isPromiseStatic } from './promises.ts';
import { KEEPING_METHODS } from './state-methods.ts';
import { type Held, membersOf, type Value } from './values.ts';
import type { Step } from './watcher.ts';
import type { World } from './world.ts';

/**
 * Who else may give a grant back: whoever gets hold of what stands for it. From there on the function that took it
 * answers for it no longer.
 */

/** Whether a value is, or holds, or will bring what gives a grant back. */
export function reaches(value: Value | undefined, held: Held, depth = 0): boolean {
  if (depth > 4) return false;
  const inner = (part: Value | undefined): boolean => reaches(part, held, depth + 1);
  return membersOf(value).some((member) => {
    const releaser = releaserOf(member);
    if (releaser) return standsFor(releaser, held);
    switch (member.kind) {
      case 'closure':
        return [...member.captured.values(), ...member.bound].some(inner);
      case 'object':
        return [...member.properties.values()].some(inner);
      case 'instance':
        return [...member.fields.values()].some(inner);
      case 'collection':
        return inner(member.element) || (member.items?.some(inner) ?? false);
      case 'promise':
        return member.task.outcomes.some(({ value: result }) => inner(result));
      default:
        return false;
    }
  });
}

/** Whether a promise's task gives a grant back in every way that it ends well. */
export function settlesGrant(value: Value | undefined, { token, lock }: Held): boolean {
  return membersOf(value).some((member) => {
    if (member.kind !== 'promise' || member.task.outcomes.length === 0) return false;
    const isTaken = member.task.acquisitions.some((one) => one.token === token);
    return member.task.outcomes.every(
      ({ held, released, releasedTokens }) =>
        releasedTokens.includes(token) ||
        released.some(({ cls }) => cls === lock.cls) ||
        // What the task takes itself, and does not end with, it has given back.
        (isTaken && held.every((one) => one.token !== token)),
    );
  });
}

/** Whether a world that a function ends with leaves a grant to somebody who can give it back. */
export function isHandedOn(activation: Activation, world: World, held: Held): boolean {
  if (reaches(world.result, held) || settlesGrant(world.result, held)) return true;
  for (const value of world.writes.values())
    if (reaches(value, held) || settlesGrant(value, held)) return true;
  for (const [node, value] of world.bindings) {
    if (settlesGrant(value, held)) return true;
    if (frameOf(node) !== activation.call.fn && reaches(value, held)) return true;
  }
  return false;
}

/** Whether an action hands a grant to somebody of whom no more is known. */
export function handsOn({ activation, node, world }: Step, held: Held): boolean {
  const { action } = node;
  switch (action.kind) {
    case 'call': {
      const call = action.node;
      if (ts.isTaggedTemplateExpression(call)) return false;
      const callee = skipParentheses(call.expression);
      if (isCombination(callee) || isLocalContainer(activation, callee)) return false;
      return argumentsOf(activation, call, world).some(
        (value, index) =>
          reaches(value, held) ||
          isLock(value, held) ||
          mayRelease(value, call.arguments?.[index], held) ||
          mentionsGrant(call.arguments?.[index], held, activation, world),
      );
    }
    case 'assign': {
      const target = skipParentheses(action.node.left);
      const value = activation.evaluate(action.node.right, world);
      if (!reaches(value, held)) return false;
      const local = ts.isIdentifier(target) ? resolveLocal(target) : undefined;
      if (!local || frameOf(local) !== activation.call.fn) return true;
      return ts.isIdentifier(target) && isUsedWithin(local, target.text, activation.call.fn);
    }
    case 'declare':
      return (
        (isUsing(action.node) || isObjectLiteral(action.node.initializer)) &&
        mentionsGrant(action.node.initializer, held, activation, world)
      );
    case 'return':
      return isObjectLiteral(action.value) && mentionsGrant(action.value, held, activation, world);
    case 'yield':
      return reaches(activation.evaluate(action.node.expression, world), held);
    default:
      return false;
  }
}

function isObjectLiteral(node: Ts.Node | undefined): boolean {
  return node !== undefined && ts.isObjectLiteralExpression(skipParentheses(node));
}

function isUsing({ parent }: Ts.Node): boolean {
  return ts.isVariableDeclarationList(parent) && (parent.flags & ts.NodeFlags.Using) !== 0;
}

/** Whether something is made of what gives a grant back, and is not that itself: `{ [Symbol.dispose]: release }`. */
function mentionsGrant(node: Ts.Node | undefined, held: Held, activation: Activation, world: World): boolean {
  if (!node || reaches(activation.evaluate(node, world), held)) return false;
  const visit = (at: Ts.Node): boolean => {
    if (
      ts.isIdentifier(at) &&
      !ts.isPropertyName(at.parent) &&
      reaches(activation.evaluate(at, world), held)
    ) {
      return true;
    }
    return ts.forEachChild(at, (child) => visit(child) || undefined) ?? false;
  };
  return visit(node);
}

/** `Promise.all`, `race` and `any` pass on what they are given. */
function isCombination(callee: Ts.Node): boolean {
  return (
    ts.isPropertyAccessExpression(callee) &&
    isPromiseStatic(callee.expression) &&
    /^(?:all|race|any|resolve)$/.test(callee.name.text)
  );
}

/** `grants.push(release)`, where the function has made `grants` for itself. */
function isLocalContainer(activation: Activation, callee: Ts.Node): boolean {
  if (!ts.isPropertyAccessExpression(callee) || !KEEPING_METHODS.test(callee.name.text)) return false;
  const object = skipParentheses(callee.expression);
  const local = ts.isIdentifier(object) ? resolveLocal(object) : undefined;
  return (
    local !== undefined &&
    ts.isIdentifier(object) &&
    ts.isVariableDeclaration(local) &&
    frameOf(local) === activation.call.fn &&
    !isUsedWithin(local, object.text, activation.call.fn)
  );
}

function isLock(value: Value | undefined, { lock }: Held): boolean {
  return membersOf(value).some((member) => member.kind === 'lock' && member.lock.cls === lock.cls);
}

/** Whether a function that is handed on gives back a lock of some name, by itself or through what it calls. */
function mayRelease(value: Value | undefined, argument: Ts.Node | undefined, { lock }: Held): boolean {
  const names = lock.cls.primitive.release ?? [];
  if (names.length === 0) return false;
  const closures = membersOf(value).flatMap((member) => (member.kind === 'closure' ? member.fn : []));
  return [...closures, ...(argument ? [argument] : [])].some((fn) => mentionsCall(fn, names));
}

function mentionsCall(root: Ts.Node, names: readonly string[]): boolean {
  const visit = (node: Ts.Node): boolean => {
    if (ts.isCallExpression(node) && ts.isFunctionLike(root)) {
      const name = rightmostName(node.expression);
      const text = name && nameText(name);
      if (text !== undefined && (names.includes(text) || /(?:release|unlock|leave|free)/i.test(text)))
        return true;
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(root);
}

/** Whether a function inside another one uses a variable of it. */
export function isUsedWithin(declaration: Ts.Node, name: string, fn: Ts.Node): boolean {
  const visit = (node: Ts.Node): boolean => {
    if (ts.isIdentifier(node) && node.text === name && resolveLocal(node) === declaration) {
      return frameOf(node) !== fn;
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(fn);
}

/** Whether a function inside the one that takes a lock gives it back by its name: a callback made before or after. */
export function isReleasedByCallback(activation: Activation, taking: CfgNode, { lock }: Held): boolean {
  const names = lock.cls.primitive.release ?? [];
  const call = taking.action.kind === 'call' ? taking.action.node : undefined;
  if (names.length === 0 || !call || !ts.isCallExpression(call)) return false;
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  const receiver = callee.expression.getText();
  const visit = (node: Ts.Node): boolean => {
    if (ts.isCallExpression(node) && frameOf(node) !== activation.call.fn) {
      const target = skipParentheses(node.expression);
      const isRelease = ts.isPropertyAccessExpression(target) && names.includes(target.name.text);
      if (isRelease && target.expression.getText() === receiver) return !takes(frameOf(node), receiver);
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  const takes = (fn: Ts.Node, name: string): boolean => fn.getText().includes(`${name}.${callee.name.text}(`);
  return visit(activation.call.fn);
}
