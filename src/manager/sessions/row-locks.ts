import type { Db, Queryable } from '../store/index.ts';
import { SessionNotFoundError } from './errors.ts';
import { COLUMNS, iso, type RecordRow } from './row-values.ts';
import type { GraphDelta } from './session-graph.ts';

/** Who makes a statement, and when. */
export interface Author {
  readonly owner: string;
  readonly now: number;
}

/** A row of which this transaction decides. */
interface LockedRow extends RecordRow {
  readonly owner_id: string | null;
  readonly stranded_at: Date | null;
  readonly graph: GraphDelta;
}

/** Locks the row of the session that `sessionId` is, or goes on as. */
export async function lockCurrent(tx: Queryable, sessionId: string): Promise<LockedRow> {
  for (let previous: string | undefined; ; ) {
    const chain = await tx.query<{ id: string }>(
      `WITH RECURSIVE chain (id, step) AS (
         SELECT $1::uuid, 0
         UNION ALL
         SELECT r.successor_session_id, step + 1
         FROM chain JOIN session_resume_redirects r ON r.dead_session_id = chain.id
       )
       SELECT id FROM chain ORDER BY step DESC LIMIT 1`,
      [sessionId],
    );
    const current = chain.rows[0]?.id;
    const { rows } = await tx.query<LockedRow>(
      `SELECT ${COLUMNS}, owner_id, stranded_at, graph FROM session_workspaces WHERE session_id = $1 FOR UPDATE`,
      [current],
    );
    if (rows[0]) return rows[0];
    // Somebody else may have resumed it while this waited for the row: then the chain is longer by now.
    if (current === previous) throw new SessionNotFoundError(sessionId);
    previous = current;
  }
}

/** Whether the owner of a session that is open still has it. */
export async function isHeld(tx: Queryable, row: LockedRow, asks: Holder): Promise<boolean> {
  const { owner_id } = row;
  if (owner_id === asks.owner) return true;
  // Beside the one that asks, nobody can use a PGlite database.
  if (owner_id === null || asks.kind === 'pglite') return false;
  const seen = await tx.query('SELECT 1 FROM session_managers WHERE id = $1 AND seen_at > $2', [
    owner_id,
    iso(asks.alive),
  ]);
  return seen.rowCount > 0;
}

/** The manager that asks who has a session. */
interface Holder {
  readonly owner: string;
  readonly kind: Db['kind'];
  /** Managers that were seen after this moment, in milliseconds since the epoch, have what they own. */
  readonly alive: number;
}
