import type { JoinExpr, Node, RangeVar, SelectStmt } from 'libpg-query';
import { type Cte, openScope, type Scope } from './cte-scope.ts';

/** Three-valued, because a hole can hide the table that is looked at. */
export type Verdict = 'yes' | 'no' | 'unknown';

/**
 * Whether a query yields a row only when the target table does not hold it yet: `NOT EXISTS`, `NOT IN` or
 * `<> ALL` over a subquery that reads the target, or an anti-join with it, as a condition that every row
 * has to meet. Such a condition beside an OR, or in one branch of a UNION only, is none.
 */
export function readsOnlyAbsent(
  query: Node | undefined,
  isTarget: (table: RangeVar) => Verdict,
  scope: Scope,
): Verdict {
  return queryGuard(query, { isTarget, scope, path: [] });
}

interface Context {
  readonly isTarget: (table: RangeVar) => Verdict;
  readonly scope: Scope;
  /** The common table expressions on the way here: a recursive one ends at itself. */
  readonly path: readonly Node[];
}

function queryGuard(query: Node | undefined, context: Context): Verdict {
  return query !== undefined && 'SelectStmt' in query ? selectGuard(query.SelectStmt, context) : 'no';
}

function selectGuard(select: SelectStmt, outer: Context): Verdict {
  const context = { ...outer, scope: openScope(select.withClause, outer.scope) };
  if (select.larg !== undefined && select.rarg !== undefined) {
    const left = () => selectGuard(select.larg ?? {}, context);
    const right = () => selectGuard(select.rarg ?? {}, context);
    if (select.op === 'SETOP_EXCEPT') return left();
    return select.op === 'SETOP_INTERSECT' ? either([left(), right()]) : both([left(), right()]);
  }
  const from = select.fromClause ?? [];
  const nullable = from.flatMap((item) => antiJoinNames(item, context));
  return either([
    conditionGuard(select.whereClause, nullable, context),
    ...from.map((item) => sourceGuard(item, context)),
  ]);
}

/** A source whose rows are guarded guards the rows that are made from them. */
function sourceGuard(item: Node, context: Context): Verdict {
  if ('RangeSubselect' in item) return queryGuard(item.RangeSubselect.subquery, context);
  const cte = 'RangeVar' in item ? cteOf(item.RangeVar, context) : undefined;
  return cte === undefined ? 'no' : queryGuard(cte.query, into(cte, context));
}

function conditionGuard(node: Node | undefined, nullable: readonly string[], context: Context): Verdict {
  if (node === undefined) return 'no';
  if ('BoolExpr' in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === 'NOT_EXPR') return negatedGuard(args[0], context);
    const parts = args.map((arg) => conditionGuard(arg, nullable, context));
    return boolop === 'AND_EXPR' ? either(parts) : both(parts);
  }
  if ('SubLink' in node && node.SubLink.subLinkType === 'ALL_SUBLINK') {
    return operatorName(node.SubLink.operName) === '<>' ? looksAt(node.SubLink.subselect, context) : 'no';
  }
  if ('NullTest' in node && node.NullTest.nulltesttype === 'IS_NULL') {
    const { arg } = node.NullTest;
    const fields = arg !== undefined && 'ColumnRef' in arg ? (arg.ColumnRef.fields ?? []) : [];
    return fields.length > 1 && nullable.includes(stringOf(fields.at(-2)) ?? '') ? 'yes' : 'no';
  }
  return 'no';
}

function negatedGuard(node: Node | undefined, context: Context): Verdict {
  if (node === undefined || !('SubLink' in node)) return 'no';
  const { subLinkType, operName, subselect } = node.SubLink;
  const isIn = subLinkType === 'ANY_SUBLINK' && (operatorName(operName) ?? '=') === '=';
  return subLinkType === 'EXISTS_SUBLINK' || isIn ? looksAt(subselect, context) : 'no';
}

/** Whether the rows of a query come from the target table. */
function looksAt(query: Node | undefined, outer: Context): Verdict {
  if (query === undefined) return 'no';
  // `WITH moved AS (UPDATE target … RETURNING …)`: no row came back, so there was none to update.
  if ('UpdateStmt' in query) {
    const { relation } = query.UpdateStmt;
    return relation === undefined ? 'no' : outer.isTarget(relation);
  }
  if (!('SelectStmt' in query)) return 'no';
  const select = query.SelectStmt;
  const context = { ...outer, scope: openScope(select.withClause, outer.scope) };
  const branches = [select.larg, select.rarg].filter((branch) => branch !== undefined);
  return either([
    ...branches.map((branch) => looksAt({ SelectStmt: branch }, context)),
    ...(select.fromClause ?? []).map((item) => sourceLooksAt(item, context)),
  ]);
}

function sourceLooksAt(item: Node | undefined, context: Context): Verdict {
  if (item === undefined) return 'no';
  if ('JoinExpr' in item) {
    return either([sourceLooksAt(item.JoinExpr.larg, context), sourceLooksAt(item.JoinExpr.rarg, context)]);
  }
  if ('RangeSubselect' in item) return looksAt(item.RangeSubselect.subquery, context);
  if (!('RangeVar' in item)) return 'no';
  const cte = cteOf(item.RangeVar, context);
  return cte === undefined ? context.isTarget(item.RangeVar) : looksAt(cte.query, into(cte, context));
}

/** The names under which outer joins can leave the target empty. */
function antiJoinNames(item: Node | undefined, context: Context): string[] {
  if (item === undefined || !('JoinExpr' in item)) return [];
  const { larg, rarg } = item.JoinExpr;
  const optional = optionalSide(item.JoinExpr);
  const name = optional !== undefined && 'RangeVar' in optional ? targetName(optional.RangeVar, context) : [];
  return [...name, ...antiJoinNames(larg, context), ...antiJoinNames(rarg, context)];
}

function optionalSide(join: JoinExpr): Node | undefined {
  if (join.jointype === 'JOIN_LEFT') return join.rarg;
  return join.jointype === 'JOIN_RIGHT' ? join.larg : undefined;
}

function targetName(table: RangeVar, context: Context): string[] {
  if (cteOf(table, context) !== undefined || context.isTarget(table) !== 'yes') return [];
  return [table.alias?.aliasname ?? table.relname ?? ''];
}

function cteOf(table: RangeVar, context: Context): Cte | undefined {
  const cte = table.schemaname === undefined ? context.scope.get(table.relname ?? '') : undefined;
  return cte === undefined || context.path.includes(cte.query) ? undefined : cte;
}

function into(cte: Cte, context: Context): Context {
  return { ...context, scope: cte.scope, path: [...context.path, cte.query] };
}

function either(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('yes')) return 'yes';
  return verdicts.includes('unknown') ? 'unknown' : 'no';
}

function both(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0 || verdicts.includes('no')) return 'no';
  return verdicts.includes('unknown') ? 'unknown' : 'yes';
}

function operatorName(names: readonly Node[] | undefined): string | undefined {
  return stringOf(names?.at(-1));
}

function stringOf(node: Node | undefined): string | undefined {
  return node !== undefined && 'String' in node ? node.String.sval : undefined;
}
