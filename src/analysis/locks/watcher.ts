import type { CfgNode } from '../cfg.ts';
import type { Activation } from './activation.ts';
import type { Context } from './contexts.ts';
import type { World } from './world.ts';

/** One action of a function, in one state that control may be in there. */
export interface Step {
  readonly context: Context;
  readonly activation: Activation;
  readonly node: CfgNode;
  readonly world: World;
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
  /** The function is left in this world, by its end or a `return`, or by an exception that it does not catch. */
  ends?(context: Context, activation: Activation, world: World, way: 'return' | 'throw'): void;
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
    ends: (...end) => {
      for (const watcher of watchers) watcher.ends?.(...end);
    },
  };
}
