/** What a workspace can be. The position is the number that stands for it on the wire. */
export const GRAPH_STATES = ['unloaded', 'loading', 'loaded', 'rebuilding', 'evicted', 'failed'] as const;

/** See {@link GRAPH_STATES}. */
export type GraphState = (typeof GRAPH_STATES)[number];

/** The number of a state. */
export function stateCode(state: GraphState): number {
  return GRAPH_STATES.indexOf(state);
}

/** Whether a workspace in this state may have a graph that can be read; a failed one, an older one. */
export function isServing(state: GraphState): boolean {
  return state === 'loaded' || state === 'rebuilding' || state === 'failed';
}

/** A state that several tasks compete to change. */
export class StateCell {
  #state: GraphState;

  constructor(initial: GraphState = 'unloaded') {
    this.#state = initial;
  }

  get current(): GraphState {
    return this.#state;
  }

  set(state: GraphState): void {
    this.#state = state;
  }

  /**
   * Goes to `next` if the state is one of `expected`. Of several who try, one wins.
   *
   * @atomic
   */
  exchange(expected: readonly GraphState[], next: GraphState): boolean {
    if (!expected.includes(this.#state)) return false;
    this.#state = next;
    return true;
  }
}

/** Why a build is not wanted any more: its workspace is gone, is to start afresh, or somebody asked. */
export type CancelReason = 'evicted' | 'reset' | 'user';

/** A wish to stop that is granted once: whoever takes it has to act on it. */
export class CancelFlag {
  #reason: CancelReason | undefined;

  /** The reason, left in place. For gates that refuse; those that act use {@link CancelFlag.take}. */
  get pending(): CancelReason | undefined {
    return this.#reason;
  }

  /** Sets the reason. An eviction is final: nothing replaces it. */
  request(reason: CancelReason): void {
    if (this.#reason !== 'evicted') this.#reason = reason;
  }

  /**
   * The reason, which is gone by that.
   *
   * @atomic
   */
  take(): CancelReason | undefined {
    const reason = this.#reason;
    this.#reason = undefined;
    return reason;
  }
}
