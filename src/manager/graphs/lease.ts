import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';

/**
 * A graph, and who reads it. The memory of a graph is accounted for until its last reader has left.
 *
 * Readers are counted by {@link GraphLease}, never by hand.
 */
export class GraphCell<G> {
  /** The graph itself. Whoever keeps it beyond the turn takes a lease. */
  readonly graph: G;
  readonly root: string;

  #holders = 0;
  readonly #leaks: LeakDetector | undefined;

  constructor(graph: G, root: string, leaks?: LeakDetector) {
    this.graph = graph;
    this.root = root;
    this.#leaks = leaks;
  }

  /** How many leases are open. */
  get holders(): number {
    return this.#holders;
  }

  /** Opens a lease. Bind it with `using`. */
  lease(): GraphLease<G> {
    this.#holders++;
    const lease = new GraphLease(this, () => {
      this.#holders--;
      this.#leaks?.forget(lease);
    });
    this.#leaks?.watch(lease, this.root);
    return lease;
  }
}

/**
 * The right to read a graph until the end of the block.
 *
 * @example
 * ```ts
 * using lease = await graphs.getOrLoad(key, build, { estimateBytes });
 * return query(lease.graph);
 * ```
 */
export class GraphLease<G> implements Disposable {
  #cell: GraphCell<G> | undefined;
  readonly #release: () => void;

  /** @internal Opened by {@link GraphCell.lease}. */
  constructor(cell: GraphCell<G>, release: () => void) {
    this.#cell = cell;
    this.#release = release;
  }

  /** @throws Error after the release: the memory may be somebody else's by now. */
  get graph(): G {
    if (!this.#cell) throw new Error('a graph is read after its lease was released');
    return this.#cell.graph;
  }

  /** Whether the lease is over. */
  get released(): boolean {
    return this.#cell === undefined;
  }

  /** Ends the lease. Only the first call has an effect. */
  release(): void {
    if (!this.#cell) return;
    this.#cell = undefined;
    this.#release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * Tells of leases that were garbage collected without a release: a warning and a count.
 *
 * It changes no account. Whoever lost the lease may still have the graph that it read from it, so the graph's
 * memory stays accounted for. A lost lease is a bug in the reader; hiding its effect would hide the bug.
 */
export class LeakDetector {
  readonly #registry: FinalizationRegistry<string>;

  constructor(logger: Logger, metrics: Metrics) {
    this.#registry = new FinalizationRegistry((root) => {
      metrics.count('ws_manager_lease_leaks_total', undefined);
      logger.warn('A graph lease was lost without a release; the memory of its graph stays accounted for', {
        root,
      });
    });
  }

  /** The lease is open. */
  watch(lease: object, root: string): void {
    this.#registry.register(lease, root, lease);
  }

  /** The lease was released. */
  forget(lease: object): void {
    this.#registry.unregister(lease);
  }
}
