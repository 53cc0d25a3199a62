import type { Ts } from '../../syntax/ts.ts';
import type { CfgEdge, CfgNode, CfgOwner } from '../cfg.ts';
import type { Activation } from './activation.ts';
import type { Around } from './around.ts';
import type { Context } from './contexts.ts';
import type { Crossing } from './paths.ts';
import type { World } from './world.ts';

/** One action of a function, in one state that control may be in there. */
export interface Step {
  readonly context: Context;
  readonly activation: Activation;
  readonly node: CfgNode;
  readonly world: World;
  /** What tells the world from others at the same place. */
  readonly key: string;
}

/** One call of a function of the program. */
export interface WatchedCall {
  readonly caller: Context;
  readonly callee: Context;
  /** The call, or what else runs the function: a lock's method, a loop over a list. */
  readonly node: Ts.Node;
  readonly around: Around;
  /** How the caller's names become those of the callee. */
  readonly inward: Crossing;
}

/**
 * Looks on while the engine runs functions, and takes notes for one rule. The engine runs a context again whenever it
 * has learned more: what was noted of a run before does not count any longer.
 */
export interface LockWatcher {
  /** A context is about to be run, perhaps not for the first time. */
  begins?(context: Context): void;
  /** An action is about to be performed. */
  performs?(step: Step): void;
  /** An action has been performed, and has led by one kind of edge to a world. */
  passes?(step: Step, way: CfgEdge['when'], after: World, key: string): void;
  /** A function is about to be called. */
  calls?(call: WatchedCall): void;
  /** Whether a function is to be run below a lock, even if it leads to none. */
  follows?(fn: CfgOwner): boolean;
  /** The function is left in this world, by its end or a `return`, or by an exception that it does not catch. */
  ends?(context: Context, activation: Activation, world: World, way: 'return' | 'throw', key: string): void;
}

/** Several that look on, as one. */
export function together(watchers: readonly LockWatcher[]): LockWatcher {
  return {
    begins: (context) => {
      for (const watcher of watchers) watcher.begins?.(context);
    },
    performs: (step) => {
      for (const watcher of watchers) watcher.performs?.(step);
    },
    calls: (call) => {
      for (const watcher of watchers) watcher.calls?.(call);
    },
    follows: (fn) => watchers.some((watcher) => watcher.follows?.(fn)),
    passes: (...passed) => {
      for (const watcher of watchers) watcher.passes?.(...passed);
    },
    ends: (...end) => {
      for (const watcher of watchers) watcher.ends?.(...end);
    },
  };
}
