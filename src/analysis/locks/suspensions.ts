import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import { isFunctionExpression } from '../shapes.ts';
import { type Activation, tokensOf } from './activation.ts';
import { type GivenBack, isGivenBack } from './around.ts';
import type { Context } from './contexts.ts';
import type { LockEngine } from './engine.ts';
import { isAsyncFunction } from './links.ts';
import { type Held, type LockClass, membersOf, type Value } from './values.ts';
import { WatchedCalls } from './watched-calls.ts';
import type { LockWatcher, Step, WatchedCall } from './watcher.ts';
import { isOf, type World } from './world.ts';

/** A place where a function lets others run while it holds a lock. */
export interface Suspension {
  readonly at: Span;
  /** The locks that are held there. */
  readonly held: readonly Held[];
}

/** A place where a function pauses. */
interface Pause {
  readonly at: Span;
  readonly held: readonly Held[];
  /** What of its caller's the function has given back by then. */
  readonly givenBack: GivenBack;
}

/** Looks for places where control is handed on while a lock is held: awaits, yields, asynchronous loops. */
export class SuspensionWatcher implements LockWatcher {
  readonly #engine: LockEngine;
  readonly #pauses = new Map<Context, Pause[]>();
  /** The locks that functions are critical sections of, by who runs them. */
  readonly #sections = new WatchedCalls();

  constructor(engine: LockEngine) {
    this.#engine = engine;
  }

  begins(context: Context): void {
    this.#pauses.delete(context);
    this.#sections.begins(context);
  }

  calls(call: WatchedCall): void {
    if (call.around.isSection) this.#sections.add(call);
  }

  performs({ context, activation, node: { action }, world }: Step): void {
    switch (action.kind) {
      case 'await':
        this.#pause(
          context,
          ts.isAwaitExpression(action.node) ? action.node : action.origin,
          world,
          activation.evaluate(action.promise, world),
        );
        break;
      case 'yield':
        this.#pause(context, action.node, world, undefined);
        break;
      case 'next':
        if (ts.isForOfStatement(action.node) && action.node.awaitModifier) {
          this.#pause(context, action.node.expression, world, undefined);
        }
        break;
      case 'dispose':
        if (action.awaits) this.#pause(context, action.node, world, world.bindings.get(action.node));
        break;
      case 'return':
        if (action.value && !action.isWaitedFor && this.#isAwaitedByLock(activation, action.value, world)) {
          this.#pause(context, action.value, { ...world, held: [] }, undefined);
        }
        break;
      default:
    }
  }

  /** A section that returns a promise goes on until that is settled. */
  #isAwaitedByLock(activation: Activation, value: Ts.Expression, world: World): boolean {
    const known = activation.evaluate(value, world);
    if (membersOf(known).some(({ kind }) => kind === 'promise')) return true;
    // Inside an `await` it is a pause by itself.
    return !ts.isAwaitExpression(skipParentheses(value)) && isPromise(value, this.#engine.code);
  }

  #pause(context: Context, node: Ts.Node, world: World, waitedFor: Value | undefined): void {
    const held = world.held.filter((one) => !isSettledBy(waitedFor, one));
    const pause: Pause = { at: this.#engine.code.span(node), held, givenBack: world };
    const known = this.#pauses.get(context);
    if (known) known.push(pause);
    else this.#pauses.set(context, [pause]);
  }

  /** The places where a lock of these is held while others run. */
  found(isWanted: (cls: LockClass) => boolean): readonly Suspension[] {
    const sections = this.#sections.byCallee();
    const found = new Map<string, Suspension>();
    for (const [context, pauses] of this.#pauses) {
      for (const { at, held, givenBack } of pauses) {
        const around = (sections.get(context) ?? [])
          .flatMap((call) => call.around.under ?? [])
          .filter(({ lock }) => !lock.cls.primitive.immediate)
          .filter((one) => !isGivenBack(one, givenBack, 1));
        const wanted = [...around, ...held].filter(({ lock }) => isWanted(lock.cls));
        if (wanted.length > 0) found.set(`${at.file}:${at.start}`, { at, held: wanted });
      }
    }
    return [...found.values()];
  }
}

/** A lock is not held while its grant is waited for, nor once what is waited for has given it back. */
function isSettledBy(value: Value | undefined, held: Held): boolean {
  const { token } = held;
  return membersOf(value).some((member) => {
    if (member.kind === 'releaser') return member.tokens.includes(token);
    if (member.kind !== 'promise') return false;
    return (
      tokensOf(member.task).includes(token) ||
      member.task.outcomes.some(
        ({ released, releasedTokens }) =>
          releasedTokens.includes(token) || released.some((other) => isOf(held, other)),
      )
    );
  });
}

/** Whether a value is a promise, by its declaration. */
function isPromise(value: Ts.Expression, code: Code): boolean {
  const bare = skipParentheses(value);
  if (ts.isNewExpression(bare)) return bare.expression.getText() === 'Promise';
  if (!ts.isCallExpression(bare)) return false;
  const callee = skipParentheses(bare.expression);
  if (ts.isPropertyAccessExpression(callee) && callee.expression.getText() === 'Promise') return true;
  const name = rightmostName(callee);
  return (name ? code.entities(name) : []).some(
    (entity) => entity.kind === 'node' && givesPromise(entity.node),
  );
}

function givesPromise(node: Ts.Node): boolean {
  const { type, initializer } = node as { type?: Ts.TypeNode; initializer?: Ts.Expression };
  if (ts.isFunctionLike(node)) {
    if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || isFunctionExpression(node)) {
      if (isAsyncFunction(node)) return true;
    }
    return type !== undefined && isPromiseType(type);
  }
  if (type && ts.isFunctionTypeNode(type)) return isPromiseType(type.type);
  const value = initializer && skipParentheses(initializer);
  return value !== undefined && isFunctionExpression(value) && givesPromise(value);
}

function isPromiseType(type: Ts.TypeNode): boolean {
  return ts.isTypeReferenceNode(type) && /^Promise(?:Like)?$/.test(nameText(type.typeName) ?? '');
}
