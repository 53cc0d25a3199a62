import type { Ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';

/**
 * Which call a function was entered by, for the functions where that is known. It tells the activation of a helper
 * that was handed this value from one that was handed another.
 */
export class Frames {
  static readonly none = new Frames([]);
  readonly #entries: readonly Entry[];
  readonly key: string;

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.key = entries.map(({ fn, call }) => `${idOf(fn)}<${idOf(call)}`).join(',');
  }

  /** The call that entered a function; undefined where any of its calls may have. */
  callOf(fn: Ts.Node): CallLike | undefined {
    return this.#entries.findLast((entry) => entry.fn === fn)?.call;
  }

  /** The calls, in the order in which they were entered. */
  get calls(): readonly CallLike[] {
    return this.#entries.map(({ call }) => call);
  }

  /**
   * A function that is entered again by its own recursion is remembered twice, with the call that entered it first and
   * the latest one: the way out of the recursion leads to where the value came from.
   */
  enter(fn: Ts.Node, call: CallLike): Frames {
    const [first] = this.#entries.filter((entry) => entry.fn === fn);
    const others = this.#entries.filter((entry) => entry.fn !== fn || entry === first);
    return new Frames([...others, { fn, call }]);
  }

  /** Back in the activation that called, which may be an earlier one of the same function. */
  leave(fn: Ts.Node): Frames {
    const latest = this.#entries.findLast((entry) => entry.fn === fn);
    return latest ? new Frames(this.#entries.filter((entry) => entry !== latest)) : this;
  }

  /**
   * Only what matters for code at a place: how the functions around it were entered, and those around their callers in
   * turn. A helper that a closure calls leads back to the closure, which belongs to one activation of its factory.
   */
  around(place: Ts.Node): Frames {
    if (this.#entries.length === 0) return this;
    const scopes = new Set<Ts.Node>();
    const kept = new Set<Entry>();
    // A set grows while it is walked.
    const places = new Set<Ts.Node>([place]);
    for (const one of places) {
      for (let at: Ts.Node | undefined = one; at && !scopes.has(at); at = at.parent) scopes.add(at);
      for (const entry of this.#entries) {
        if (kept.has(entry) || !scopes.has(entry.fn)) continue;
        kept.add(entry);
        places.add(entry.call);
      }
    }
    if (kept.size === this.#entries.length) return this;
    return new Frames(this.#entries.filter((entry) => kept.has(entry)));
  }

  /** These frames, and those of the other where these say nothing. */
  with(other: Frames): Frames {
    const added = other.#entries.filter(({ fn }) => !this.callOf(fn));
    return added.length === 0 ? this : new Frames([...this.#entries, ...added]);
  }
}

interface Entry {
  readonly fn: Ts.Node;
  readonly call: CallLike;
}

const ids = new WeakMap<Ts.Node, number>();
let last = 0;

/** A number for a node, to build keys from. It means nothing beyond the process. */
export function idOf(node: Ts.Node): number {
  let id = ids.get(node);
  if (id === undefined) {
    id = ++last;
    ids.set(node, id);
  }
  return id;
}
