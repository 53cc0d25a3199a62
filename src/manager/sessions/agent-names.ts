import type { Queryable } from '../store/index.ts';

/**
 * Draws a name for an agent: one statement, so that any number of managers draw different names of one repository.
 */
export async function drawName(target: Queryable, repoId: string): Promise<string> {
  const { rows } = await target.query<{ agents: number }>(
    `INSERT INTO session_repos (id, agents) VALUES ($1, 1)
     ON CONFLICT (id) DO UPDATE SET agents = session_repos.agents + 1 RETURNING agents`,
    [repoId],
  );
  return `agent-${rows[0]?.agents}`;
}

/** Keeps a name that looks like a drawn one from being drawn for somebody else. */
export async function reserveName(tx: Queryable, repoId: string, name: string): Promise<void> {
  const drawn = /^agent-(\d{1,9})$/.exec(name)?.[1];
  await tx.query(
    `INSERT INTO session_repos (id, agents) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET agents = GREATEST(session_repos.agents, EXCLUDED.agents)`,
    [repoId, Number(drawn ?? 0)],
  );
}
