/** The kinds of number that are kept. */
type Kind = 'counter' | 'gauge';

interface Definition {
  readonly kind: Kind;
  readonly help: string;
  /** The label, and every value that it takes: each is present, as zero, from the start. */
  readonly label?: readonly [name: string, values: readonly string[]];
}

/** Every number that the manager exposes. */
const METRICS = {
  ws_manager_phantom_busy_resets_total: {
    kind: 'counter',
    help: 'Workspaces that were marked busy with nothing running, and were reset.',
  },
  ws_manager_pending_uploads_swept_total: {
    kind: 'counter',
    help: 'Pending uploads removed by the sweeper, and sweeps that failed.',
    label: ['outcome', ['acked', 'expired', 'error']],
  },
  ws_manager_delegations_swept_total: {
    kind: 'counter',
    help: 'Delegations that the sweeper ended or marked, and sweeps that failed.',
    label: ['outcome', ['failed', 'stuck', 'error']],
  },
  ws_manager_provisions_total: {
    kind: 'counter',
    help: 'Provisions of a fleet workspace, by outcome.',
    label: ['outcome', ['ok', 'failed', 'no_backend']],
  },
  ws_manager_background_restarts_total: {
    kind: 'counter',
    help: 'Restarts of a background loop that threw.',
  },
  ws_manager_event_drops_total: {
    kind: 'counter',
    help: 'Events that a subscriber was too slow for.',
  },
  ws_manager_lease_leaks_total: {
    kind: 'counter',
    help: 'Graph leases that were lost without a release.',
  },
  ws_manager_cache_errors_total: {
    kind: 'counter',
    help: 'Cache operations that failed. None of them fails a request.',
  },
  ws_manager_workspaces: { kind: 'gauge', help: 'Open workspaces.' },
  ws_manager_streams: { kind: 'gauge', help: 'Attached event streams.' },
  ws_manager_sessions: { kind: 'gauge', help: 'Active sessions.' },
  ws_manager_graph_bytes: {
    kind: 'gauge',
    help: 'Memory of graphs: loaded, reserved for builds, retained for readers.',
    label: ['part', ['loaded', 'reserved', 'retained']],
  },
} as const satisfies Readonly<Record<string, Definition>>;

type Definitions = typeof METRICS;
type NamesOf<K extends Kind> = {
  [N in keyof Definitions]: Definitions[N]['kind'] extends K ? N : never;
}[keyof Definitions];

/** The name of a counter. */
export type CounterName = NamesOf<'counter'>;
/** The name of a gauge. */
export type GaugeName = NamesOf<'gauge'>;
/** The values that the label of a metric takes; none for a metric without a label. */
export type LabelOf<N extends keyof Definitions> = Definitions[N] extends {
  readonly label: readonly [string, readonly (infer V)[]];
}
  ? V
  : undefined;

/** Where the manager counts. Never fails, and never waits. */
export interface Metrics {
  /** Adds `by` to a counter. Default 1. */
  count<N extends CounterName>(name: N, label: LabelOf<N>, by?: number): void;
  /** Says where the value of a gauge is read from, when somebody asks. The latest `read` of a gauge counts. */
  gauge<N extends GaugeName>(name: N, label: LabelOf<N>, read: () => number): void;
}

/** Counts nothing. */
export const silentMetrics: Metrics = {
  count() {},
  gauge() {},
};

/** Metrics that Prometheus can scrape. */
export interface PrometheusMetrics extends Metrics {
  /** The value of the `content-type` header that goes with {@link PrometheusMetrics.render}. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format, those that nobody touched as zero. */
  render(): Promise<string>;
}

/** Opens a registry of its own, beside any that the embedding program may have. Loads `prom-client` only now. */
export async function prometheusMetrics(): Promise<PrometheusMetrics> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  const counters = new Map<string, InstanceType<typeof Counter>>();
  const reads = new Map<string, Map<string, () => number>>();

  for (const [name, definition] of Object.entries<Definition>(METRICS)) {
    const { kind, help, label } = definition;
    const options = { name, help, labelNames: label ? [label[0]] : [], registers: [registry] };
    if (kind === 'counter') {
      const counter = new Counter(options);
      for (const value of label?.[1] ?? []) counter.inc({ [label?.[0] ?? '']: value }, 0);
      counters.set(name, counter);
    } else {
      const read = new Map<string, () => number>();
      reads.set(name, read);
      new Gauge({
        ...options,
        collect() {
          if (label) for (const value of label[1]) this.set({ [label[0]]: value }, read.get(value)?.() ?? 0);
          else this.set(read.get('')?.() ?? 0);
        },
      });
    }
  }

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    count(name, label, by = 1) {
      const { label: definition }: Definition = METRICS[name];
      counters.get(name)?.inc(definition ? { [definition[0]]: String(label) } : {}, by);
    },
    gauge(name, label, read) {
      reads.get(name)?.set(String(label ?? ''), read);
    },
  };
}
