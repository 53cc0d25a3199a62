import { type Clock, systemClock } from '../clock.ts';
import { type Metrics, silentMetrics } from '../obs/metrics.ts';

/** As many events wait for one subscriber. */
export const DEFAULT_BUFFER = 4_096;
/** How long, in milliseconds, an event that must be delivered waits for a subscriber whose buffer is full. */
export const MUST_DELIVER_MS = 50;

/** Options of a {@link Broker}. */
export interface BrokerOptions {
  /** See {@link DEFAULT_BUFFER}. */
  readonly buffer?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly metrics?: Metrics | undefined;
}

/**
 * Hands every event to every subscriber. A subscriber that is slow has a buffer, and when that is full it loses events;
 * it never holds up the others, or whoever publishes.
 *
 * Who wants to miss nothing subscribes first, and does afterwards what causes events: a stream subscribes to the
 * events of a workspace, and then attaches its client.
 *
 * @typeParam T - An event. Subscribers share it: nobody changes it.
 */
export class Broker<T> implements Disposable {
  readonly #buffer: number;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #subscriptions = new Set<Subscription<T>>();
  #closed = false;

  /** @throws RangeError if `buffer` is not a positive whole number. */
  constructor(options: BrokerOptions = {}) {
    const { buffer = DEFAULT_BUFFER, clock = systemClock, metrics = silentMetrics } = options;
    if (!Number.isInteger(buffer) || buffer < 1) {
      throw new RangeError(`buffer must be a positive whole number, got ${buffer}`);
    }
    this.#buffer = buffer;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** The number of subscribers. */
  get size(): number {
    return this.#subscriptions.size;
  }

  /** Receives every event from now on. Of a closed broker: none. */
  subscribe(): Subscription<T> {
    const subscription = new Subscription<T>(this.#buffer, () => this.#subscriptions.delete(subscription));
    if (this.#closed) subscription.end();
    else this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Hands `event` to everybody who has room for it. The others lose it, which is counted. */
  publish(event: T): void {
    for (const subscription of this.#subscriptions) {
      if (!subscription.offer(event)) this.#drop(subscription);
    }
  }

  /**
   * Hands `event` to everybody, and waits for those who have no room for it, {@link MUST_DELIVER_MS} at most.
   *
   * @returns How many lost it nevertheless.
   */
  async publishMustDeliver(event: T): Promise<number> {
    const outcomes = await Promise.all(
      [...this.#subscriptions].map((subscription) => this.#deliver(subscription, event)),
    );
    return outcomes.filter((delivered) => !delivered).length;
  }

  /** Ends every subscription, once its subscriber has what waits for it. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const subscription of [...this.#subscriptions]) subscription.end();
  }

  /** {@link Broker.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #deliver(subscription: Subscription<T>, event: T): Promise<boolean> {
    if (subscription.offer(event)) return true;
    return await new Promise((resolve) => {
      const withdraw = subscription.offerLater(event, () => {
        this.#clock.clearTimeout(timer);
        resolve(true);
      });
      const timer = this.#clock.setTimeout(() => {
        withdraw();
        this.#drop(subscription);
        resolve(false);
      }, MUST_DELIVER_MS);
    });
  }

  #drop(subscription: Subscription<T>): void {
    subscription.dropped++;
    this.#metrics.count('ws_manager_event_drops_total', undefined);
  }
}

/** An event that waits for room, and what to do once it has it, or nobody wants it any more. */
interface Offer<T> {
  readonly event: T;
  readonly onTaken: () => void;
}

/** The events that one subscriber receives: to be iterated once, by one reader, and closed. */
export class Subscription<T> implements AsyncIterableIterator<T>, Disposable {
  /** How many events were lost. */
  dropped = 0;

  readonly #capacity: number;
  readonly #onEnd: () => void;
  #events: T[] = [];
  /** Where the first event is in `#events`: what is behind is not moved for each that is taken. */
  #head = 0;
  readonly #offers = new Set<Offer<T>>();
  #reader: ((result: IteratorResult<T, undefined>) => void) | undefined;
  #ended = false;

  /** @internal */
  constructor(capacity: number, onEnd: () => void) {
    this.#capacity = capacity;
    this.#onEnd = onEnd;
  }

  /** How many events wait to be read. */
  get waiting(): number {
    return this.#events.length - this.#head;
  }

  /** Takes `event` if there is room. An ended subscription takes, and forgets. @internal */
  offer(event: T): boolean {
    if (this.#ended) return true;
    if (this.#reader) {
      const read = this.#reader;
      this.#reader = undefined;
      read({ done: false, value: event });
      return true;
    }
    // Whoever waits for room comes first: while somebody does, there is none.
    if (this.waiting >= this.#capacity) return false;
    this.#events.push(event);
    return true;
  }

  /** Takes `event` once there is room. Returns what withdraws it. @internal */
  offerLater(event: T, onTaken: () => void): () => void {
    const offer = { event, onTaken };
    this.#offers.add(offer);
    return () => void this.#offers.delete(offer);
  }

  /** The next event. Waits for it, or for the end. @throws If it is called while it waits. */
  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#reader) throw new Error('a subscription has one reader: wait for one event before the next');
    if (this.waiting > 0) return { done: false, value: this.#take() };
    if (this.#ended) return { done: true, value: undefined };
    return await new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  /** The next events that are there already, in their order: at most `count`. */
  takeWaiting(count: number): T[] {
    const taken: T[] = [];
    while (taken.length < count && this.waiting > 0) taken.push(this.#take());
    return taken;
  }

  /** Ends the subscription; called by a loop that is left. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Ends the subscription, and forgets what waits. Idempotent. */
  close(): void {
    this.#events = [];
    this.#head = 0;
    this.end();
  }

  /** Takes no more events; what waits can be read. Idempotent. @internal */
  end(): void {
    this.#ended = true;
    this.#onEnd();
    this.#reader?.({ done: true, value: undefined });
    this.#reader = undefined;
    for (const { onTaken } of this.#offers) onTaken();
    this.#offers.clear();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** {@link Subscription.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #take(): T {
    const value = this.#events[this.#head++] as T;
    if (this.#head > this.#capacity) this.#compact();
    this.#admitOffer();
    return value;
  }

  #admitOffer(): void {
    const [offer] = this.#offers;
    if (!offer) return;
    this.#offers.delete(offer);
    this.#events.push(offer.event);
    offer.onTaken();
  }

  #compact(): void {
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
