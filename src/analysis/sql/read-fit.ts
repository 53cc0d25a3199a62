import type { RangeVar } from 'libpg-query';
import { hasClauseHole } from './clause-hole.ts';
import type { Fit } from './fit.ts';
import { readInsert } from './insert-shape.ts';
import { UNKNOWN_MARK } from './marks.ts';
import { sameTable } from './table-name.ts';
import type { Token } from './token.ts';
import { tableOf } from './token-reading.ts';
import { readTree, type TreeFact } from './tree.ts';
import type { InsertGuard, SqlStatement, TableRef } from './types.ts';

/** A statement of a fit; `block` when it is a `DO`, whose body is still to be read. */
export interface FitStatement {
  readonly statement: SqlStatement;
  readonly block: boolean;
}

/** Joins what the tree says with what only the tokens know: offsets, holes, dialect forms. */
export function readFit(fit: Fit): FitStatement[] {
  const resolve = (range: RangeVar) => resolveTable(range, fit.tokens);
  const same = (a: RangeVar, b: RangeVar) => sameTable(resolve(a).table, resolve(b).table);
  return fit.stmts
    .flatMap(({ stmt }) => (stmt === undefined ? [] : readTree(stmt, same)))
    .map((fact) => ({ statement: toStatement(fact, fit, resolve), block: fact.block === true }));
}

interface Resolved {
  readonly table: TableRef;
  readonly tableLike?: readonly string[];
}

/** A name that the renderer wrote as a mark leads back to its token. */
function resolveTable(range: RangeVar, tokens: readonly Token[]): Resolved {
  const nameToken = markedToken(range.relname, tokens);
  const schemaToken = markedToken(range.schemaname, tokens);
  if (nameToken) return tableOf(nameToken, undefined);
  const name = range.relname ?? '';
  if (schemaToken) return { table: { name, schemaUnknown: true } };
  return { table: range.schemaname === undefined ? { name } : { schema: range.schemaname, name } };
}

function markedToken(name: string | undefined, tokens: readonly Token[]): Token | undefined {
  return name?.startsWith(UNKNOWN_MARK) ? tokens[Number(name.slice(1))] : undefined;
}

function toStatement(fact: TreeFact, fit: Fit, resolve: (range: RangeVar) => Resolved): SqlStatement {
  const verb = verbIndex(fact, fit);
  const base = {
    offset: fit.tokens[verb]?.start ?? 0,
    tables: unique(fact.reads.map((range) => resolve(range).table)),
    parsed: true,
  };
  const target = fact.relation === undefined ? undefined : resolve(fact.relation);
  if (fact.kind === 'insert') {
    const flags = fit.flags.get(verb);
    const rows = flags?.rows ?? fact.insert?.rows ?? 'unknown';
    return { kind: 'insert', table: 'unknown', ...target, guard: guardOf(fact, fit, verb), rows, ...base };
  }
  return { kind: fact.kind, ...target, ...base };
}

function guardOf(fact: TreeFact, fit: Fit, verb: number): InsertGuard {
  const flag = fit.flags.get(verb)?.guard;
  const { clause = 'none', absent = 'no' } = fact.insert ?? {};
  if (clause === 'on-conflict') return flag === 'on-duplicate-key' ? flag : clause;
  if (clause === 'merge') return clause;
  if (flag !== undefined && flag !== 'unknown') return flag;
  if (absent === 'yes') return 'not-exists';
  if (flag === 'unknown' || absent === 'unknown') return 'unknown';
  const shape = fact.verb === 'INSERT' ? readInsert(fit.tokens, verb) : undefined;
  return shape !== undefined && hasClauseHole(fit.tokens, shape, (at) => fit.filled.get(at))
    ? 'unknown'
    : 'none';
}

const SPELLINGS: Readonly<Record<Exclude<TreeFact['verb'], 'start'>, readonly string[]>> = {
  INSERT: ['INSERT', 'REPLACE', 'UPSERT'],
  MERGE: ['MERGE'],
  COPY: ['COPY'],
  UPDATE: ['UPDATE'],
  DELETE: ['DELETE'],
};

/** The nearest verb before the target's name; a verb that is a hole starts its statement. */
function verbIndex(fact: TreeFact, fit: Fit): number {
  if (fact.verb === 'start') return 0;
  const target = fit.rendered.tokenAtByte(fact.relation?.location ?? 0);
  for (let at = target; at >= 0; at--) {
    const word = fit.tokens[at]?.upper ?? '';
    // `INSERT OR REPLACE INTO`: the second word is no verb.
    if (SPELLINGS[fact.verb].includes(word) && fit.tokens[at - 1]?.upper !== 'OR') return at;
  }
  return 0;
}

function unique(tables: readonly TableRef[]): TableRef[] {
  const seen = new Map(tables.map((table) => [JSON.stringify(table), table]));
  return [...seen.values()];
}
