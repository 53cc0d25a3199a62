import type { Node, WithClause } from 'libpg-query';

/** A common table expression, with the expressions that its own query can see. */
export interface Cte {
  readonly query: Node;
  readonly scope: Scope;
}

export type Scope = ReadonlyMap<string, Cte>;

export const EMPTY_SCOPE: Scope = new Map();

/**
 * The scope inside a statement with this WITH clause. Without RECURSIVE a query sees only the names before
 * it, so that `WITH workspaces AS (SELECT … FROM workspaces)` reads the table.
 */
export function openScope(withClause: WithClause | undefined, outer: Scope): Scope {
  if (withClause === undefined) return outer;
  const all = new Map(outer);
  let seen: Scope = outer;
  for (const node of withClause.ctes ?? []) {
    if (!('CommonTableExpr' in node)) continue;
    const { ctename, ctequery } = node.CommonTableExpr;
    if (ctename === undefined || ctequery === undefined) continue;
    all.set(ctename, { query: ctequery, scope: withClause.recursive ? all : seen });
    seen = new Map(all);
  }
  return all;
}
