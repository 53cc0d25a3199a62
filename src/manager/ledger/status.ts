/**
 * Where a delegation can be, and where it can go from there. The one definition: every set of statuses in the ledger
 * is derived from this table.
 *
 * `stuck` is a guess of the sweeper, so that the truth may still arrive.
 */
const TRANSITIONS = {
  queued: ['dispatched', 'in_progress', 'completed', 'failed', 'stuck'],
  dispatched: ['in_progress', 'completed', 'failed', 'stuck'],
  in_progress: ['completed', 'failed', 'stuck'],
  stuck: ['completed', 'failed'],
  completed: [],
  failed: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Where a delegation is. */
export type DelegationStatus = keyof typeof TRANSITIONS;

/** Every status, in the order of a delegation's life. */
export const DELEGATION_STATUSES = Object.keys(TRANSITIONS) as readonly DelegationStatus[];

/** Whether a delegation may go from one status to another. Staying is no transition. */
export function mayBecome(from: DelegationStatus, to: DelegationStatus): boolean {
  return sources(to).includes(from);
}

/** The statuses from which a delegation may become `to`. */
export function sources(to: DelegationStatus): DelegationStatus[] {
  return DELEGATION_STATUSES.filter((from) => (TRANSITIONS[from] as readonly string[]).includes(to));
}

/** Statuses that nothing leads out of. */
export const TERMINAL: readonly DelegationStatus[] = DELEGATION_STATUSES.filter(
  (status) => TRANSITIONS[status].length === 0,
);

/** Those in which somebody is expected to be at work: all that can still be found stuck. */
export const IN_FLIGHT: readonly DelegationStatus[] = sources('stuck');

/** Whether a text, from a request or a row, is a status. */
export function isDelegationStatus(text: string): text is DelegationStatus {
  return Object.hasOwn(TRANSITIONS, text);
}
