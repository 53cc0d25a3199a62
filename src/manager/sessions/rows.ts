import { type Db, isUniqueViolation, type Queryable, type Row } from '../store/index.ts';
import { drawName, reserveName } from './agent-names.ts';
import { SessionEndedError, SessionExistsError, SessionInUseError, SessionNotFoundError } from './errors.ts';
import type { OverlayFile } from './overlay.ts';
import { type Author, isHeld, lockCurrent } from './row-locks.ts';
import { COLUMNS, ENDED, fileOf, iso, OPEN, type RecordRow, recordOf } from './row-values.ts';
import type { GraphDelta } from './session-graph.ts';
import { isLive, LIVE_STATES, type SessionRecord, type SessionState } from './types.ts';

/** A session and everything that it has changed. */
interface StoredSession {
  readonly record: SessionRecord;
  readonly files: OverlayFile[];
  readonly graph: GraphDelta;
}

/** The session that goes on for one that was asked for: for `dead` and just now, or since an earlier resume. */
type Successor =
  | ({ readonly kind: 'resumed'; readonly dead: string } & StoredSession)
  | { readonly kind: 'already'; readonly record: SessionRecord };

/**
 * The rows of sessions: every statement there is on them.
 *
 * What changes a session names its row *and* its session id and asks for a session that is open. A resume changes the
 * session id, a strand closes the session, so that a manager that has lost a session, and does not know it yet, changes
 * nothing.
 */
export class SessionRows {
  readonly #db: Db;
  readonly #author: () => Author;

  /** @param author - Called for every statement that stamps a row. */
  constructor(db: Db, author: () => Author) {
    this.#db = db;
    this.#author = author;
  }

