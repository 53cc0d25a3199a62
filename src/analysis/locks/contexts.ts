import type { CfgOwner } from '../cfg.ts';
import type { Call } from './activation.ts';
import { NO_ALIASES } from './aliases.ts';
import { ANY_STORES, storesKey } from './async-stores.ts';
import { isCarrier } from './carriers.ts';
import { lexicalSelf } from './evaluator.ts';
import { type Gate, gatesOfCaller, gatesPassedOn } from './gates.ts';
import { type Handed, joinHanded } from './handed.ts';
import { bindingsKey, idOf, ordersKey, valueKey } from './keys.ts';
import { NO_ORDERS } from './orders.ts';
import { BOTTOM, type Summary } from './summary.ts';
import { spellsText } from './texts.ts';
import { EMPTY_BINDINGS, type LockClass, type Path, type Value } from './values.ts';

/** A function together with what it is called with, and what is known of it so far. */
export interface Context {
  readonly key: string;
  readonly call: Call;
  summary: Summary;
  readonly dependents: Set<Context>;
  /** How it is called, by caller; `outside` for a function that anybody may call. */
  readonly callers: Map<Context | 'outside', CallSites>;
  /** Some call of it, or of what calls it, happens while a lock is held. */
  isUnder: boolean;
  /** The same, if only for its start: nobody waits for it. */
  isBelow: boolean;
  /** Some call of it happens while a connection of a pool holds a lock of its database. */
  isInSession: boolean;
  running: boolean;
  runs: number;
}

/** What all calls from one place have in common. */
export interface CallSites {
  /** The gates held around the calls, as the callee sees them. */
  readonly gates: ReadonlySet<Gate>;
  /** What it is called on: the caller's own object, the path of another that there is one of, or undefined. */
  readonly on: 'this' | Path | undefined;
  /** What of the caller's own surroundings reaches the callee: nothing, if the calls are not waited for. */
  readonly inherits: 'all' | 'single' | 'nothing';
  /** A lock that is held in one of the calls, if there is one. */
  readonly under: LockClass | undefined;
  readonly handed: Handed;
}

/** Calls of which nothing is known but that they happen. */
export const ANY_CALL: CallSites = {
  gates: new Set(),
  on: undefined,
  inherits: 'nothing',
  under: undefined,
  handed: new Map(),
};

/** Takes one more call from the same place into account. */
export function commonSites(a: CallSites | undefined, b: CallSites): CallSites {
  if (!a) return b;
  const weakest = INHERITING.find((one) => one === a.inherits || one === b.inherits) ?? 'nothing';
  return {
    gates: intersect(a.gates, b.gates),
    on: a.on === b.on ? a.on : undefined,
    inherits: weakest,
    under: a.under ?? b.under,
    handed: joinHanded(a.handed, b.handed),
  };
}

const INHERITING = ['nothing', 'single', 'all'] as const;

/**
 * One function is analysed for at most this many different callers: many where they hand in locks or functions that
 * lead to locks, few where they differ in anything else.
 */
const MAX_CARRYING_CONTEXTS = 100;
const MAX_PLAIN_CONTEXTS = 8;
/** Values deeper than the call graph is worth are cut off by length. */
const MAX_KEY = 4000;

/** All contexts of a run. */
export class Contexts {
  readonly #all = new Map<string, Context>();
  #called: Set<CfgOwner> | undefined;
  /** Functions that the program alone calls, though others might. */
  readonly #closed = new Set<CfgOwner>();
  readonly #plain = new Map<CfgOwner, number>();
  readonly #carrying = new Map<CfgOwner, number>();

