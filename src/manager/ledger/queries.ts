import type { Queryable } from '../store/db.ts';
import { LedgerQueryError } from './errors.ts';
import { DELEGATION_STATUSES, type DelegationStatus, IN_FLIGHT } from './status.ts';

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

/** What can be asked for, and the statuses that answer it. */
const FILTERS = {
  in_flight: IN_FLIGHT,
  stuck: ['stuck'],
  failed: ['failed'],
  completed: ['completed'],
} as const satisfies Readonly<Record<string, readonly DelegationStatus[]>>;

/** A word of the ledger's list query. */
export type DelegationFilter = keyof typeof FILTERS;

/** A row of the ledger. */
export type DelegationRow = {
  readonly delegation_id: string;
  readonly caller_id: string;
  readonly callee_id: string;
  readonly status: DelegationStatus;
  readonly task_preview: string | null;
  readonly result_preview: string | null;
  readonly error_detail: string | null;
  readonly last_heartbeat: Date | null;
  readonly deadline: Date;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** A list query, as it comes in the query string of a request. */
export interface DelegationQuery {
  /** Default `in_flight`. */
  readonly status?: string | undefined;
  /** From 1 to 1000; default 100. */
  readonly limit?: string | number | undefined;
}

/** Lists delegations, latest change first. @throws {@link LedgerQueryError} for an unknown status or limit. */
export async function listDelegations(db: Queryable, query: DelegationQuery = {}): Promise<DelegationRow[]> {
  const { status = 'in_flight', limit = DEFAULT_LIMIT } = query;
  if (!isFilter(status)) {
    throw new LedgerQueryError(`status must be one of ${Object.keys(FILTERS).join(', ')}, got '${status}'`);
  }
  const count = /^\d{1,4}$/.test(String(limit)) ? Number(limit) : 0;
  if (count < 1 || count > MAX_LIMIT) {
    throw new LedgerQueryError(`limit must be a whole number from 1 to ${MAX_LIMIT}, got '${limit}'`);
  }
  const { rows } = await db.query<DelegationRow>(
    `SELECT delegation_id, caller_id, callee_id, status, task_preview, result_preview, error_detail,
       last_heartbeat, deadline, created_at, updated_at
     FROM delegations WHERE status = ANY($1) ORDER BY updated_at DESC, delegation_id LIMIT $2`,
    [FILTERS[status], count],
  );
  return rows;
}

/** How many delegations there are in each status: all six, those of which there are none as zero. */
export async function delegationStats(db: Queryable): Promise<Record<DelegationStatus, number>> {
  const { rows } = await db.query<{ status: DelegationStatus; count: number }>(
    'SELECT status, count(*) AS count FROM delegations GROUP BY status',
  );
  const counts = new Map(rows.map(({ status, count }) => [status, count]));
  return Object.fromEntries(DELEGATION_STATUSES.map((status) => [status, counts.get(status) ?? 0])) as Record<
    DelegationStatus,
    number
  >;
}

function isFilter(text: string): text is DelegationFilter {
  return Object.hasOwn(FILTERS, text);
}