  /** Draws a name for an agent that no other in the repository has, on any manager. */
  nextAgentName(repoId: string): Promise<string> {
    return drawName(this.#db, repoId);
  }

  /**
   * Adds a session, under a name drawn for its agent if it has none.
   *
   * @throws {@link SessionExistsError}
   */
  async insert(
    record: Omit<SessionRecord, 'agent_name'> & { agent_name?: string | undefined },
  ): Promise<SessionRecord> {
    const { owner } = this.#author();
    try {
      return await this.#db.tx(async (tx) => {
        const dead = await tx.query('SELECT 1 FROM session_resume_redirects WHERE dead_session_id = $1', [
          record.session_id,
        ]);
        if (dead.rowCount > 0) throw new SessionExistsError(record.session_id);
        if (record.agent_name !== undefined) await reserveName(tx, record.repo_id, record.agent_name);
        const { rows } = await tx.query<RecordRow>(
          `INSERT INTO session_workspaces (id, session_id, repo_id, agent_id, agent_name, changeset_id, intent,
             base_commit_hash, state, mode, expires_at, owner_id, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
           RETURNING ${COLUMNS}`,
          [
            record.id,
            record.session_id,
            record.repo_id,
            record.agent_id,
            record.agent_name ?? (await drawName(tx, record.repo_id)),
            record.changeset_id,
            record.intent,
            record.base_commit,
            record.state,
            record.mode,
            record.expires_at?.toISOString() ?? null,
            owner,
            record.created_at.toISOString(),
          ],
        );
        return one(rows, record.session_id);
      });
    } catch (error) {
      if (!isUniqueViolation(error, 'session_workspaces_session_id_key')) throw error;
      throw new SessionExistsError(record.session_id, { cause: error });
    }
  }

  /** The session with this id, in whatever state. */
  async find(sessionId: string): Promise<SessionRecord | undefined> {
    const { rows } = await this.#db.query<RecordRow>(
      `SELECT ${COLUMNS} FROM session_workspaces WHERE session_id = $1`,
      [sessionId],
    );
    return rows[0] && recordOf(rows[0]);
  }

  /** The open sessions of a repository, on all managers, the oldest first. */
  async list(repoId: string): Promise<SessionRecord[]> {
    const { rows } = await this.#db.query<RecordRow>(
      `SELECT ${COLUMNS} FROM session_workspaces WHERE repo_id = $1 AND ${OPEN} ORDER BY created_at, session_id`,
      [repoId],
    );
    return rows.map(recordOf);
  }

  /** The file of a session, if the session differs there. */
  async findFile(sessionId: string, path: string): Promise<OverlayFile | undefined> {
    const { rows } = await this.#db.query(
      `SELECT f.* FROM session_overlay_files f JOIN session_workspaces w ON w.id = f.workspace_id
       WHERE w.session_id = $1 AND f.file_path = $2`,
      [sessionId, path],
    );
    return rows[0] && fileOf(rows[0]);
  }

  /** How the symbols of a session differ. */
  async findGraph(sessionId: string): Promise<GraphDelta | undefined> {
    const { rows } = await this.#db.query<{ graph: GraphDelta }>(
      'SELECT graph FROM session_workspaces WHERE session_id = $1',
      [sessionId],
    );
    return rows[0]?.graph;
  }

  /** The other open sessions of the repository that differ at `path`, on all managers. */
  async modifiersOf(path: string, repoId: string, exclude: string): Promise<Modifier[]> {
    const { rows } = await this.#db.query<Row & Modifier>(
      `SELECT w.session_id, w.agent_name, w.graph
       FROM session_overlay_files f JOIN session_workspaces w ON w.id = f.workspace_id
       WHERE f.file_path = $1 AND w.repo_id = $2 AND w.session_id <> $3 AND ${OPEN}`,
      [path, repoId, exclude],
    );
    return rows;
  }

  /** Writes a file. @returns False if the session is not open under this id any more; nothing is written then. */
  saveFile(record: SessionRecord, file: OverlayFile): Promise<boolean> {
    return this.#change(record, (tx, now) =>
      tx.query(
        `INSERT INTO session_overlay_files
           (workspace_id, file_path, content, content_hash, change_type, base_content_hash, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (workspace_id, file_path) DO UPDATE SET content = EXCLUDED.content,
           content_hash = EXCLUDED.content_hash, change_type = EXCLUDED.change_type,
           base_content_hash = COALESCE(EXCLUDED.base_content_hash, session_overlay_files.base_content_hash),
           updated_at = EXCLUDED.updated_at`,
        [record.id, file.path, file.content, file.hash, file.change, file.baseHash ?? null, now],
      ),
    );
  }

  /** Removes a file. @returns As {@link SessionRows.saveFile}. */
  deleteFile(record: SessionRecord, path: string): Promise<boolean> {
    return this.#change(record, (tx) =>
      tx.query('DELETE FROM session_overlay_files WHERE workspace_id = $1 AND file_path = $2', [
        record.id,
        path,
      ]),
    );
  }

  /** Writes how the symbols differ. @returns As {@link SessionRows.saveFile}. */
  saveGraph(record: SessionRecord, graph: GraphDelta): Promise<boolean> {
    const symbols = graph.added.length + graph.modified.length + graph.removed.length;
    return this.#change(record, (tx) =>
      tx.query('UPDATE session_workspaces SET graph = $2, symbols_modified = $3 WHERE id = $1', [
        record.id,
        JSON.stringify(graph),
        symbols,
      ]),
    );
  }

  /** Writes the state and the time of expiry of `record`. @returns As {@link SessionRows.saveFile}. */
  saveRecord(record: SessionRecord): Promise<boolean> {
    return this.#change(record, (tx) =>
      tx.query('UPDATE session_workspaces SET state = $2, expires_at = $3 WHERE id = $1', [
        record.id,
        record.state,
        record.expires_at?.toISOString() ?? null,
      ]),
    );
  }

  /**
   * Closes a session and keeps what it has, for somebody to resume. The time and the reason of the first strand stay.
   *
   * @returns False if there is nothing to keep: the session has ended, or goes on under another id.
   */
  async strand({ id, session_id }: SessionRecord, reason: string): Promise<boolean> {
    const { rowCount } = await this.#db.query(
      `UPDATE session_workspaces SET stranded_at = COALESCE(stranded_at, $3),
         stranded_reason = COALESCE(stranded_reason, $4), owner_id = NULL, updated_at = $3
       WHERE id = $1 AND session_id = $2 AND state = ANY($5)`,
      [id, session_id, iso(this.#author().now), reason, LIVE_STATES],
    );
    return rowCount > 0;
  }

  /**
   * Ends a session, if it has not ended before, and drops what it has.
   *
   * @returns The session, if this ended it.
   */
  async end(
    sessionId: string,
    state: Extract<SessionState, 'expired' | 'abandoned'>,
    reason: string,
  ): Promise<SessionRecord | undefined> {
    return await this.#db.tx(async (tx) => {
      const { rows } = await tx.query<RecordRow>(
        `UPDATE session_workspaces SET ${ENDED}, state = $4,
           abandoned_at = CASE WHEN $4 = 'abandoned' THEN $1::timestamptz END,
           abandoned_reason = CASE WHEN $4 = 'abandoned' THEN $5 END
         WHERE session_id = $2 AND state = ANY($3) RETURNING ${COLUMNS}`,
        [iso(this.#author().now), sessionId, LIVE_STATES, state, reason],
      );
      await tx.query(
        `DELETE FROM session_overlay_files f USING session_workspaces w
         WHERE w.id = f.workspace_id AND w.session_id = $1 AND NOT w.state = ANY($2)`,
        [sessionId, LIVE_STATES],
      );
      return rows[0] && recordOf(rows[0]);
    });
  }

  /** Ends every session that was stranded before `before`, and drops what they have. @returns Their ids, sorted. */
  async abandon(before: number, reason: string): Promise<string[]> {
    return await this.#db.tx(async (tx) => {
      const { rows } = await tx.query<{ id: string; session_id: string }>(
        `UPDATE session_workspaces SET ${ENDED}, state = 'abandoned', abandoned_at = $1, abandoned_reason = $2
         WHERE state = ANY($3) AND stranded_at < $4 RETURNING id, session_id`,
        [iso(this.#author().now), reason, LIVE_STATES, iso(before)],
      );
      await tx.query('DELETE FROM session_overlay_files WHERE workspace_id = ANY($1)', [
        rows.map(({ id }) => id),
      ]);
      return rows.map(({ session_id }) => session_id).sort();
    });
  }

  /**
   * Opens, under the id `successor`, the stranded session that `sessionId` is or has become.
   *
   * @param alive - Managers seen after this moment have what they own.
   * @throws {@link SessionNotFoundError}, {@link SessionEndedError}, {@link SessionInUseError}
   */
  async resume(sessionId: string, successor: string, alive: number): Promise<Successor> {
    return await this.#db.tx(async (tx) => {
      const { owner, now } = this.#author();
      const row = await lockCurrent(tx, sessionId);
      const dead = row.session_id;
      const state = row.state as SessionState;
      if (!isLive(state)) throw new SessionEndedError(sessionId, state);
      if (row.stranded_at === null && (await isHeld(tx, row, { owner, alive, kind: this.#db.kind }))) {
        if (dead === sessionId) throw new SessionInUseError(sessionId);
        return { kind: 'already', record: recordOf(row) };
      }
      const resumed = await tx.query<RecordRow>(
        `UPDATE session_workspaces SET session_id = $2, owner_id = $3, stranded_at = NULL, stranded_reason = NULL,
           updated_at = $4
         WHERE id = $1 RETURNING ${COLUMNS}`,
        [row.id, successor, owner, iso(now)],
      );
      await tx.query('INSERT INTO session_resume_redirects VALUES ($1, $2, $3)', [dead, successor, iso(now)]);
      const files = await tx.query('SELECT * FROM session_overlay_files WHERE workspace_id = $1', [row.id]);
      return {
        kind: 'resumed',
        dead,
        record: one(resumed.rows, sessionId),
        files: files.rows.map(fileOf),
        graph: row.graph,
      };
    });
  }

  /** Runs `body` if the session is open under its id, and keeps its totals. Sessions change one step at a time. */
  async #change(
    { id, session_id }: SessionRecord,
    body: (tx: Queryable, now: string) => Promise<unknown>,
  ): Promise<boolean> {
    const now = iso(this.#author().now);
    return await this.#db.tx(async (tx) => {
      const open = await tx.query(
        `SELECT 1 FROM session_workspaces WHERE id = $1 AND session_id = $2 AND ${OPEN} FOR UPDATE`,
        [id, session_id],
      );
      if (open.rowCount === 0) return false;
      await body(tx, now);
      await tx.query(
        `UPDATE session_workspaces w SET updated_at = $2, files_modified = f.files, overlay_size_bytes = f.bytes
         FROM (SELECT count(*) AS files, COALESCE(sum(octet_length(content)), 0) AS bytes
           FROM session_overlay_files WHERE workspace_id = $1) f
         WHERE w.id = $1`,
        [id, now],
      );
      return true;
    });
  }
}

/** A session that differs at a file. */
export interface Modifier {
  readonly session_id: string;
  readonly agent_name: string;
  readonly graph: GraphDelta;
}

function one(rows: readonly RecordRow[], sessionId: string): SessionRecord {
  const [row] = rows;
  if (!row) throw new SessionNotFoundError(sessionId);
  return recordOf(row);
}
