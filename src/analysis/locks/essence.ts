import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { type Code, skipParentheses } from '../code.ts';
import { isFunctionExpression, returnedBy } from '../shapes.ts';
import { type ByDepth, onceAt } from './by-depth.ts';
import { isCarrier } from './carriers.ts';
import { functionType } from './function-types.ts';
import { outcomeKey } from './keys.ts';
import type { LockReach } from './reach.ts';
import type { Summary } from './summary.ts';
import { spellsText } from './texts.ts';
import {
  type Bindings,
  type Closure,
  EMPTY_BINDINGS,
  membersOf,
  type Outcome,
  type PromiseValue,
  pathOf,
  truthOf,
  type Value,
} from './values.ts';
import { joinValues, UNKNOWN } from './world.ts';

/** What lies deeper in a value makes no difference. */
const MAX_DEPTH = 6;
/** The level from which on a promise is not told from others. */
const MAX_PROMISES = 3;

/** What of a value makes a difference to locks: calls that differ only in the rest are one. */
export class Essence {
  readonly #code: Code;
  readonly #reach: LockReach;
  readonly #isWatched: (fn: CfgOwner) => boolean;

  /** `isWatched` tells of functions that some rule wants to see run below a lock. */
  constructor(code: Code, reach: LockReach, isWatched: (fn: CfgOwner) => boolean) {
    this.#code = code;
    this.#reach = reach;
    this.#isWatched = isWatched;
  }