  /** Functions whose callers must be looked at: whatever these hand in, or as those that are known do. */
  get carriers(): { readonly always: readonly CfgOwner[]; readonly asCalled: readonly CfgOwner[] } {
    const always = new Set<CfgOwner>();
    const asCalled = new Set<CfgOwner>();
    for (const { call, summary } of this.#all.values())
      if (summary.carriesLocks) (isGivenCarriers(call) ? asCalled : always).add(call.fn);
    return { always: [...always], asCalled: [...asCalled].filter((fn) => !always.has(fn)) };
  }

  /** What is known of each function in each of its contexts. */
  *summaries(): Iterable<Summary> {
    for (const { summary } of this.#all.values()) yield summary;
  }

  /** Functions that wait for a lock, hold one or give one back, in some of their calls. */
  get locking(): ReadonlySet<CfgOwner> {
    const locking = new Set<CfgOwner>();
    for (const { call, summary } of this.#all.values()) if (touchesLocks(summary)) locking.add(call.fn);
    return locking;
  }

  /** Whether a function was looked at, from outside or through a call. */
  has(fn: CfgOwner): boolean {
    return this.#plain.has(fn) || this.#carrying.has(fn);
  }

  /** Whether the program calls a function in any of its contexts. */
  isCalled(fn: CfgOwner): boolean {
    this.#called ??= new Set(
      [...this.#all.values()]
        .filter(({ callers }) => [...callers.keys()].some((caller) => caller !== 'outside'))
        .map(({ call }) => call.fn),
    );
    return this.#called.has(fn);
  }

  /** The context of a call; a general one when the function has too many. */
  of(call: Call): Context {
    let key = keyOf(call);
    const known = this.#all.get(key);
    if (known) return known;
    const isCarrying = isGivenCarriers(call) || spellsText(call.fn);
    const counts = isCarrying ? this.#carrying : this.#plain;
    const count = (counts.get(call.fn) ?? 0) + 1;
    counts.set(call.fn, count);
    let actual = call;
    if (count > (isCarrying ? MAX_CARRYING_CONTEXTS : MAX_PLAIN_CONTEXTS) || key.length > MAX_KEY) {
      actual = {
        fn: call.fn,
        self: lexicalSelf(call.fn),
        args: call.args.map(general),
        captured: EMPTY_BINDINGS,
        aliases: NO_ALIASES,
        ordered: NO_ORDERS,
        within: ANY_STORES,
      };
      key = keyOf(actual);
      const before = this.#all.get(key);
      if (before) return before;
    }
    const context: Context = {
      key,
      call: actual,
      summary: BOTTOM,
      dependents: new Set(),
      callers: new Map(),
      isUnder: false,
      isBelow: false,
      isInSession: false,
      running: false,
      runs: 0,
    };
    this.#all.set(key, context);
    return context;
  }

  /** The contexts that may run while a lock is held, each with one such lock. */
  under(): ReadonlyMap<Context, LockClass> {
    const under = new Map<Context, LockClass>();
    const waiting = new Set(this.#all.values());
    const callees = this.#callees();
    for (const context of waiting) {
      waiting.delete(context);
      if (under.has(context)) continue;
      for (const [caller, sites] of context.callers) {
        const inherited =
          caller !== 'outside' && sites.inherits !== 'nothing' ? under.get(caller) : undefined;
        const lock = sites.under ?? inherited;
        if (!lock) continue;
        under.set(context, lock);
        for (const callee of callees.get(context) ?? []) waiting.add(callee);
        break;
      }
    }
    return under;
  }

  /** The path of the object that there is one of, if all that call a function in this way call it on that one. */
  #singleOf({ callers, call }: Context, seen = new Set<Context>()): Path | undefined {
    const objects = new Set<Path | undefined>();
    for (const [caller, { on }] of callers) {
      if (caller === 'outside') {
        if (!this.#closed.has(call.fn)) return undefined;
      } else if (on !== 'this') objects.add(on);
      else if (!seen.has(caller)) objects.add(this.#singleOf(caller, seen.add(caller)));
    }
    return objects.size === 1 ? [...objects][0] : undefined;
  }

  #callees(): ReadonlyMap<Context, readonly Context[]> {
    const callees = new Map<Context, Context[]>();
    for (const context of this.#all.values()) {
      for (const caller of context.callers.keys()) {
        if (caller === 'outside') continue;
        const list = callees.get(caller);
        if (list) list.push(context);
        else callees.set(caller, [context]);
      }
    }
    return callees;
  }

  /** Functions that are called behind a gate, and that might be called from outside as well. */
  entriesBehindGates(): ReadonlySet<CfgOwner> {
    const [entered, called] = [new Set<CfgOwner>(), new Set<CfgOwner>()];
    for (const { call, callers } of this.#all.values()) {
      for (const caller of callers.keys()) (caller === 'outside' ? entered : called).add(call.fn);
    }
    const entries = new Set<CfgOwner>();
    for (const [{ call }, gates] of this.ambient((fn) => !called.has(fn))) {
      if (gates.size > 0 && entered.has(call.fn)) entries.add(call.fn);
    }
    return entries;
  }

  /** Takes it that the program alone calls a function. */
  forgetOutside(fn: CfgOwner): void {
    this.#closed.add(fn);
  }

  /** Whether a function is never called in this way. */
  isIdle({ call, callers }: Context): boolean {
    return this.#closed.has(call.fn) && callers.size === 1 && callers.has('outside');
  }

  /**
   * The gates around each context: the largest solution of "held by every caller, or around it". `isEntry` tells whether
   * what might be called from outside is.
   */
  ambient(isEntry = (fn: CfgOwner) => !this.#closed.has(fn)): ReadonlyMap<Context, ReadonlySet<Gate>> {
    const around = new Map<Context, ReadonlySet<Gate>>();
    const callees = this.#callees();
    const waiting = new Set(this.#all.values());
    for (const context of waiting) {
      waiting.delete(context);
      let common: ReadonlySet<Gate> | undefined;
      for (const [caller, { gates, inherits }] of context.callers) {
        if (caller === 'outside') {
          if (!isEntry(context.call.fn)) continue;
          common = new Set();
          break;
        }
        const outer = around.get(caller);
        if (!outer) continue;
        const inherited =
          inherits === 'nothing' ? [] : gatesPassedOn(outer, inherits === 'all' ? 'this' : 'another');
        const all = new Set([...inherited, ...gatesOfCaller(gates, this.#singleOf(caller))]);
        common = common ? intersect(common, all) : all;
      }
      const before = around.get(context);
      if (!common || (before && before.size === common.size)) continue;
      around.set(context, common);
      for (const callee of callees.get(context) ?? []) waiting.add(callee);
    }
    return around;
  }
}

/** An argument among too many: that one was given, and whether it is a flag. */
function general(value: Value | undefined, index: number): Value {
  const isFlag = value?.kind === 'constant' && typeof value.value === 'boolean';
  return isFlag ? value : { kind: 'opaque', path: `p${index}` };
}

/** Whether calls of what has such a summary wait for a lock, hold one or give one back. */
export function touchesLocks({ acquisitions, outcomes }: Summary): boolean {
  return (
    acquisitions.length > 0 ||
    outcomes.some(
      ({ held, released, releasedTokens }) => held.length + released.length + releasedTokens.length > 0,
    )
  );
}

function keyOf({ fn, self, args, captured, aliases, ordered, within }: Call): string {
  const around = `${aliases.map((names) => names.join('=')).join()}|${ordersKey(ordered)}|${storesKey(within)}`;
  return `${idOf(fn)}|${valueKey(self)}|${args.map((value) => valueKey(value)).join(',')}|${bindingsKey(captured)}|${around}`;
}

function isGivenCarriers({ args, captured }: Call): boolean {
  return [...args, ...captured.values()].some((value) => isCarrier(value));
}

/** The members of both. */
export function intersect<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): ReadonlySet<T> {
  return new Set([...a].filter((item) => b.has(item)));
}
