export { loadSql, type SqlModel } from './load-sql.ts';
export { looksLikeSql } from './looks-like-sql.ts';
export { sameTable, tableMatches, tableMayMatch } from './table-name.ts';
export type {
  Hole,
  InsertGuard,
  InsertRows,
  InsertStatement,
  OtherStatement,
  SqlAnalysis,
  SqlParts,
  SqlStatement,
  TableName,
  TableRef,
} from './types.ts';
