import type { Ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { isFunctionExpression } from '../shapes.ts';
import type { Context } from './contexts.ts';
import type { Held } from './values.ts';
import type { LockWatcher, Step, WatchedCall } from './watcher.ts';

/** What a function holds by itself where it performs an action, in all the states that it may be in. */
export interface OwnHolds {
  /** Held in every state. */
  readonly sure: ReadonlyMap<string, Held>;
  /** Held in some. */
  readonly possible: ReadonlySet<string>;
  /** What it has given back of its callers' locks, in some. */
  readonly givenBack: ReadonlySet<string>;
  readonly givenBackClasses: ReadonlySet<string>;
}

interface Notes {
  readonly holds: Map<number, OwnHolds>;
  readonly calls: Map<Ts.Node, Map<Context, WatchedCall>>;
}

/** Takes note of what is held at each action, and of who calls whom under what. */
export class SectionNotes implements LockWatcher {
  readonly #notes = new Map<Context, Notes>();
  readonly #byFunction = new Map<CfgOwner, Set<Context>>();

  /** A critical section that is written down in place is run, whatever it does. */
  follows(fn: CfgOwner): boolean {
    return isFunctionExpression(fn);
  }

  begins(context: Context): void {
    this.#notes.set(context, { holds: new Map(), calls: new Map() });
    const { fn } = context.call;
    this.#byFunction.set(fn, (this.#byFunction.get(fn) ?? new Set()).add(context));
  }

  performs({ context, node, world: { held, released, releasedTokens } }: Step): void {
    const holds = this.#notes.get(context)?.holds;
    if (!holds) return;
    const known = holds.get(node.id);
    if (held.length + released.length + releasedTokens.length === 0 && !known) {
      holds.set(node.id, NONE);
      return;
    }
    const sure = new Map(held.filter(isSure).map((one) => [one.token, one]));
    holds.set(node.id, {
      sure: known ? new Map([...sure].filter(([token]) => known.sure.has(token))) : sure,
      possible: new Set([...(known?.possible ?? []), ...held.map(({ token }) => token)]),
      givenBack: new Set([...(known?.givenBack ?? []), ...releasedTokens]),
      givenBackClasses: new Set([...(known?.givenBackClasses ?? []), ...released.map(({ cls }) => cls.id)]),
    });
  }

  calls(call: WatchedCall): void {
    const calls = this.#notes.get(call.caller)?.calls;
    if (!calls) return;
    const atNode = calls.get(call.node) ?? new Map<Context, WatchedCall>();
    calls.set(call.node, atNode.set(call.callee, call));
  }

  /** The functions that were run, with all their contexts. */
  get functions(): ReadonlyMap<CfgOwner, ReadonlySet<Context>> {
    return this.#byFunction;
  }

  holdsAt(context: Context | undefined, node: number): OwnHolds {
    return (context && this.#notes.get(context)?.holds.get(node)) ?? NONE;
  }

  /** The calls that an action of a function makes. */
  callsAt(context: Context | undefined, node: Ts.Node): readonly WatchedCall[] {
    return [...((context && this.#notes.get(context)?.calls.get(node)?.values()) ?? [])];
  }

  /** Whether a function takes a lock by itself, or runs something in one. */
  takes(context: Context): boolean {
    const notes = this.#notes.get(context);
    if (!notes) return false;
    for (const { possible } of notes.holds.values()) if (possible.size > 0) return true;
    for (const calls of notes.calls.values()) {
      for (const { around } of calls.values()) if (around.isSection) return true;
    }
    return false;
  }
}

const NONE: OwnHolds = {
  sure: new Map(),
  possible: new Set(),
  givenBack: new Set(),
  givenBackClasses: new Set(),
};

function isSure({ perhaps, doubt }: Held): boolean {
  return !perhaps && doubt === undefined;
}
