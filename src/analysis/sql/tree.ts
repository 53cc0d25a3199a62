import type { ExplainStmt, InsertStmt, MergeStmt, Node, RangeVar, SelectStmt } from 'libpg-query';
import { EMPTY_SCOPE, openScope, type Scope } from './cte-scope.ts';
import { ROW_MARK, UNKNOWN_MARK } from './marks.ts';
import { readsOnlyAbsent, type Verdict } from './not-exists.ts';
import type { InsertRows } from './types.ts';

/** What the parsed tree says about one statement; names are still as the grammar returned them. */
export interface TreeFact {
  readonly kind: 'insert' | 'select' | 'update' | 'delete' | 'other';
  readonly verb: 'INSERT' | 'MERGE' | 'COPY' | 'UPDATE' | 'DELETE' | 'start';
  readonly relation?: RangeVar;
  readonly reads: readonly RangeVar[];
  readonly insert?: InsertFact;
  /** The whole statement is a `DO` block, whose body is a language of its own. */
  readonly block?: true;
}

export interface InsertFact {
  readonly clause: 'on-conflict' | 'merge' | 'none';
  readonly absent: Verdict;
  readonly rows: InsertRows;
}

export type SameTable = (a: RangeVar, b: RangeVar) => Verdict;

/** The statements that running `root` executes: itself and the data-modifying ones in its WITH clauses. */
export function readTree(root: Node, same: SameTable): TreeFact[] {
  const facts: TreeFact[] = [];
  readExecuted(root, EMPTY_SCOPE, same, facts);
  return facts;
}

function readExecuted(node: Node, scope: Scope, same: SameTable, facts: TreeFact[]): void {
  if ('ExplainStmt' in node) {
    if (node.ExplainStmt.query !== undefined && analyzes(node.ExplainStmt)) {
      readExecuted(node.ExplainStmt.query, scope, same, facts);
    } else {
      facts.push({ kind: 'other', verb: 'start', reads: [] });
    }
    return;
  }
  const inner = innerQuery(node);
  if (inner !== undefined) {
    readExecuted(inner, scope, same, facts);
    return;
  }
  const fact = describe(node, scope, same);
  const at = facts.push(fact) - 1;
  if (fact.kind === 'other' || fact.verb === 'COPY') return;
  const reads: RangeVar[] = [];
  walk(Object.values(node)[0], scope, {
    read: (table) => reads.push(table),
    execute: (nested, inside) => readExecuted(nested, inside, same, facts),
  });
  facts[at] = { ...fact, reads };
}

function innerQuery(node: Node): Node | undefined {
  if ('PrepareStmt' in node) return node.PrepareStmt.query;
  if ('DeclareCursorStmt' in node) return node.DeclareCursorStmt.query;
  if ('CopyStmt' in node) return node.CopyStmt.query;
  return undefined;
}

/** `EXPLAIN ANALYZE` runs its statement, `EXPLAIN` and `EXPLAIN (ANALYZE off)` do not. */
function analyzes(explain: ExplainStmt): boolean {
  return (explain.options ?? []).some((option) => {
    if (!('DefElem' in option) || option.DefElem.defname !== 'analyze') return false;
    const { arg } = option.DefElem;
    if (arg === undefined) return true;
    if ('Integer' in arg) return (arg.Integer.ival ?? 0) !== 0;
    return !('String' in arg && ['false', 'off'].includes(arg.String.sval?.toLowerCase() ?? ''));
  });
}

function describe(node: Node, scope: Scope, same: SameTable): TreeFact {
  const reads: RangeVar[] = [];
  if ('SelectStmt' in node) return { kind: 'select', verb: 'start', reads };
  if ('UpdateStmt' in node) return { kind: 'update', verb: 'UPDATE', reads, ...relation(node.UpdateStmt) };
  if ('DeleteStmt' in node) return { kind: 'delete', verb: 'DELETE', reads, ...relation(node.DeleteStmt) };
  if ('InsertStmt' in node) {
    const insert = insertFact(node.InsertStmt, scope, same);
    return { kind: 'insert', verb: 'INSERT', reads, insert, ...relation(node.InsertStmt) };
  }
  if ('MergeStmt' in node) {
    const insert = mergeFact(node.MergeStmt);
    const target = relation(node.MergeStmt);
    if (insert === undefined) return { kind: 'update', verb: 'MERGE', reads, ...target };
    return { kind: 'insert', verb: 'MERGE', reads, insert, ...target };
  }
  if ('CopyStmt' in node && node.CopyStmt.relation !== undefined) {
    const target = node.CopyStmt.relation;
    if (!node.CopyStmt.is_from) return { kind: 'select', verb: 'COPY', reads: [target] };
    const insert: InsertFact = { clause: 'none', absent: 'no', rows: 'unknown' };
    return { kind: 'insert', verb: 'COPY', reads, insert, relation: target };
  }
  if ('DoStmt' in node) return { kind: 'other', verb: 'start', reads, block: true };
  return { kind: 'other', verb: 'start', reads };
}

