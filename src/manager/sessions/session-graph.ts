/** A symbol of the code, as far as sessions need it. */
export interface GraphSymbol {
  /** Identifies the symbol in its repository. */
  readonly id: string;
  readonly name: string;
  /** The path of the file that declares it. */
  readonly file: string;
}

/** The symbols of the base commit: anything that finds a symbol by its id. */
export interface BaseGraph {
  get(id: string): GraphSymbol | undefined;
}

/** How the symbols of a session differ from the base commit; what is stored and cached of a {@link SessionGraph}. */
export interface GraphDelta {
  readonly added: readonly GraphSymbol[];
  readonly modified: readonly GraphSymbol[];
  /** Ids. */
  readonly removed: readonly string[];
}

/** One change of a symbol. */
export type GraphChange =
  | { readonly kind: 'add' | 'modify'; readonly symbol: GraphSymbol }
  | { readonly kind: 'remove'; readonly id: string };

const nothing: BaseGraph = { get: () => undefined };

/**
 * The symbols of a session: those of the base commit, and how the session differs from them. A value: a change makes
 * a new one, so that it can be stored before it is used.
 */
export class SessionGraph {
  readonly #base: BaseGraph;
  readonly #added = new Map<string, GraphSymbol>();
  readonly #modified = new Map<string, GraphSymbol>();
  readonly #removed = new Set<string>();

  constructor(base: BaseGraph = nothing, delta?: GraphDelta) {
    this.#base = base;
    for (const symbol of delta?.added ?? []) this.#added.set(symbol.id, symbol);
    for (const symbol of delta?.modified ?? []) this.#modified.set(symbol.id, symbol);
    for (const id of delta?.removed ?? []) this.#removed.add(id);
  }

  /** The number of symbols that differ. */
  get changes(): number {
    return this.#added.size + this.#modified.size + this.#removed.size;
  }

  /** The symbol as the session has it: what it removed is gone, what it modified or added covers the base. */
  lookup(id: string): GraphSymbol | undefined {
    if (this.#removed.has(id)) return undefined;
    return this.#modified.get(id) ?? this.#added.get(id) ?? this.#base.get(id);
  }

  /** The names of the symbols that the session added to `file` or modified there: added first, in their order. */
  changedSymbolsForFile(file: string): string[] {
    return [...this.#added.values(), ...this.#modified.values()]
      .filter((symbol) => symbol.file === file)
      .map(({ name }) => name);
  }

  /** How the session differs from the base. */
  delta(): GraphDelta {
    return {
      added: [...this.#added.values()],
      modified: [...this.#modified.values()],
      removed: [...this.#removed],
    };
  }

  /** The graph after `changes`, made one after the other. */
  with(changes: Iterable<GraphChange>): SessionGraph {
    const next = new SessionGraph(this.#base, this.delta());
    for (const change of changes) next.#apply(change);
    return next;
  }

  #apply(change: GraphChange): void {
    if (change.kind === 'remove') {
      const own = this.#added.delete(change.id);
      this.#modified.delete(change.id);
      // What only the session had is gone with that; what the base has must be covered.
      if (!own || this.#base.get(change.id)) this.#removed.add(change.id);
      return;
    }
    const { symbol } = change;
    // What comes back after a removal, or was there all along, is a modification of the base.
    const known = this.#removed.delete(symbol.id) || this.#modified.has(symbol.id);
    const added =
      !known && (this.#added.has(symbol.id) || change.kind === 'add') && !this.#base.get(symbol.id);
    (added ? this.#added : this.#modified).set(symbol.id, symbol);
  }
}
