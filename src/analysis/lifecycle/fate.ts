import type { Ts } from '../../syntax/ts.ts';
import type { FunctionNode } from '../inserts/functions.ts';

/** How to get to a value from what holds it: keys of objects, indexes of arrays, {@link EACH} for any element. */
export type Path = readonly string[];

export const EACH = '*';

/** What becomes of a value. */
export type Fate =
  /** Somebody has it, or does something that depends on it. */
  | { readonly kind: 'used' }
  /** It is the result of the function around it: whoever calls that has it. */
  | { readonly kind: 'returned'; readonly by: FunctionNode; readonly path: Path }
  /** Something is asked of it (a test, a property that is no function): a use, unless it must be disposed of. */
  | {
      readonly kind: 'looked';
      /** What has the value at that place; undefined where a function outside of the program has it. */
      readonly value: Ts.Expression | Ts.BindingPattern | undefined;
      readonly at: Ts.Node;
    }
  | { readonly kind: 'lost'; readonly loss: Loss };

/** How a value is lost. */
export interface Loss {
  readonly kind: 'discarded' | 'unread' | 'ignored';
  /** The rest of the sentence: ` with void`, ` in lease, which nothing reads`. */
  readonly how: string;
  /** Where. */
  readonly at: Ts.Node;
  /** What holds it is used, and it is not. */
  readonly isPart?: true;
}

export const USED: Fate = { kind: 'used' };

export function lost(kind: Loss['kind'], how: string, at: Ts.Node): Fate {
  return { kind: 'lost', loss: { kind, how, at } };
}

/** A value that is in an object or array of which other things are used. */
export function passedOver(how: string, at: Ts.Node): Fate {
  return { kind: 'lost', loss: { kind: 'unread', how, at, isPart: true } };
}

const WORTH = { lost: 0, looked: 1, returned: 2, used: 3 } as const;

/** What becomes of a value that is in several places: the best of it. Undefined for a value that is in none. */
export function best(fates: Iterable<Fate | undefined>): Fate | undefined {
  let found: Fate | undefined;
  for (const fate of fates) {
    if (fate && (!found || WORTH[fate.kind] > WORTH[found.kind])) found = fate;
    if (found?.kind === 'used') return found;
  }
  return found;
}

/** The fates in several places, each found out when it is asked for: nothing is better than the first that is used. */
export function* lazily<T>(
  places: Iterable<T>,
  fateIn: (place: T) => Fate | undefined,
): Generator<Fate | undefined> {
  for (const place of places) yield fateIn(place);
}