function relation(statement: { relation?: RangeVar }): { relation?: RangeVar } {
  return statement.relation === undefined ? {} : { relation: statement.relation };
}

function insertFact(insert: InsertStmt, outer: Scope, same: SameTable): InsertFact {
  const target = insert.relation ?? {};
  const scope = openScope(insert.withClause, outer);
  return {
    clause: insert.onConflictClause === undefined ? 'none' : 'on-conflict',
    absent: readsOnlyAbsent(insert.selectStmt, (table) => same(table, target), scope),
    rows: insertedRows(insert.selectStmt),
  };
}

/** Undefined when no branch inserts. `ON false` matches nothing, so such a MERGE always inserts. */
function mergeFact(merge: MergeStmt): InsertFact | undefined {
  const inserts = (merge.mergeWhenClauses ?? []).some(
    (clause) => 'MergeWhenClause' in clause && clause.MergeWhenClause.commandType === 'CMD_INSERT',
  );
  if (!inserts) return undefined;
  const condition = merge.joinCondition;
  const never =
    condition !== undefined &&
    'A_Const' in condition &&
    condition.A_Const.boolval !== undefined &&
    !condition.A_Const.boolval.boolval;
  return { clause: never ? 'none' : 'merge', absent: 'no', rows: 'select' };
}

function insertedRows(query: Node | undefined): InsertRows {
  if (query === undefined) return 'single';
  const select = 'SelectStmt' in query ? query.SelectStmt : undefined;
  const rows = select?.valuesLists;
  if (rows === undefined) return select && readsNoRows(select) ? 'single' : 'select';
  if (rows.length > 1) return 'multi';
  return JSON.stringify(rows[0]).includes(ROW_MARK) ? 'unknown' : 'single';
}

/** `SELECT $1, now() WHERE …`: what is not selected from anything is one row or none, unless a function makes more. */
function readsNoRows({ fromClause, larg, rarg, targetList }: SelectStmt): boolean {
  const isPlain = fromClause === undefined && larg === undefined && rarg === undefined;
  const written = JSON.stringify(targetList ?? []);
  const isKnown = !written.includes(ROW_MARK) && !written.includes(UNKNOWN_MARK);
  return isPlain && isKnown && functionsIn(targetList).every((name) => ONE_VALUE.has(name));
}

/** The names of the functions that are called in a subtree. */
function functionsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(functionsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const name = key === 'FuncCall' ? (child as { funcname?: Node[] }).funcname?.at(-1) : undefined;
    const own = name && 'String' in name ? [name.String.sval ?? ''] : [];
    return [...own, ...functionsIn(child)];
  });
}

/** Functions that answer with one value. Any other may make rows, as `unnest` and those of the schema's own do. */
const ONE_VALUE: ReadonlySet<string> = new Set(
  'now concat format gen_random_uuid uuidv7 uuid_generate_v4 nextval currval lower upper md5 btrim length to_timestamp to_jsonb jsonb_build_object json_build_object date'.split(
    ' ',
  ),
);

interface Visitor {
  readonly read: (table: RangeVar) => void;
  readonly execute: (statement: Node, scope: Scope) => void;
}

const STATEMENTS = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'] as const;

/** Visits the tables that a subtree reads and the statements that it executes, in order of the text. */
function walk(value: unknown, outer: Scope, visitor: Visitor): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, outer, visitor);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = value as { withClause?: SelectStmt['withClause'] } & Record<string, unknown>;
  const scope = openScope(node.withClause, outer);
  for (const cte of node.withClause?.ctes ?? []) {
    if (!('CommonTableExpr' in cte)) continue;
    const query = cte.CommonTableExpr.ctequery;
    const inside = scope.get(cte.CommonTableExpr.ctename ?? '')?.scope ?? scope;
    if (query !== undefined && STATEMENTS.some((kind) => kind in query)) visitor.execute(query, inside);
    else walk(query, inside, visitor);
  }
  for (const [key, child] of Object.entries(node)) {
    if (key === 'RangeVar') {
      const table = child as RangeVar;
      if (table.schemaname !== undefined || !scope.has(table.relname ?? '')) visitor.read(table);
    } else if (!SKIPPED.has(key)) {
      walk(child, scope, visitor);
    }
  }
}

/** `FOR UPDATE OF w` repeats names of the FROM clause; WITH is visited before the rest. */
const SKIPPED: ReadonlySet<string> = new Set(['withClause', 'lockingClause']);