  /** Whether calling a function can have anything to do with locks: by its own code, or by what it is given. */
  matters(
    closure: Closure,
    args: readonly (Value | undefined)[],
    kept: Bindings = EMPTY_BINDINGS,
    isUnder = false,
  ): boolean {
    if (this.#reach.leads(closure.fn) || handsBack(closure.fn) || spellsText(closure.fn)) return true;
    // Under a lock, what cannot be resolved is to be told.
    if (isUnder && (this.#reach.isOpen(closure.fn) || isHandedUnknownFunction(closure, args, this.#code)))
      return true;
    for (const slot of kept.keys()) if (this.#reach.mentions(closure.fn, slot)) return true;
    const given = [closure.self, ...args, ...closure.bound, ...closure.captured.values()];
    return given.some((value) => isCarrier(this.ofValue(value)) || this.#reach.isPending(value, closure.fn));
  }

  /** Whether a function, or anything it calls, calls something of which nothing is known. */
  isOpen(fn: CfgOwner): boolean {
    return this.#reach.isOpen(fn);
  }

  /** A value without what makes no difference to locks, so that calls that differ only in that are one. */
  ofValue(value: Value | undefined, depth = 0, done: ByDepth = new Map()): Value | undefined {
    if (!value || depth > MAX_DEPTH) return undefined;
    return onceAt(done, value, depth, () => this.#ofParts(value, depth, done));
  }

  #ofParts(value: Value, depth: number, done: ByDepth): Value | undefined {
    switch (value.kind) {
      case 'promise':
        return this.#ofPromise(value, depth, done);
      case 'closure': {
        const captured = this.ofBindings(value.captured, depth + 1, done);
        const carried = [...captured.values(), ...value.bound].some((part) => isCarrier(part));
        if (carried || this.#reach.leads(value.fn) || this.#reach.isOpen(value.fn))
          return { ...value, captured };
        return this.#isWatched(value.fn) || makesFunction(value.fn)
          ? { ...value, captured, isOnlyWatched: true }
          : { kind: 'inert' };
      }
      case 'object': {
        if (value.isAnswer) return value;
        const properties = new Map<string, Value>();
        for (const [name, property] of value.properties) {
          const essence = this.ofValue(property, depth + 1, done);
          if (essence && !isPlain(essence)) properties.set(name, essence);
        }
        const [...parts] = properties.values();
        if (parts.some((part) => isCarrier(part) || part.kind === 'constant'))
          return { ...value, properties };
        if (parts.length === 0) return { kind: 'opaque', path: value.path, present: true };
        // Of `{ tx }` it matters that there is one.
        for (const name of properties.keys()) {
          properties.set(name, { kind: 'opaque', path: `${value.path}.${name}`, present: true });
        }
        return { ...value, properties };
      }
      case 'instance': {
        if (value.fields.size === 0) return value;
        const fields = new Map<string, Value>();
        for (const [name, field] of value.fields) {
          const essence = this.ofValue(field, depth + 1, done);
          if (essence && essence.kind !== 'inert' && essence.kind !== 'opaque') fields.set(name, essence);
        }
        return { ...value, fields };
      }
      case 'collection':
        // A pair that a function puts in order is a matter of locks, though it holds none.
        return isCarrier(value.element) || value.items?.some((item) => pathOf(item)) || value.sorted
          ? value
          : { kind: 'opaque', path: value.path, present: true };
      case 'union': {
        let joined: Value | undefined;
        for (const member of value.members) {
          const essence = this.ofValue(member, depth + 1, done);
          if (!essence) return undefined;
          joined = joinValues(joined, essence);
        }
        return joined;
      }
      default:
        return value;
    }
  }

  /**
   * A promise with what its work ends with. What such work leaves in fields may be the promise of more of its kind, and
   * so on for ever, where some work starts itself again: from some level on it is one of too many.
   */
  #ofPromise(value: PromiseValue, depth: number, done: ByDepth): Value {
    if (depth >= MAX_PROMISES) return { ...UNKNOWN, tooMany: isCarrier(value) ? 'carriers' : 'others' };
    const { task } = value;
    const ofOutcome = (outcome: Outcome): Outcome => ({
      ...outcome,
      value: this.ofValue(outcome.value, depth + 1, done),
      writes: this.ofBindings(outcome.writes, depth + 1, done),
    });
    const rejections = task.rejections && { rejections: distinct(task.rejections.map(ofOutcome)) };
    return { ...value, task: { ...task, outcomes: distinct(task.outcomes.map(ofOutcome)), ...rejections } };
  }

  /** A summary without the values that make no difference to anybody's locks. */
  ofSummary(summary: Summary): Summary {
    return {
      ...summary,
      outcomes: distinct(
        summary.outcomes.map((outcome) => ({
          ...outcome,
          value: this.ofValue(outcome.value),
          writes: this.ofBindings(outcome.writes),
        })),
      ),
    };
  }

  ofBindings(bindings: Bindings, depth = 0, done: ByDepth = new Map()): Bindings {
    if (bindings.size === 0) return bindings;
    const kept = new Map<Ts.Node, Value>();
    for (const [node, value] of bindings) {
      const essence = this.ofValue(value, depth, done);
      if (essence) kept.set(node, essence);
    }
    return kept;
  }
}

/** Whether nothing is known of a value, not even that it is there. */
function isPlain(value: Value): boolean {
  return (value.kind === 'opaque' || value.kind === 'instance') && truthOf(value) === undefined;
}

function distinct(outcomes: readonly Outcome[]): Outcome[] {
  return [...new Map(outcomes.map((outcome) => [outcomeKey(outcome), outcome])).values()];
}

/** Whether a function is given something to call of which nothing is known. */
function isHandedUnknownFunction({ fn }: Closure, args: readonly (Value | undefined)[], code: Code): boolean {
  const { parameters = [] } = fn as { parameters?: readonly Ts.ParameterDeclaration[] };
  return parameters.some((parameter, index) => {
    const value = args[index];
    const isUnknown = index < args.length && (!value || value.kind === 'opaque');
    return isUnknown && functionType(parameter, code) !== undefined;
  });
}

const making = new WeakMap<Ts.Node, boolean>();

/** `(work) => () => work()`: of itself it has to do with nothing, but what it makes does what it is given. */
function makesFunction(fn: Ts.Node): boolean {
  let known = making.get(fn);
  if (known === undefined) {
    const { body } = fn as { body?: Ts.Node };
    known = returnedBy(body).some((value) => isFunctionExpression(skipParentheses(value)));
    making.set(fn, known);
  }
  return known;
}

const handingBack = new WeakMap<Ts.Node, boolean>();

/** Whether a function gives its caller its own arguments back, in an order that it chooses: `[a, b]` or `[b, a]`. */
function handsBack(fn: Ts.Node): boolean {
  let known = handingBack.get(fn);
  if (known === undefined) {
    const { parameters = [], body } = fn as {
      parameters?: readonly Ts.ParameterDeclaration[];
      body?: Ts.Node;
    };
    known = parameters.length > 1 && returnedBy(body).some((value) => isChoice(value, fn));
    handingBack.set(fn, known);
  }
  return known;
}

function isChoice(value: Ts.Node, fn: Ts.Node): boolean {
  const bare = skipParentheses(value);
  if (ts.isConditionalExpression(bare)) return isChoice(bare.whenTrue, fn) && isChoice(bare.whenFalse, fn);
  if (ts.isArrayLiteralExpression(bare)) return bare.elements.every((element) => isChoice(element, fn));
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  return local !== undefined && ts.isParameter(local) && local.parent === fn;
}

/** Whether a value is, or captures, something that our own caller hands in. */
export function mentionsParameter(value: Value | undefined, depth = 0): boolean {
  if (depth > 4) return false;
  return membersOf(value).some((member) => {
    if (member.kind === 'opaque') return /^\^*p\d/.test(member.path);
    if (member.kind !== 'closure') return false;
    return [...member.captured.values(), ...member.bound].some((part) => mentionsParameter(part, depth + 1));
  });
}
